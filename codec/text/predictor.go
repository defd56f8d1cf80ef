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

	x      [inputs]int32
	set    [mixers]int   // first weight of the chosen set
	out    [mixers]int32 // of each mixer
	final  int
	mapped [2*indexInputs + ownInputs]int32 // places in params.guess; -1: none
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
	x := &p.x
	longest := p.active
	for k := 0; k <= p.active; k++ {
		p.ones[k] = p.index.below(p.node, p.spans[k])
	}
	i := 0
	for ; i < indexInputs && indexOrders[i] <= longest; i++ {
		k := indexOrders[i]
		n1 := p.ones[k].hi - p.ones[k].lo
		n0 := p.spans[k].hi - p.spans[k].lo - n1
		var st int32
		if n0+n1 < smallCounts {
			more := 0
			if i+1 < indexInputs && indexOrders[i+1] <= longest {
				more = 1
			}
			g := guessAt(i, more, level[n0], level[n1])
			p.mapped[i] = g
			st = int32(p.params.guess[g])
		} else {
			p.mapped[i] = -1
			st = clip(ln(2*n1+1) - ln(2*n0+1))
		}
		x[2*i] = st
		x[2*i+1] = (int32(squash(st)) - 32768) >> 5
		// what followed this context but no longer one
		if i+1 < indexInputs && indexOrders[i+1] <= longest {
			k := indexOrders[i+1]
			b := p.ones[k].hi - p.ones[k].lo
			a := p.spans[k].hi - p.spans[k].lo - b
			n0, n1 = n0-a, n1-b
		}
		e := indexInputs + ownInputs + i
		if n0+n1 == 0 {
			p.mapped[e] = -1
			st = 0
		} else if n0+n1 < smallCounts {
			g := guessAt(e, 0, level[n0], level[n1])
			p.mapped[e] = g
			st = int32(p.params.guess[g])
		} else {
			p.mapped[e] = -1
			st = clip(ln(2*n1+1) - ln(2*n0+1))
		}
		x[2*(indexInputs+ownInputs)+i] = st
	}
	for ; i < indexInputs; i++ {
		p.mapped[i] = -1
		p.mapped[indexInputs+ownInputs+i] = -1
		x[2*i], x[2*i+1] = 0, 0
		x[2*(indexInputs+ownInputs)+i] = 0
	}
	p.own.seek(p.node)
	more := 0
	for j := ownInputs - 1; j >= 0; j-- {
		i := indexInputs + j
		zeros, ones := p.own.counts(j)
		if zeros+ones == 0 {
			p.mapped[i] = -1
			x[2*i], x[2*i+1] = 0, 0
			continue
		}
		g := guessAt(i, more, uint8(zeros), uint8(ones))
		more = 1
		p.mapped[i] = g
		st := int32(p.params.guess[g])
		x[2*i] = st
		x[2*i+1] = (int32(squash(st)) - 32768) >> 5
	}
	x[inputs-1] = stretchOne
	p.choose(longest)
	return p.mix()
}

func clip(x int32) int32 { return min(max(x, -inputMax), inputMax) }

// choose picks the sets of weights.
func (p *predictor) choose(longest int) {
	rows := 0
	if longest >= 0 {
		rows = int(p.spans[longest].hi - p.spans[longest].lo)
	}
	many := 0
	switch {
	case rows > 12:
		many = 5
	case rows > 5:
		many = 4
	case rows > 0:
		many = min(rows, 4) - 1
	}
	kind := kindOf(p.last)
	p.set[0] = int(p.node) * inputs
	p.set[1] = ((longest+1)*6 + many) * inputs
	p.set[2] = int(p.last) * inputs
	p.set[3] = ((kind*8+min(p.word, 7))*8 + min(p.branch, 7)) * inputs
	profile := 0
	for k := 2; k <= 6; k++ {
		profile <<= 2
		if k <= longest {
			s, ones := p.spans[k], p.ones[k]
			n, n1 := s.hi-s.lo, ones.hi-ones.lo
			switch {
			case n1 != 0 && n1 != n:
				profile |= 1
			case n < 3:
				profile |= 2
			default:
				profile |= 3
			}
		}
	}
	p.set[4] = profile * inputs
	p.final = (longest + 1) * mixers
}

func (p *predictor) mix() uint32 {
	var sum int64
	for m := range mixers {
		w := p.params.weights[m][p.set[m] : p.set[m]+inputs]
		var dot int64
		for i, x := range p.x {
			dot += int64(w[i]) * int64(x)
		}
		out := min(max(dot>>weightBits, -outputMax), outputMax)
		p.out[m] = int32(out)
		sum += out * int64(p.params.final[p.final+m])
	}
	return squash(int32(min(max(sum>>weightBits, -outputMax), outputMax)))
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
