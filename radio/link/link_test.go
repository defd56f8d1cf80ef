package link

import (
	"testing"
	"time"
)

func TestCleanLine(t *testing.T) {
	w := newWorld(t, 1, medium{rate: 9600}, nil)
	if !w.runUntil(10*time.Second, func() bool { return w.ends[0].up && w.ends[1].up }) {
		t.Fatal("not up")
	}
	w.ends[0].want(30, 400)
	w.ends[1].want(30, 400)
	if !w.runUntil(60*time.Second, w.settled) {
		t.Fatalf("not settled: %+v %+v", w.ends[0].conn.Stats(), w.ends[1].conn.Stats())
	}
	for i := range 2 {
		st := w.ends[i].conn.Stats()
		t.Logf("%+v", st)
		if st.Resent != 0 {
			t.Errorf("end %d resent %d on a clean line", i, st.Resent)
		}
	}
	_, b0 := w.bytes(0)
	w.run(10 * time.Second)
	_, b1 := w.bytes(0)
	w.run(24 * time.Hour)
	_, b2 := w.bytes(0)
	t.Log(b0, b1, b2)
	if b2 != b1 {
		t.Errorf("an idle day cost %d bytes", b2-b1)
	}
}

func TestStorm(t *testing.T) {
	seeds := uint64(200)
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		w := newWorld(t, seed, medium{rate: []int{1200, 9600, 115200}[seed%3], half: seed%5 == 4, turnaround: 20 * time.Millisecond}, nil)
		w.storm()
	}
}

// storm is a while of faults, then calm in which all has to arrive.
func (w *world) storm() {
	rng := w.rng
	for _, e := range w.ends {
		e.slow = time.Duration(1 + rng.Int64N(int64(time.Second)))
	}
	for range 12 {
		w.m.loss = [2]float64{rng.Float64() / 2, rng.Float64() / 2}
		w.m.bits = []float64{0, 1e-5, 1e-4, 1e-3}[rng.IntN(4)]
		w.m.dup, w.m.late = rng.Float64()/5, rng.Float64()/5
		w.m.lateBy = time.Duration(1 + rng.Int64N(int64(30*time.Second)))
		switch rng.IntN(8) {
		case 0:
			w.m.cut = true
		case 1:
			w.m.loss[rng.IntN(2)] = 1
		case 2:
			w.ends[rng.IntN(2)].start()
		case 3, 4:
			for range 20 { // replay and reflect
				if n := len(w.air); n > 0 {
					w.ends[rng.IntN(2)].conn.HandleFrame(w.now, 0, w.air[rng.IntN(n)])
				}
			}
		}
		for _, e := range w.ends {
			e.want(rng.IntN(10), []int{20, 100, 1000}[rng.IntN(3)])
		}
		w.run(time.Duration(rng.Int64N(int64(20 * time.Second))))
		w.m.cut = false
	}
	w.m.loss, w.m.bits, w.m.dup, w.m.late = [2]float64{}, 0, 0, 0
	healed := w.now
	if !w.runUntil(time.Hour, w.settled) {
		w.failf("does not settle: up %v %v, acked %d/%d %d/%d\n%+v\n%+v", w.ends[0].up, w.ends[1].up,
			len(w.ends[0].acked), len(w.ends[0].todo), len(w.ends[1].acked), len(w.ends[1].todo),
			w.ends[0].conn.Stats(), w.ends[1].conn.Stats())
	}
	_ = healed
	w.run(2 * time.Minute)
	_, b := w.bytes(0)
	w.run(24 * time.Hour)
	if _, after := w.bytes(0); after != b {
		w.failf("not silent when idle: %d bytes a day", after-b)
	}
}
