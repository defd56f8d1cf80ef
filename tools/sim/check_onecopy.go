package sim

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/muc"
)

// oneCopy is invariant 2: a stanza crosses a link once per direction, however
// many occupants are behind it, and never returns to where it came from. It is
// judged on transfers; how often the link sends a frame is the link's business.
type oneCopy struct {
	lanes map[lane]*crossing
}

// A lane is one direction between two sites.
type lane struct {
	from *site
	to   string
}

// A crossing is what a lane has carried in the present session of the link.
type crossing struct {
	sent      map[string]bool         // bodies
	tokens    map[mirror.Token]string // of sendings not yet delivered
	delivered map[string]bool         // bodies; over all sessions of one life of the sender
}

func newOneCopy() *oneCopy { return &oneCopy{lanes: map[lane]*crossing{}} }

func (o *oneCopy) lane(s *site, peer string) *crossing {
	c := o.lanes[lane{s, peer}]
	if c == nil {
		c = &crossing{sent: map[string]bool{}, tokens: map[mirror.Token]string{}, delivered: map[string]bool{}}
		o.lanes[lane{s, peer}] = c
	}
	return c
}

func (o *oneCopy) see(w *World, e event) {
	switch e := e.(type) {
	case siteDown:
		for _, p := range e.site.peerNames() {
			delete(o.lanes, lane{e.site, p})
		}
	case stepped:
		switch in := e.input.(type) {
		case mirror.PeerUp:
			c := o.lane(e.site, in.Peer)
			clear(c.sent)
			clear(c.tokens)
		case mirror.Delivered:
			c := o.lane(e.site, in.Peer)
			if body, ok := c.tokens[in.Token]; ok {
				c.delivered[body] = true
				delete(c.tokens, in.Token)
			}
		case mirror.FromPeer:
			if e.site.hq && asksAgain(in) {
				o.lane(e.site, in.Peer).forget(w, w.roomOf(in.Stanza))
			}
		}
		o.transfers(w, e.site, e.batch.ToPeer)
	}
}

// asksAgain reports whether a mirror says what it holds of a room, or that it
// drops the room: what it has or wants from then on, it knows best.
func asksAgain(in mirror.FromPeer) bool {
	for _, name := range []string{"resume", "room"} {
		if in.Stanza.Local == "iq" && in.Stanza.Child(ns.DMUC0, name) != nil {
			return true
		}
	}
	return in.Stanza.Local == "presence" && in.Stanza.Get("from") == in.Peer
}

// forget takes away all that the lane has carried of a room.
func (c *crossing) forget(w *World, room string) {
	for _, bodies := range []map[string]bool{c.sent, c.delivered} {
		for body := range bodies {
			if m := w.judges.delivery.messages[body]; m != nil && m.room == room {
				delete(bodies, body)
			}
		}
	}
	for token, body := range c.tokens {
		if m := w.judges.delivery.messages[body]; m != nil && m.room == room {
			delete(c.tokens, token)
		}
	}
}

func (o *oneCopy) transfers(w *World, s *site, transfers []mirror.Transfer) {
	same := map[string]bool{}
	for _, t := range transfers {
		text := t.Peer + " " + t.Stanza.String()
		if same[text] {
			w.violate("one copy", "%s sends the same twice in one step to %s: %s", s.name, t.Peer, t.Stanza)
		}
		same[text] = true
		if !s.hq && t.Peer != w.hq.service {
			w.violate("one copy", "%s talks to %s, not to the master", s.name, t.Peer)
		}
		if body := chatBody(t.Stanza); body != "" {
			o.message(w, s, t, body)
		}
		if s.hq && t.Stanza.Local == "presence" {
			o.presence(w, t)
		}
	}
}

func (o *oneCopy) message(w *World, s *site, t mirror.Transfer, body string) {
	c := o.lane(s, t.Peer)
	m := w.judges.delivery.messages[body]
	switch {
	case m != nil && s.hq && m.sender.site.service == t.Peer:
		w.violate("one copy", "%q returns to %s, where it came from", body, t.Peer)
	case c.sent[body]:
		w.violate("one copy", "%q goes from %s to %s twice in one session of the link", body, s.name, t.Peer)
	case c.delivered[body]:
		w.violate("one copy", "%q goes from %s to %s again, although it was delivered", body, s.name, t.Peer)
	}
	c.sent[body] = true
	if t.Token != 0 {
		c.tokens[t.Token] = body
	}
}

// presence: what a mirror said of its own occupant is not told to it again.
// The confirmation of a join, and what the master itself decides (roles, kicks,
// with their status codes), are news to it.
func (o *oneCopy) presence(w *World, t mirror.Transfer) {
	room, nick := muc.Bare(t.Stanza.Get("from")), muc.Resource(t.Stanza.Get("from"))
	var owner *client
	for _, c := range w.clients {
		if v := c.views[room]; v != nil && v.nick == nick && v.phase != out {
			if owner != nil {
				return // two of a name: either may be meant
			}
			owner = c
		}
	}
	if owner == nil || owner.site.service != t.Peer || t.Stanza.Get("type") == "error" {
		return
	}
	switch {
	case t.Stanza.Get("type") == "unavailable":
		if len(statusCodes(t.Stanza.Child(ns.MUCUser, "x"))) == 0 && owner.views[room].phase == leaving {
			w.violate("one copy", "the leave of %s returns to %s: %s", nick, t.Peer, t.Stanza)
		}
	case payload(t.Stanza):
		w.violate("one copy", "the status of %s returns to %s: %s", nick, t.Peer, t.Stanza)
	}
}

// payload reports whether a presence says more than who is there.
func payload(p *xmltree.Element) bool {
	return p.Child(ns.Client, "show") != nil || p.Child(ns.Client, "status") != nil
}

func (*oneCopy) calm(*World) {}
