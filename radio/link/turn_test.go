package link

import (
	"math/rand/v2"
	"testing"
	"time"

	"picket/radio"
)

// TestTurnInVain: two ends whose bursts met wait equally long for an answer, and
// then not: each takes a slot by lot, from the more the longer none came. Who
// hears the other, or shares no channel, draws none.
func TestTurnInVain(t *testing.T) {
	now := time.Unix(0, 0)
	airtime := func(n int) time.Duration { return time.Duration(n) * 8 * time.Millisecond }
	can := radio.Capabilities{MTU: 130, Airtime: airtime, HalfDuplex: true, Turnaround: 20 * time.Millisecond}
	const slot = 20*time.Millisecond + slack
	apart, widest := 0, time.Duration(0)
	const tries = 40
	for seed := range uint64(tries) {
		var next [2]time.Time
		for i := range next {
			b, jitter := bearer{can: can}, rand.New(rand.NewPCG(seed, uint64(i)))
			at := now
			for range 1 + seed%6 { // bursts, all in vain
				done := at.Add(time.Second)
				b.said(at, done, true, true)
				wait := b.turn.theirs
				if b.timeout(wait.Add(-1), jitter); b.turn.theirs != wait {
					t.Fatal("the wait for an answer ends early")
				}
				b.timeout(wait, jitter)
				lot := b.turn.theirs.Sub(wait)
				if b.turn.theirs.IsZero() {
					lot = 0
				}
				if lot < 0 || lot%slot != 0 || lot >= 32*slot {
					t.Fatalf("lot of %s, want up to 31 slots of %s", lot, slot)
				}
				widest = max(widest, lot)
				at = now // both see the same times but for the lot
				next[i] = wait.Add(lot)
				b.timeout(next[i], jitter)
				if !b.free(next[i]) || b.turn.asked {
					t.Fatal("the slot has come, and the channel is not free")
				}
			}
		}
		if !next[0].Equal(next[1]) {
			apart++
		}
	}
	if apart < tries*2/3 || widest < 8*slot {
		t.Errorf("%d of %d pairs are apart, the longest lot is %s", apart, tries, widest)
	}

	b, jitter := bearer{can: can}, rand.New(rand.NewPCG(1, 1))
	b.said(now, now.Add(time.Second), true, true)
	b.heard(now.Add(1500*time.Millisecond), true)
	b.timeout(now.Add(1500*time.Millisecond), jitter)
	if !b.turn.theirs.IsZero() || b.turn.vain != 0 {
		t.Errorf("the answer came, and the turn is theirs until %s", b.turn.theirs)
	}
	b = bearer{can: radio.Capabilities{MTU: 130, Airtime: airtime}}
	b.said(now, now.Add(time.Second), false, true)
	b.timeout(now.Add(time.Minute), jitter)
	if !b.turn.theirs.IsZero() {
		t.Error("a full-duplex channel has a turn")
	}
}

// TestPatience: what counts as a line that is gone depends on what it lost while
// it was there.
func TestPatience(t *testing.T) {
	c := &Conn{cfg: Config{Tries: 6}, bearers: map[BearerID]*bearer{}}
	for _, tt := range []struct {
		loss  float64
		half  bool
		free  int // misses after which all still goes
		extra int // before the link is down
	}{{0, false, 1, 0}, {0.2, false, 3, 2}, {0.5, false, 7, 6}, {0.5, true, 1, 6}} {
		s := &session{lossThen: tt.loss}
		c.bearer(0).can.HalfDuplex = tt.half
		for s.tries = 0; !c.probing(s); s.tries++ {
		}
		if s.tries-1 != tt.free || c.patience(s) != tt.extra {
			t.Errorf("loss %v, half duplex %v: all goes up to miss %d, %d more before it is down; want %d and %d",
				tt.loss, tt.half, s.tries-1, c.patience(s), tt.free, tt.extra)
		}
	}
}
