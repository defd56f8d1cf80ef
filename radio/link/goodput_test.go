package link

import (
	"testing"
	"time"
)

// TestGoodput sends 60 kB one way over a clean serial line (COBS and a zero
// are the two bytes more a frame) and compares with the line's rate.
func TestGoodput(t *testing.T) {
	for _, tt := range []struct {
		name  string
		m     medium
		items int // bytes each
		both  bool
		least float64
	}{
		{"1200, frames of 120", medium{rate: 1200, mtu: 120}, 4000, false, 0.88},
		{"1200, frames of 255", medium{rate: 1200, mtu: 255}, 4000, false, 0.93},
		{"1200, frames of 255, lines of 60", medium{rate: 1200, mtu: 255}, 60, false, 0.85},
		{"1200, both ways", medium{rate: 1200, mtu: 255}, 4000, true, 0.90},
		{"9600, frames of 255", medium{rate: 9600, mtu: 255}, 4000, false, 0.93},
		{"115200, frames of 255", medium{rate: 115200, mtu: 255}, 4000, false, 0.90},
		{"300, frames of 128", medium{rate: 300, mtu: 128}, 4000, false, 0.85},
		{"1200 half duplex, turnaround 0.3 s", medium{rate: 1200, mtu: 255, half: true, turnaround: 300 * time.Millisecond}, 4000, false, 0.80},
		{"1200, BER 1e-4", medium{rate: 1200, mtu: 255, bits: 1e-4}, 4000, false, 0.74},
		{"1200, 20 % loss each way", medium{rate: 1200, mtu: 255, loss: [2]float64{0.2, 0.2}}, 4000, false, 0.60},
		{"1200, 50 % loss each way", medium{rate: 1200, mtu: 255, loss: [2]float64{0.5, 0.5}}, 4000, false, 0.25},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 5, tt.m, nil)
			if !w.runUntil(10*time.Minute, func() bool { return w.ends[0].up && w.ends[1].up }) {
				t.Fatal("not up")
			}
			w.run(20 * time.Second)
			began := w.now
			const total = 60000
			for i, e := range w.ends {
				for n := 0; n < total && (i == 0 || tt.both); n += tt.items {
					e.todo = append(e.todo, note{id: len(e.todo), class: 4, size: tt.items - 12})
					e.tell(e.todo[len(e.todo)-1])
				}
			}
			if !w.runUntil(10*time.Hour, w.settled) {
				t.Fatalf("not settled: %d ups, %+v", w.ends[0].ups, w.ends[0].conn.Stats())
			}
			took := w.now.Sub(began)
			share := total / (float64(tt.m.rate) / 10) / took.Seconds()
			st := w.ends[0].conn.Stats()
			t.Logf("goodput %.1f %% of the line; %d frames, %d resent, %d spurious, %d downs", 100*share, st.FramesSent, st.Resent, st.Spurious, st.Downs)
			if share < tt.least {
				t.Errorf("goodput %.3f, want %.2f", share, tt.least)
			}
		})
	}
}
