package link

import (
	"math/rand/v2"
	"time"

	"picket/radio"
)

// A bearer is what is known of one medium: its facts as of the last frame, and
// whose turn it is.
type bearer struct {
	can  radio.Capabilities
	turn turn
}

func (b *bearer) airtime(bytes int) time.Duration {
	if b.can.Airtime == nil {
		return 0
	}
	return b.can.Airtime(bytes)
}

// frameMax is the longest frame that we send: the medium's, or shorter where
// that would keep an urgent item, and the turn, waiting.
func (b *bearer) frameMax() int {
	n := b.can.MTU
	for n/2 >= frameBytesMin && b.airtime(n) > frameAirtimeMax {
		n /= 2
	}
	return n
}

// ackDelay is how long a bare acknowledgement waits for data to ride on. Both
// ends count with the same.
func (b *bearer) ackDelay(most time.Duration) time.Duration {
	return min(most, max(20*time.Millisecond, 2*b.airtime(64)))
}

// roundTrip is the least time between a frame's end and the end of its
// acknowledgement, the peer's delay included.
func (b *bearer) roundTrip(ackDelay time.Duration) time.Duration {
	return 2*b.can.Turnaround + b.ackDelay(ackDelay) + b.airtime(32) + slack
}

// excess is how much later than the least acknowledgements come: its mean and
// deviation (RFC 6298's, without the part that the medium tells).
type excess struct {
	known     bool
	mean, dev time.Duration
}

func (e *excess) sample(d time.Duration) {
	if !e.known {
		*e = excess{true, d, d / 2}
		return
	}
	diff := d - e.mean
	e.mean += diff / 8
	e.dev += (diff.Abs() - e.dev) / 4
}

// A turn is whose it is to send on a half-duplex channel. Until the first frame,
// and when an expected one does not come, it is anybody's.
type turn struct {
	theirs time.Time // we are silent until then, or until they say over
	ours   bool      // a burst of ours is open
	began  time.Time // when
	asked  bool      // theirs is when we stop to wait for an answer
	vain   int       // answers that did not come, since one did
}

// free tells whether we may send.
func (b *bearer) free(now time.Time) bool {
	return !b.can.HalfDuplex || !now.Before(b.turn.theirs)
}

// heard notes a good frame of the peer.
func (b *bearer) heard(now time.Time, over bool) {
	if !b.can.HalfDuplex {
		return
	}
	b.turn.ours, b.turn.theirs = false, now
	b.turn.asked, b.turn.vain = false, 0
	if !over {
		b.turn.theirs = now.Add(b.can.Turnaround + b.airtime(b.frameMax()) + slack)
	}
}

// timeout ends a wait that is over. In vain: our burst may have met one of
// theirs, and they have waited as long as we; so the next try takes a slot by
// lot.
func (b *bearer) timeout(now time.Time, jitter *rand.Rand) {
	t := &b.turn
	if !b.free(now) {
		return
	}
	t.theirs = time.Time{}
	if !t.asked {
		return
	}
	t.asked = false
	t.vain++
	b.takeSlot(now, jitter, t.vain)
}

// takeSlot puts the next try off by a number of slots drawn by lot, from the
// more the more tries were in vain.
func (b *bearer) takeSlot(now time.Time, jitter *rand.Rand, tries int) {
	if !b.can.HalfDuplex || jitter == nil {
		return
	}
	slots := jitter.IntN(1 << min(tries+1, 5))
	b.turn.theirs = now.Add(time.Duration(slots) * (b.can.Turnaround + slack))
}

// lastOfBurst tells whether a frame that ends at done has to give the turn away
// even if more is queued.
func (b *bearer) lastOfBurst(now, done time.Time) bool {
	began := b.turn.began
	if !b.turn.ours {
		began = now
	}
	return done.Add(b.airtime(b.frameMax())).Sub(began) > burstMax
}

// said notes a frame of ours, which is on the medium until done.
func (b *bearer) said(now, done time.Time, over, answer bool) {
	if !b.can.HalfDuplex {
		return
	}
	if !b.turn.ours {
		b.turn.began = now
	}
	b.turn.ours = !over
	b.turn.theirs = done
	b.turn.asked = over && answer
	if b.turn.asked {
		b.turn.theirs = done.Add(2*b.can.Turnaround + b.airtime(b.frameMax()) + slack)
	}
}
