package text

import "testing"

// TestIndexCounts compares what the index counts with counting by hand.
func TestIndexCounts(t *testing.T) {
	texts := []string{"the cat sat", "The bat", "at 14:30", "at 09:15", "你好", "a cat"}
	var lines []Line
	for _, s := range texts {
		lines = append(lines, Line{Text: s})
	}
	tr := newTrainer(lines)
	p := &predictor{index: newIndex(tr.alphabet, tr.symbols(-1)), params: tr.params}
	for _, tt := range []struct {
		context string
		order   int
		want    int // how many times it stands in the texts, cases and digits alike
	}{
		{"at", 2, 6}, {"cat", 3, 2}, {"t", 1, 8}, {"t1", 2, 0}, {"t ", 2, 3}, {"at 22", 5, 2}, {"好", 3, 1}, {"zzz", 3, 0},
	} {
		p.reset()
		for _, c := range []byte(tt.context) {
			for whole := false; !whole; {
				p.predict()
				_, whole = p.update(int(tr.alphabet.way[c] >> p.depth & 1))
			}
		}
		got := 0
		// The rows of all bytes but the last, where the last one followed.
		if tt.order-1 <= p.classActive {
			s := p.classSpans[tt.order-1]
			got = int(s.hi - s.lo)
		}
		if got != tt.want {
			t.Errorf("%q stands %d times by the index, want %d", tt.context, got, tt.want)
		}
	}
}
