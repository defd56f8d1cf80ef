package c2s

import (
	"slices"
	"sort"
	"sync"

	"mellium.im/xmpp/jid"

	"picket/codec/xmltree"
)

// hub knows the sessions that are bound. Stanzas are sent outside its lock.
type hub struct {
	mu    sync.Mutex
	users map[string]map[string]*session // by bare JID and resource
}

// add makes a session reachable. One of the same full JID ends first, and
// Handler.Gone has been told of it before the new one's first stanza
// (RFC 6120 §7.7.2.2: the newest wins).
func (h *hub) add(c *session) {
	bare, resource := c.jid.Bare().String(), c.jid.Resourcepart()
	for {
		h.mu.Lock()
		old := h.users[bare][resource]
		if old == nil {
			if h.users == nil {
				h.users = map[string]map[string]*session{}
			}
			if h.users[bare] == nil {
				h.users[bare] = map[string]*session{}
			}
			h.users[bare][resource] = c
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		old.end("conflict", "another session took this resource")
		<-old.done
	}
}

func (h *hub) remove(c *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	bare := c.jid.Bare().String()
	delete(h.users[bare], c.jid.Resourcepart())
	if len(h.users[bare]) == 0 {
		delete(h.users, bare)
	}
}

// fits reports whether one more session of a user is allowed, or takes the place
// of one that is there.
func (h *hub) fits(j jid.JID, limit int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	of := h.users[j.Bare().String()]
	return len(of) < limit || of[j.Resourcepart()] != nil
}

func (h *hub) online() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, of := range h.users {
		for _, c := range of {
			out = append(out, c.full)
		}
	}
	sort.Strings(out)
	return out
}

// choose gives the sessions that a stanza for this address goes to
// (RFC 6121 §8.5).
func (h *hub) choose(to jid.JID, el *xmltree.Element) []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	of := h.users[to.Bare().String()]
	if r := to.Resourcepart(); r != "" {
		if c := of[r]; c != nil {
			return []*session{c}
		}
		if el.Local != "message" || el.Get("type") != "chat" {
			return nil
		}
	}
	switch {
	case el.Local == "presence":
		return available(of, minPriority)
	case el.Local == "message" && el.Get("type") != "groupchat" && el.Get("type") != "error":
		return available(of, 0)
	}
	return nil
}

// available gives those that sent presence of at least this priority, in a fixed
// order. It needs the lock.
func available(of map[string]*session, priority int) []*session {
	var out []*session
	for _, c := range of {
		if c.presence != nil && c.priority >= priority {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *session) int {
		if a.full < b.full {
			return -1
		}
		return 1
	})
	return out
}
