package text

// predictor walks through a message, decision by decision: predict, then
// update with what it was.
type predictor struct {
	index  *index
	params *params
	own    own

	// Contexts by length, 0 first. Up to active they have rows.
	spans  [maxOrder + 2]span
	ones   [maxOrder + 2]span // the rows of branch 1
	active int
	// The same at the top of the byte's class.
	class       uint8
	classSpans  [maxOrder + 2]span
	classActive int

	node   uint16
	branch int   // decisions in this byte that cost bits
	depth  uint8 // of node
	last   byte  // the byte before
	word   int   // bytes since the last blank
	inside int   // bytes that the UTF-8 sequence still needs

	orders   int  // that have rows
	ownKnows bool // whether the message's own counts say anything
	x        [inputs]int32
	set      [mixers]int   // first weight of the chosen set
	out      [mixers]int32 // of each mixer
	final    int
	guessed  [2*indexInputs + ownInputs]int32 // places in params.guess; -1: none
}

func (p *predictor) reset() {
	p.own.reset()
	p.spans[0] = span{0, p.index.rows}
	p.spans[1] = span{0, p.index.first[1]}
	p.active = 1
	p.last, p.word, p.inside = 0, 0, 0
	p.begin()
}

// begin goes to the first decision of a byte that is not settled by UTF-8.
func (p *predictor) begin() {
	p.node, p.depth, p.class = rootNode, 0, 0
	if p.inside > 0 {
		p.step(1)
		p.step(1)
	} else {
		p.step(0)
	}
	p.branch = 0
}

// step takes a branch without learning.
func (p *predictor) step(bit int) {
	for k := 0; k <= p.active; k++ {
		p.ones[k] = p.index.below(p.node, p.spans[k])
	}
	p.descend(bit)
}

// descend narrows all contexts to a branch of the node.
func (p *predictor) descend(bit int) {
	live := -1
	for k := 0; k <= p.active; k++ {
		s, ones := p.spans[k], p.ones[k]
		if bit == 1 {
			s = ones
		} else {
			s = span{s.lo - ones.lo, s.hi - ones.hi}
		}
		p.spans[k] = s
		if s.lo == s.hi {
			break
		}
		live = k
	}
	p.active = live
	p.branch++
	p.depth++
	p.node = p.index.alphabet.child[p.node][bit]
	if p.node < leaf && p.index.alphabet.closes[p.node] != 0 {
		p.closeClass(p.index.alphabet.closes[p.node])
	}
}

func (p *predictor) closeClass(class uint8) {
	p.class = class
	p.classActive = p.active
	copy(p.classSpans[:p.active+1], p.spans[:p.active+1])
}

// predict gives the probability of a 1, of 65536.
func (p *predictor) predict() uint32 {
	for k := 0; k <= p.active; k++ {
		p.ones[k] = p.index.below(p.node, p.spans[k])
	}
	p.askIndex()
	p.askOwn()
	p.x[inputs-1] = stretchOne
	p.choose()
	return p.mix()
}

// askIndex makes the inputs from the training text. Of each order: what
// followed it, and what followed it where the next order had nothing to say.
func (p *predictor) askIndex() {
	i := 0
	for ; i < indexInputs && indexOrders[i] <= p.active; i++ {
		zeros, ones := p.counted(indexOrders[i])
		var moreZeros, moreOnes uint32
		longer := 0
		if i+1 < indexInputs && indexOrders[i+1] <= p.active {
			longer = 1
			moreZeros, moreOnes = p.counted(indexOrders[i+1])
		}
		p.enter(i, p.guess(i, longer, zeros, ones))
		p.x[onlyInputs+i] = p.guess(indexInputs+ownInputs+i, 0, zeros-moreZeros, ones-moreOnes)
	}
	p.orders = i
	for ; i < indexInputs; i++ {
		p.enter(i, p.guess(i, 0, 0, 0))
		p.x[onlyInputs+i] = p.guess(indexInputs+ownInputs+i, 0, 0, 0)
	}
}

// askOwn makes the inputs from the message so far.
func (p *predictor) askOwn() {
	p.own.seek(p.node)
	p.ownKnows = false
	longer := 0
	for i := ownInputs - 1; i >= 0; i-- {
		zeros, ones := p.own.counts(i)
		p.enter(indexInputs+i, p.guess(indexInputs+i, longer, zeros, ones))
		if zeros+ones > 0 {
			longer = 1
			p.ownKnows = true
		}
	}
}

