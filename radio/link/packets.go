package link

import (
	"slices"
	"time"
)

// A packet is a sent frame that asks for an acknowledgement.
type packet struct {
	number uint64
	doneAt time.Time // when the last byte is on the medium
	level  int       // of its length, or unsized
	parts  []choice
	state  packetState
}

// wanted tells whether the peer still lacks something of it.
func (o *packet) wanted() bool {
	for _, part := range o.parts {
		if !part.item.gone && len(spans{part.span}.without(part.item.acked)) > 0 {
			return true
		}
	}
	return len(o.parts) == 0
}

// unsized is the level of a packet that was short for want of content.
const unsized = -1

type packetState uint8

const (
	inFlight packetState = iota
	held                 // the peer has it, not on its disk
	lost                 // what it carried goes out again
)

// packets are the numbers of one direction and what became of them.
type packets struct {
	next    uint64 // number of the next frame
	acked   uint64 // all below are settled, says the peer
	highest uint64 // one more than the highest that the peer had
	open    []*packet
	ackFrom uint64 // one more than the peer's packet whose Ack was taken last

	reorder  uint64 // so many later packets must come before one is taken for lost
	lossRate float64
	size     sizer
}

// low is the lowest number that may still settle by an acknowledgement.
func (p *packets) low() uint64 {
	for _, o := range p.open {
		if o.state != lost {
			return o.number
		}
	}
	return p.next
}

// count is how many packets are in a state.
func (p *packets) count(state packetState) int {
	n := 0
	for _, o := range p.open {
		if o.state == state {
			n++
		}
	}
	return n
}

// oldest is the oldest packet in flight, or nil.
func (p *packets) oldest() *packet {
	for _, o := range p.open {
		if o.state == inFlight {
			return o
		}
	}
	return nil
}

// floor gives how far behind the next number the peer can forget, if it has to
// be told: it waits for a number that will not come.
func (p *packets) floor() (distance uint64, ok bool) {
	low := p.low()
	if p.acked >= low || p.highest <= p.acked && p.next-p.acked <= shortSpan {
		return 0, false
	}
	return p.next - low, true
}

// long tells whether the next number needs two bytes.
func (p *packets) long() bool { return p.next-p.acked > shortSpan }

// settle takes an acknowledgement that was checked: all below cum is accepted,
// and what done says; what holds says came. It calls back for each packet that
// turned from open to accepted, and for each that is to be sent again.
func (p *packets) settle(cum uint64, done, holds func(uint64) bool, highest uint64, accepted, again func(*packet)) (news bool) {
	p.acked = max(p.acked, cum)
	p.highest = max(p.highest, highest)
	p.open = slices.DeleteFunc(p.open, func(o *packet) bool {
		switch {
		case o.number < cum || done(o.number):
			if o.state == inFlight {
				p.judge(o, false)
			}
			news = news || o.state != held
			accepted(o)
			return true
		case holds(o.number) && o.state != held:
			news = true
			o.state = held
		}
		return false
	})
	for _, o := range p.open {
		if o.state == inFlight && o.number+p.reorder < p.highest {
			p.lose(o)
			again(o)
		}
	}
	return news
}

// lose takes a packet for lost.
func (p *packets) lose(o *packet) {
	o.state = lost
	p.judge(o, true)
}

// judge notes whether a packet got through.
func (p *packets) judge(o *packet, lost bool) {
	p.lossRate -= p.lossRate / lossShare
	if lost {
		p.lossRate += 1.0 / lossShare
	}
	if o.level != unsized {
		p.size.note(o.level, lost)
	}
}

// lossShare is how many packets the loss rate looks back on.
const lossShare = 16

// forget drops the record of the lost packets that the peer is told to forget:
// from here on it counts their numbers as settled.
func (p *packets) forget() {
	low := p.low()
	p.open = slices.DeleteFunc(p.open, func(o *packet) bool { return o.number < low })
}
