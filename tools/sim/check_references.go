package sim

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/muc"
)

// references: a message has one archive id for everybody (XEP-0359), and what
// refers to another message names it, at each client, by the id that it has
// there (protocol.md, "Ids stay off the air").
type references struct {
	archive map[string]string // by text: the archive id
	targets map[string]string // by text: the text of what it refers to
}

func newReferences() *references {
	return &references{archive: map[string]string{}, targets: map[string]string{}}
}

// reference gives the id that a message refers to, and whether it is a
// stanza's own rather than the archive's; "": it refers to none.
func reference(el *xmltree.Element) (id string, own bool) {
	if r := el.Child(ns.Correct, "replace"); r != nil {
		return r.Get("id"), true
	}
	if r := el.Child(ns.Reply, "reply"); r != nil {
		return r.Get("id"), false
	}
	if r := el.Child(ns.Reactions, "reactions"); r != nil {
		return r.Get("id"), false
	}
	return "", false
}

func (r *references) see(w *World, e event) {
	switch e := e.(type) {
	case clientSent:
		if id, own := reference(e.stanza); id != "" {
			for _, s := range e.client.views[muc.Bare(e.stanza.Get("to"))].seen {
				if own && s.id == id || !own && s.archive == id {
					r.targets[textOf(e.stanza)] = s.text
				}
			}
		}
	case clientGot:
		text := textOf(e.stanza)
		v := e.client.hearing(muc.Bare(e.stanza.Get("from")))
		if e.stanza.Local != "message" || e.stanza.Get("type") != "groupchat" || text == "" || v == nil {
			return
		}
		s := v.names[text]
		if was := r.archive[text]; was == "" {
			r.archive[text] = s.archive
		} else if was != s.archive {
			w.violate("references", "%s got %q under the archive id %q; it was %q", e.client.jid(), text, s.archive, was)
		}
		target, known := v.names[r.targets[text]]
		if !known || r.targets[text] == "" {
			return
		}
		want := target.archive
		id, own := reference(e.stanza)
		if own {
			want = target.id
		}
		if id != want {
			w.violate("references", "%s got %q, which refers to %q, by the id %q; here that is %q", e.client.jid(), text, target.text, id, want)
		}
	}
}

func (*references) calm(*World) {}
