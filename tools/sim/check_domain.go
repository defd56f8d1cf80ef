package sim

import (
	"picket/codec/ns"
	"picket/mirror"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// ownDomain is invariant 7: whatever bytes a paired gateway sends, the master
// takes from it only stanzas of JIDs in the domains that it was paired for.
type ownDomain struct{}

func (*ownDomain) see(w *World, e event) {
	s, ok := e.(stepped)
	if !ok || !s.site.hq {
		return
	}
	in, ok := s.input.(mirror.FromPeer)
	if !ok {
		return
	}
	g := w.siteOf(in.Peer)
	domain, tag := muc.Domain(in.Stanza.Get("from")), dmuc.TagOf(in.Stanza)
	if (domain == g.domain || domain == g.service) && (tag == "" || tag == g.service) {
		return
	}
	counted := false
	for _, n := range s.batch.Notices {
		counted = counted || n.Kind == mirror.RuleBroken
	}
	if !counted {
		w.violate("own domain", "nobody is told that %s speaks for %s: %s", g.name, domain, in.Stanza)
	}
	if len(s.batch.ToClient) > 0 {
		w.violate("own domain", "%s speaks for %s, and clients hear it: %s", g.name, domain, s.batch.ToClient[0])
	}
	for _, t := range s.batch.ToPeer {
		if t.Peer != in.Peer || t.Stanza.Child(ns.Client, "error") == nil {
			w.violate("own domain", "%s speaks for %s, and %s hears it: %s", g.name, domain, t.Peer, t.Stanza)
		}
	}
}

func (*ownDomain) calm(*World) {}
