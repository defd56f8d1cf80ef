package muc

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// References name another message by its id. At its origin a message has the
// id that its client gave it; everywhere else, and in the archive, the archive
// id. These two functions translate at the border.

// refs are the elements that hold a reference, and in which attribute. The
// first three name a message's own id (XEP-0308, 0333, 0184); the others name
// the archive id in a room (XEP-0424, 0444, 0461), which clients take from
// stanza-id, but some take the id.
var refs = []struct{ space, local string }{
	{ns.Correct, "replace"}, {ns.Markers, "displayed"}, {ns.Receipts, "received"},
	{ns.Retract, "retract"}, {ns.Reactions, "reactions"}, {ns.Reply, "reply"},
}

// byOwnID is how many of refs name a message's own id.
const byOwnID = 3

func rewrite(msg *xmltree.Element, kinds int, id func(string) string) *xmltree.Element {
	for i, n := range msg.Nodes {
		for _, ref := range refs[:kinds] {
			if !n.Element.Is(ref.space, ref.local) {
				continue
			}
			old := n.Element.Get("id")
			if next := id(old); next != old {
				msg.Nodes[i].Element = n.Element.Shallow().Set("id", next)
			}
		}
	}
	return msg
}

// CommonRefs rewrites a message of a client here to the ids that everybody
// knows. It changes msg's list of children only.
func (r *Room) CommonRefs(msg *xmltree.Element) *xmltree.Element {
	return rewrite(msg, len(refs), func(id string) string {
		if e := r.Archive.ByClientID(id); e != nil {
			return e.StanzaID()
		}
		return id
	})
}

// localRefs rewrites a message for the clients here: what was said here has
// the id that its client gave it.
func (r *Room) localRefs(msg *xmltree.Element) *xmltree.Element {
	return rewrite(msg, byOwnID, func(id string) string {
		if e := r.Archive.ByStanzaID(id); e != nil && e.ID != "" {
			return e.ID
		}
		return id
	})
}
