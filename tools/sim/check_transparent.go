package sim

import (
	"slices"
	"strings"

	"picket/codec/ns"
	"picket/mirror/muc"
)

// transparent is invariant 1: an unmodified client sees what XEP-0045
// promises, and nothing of the mirror.
type transparent struct{ secrets []string }

// leaks are what no client may ever see.
func (t *transparent) leaks(w *World) []string {
	if t.secrets == nil {
		t.secrets = []string{ns.DMUC, ns.DMUC0, `\40`, `\2f`}
		for _, g := range w.gateways {
			t.secrets = append(t.secrets, g.service)
		}
	}
	return t.secrets
}

func (t *transparent) see(w *World, e event) {
	got, ok := e.(clientGot)
	if !ok {
		return
	}
	if got.complaint != "" {
		w.violate("transparent", "%s got %s: %s", got.client.jid(), got.complaint, got.stanza)
	}
	for _, leak := range t.leaks(w) {
		if strings.Contains(got.text, leak) {
			w.violate("transparent", "%s sees %q: %s", got.client.jid(), leak, got.text)
		}
	}
	// Business Rules: nobody changes a nick at a mirror.
	if got.client.site.hq || got.stanza.Local != "presence" {
		return
	}
	if codes := statusCodes(got.stanza.Child(ns.MUCUser, "x")); slices.Contains(codes, "303") && slices.Contains(codes, "110") {
		w.violate("transparent", "%s changed its nick at a mirror: %s", got.client.jid(), got.text)
	}
}

// calm: nobody waits for an answer to a join, and what a client knows of its
// room is what the service says.
func (*transparent) calm(w *World) {
	for _, c := range w.clients {
		for _, room := range w.rooms {
			if v := c.views[room]; v != nil && v.phase == joining && w.now.Sub(v.asked) > quietTime {
				w.violate("transparent", "%s waits for %s since %v", c.jid(), muc.Local(room), w.now.Sub(v.asked))
			}
		}
	}
}
