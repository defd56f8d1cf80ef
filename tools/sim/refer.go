package sim

import (
	"fmt"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/muc"
)

// A sighting is a message as one client saw it: by these ids its own messages
// refer to it.
type sighting struct {
	text, nick string
	id         string // of the stanza
	archive    string // XEP-0359, by the room
}

// seenMax is how far back people refer.
const seenMax = 12

// textOf gives what no other message of the world has: the body, or that of a
// reaction; "": the message has none.
func textOf(el *xmltree.Element) string {
	if body := el.Child(ns.Client, "body"); body != nil {
		return body.Text()
	}
	return el.Child(ns.Reactions, "reactions").Child(ns.Reactions, "reaction").Text()
}

// sight notes under which ids a message came.
func (v *view) sight(nick string, el *xmltree.Element) {
	s := sighting{text: textOf(el), nick: nick, id: el.Get("id")}
	for _, id := range el.Named(ns.SID, "stanza-id") {
		if id.Get("by") == muc.Bare(el.Get("from")) {
			s.archive = id.Get("id")
		}
	}
	v.names[s.text] = s
	if v.seen = append(v.seen, s); len(v.seen) > seenMax {
		v.seen = v.seen[1:]
	}
}

// refer says something about an earlier message: a correction of one's own
// (XEP-0308), an answer (XEP-0461), a reaction (XEP-0444). false: nothing to
// refer to, or nothing to say of it.
func (u *user) refer(room string) bool {
	v := u.views[room]
	if len(v.seen) == 0 || u.r.IntN(5) > 0 {
		return false
	}
	s := v.seen[u.r.IntN(len(v.seen))]
	m := message(room, "groupchat").Set("id", fmt.Sprintf("%016x", u.w.rand("ids").Uint64()))
	switch dice := u.r.IntN(3); {
	case dice == 0 && s.nick == v.nick:
		m.Add(xmltree.NewText(ns.Client, "body", u.w.body(u.r)), xmltree.New(ns.Correct, "replace").Set("id", s.id))
	case dice == 1:
		m.Add(xmltree.NewText(ns.Client, "body", u.w.body(u.r)),
			xmltree.New(ns.Reply, "reply").Set("to", room+"/"+s.nick).Set("id", s.archive))
	default:
		u.w.said++
		m.Add(xmltree.New(ns.Reactions, "reactions", xmltree.NewText(ns.Reactions, "reaction", fmt.Sprintf("👍 #%d", u.w.said))).Set("id", s.archive),
			xmltree.New(ns.Hints, "store"))
	}
	u.send(m)
	return true
}
