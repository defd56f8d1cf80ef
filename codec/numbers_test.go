package codec

import (
	"math/rand"
	"testing"
)

// Numbers go up, jump and come again, arrive in any order or never, and are
// acknowledged late: each that arrives is read as what was written.
func TestNumbersInAnyOrder(t *testing.T) {
	type sent struct {
		n, v, window uint64
		counts       bool
		use          *numberUse
	}
	short := 0
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		var c number
		var air, heard []sent
		var ref, last uint64
		for range 400 {
			switch k := r.Intn(7); {
			case k < 3:
				last++
				if r.Intn(10) == 0 {
					last += uint64(r.Intn(400))
				}
				n := last
				if r.Intn(5) == 0 {
					n -= min(n-1, uint64(r.Intn(150)))
				}
				s := sent{n: n}
				if s.window, s.counts = c.form(n, 0); s.window > 0 {
					s.v = code(n, s.window) % narrow
					if s.window == wide {
						s.v = code(n, wide) - narrow
					}
					short++
				}
				if s.counts {
					s.use = &numberUse{of: &c, value: n, limit: noLimit}
					if s.window > 0 {
						s.use.limit = n + s.window/2
					}
					u := use{nums: []*numberUse{s.use}}
					u.send()
					c.highest = max(c.highest, n)
				}
				air = append(air, s)
			case k < 5 && len(air) > 0:
				i := r.Intn(min(len(air), 1+int(seed%40)))
				s := air[i]
				air = append(air[:i], air[i+1:]...)
				got := s.n
				if s.window > 0 {
					if ref == 0 {
						t.Fatalf("seed %d: %d has the form of %d without a reference", seed, s.n, s.window)
					}
					got, _ = nearest(ref, s.v, s.window)
				}
				if got != s.n {
					t.Fatalf("seed %d: %d is read as %d after %d, window %d", seed, s.n, got, ref, s.window)
				}
				if s.counts {
					ref = max(ref, got)
				}
				heard = append(heard, s)
			case k == 5 && len(heard) > 0:
				if heard[0].use != nil {
					heard[0].use.settle(true)
				}
				heard = heard[1:]
			case k == 6 && len(air) > 0 && r.Intn(4) == 0:
				if air[0].use != nil {
					air[0].use.settle(false)
				}
				air = air[1:]
			}
		}
	}
	if short < 1000 {
		t.Errorf("only %d numbers were short", short)
	}
}

func TestNearest(t *testing.T) {
	for _, tt := range []struct {
		ref, v, window, want uint64
		ok                   bool
	}{
		{100, 101 % narrow, narrow, 101, true},
		{100, 111 % narrow, narrow, 111, true},
		{100, 88 % narrow, narrow, 88, true},
		{100, 112 % narrow, narrow, 88, true}, // half a window on is half a window back
		{1, 12, narrow, 12, true},
		{1, 13, narrow, 0, false}, // -11 is no number
		{1, 0, narrow, 0, false},
		{500, 600 % wide, wide, 600, true},
		{1 << 62, 0, narrow, 0, false},
	} {
		if got, ok := nearest(tt.ref, tt.v, tt.window); got != tt.want || ok != tt.ok {
			t.Errorf("nearest(%d, %d, %d) = %d, %v, want %d, %v", tt.ref, tt.v, tt.window, got, ok, tt.want, tt.ok)
		}
	}
}
