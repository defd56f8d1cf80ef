package service

import (
	"time"

	"picket/mirror"
)

// A Light is what a panel shows of the whole.
type Light uint8

// The lights, the worst last.
const (
	LinkUp      Light = iota
	Handshaking       // a peer is heard, the link is not up yet
	LinkDown          // nobody is heard
	Fault             // a port is gone, or the journal cannot be written
)

// A Panel is a board's front: a light and a switch. All fields are needed; none
// is called by more than one goroutine.
type Panel struct {
	Show      func(Light) // when it may have changed
	Frame     func()      // a frame has passed
	Inhibited func() bool // nothing may be transmitted
}

// Ours.
const (
	panelEvery = 250 * time.Millisecond // how often the switch is read
	heardFor   = 5 * time.Second        // a frame is a sign of the peer for so long
)

// light judges what there is to show.
func (s *Service) light(now time.Time) Light {
	a := &s.actor
	if a.broken != nil {
		return Fault
	}
	light := LinkUp
	for _, b := range s.bearers {
		switch {
		case a.up[b.Peer]:
		case b.state == "closed":
			return Fault
		case !b.heard.IsZero() && now.Sub(b.heard) < heardFor:
			light = max(light, Handshaking)
		default:
			light = max(light, LinkDown)
		}
	}
	return light
}

// linkNotice keeps which links are up: a role tells it as it happens.
func (a *actor) linkNotice(n mirror.Notice) {
	switch n.Kind {
	case mirror.LinkUp:
		a.up[n.Peer] = true
	case mirror.LinkDown:
		delete(a.up, n.Peer)
	}
}
