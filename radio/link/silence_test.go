package link

import (
	"testing"
	"time"
)

// TestSilence: a cut line is noticed in bounded time by both ends, however often
// they want to say something meanwhile.
func TestSilence(t *testing.T) {
	for _, tt := range []struct {
		name      string
		keepAlive time.Duration
		every     time.Duration // between two items of each end; 0: one alone
		tries     int
		most      time.Duration
	}{
		{"one item", 0, 0, 0, 110 * time.Second},
		{"one item, little patience", 0, 0, 3, 30 * time.Second},
		{"polls that come faster than the tries", 2 * time.Second, 0, 3, 30 * time.Second},
		{"an item each second", 0, time.Second, 0, 110 * time.Second},
		{"an item each four seconds", 0, 4 * time.Second, 0, 110 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 1, medium{rate: 1200}, func(c *Config) { c.KeepAlive, c.Tries = tt.keepAlive, tt.tries })
			w.meet()
			w.m.cut = true
			begin := w.now
			for _, e := range w.ends {
				e.want(1, 40)
			}
			for w.ends[0].up || w.ends[1].up {
				if w.now.Sub(begin) > tt.most {
					t.Fatalf("up after %v of silence: %v, %v", tt.most, w.ends[0].up, w.ends[1].up)
				}
				step := tt.every
				if step == 0 {
					step = time.Second
				}
				w.run(step)
				for _, e := range w.ends {
					if tt.every > 0 && e.up {
						e.want(1, 40)
					}
				}
			}
		})
	}
}