// enter makes two inputs of a stretched probability: itself, and how far the
// probability is from one half.
func (p *predictor) enter(i int, stretched int32) {
	p.x[2*i] = stretched
	p.x[2*i+1] = (int32(squash(stretched)) - 32768) >> 5
}

// counted gives how often each branch of the node followed the last k bytes.
func (p *predictor) counted(k int) (zeros, ones uint32) {
	ones = p.ones[k].hi - p.ones[k].lo
	return p.spans[k].hi - p.spans[k].lo - ones, ones
}

// guess is what counts tell, stretched: nothing, what training found for such
// counts, or their ratio where they are many.
func (p *predictor) guess(order, longer int, zeros, ones uint32) int32 {
	switch n := zeros + ones; {
	case n == 0:
		p.guessed[order] = -1
		return 0
	case n < smallCounts:
		at := guessAt(order, longer, level[zeros], level[ones])
		p.guessed[order] = at
		return int32(p.params.guess[at])
	default:
		p.guessed[order] = -1
		return min(max(ln(2*ones+1)-ln(2*zeros+1), -inputMax), inputMax)
	}
}

// choose picks the sets of weights: by node; by the longest context and how
// often it came; by the byte before; by the kinds of that byte, the place in
// the word and in the tree; by which orders are of one mind.
func (p *predictor) choose() {
	longest := p.active + 1
	often := 0
	if longest > 0 {
		zeros, ones := p.counted(p.active)
		often = oftenness(zeros + ones)
	}
	minds := 0
	for k := 2; k <= 6; k++ {
		minds <<= 2
		if k < longest {
			minds |= mind(p.counted(k))
		}
	}
	kind := kindOf(p.last)
	p.set[0] = int(p.node) * inputs
	p.set[1] = (longest*6 + often) * inputs
	p.set[2] = int(p.last) * inputs
	p.set[3] = ((kind*8+min(p.word, 7))*8 + min(p.branch, 7)) * inputs
	p.set[4] = minds * inputs
	p.final = longest * mixers
}

func oftenness(rows uint32) int {
	switch {
	case rows > 12:
		return 5
	case rows > 5:
		return 4
	case rows > 3:
		return 3
	default:
		return int(rows) - 1
	}
}

func mind(zeros, ones uint32) int {
	switch {
	case zeros != 0 && ones != 0:
		return 1
	case zeros+ones < 3:
		return 2
	default:
		return 3
	}
}

// mix sums the inputs by each mixer's weights, and their sums once more.
func (p *predictor) mix() uint32 {
	var sum int64
	for m := range mixers {
		w := p.params.weights[m][p.set[m] : p.set[m]+inputs]
		all := dot(w, p.x[:2*p.orders]) // the longer orders' inputs are 0
		if p.ownKnows {
			all += dot(w[2*indexInputs:], p.x[2*indexInputs:onlyInputs])
		}
		all += dot(w[onlyInputs:], p.x[onlyInputs:onlyInputs+p.orders])
		all += int64(w[inputs-1]) * stretchOne
		out := min(max(all>>weightBits, -outputMax), outputMax)
		p.out[m] = int32(out)
		sum += out * int64(p.params.final[p.final+m])
	}
	return squash(int32(min(max(sum>>weightBits, -outputMax), outputMax)))
}

func dot(w, x []int32) int64 {
	w = w[:len(x)]
	var sum int64
	for i, v := range x {
		sum += int64(w[i]) * int64(v)
	}
	return sum
}

// update tells what the decision was, and goes to the next. It reports whether
// the byte is complete, and which it is.
func (p *predictor) update(bit int) (c byte, whole bool) {
	p.own.update(bit)
	p.descend(bit)
	if p.node < leaf {
		return 0, false
	}
	c = byte(p.node - leaf)
	p.push(c)
	return c, true
}

// push makes the byte part of all contexts.
func (p *predictor) push(c byte) {
	class := p.index.alphabet.class[c]
	if p.class == 0 {
		p.closeClass(class)
	}
	first := p.index.first[class]
	p.active = min(p.classActive+1, maxOrder)
	for k := p.active; k > 0; k-- {
		s := p.classSpans[k-1]
		p.spans[k] = span{first + s.lo, first + s.hi}
	}
	p.spans[0] = span{0, p.index.rows}
	p.own.push(class)
	p.last = c
	switch {
	case c == ' ':
		p.word = 0
	default:
		p.word++
	}
	switch {
	case c >= 0xf0:
		p.inside = 3
	case c >= 0xe0:
		p.inside = 2
	case c >= 0xc0:
		p.inside = 1
	case c >= 0x80 && p.inside > 0:
		p.inside--
	}
	p.begin()
}
