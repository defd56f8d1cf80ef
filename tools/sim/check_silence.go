package sim

import (
	"time"

	"picket/codec/ns"
	"picket/mirror"
	"picket/mirror/muc"
)

// silence is invariant 3: a room without local occupants costs no bytes, an
// idle link with occupants only its keep-alive, which is off here.
type silence struct {
	armed string                 // why no frame may be sent now; "": it may
	last  map[interest]time.Time // when somebody of the mirror last had to do with the room
}

// An interest is a mirror's in a room.
type interest struct {
	peer, room string
}

// interestSlack is what a mirror may take, beyond its linger, to have told the
// master that nobody is left: longer than any wait for the line.
const interestSlack = 10 * time.Minute

func (s *silence) see(w *World, e event) {
	switch e := e.(type) {
	case clientSent:
		s.mark(w, e.client)
	case clientGot:
		s.mark(w, e.client)
	case sessionEnded:
		s.mark(w, e.client)
	case siteUp:
		s.excuse(w, e.site)
	case lineChanged:
		s.excuse(w, e.gateway)
	case framed:
		if s.armed != "" {
			w.violate("silence", "%d bytes on the line of %s, although %s", e.bytes, e.gateway.name, s.armed)
		}
	case stepped:
		if e.site.hq {
			s.transfers(w, e.batch.ToPeer)
		}
	}
}

// mark notes that somebody of a mirror has to do with his rooms.
func (s *silence) mark(w *World, c *client) {
	for room := range c.views {
		s.last[interest{c.site.service, room}] = w.now
	}
}

// excuse gives a mirror that was away all its time again.
func (s *silence) excuse(w *World, g *site) {
	for _, room := range w.rooms {
		s.last[interest{g.service, room}] = w.now
	}
}

// transfers judges what the master sends of rooms that nobody at the mirror
// has been in for long.
func (s *silence) transfers(w *World, transfers []mirror.Transfer) {
	for _, t := range transfers {
		room, g := w.roomOf(t.Stanza), w.siteOf(t.Peer)
		if room == "" || g == nil || t.Stanza.Local == "iq" || t.Stanza.Child(ns.Client, "error") != nil || w.interested(g, room) {
			continue
		}
		if quiet := w.now.Sub(s.last[interest{t.Peer, room}]); quiet > w.linger+interestSlack {
			w.violate("silence", "%s gets %s of %s, where nobody of it has been for %v", g.name, t.Stanza.Local, muc.Local(room), quiet)
		}
	}
}

// interested reports whether somebody at the mirror is in the room or on the
// way in or out, or the mirror cannot say otherwise now.
func (w *World) interested(g *site, room string) bool {
	if g.node == nil {
		return true
	}
	for _, l := range w.lines {
		if l.gateway == g && l.cut {
			return true
		}
	}
	for _, c := range g.clients {
		if v := c.views[room]; v != nil && v.phase != out {
			return true
		}
	}
	return false
}

func (*silence) calm(*World) {}

// beSilent lets the quiet world go on: with everyone in, then with nobody left
// at the mirrors while headquarters goes on talking. Neither may cost a byte.
func (w *World) beSilent() {
	w.hushed = true
	w.runUntil(w.now.Add(time.Minute)) // who wanted to come back has done so
	w.judges.silence.armed = "the world is idle"
	w.runUntil(w.now.Add(silenceTime))
	w.judges.silence.armed = ""
	for _, g := range w.gateways {
		for _, c := range g.clients {
			for _, room := range w.rooms {
				c.leave(room)
			}
		}
	}
	w.runUntil(w.now.Add(w.linger + quietTime))
	w.judges.silence.armed = "nobody at the mirrors is in any room"
	for _, c := range w.hq.clients {
		for _, room := range w.rooms {
			if c.in(room) {
				c.say(room, w.body(w.rand("farewell")))
				c.status(room, "away", "")
			}
		}
	}
	w.runUntil(w.now.Add(quietTime))
	w.judges.silence.armed = ""
}
