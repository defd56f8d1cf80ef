package link

import (
	"time"

	"picket/radio/frame"
)

// arrivals are the packet numbers of the other direction: which came, and
// which are accepted, so that an acknowledgement can say so.
type arrivals struct {
	cum     uint64 // the lowest number not accepted
	highest uint64 // one more than the highest that came
	came    map[uint64]*arrival
	wide    bool // the highest came with a long number: answer so

	due     time.Time // when an acknowledgement must go; zero: none waits
	now     bool      // it must go with the next frame
	mention bool      // there is news for one
}

// An arrival is a packet that came and waits for its items, or for numbers
// before it.
type arrival struct{ awaits int }

// reach tells whether number can be noted.
func (a *arrivals) reach(number uint64) bool {
	return number >= a.cum && number-a.cum < aheadMax
}

// note takes a packet that awaits so many items.
func (a *arrivals) note(number uint64, long bool, awaits int) {
	if a.came == nil {
		a.came = map[uint64]*arrival{}
	}
	a.came[number] = &arrival{awaits}
	if number >= a.highest {
		a.highest, a.wide = number+1, long
	}
	a.advance()
}

// settle notes that an item that a packet awaits is accepted, and tells whether
// that settles the packet.
func (a *arrivals) settle(number uint64) bool {
	p := a.came[number]
	if p == nil {
		return false
	}
	p.awaits--
	a.advance()
	return p.awaits == 0
}

// forget gives up on all below number.
func (a *arrivals) forget(number uint64) {
	for a.cum < number {
		delete(a.came, a.cum)
		a.cum++
	}
	a.highest = max(a.highest, number)
	a.advance()
}

func (a *arrivals) advance() {
	for p := a.came[a.cum]; p != nil && p.awaits == 0; p = a.came[a.cum] {
		delete(a.came, a.cum)
		a.cum++
	}
}

// ask notes that an acknowledgement is wanted by a time.
func (a *arrivals) ask(by time.Time) {
	a.mention = true
	if !a.now && (a.due.IsZero() || by.Before(a.due)) {
		a.due = by
	}
}

// block gives the acknowledgement as it is now.
func (a *arrivals) block() frame.Ack {
	var done, holds []byte
	for n := a.cum; n < a.highest; n++ {
		p, i := a.came[n], n-a.cum
		switch {
		case p == nil:
		case p.awaits == 0:
			done = setBit(done, i)
		default:
			holds = setBit(holds, i)
		}
	}
	return frame.Ack{Wide: a.wide, Low: uint16(a.cum) & lowMask(a.wide), Done: done, Held: holds}
}

// told notes that block was sent.
func (a *arrivals) told() {
	a.due, a.now, a.mention = time.Time{}, false, false
}

func lowMask(wide bool) uint16 {
	if wide {
		return 0xffff
	}
	return 0xff
}

func setBit(b []byte, i uint64) []byte {
	for uint64(len(b)) <= i/8 {
		b = append(b, 0)
	}
	b[i/8] |= 1 << (i % 8)
	return b
}

func bit(b []byte, i uint64) bool {
	return i/8 < uint64(len(b)) && b[i/8]>>(i%8)&1 != 0
}
