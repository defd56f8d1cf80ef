package sim

import (
	"strings"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/muc"
)

// A checker judges one invariant of protocol.md. Each stands in a file of its
// own, check_NAME.go, with a test that breaks the rule on purpose.
type checker interface {
	// see judges an event as it happens: what must hold in any storm.
	see(w *World, e event)
	// calm judges a world that has been quiet for a while, all links up and
	// everyone in the rooms that he wants.
	calm(w *World)
}

// judges are the checkers of one world, by name where others need one.
type judges struct {
	delivery *delivery
	silence  *silence
	all      []checker
}

func newJudges() judges {
	j := judges{delivery: newDelivery(), silence: &silence{last: map[interest]time.Time{}}}
	j.all = []checker{&transparent{}, newOneCopy(), j.silence, j.delivery, &oneHistory{}, newRosters(), &ownDomain{}, newReferences()}
	return j
}

// siteOf gives the site that serves a user's domain; nil: none does.
func (w *World) siteOf(jid string) *site {
	domain := muc.Domain(jid)
	for _, s := range w.sites() {
		if s.domain == domain || s.service == domain {
			return s
		}
	}
	return nil
}

// hasOccupants reports whether a client of the site is in the room, by what it
// was told.
func (s *site) hasOccupants(room string) bool {
	for _, c := range s.clients {
		if c.in(room) {
			return true
		}
	}
	return false
}

// chatBody gives the body of a groupchat message; "": it is none.
func chatBody(el *xmltree.Element) string {
	if el.Local != "message" || el.Get("type") == "error" {
		return ""
	}
	return el.Child(ns.Client, "body").Text()
}

// roomOf gives the room that a stanza is about; "": none of the master's.
func (w *World) roomOf(el *xmltree.Element) string {
	for _, jid := range []string{el.Get("from"), el.Get("to")} {
		if bare := muc.Bare(jid); strings.HasSuffix(bare, "@"+w.hq.service) {
			return bare
		}
	}
	return ""
}
