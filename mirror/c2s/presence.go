package c2s

import (
	"sort"
	"strconv"
	"strings"

	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// minPriority is the least that a presence may have (RFC 6121 §4.7.2.3).
const minPriority = -128

// broadcast takes presence without an address (RFC 6121 §4.2, §4.4, §4.5).
func (s *Server) broadcast(c *session, el *xmltree.Element) {
	switch el.Get("type") {
	case "":
		p, err := strconv.ParseInt(strings.TrimSpace(or(el.Child(ns.Client, "priority").Text(), "0")), 10, 8)
		if err != nil {
			s.refuse(c, el, tryModify, "bad-request")
			return
		}
		watchers, known := s.hub.appear(c, el, int(p), !s.cfg.HideUsers)
		for _, w := range watchers {
			w.send(addressed(el, w.jid.Bare().String()))
		}
		for _, p := range known {
			c.send(addressed(p, c.full))
		}
	case "unavailable":
		s.disappear(c, el, true)
	default:
		s.refuse(c, el, tryModify, "bad-request")
	}
}

// disappear tells those who think the session available that it is not. The
// Handler's are told only of a session that goes on: of one that ended, Gone is.
func (s *Server) disappear(c *session, el *xmltree.Element, goesOn bool) {
	watchers, directed := s.hub.vanish(c, !s.cfg.HideUsers)
	for _, w := range watchers {
		w.send(addressed(el, w.jid.Bare().String()))
	}
	for _, to := range directed {
		j, err := jid.Parse(to)
		switch {
		case err != nil: // cannot be: it was parsed when it was put there
		case s.cfg.Remote(j.Domainpart()):
			if goesOn {
				s.cfg.Handler.Stanza(c.full, addressed(el, to))
			}
		default:
			s.deliver(j, addressed(el, to))
		}
	}
}

// withdraw takes a session that ended away from everything.
func (s *Server) withdraw(c *session) {
	s.disappear(c, xmltree.New(ns.Client, "presence").Set("type", "unavailable").Set("from", c.full), false)
	s.hub.remove(c)
}

// presenceTo takes presence for a local user (RFC 6121 §4.6, §3). Users that
// list each other need no subscription; others can have none.
func (s *Server) presenceTo(c *session, to jid.JID, el *xmltree.Element) {
	switch el.Get("type") {
	case "", "unavailable":
		s.hub.direct(c, to.String(), el.Get("type"))
		s.deliver(to, el)
	case "error":
		s.deliver(to, el)
	case "subscribe":
		kind := "unsubscribed"
		if _, ok := s.cfg.Accounts.Lookup(to.Localpart()); ok && !s.cfg.HideUsers {
			kind = "subscribed"
		}
		c.send(xmltree.New(ns.Client, "presence").Set("type", kind).
			Set("from", to.Bare().String()).Set("to", c.jid.Bare().String()))
	case "subscribed", "unsubscribe", "unsubscribed", "probe":
	default:
		s.refuse(c, el, tryModify, "bad-request")
	}
}

func addressed(el *xmltree.Element, to string) *xmltree.Element { return el.Shallow().Set("to", to) }

// appear notes a broadcast. It gives the sessions that are to see it, the
// session itself among them, and if it is the first, what they last broadcast.
func (h *hub) appear(c *session, el *xmltree.Element, priority int, all bool) (watchers []*session, known []*xmltree.Element) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := c.presence == nil
	c.presence, c.priority = el, priority
	watchers = h.watchers(c, all)
	if first {
		for _, w := range watchers {
			if w != c {
				known = append(known, w.presence)
			}
		}
	}
	return watchers, known
}

// vanish notes that a session is unavailable. It gives who is to be told: the
// sessions that saw its broadcasts, and the addresses that it wrote to itself.
func (h *hub) vanish(c *session, all bool) (watchers []*session, directed []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.presence != nil {
		watchers = h.watchers(c, all)
	}
	c.presence = nil
	for to := range c.directed {
		directed = append(directed, to)
	}
	sort.Strings(directed)
	c.directed = nil
	return watchers, directed
}

// watchers gives the available sessions that see a session's presence: the
// user's own, and with all those of every user of the domain. It needs the lock.
func (h *hub) watchers(c *session, all bool) []*session {
	if !all {
		return available(h.users[c.jid.Bare().String()], minPriority)
	}
	var bares []string
	for bare := range h.users {
		if strings.HasSuffix(bare, "@"+c.domain) {
			bares = append(bares, bare)
		}
	}
	sort.Strings(bares)
	var out []*session
	for _, bare := range bares {
		out = append(out, available(h.users[bare], minPriority)...)
	}
	return out
}

// direct notes whom a session tells of its presence itself.
func (h *hub) direct(c *session, to, kind string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case kind == "unavailable":
		delete(c.directed, to)
	case kind == "" && len(c.directed) < directedMax:
		if c.directed == nil {
			c.directed = map[string]bool{}
		}
		c.directed[to] = true
	}
}
