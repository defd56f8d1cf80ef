package text

import (
	"cmp"
	"math"
	"slices"
)

// Training. The index of the shipped tables holds all of the text; the numbers
// that judge it are learnt on lines that the index at hand has not seen: the
// lines are dealt into folds, and each is predicted from the others.

const folds = 8

// epochSpeeds are how fast weights move: one pass over the lines each.
var epochSpeeds = [...]float64{0.06, 0.03, 0.01}

// finalSpeed slows the last mixer, which sees few inputs.
const finalSpeed = 0.3

// A Line of training text stands in the index Copies times, at least once.
// Words of a list teach the index what there is, not how people write: nothing
// else is learnt from them.
type Line struct {
	Text   string
	Copies int
	List   bool
}

// Train makes a model file from lines of text, the same one each time. It takes
// some 20 s for 1.5 MB.
func Train(lines []Line) ([]byte, error) {
	t := newTrainer(lines)
	for _, speed := range epochSpeeds {
		t.epoch(speed)
	}
	return build(t.params, &t.freq, t.symbols(-1))
}

type trainer struct {
	lines    []Line
	freq     [256]uint32
	alphabet *alphabet
	order    []place
	params   *params
	learnt   []learnt // of params.guess
	folds    [folds]*predictor
	weights  [mixers]*slope
	final    *slope
}

// learnt is a probability, of 2^32, and how often it was corrected.
type learnt struct{ p, n int64 }

// place is a byte of a line, or the end of it.
type place struct{ line, at uint32 }

func newTrainer(lines []Line) *trainer {
	t := &trainer{lines: lines, params: newParams()}
	for _, l := range lines {
		for i := range len(l.Text) {
			t.freq[l.Text[i]] += uint32(max(l.Copies, 1))
		}
	}
	t.alphabet = newAlphabet(&t.freq)
	t.sort()
	for f := range t.folds {
		t.folds[f] = &predictor{index: newIndex(t.alphabet, t.symbols(f)), params: t.params}
	}
	t.start()
	return t
}

// start gives the numbers their first values.
func (t *trainer) start() {
	edge := [countLevels]int64{}
	for n := len(level) - 1; n >= 0; n-- {
		edge[level[n]] = int64(n)
	}
	t.learnt = make([]learnt, len(t.params.guess))
	for g := range t.learnt {
		zeros, ones := edge[g/countLevels%countLevels], edge[g%countLevels]
		p := (2*ones + 1) << 32 / (2*ones + 2*zeros + 2)
		t.learnt[g].p = p
		t.params.guess[g] = int16(stretch(uint32(p >> 16)))
	}
	for m := range t.params.weights {
		w := t.params.weights[m]
		for i := range w {
			if k := i % inputs; k < 2*indexInputs && k%2 == 0 {
				w[i] = 1 << weightBits / 5
			}
		}
	}
	for i := range t.params.final {
		t.params.final[i] = 1 << weightBits / mixers
	}
	for m := range t.weights {
		t.weights[m] = newSlope(t.params.weights[m])
	}
	t.final = newSlope(t.params.final[:])
}

// sort puts all places into the order of the rows.
func (t *trainer) sort() {
	classes := make([][]byte, len(t.lines))
	for i, l := range t.lines {
		s := l.Text
		b := make([]byte, len(s))
		for j := range len(s) {
			b[j] = t.alphabet.class[s[j]]
		}
		classes[i] = b
		for j := range len(s) + 1 {
			t.order = append(t.order, place{uint32(i), uint32(j)})
		}
	}
	slices.SortFunc(t.order, func(x, y place) int {
		a, b := classes[x.line][:x.at], classes[y.line][:y.at]
		for i, j := len(a), len(b); ; {
			i, j = i-1, j-1
			switch {
			case i < 0 && j < 0:
				return cmp.Compare(x.line, y.line)
			case i < 0:
				return -1
			case j < 0:
				return 1
			case a[i] != b[j]:
				return cmp.Compare(a[i], b[j])
			}
		}
	})
}

// symbols gives the rows' symbols without the lines of a fold.
func (t *trainer) symbols(fold int) []byte {
	var out []byte
	for _, p := range t.order {
		if int(p.line%folds) == fold && !t.lines[p.line].List {
			continue
		}
		l := t.lines[p.line]
		symbol := byte(0)
		if int(p.at) < len(l.Text) {
			symbol = l.Text[p.at]
		}
		for range max(l.Copies, 1) {
			out = append(out, symbol)
		}
	}
	return out
}

// epoch learns from each line once.
func (t *trainer) epoch(speed float64) {
	n := len(t.lines)
	// A step prime to n visits all lines in a scattered order.
	step := n*5/8 | 1
	for gcd(step, n) != 1 {
		step += 2
	}
	for i, at := 0, 0; i < n; i, at = i+1, (at+step)%n {
		if t.lines[at].List {
			continue
		}
		p := t.folds[at%folds]
		p.reset()
		s := t.lines[at].Text
		for j := range len(s) {
			way := t.alphabet.way[s[j]]
			for whole := false; !whole; {
				bit := int(way >> p.depth & 1)
				guess := p.predict()
				t.learn(p, bit, guess, speed)
				_, whole = p.update(bit)
			}
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (t *trainer) learn(p *predictor, bit int, guess uint32, speed float64) {
	target := int64(bit) << 16
	finalErr := float64(target-int64(guess)) / 65536
	for m := range mixers {
		t.final.move(t.params.final[:], p.final+m, float64(p.out[m])/stretchOne*finalErr, speed*finalSpeed)
		err := float64(target-int64(squash(p.out[m]))) / 65536
		for i, x := range p.x {
			t.weights[m].move(t.params.weights[m], p.set[m]+i, float64(x)/stretchOne*err, speed)
		}
	}
	for _, g := range p.guessed {
		if g < 0 {
			continue
		}
		l := &t.learnt[g]
		if l.n < 4000 {
			l.n++
		}
		l.p += (target<<16 - l.p) * 2 / (2*l.n + 1)
		t.params.guess[g] = int16(stretch(uint32(min(max(l.p>>16, 1), 65535))))
	}
}

// slope keeps weights in full precision, with the sum of the squares of their
// gradients: a weight that moved much moves less (Adagrad).
type slope struct {
	w, squares []float64
}

func newSlope(weights []int32) *slope {
	s := &slope{make([]float64, len(weights)), make([]float64, len(weights))}
	for i, w := range weights {
		s.w[i] = float64(w) / (1 << weightBits)
		s.squares[i] = 1
	}
	return s
}

// The conversions keep a compiler from joining two operations in one rounding.
func (s *slope) move(weights []int32, i int, gradient, speed float64) {
	if gradient == 0 {
		return
	}
	s.squares[i] += float64(gradient * gradient)
	s.w[i] += float64(speed * gradient / math.Sqrt(s.squares[i]))
	weights[i] = int32(min(max(s.w[i], -8), 8) * (1<<weightBits - 1))
}
