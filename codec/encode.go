package codec

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A writer makes one message.
type writer struct {
	*tables
	text     TextModel
	limits   Limits
	peer     Known
	master   string
	mirror   string
	b        []byte
	id       uint64 // of the message; entries note it
	use      use
	room     room // of the stanza around; what parts are about
	hasRoom  bool
	previous int64              // the last stamp written
	numbered map[*number]uint64 // the highest of each count in this message
}

func (w *writer) head(major int, n uint64) { w.b = appendHead(w.b, major, n) }
func (w *writer) int(n int64)              { w.b = appendInt(w.b, n) }

// str writes a text: coded by the model if that item is shorter.
func (w *writer) str(s string) {
	if w.text != nil && s != "" && len(s) <= w.limits.TextBytes {
		coded := w.text.Append(nil, s)
		if n := len(coded); n > 0 && coded[n-1] != 0 && n+headBytes(uint64(n)) < len(s)+headBytes(uint64(len(s))) {
			w.head(majorBytes, uint64(n))
			w.b = append(w.b, coded...)
			return
		}
	}
	w.head(majorText, uint64(len(s)))
	w.b = append(w.b, s...)
}

// message writes el in the first shape that it fits, else in the generic form.
func (w *writer) message(el *xmltree.Element) {
	for _, s := range tryShapes {
		if s.number >= hotSlots+w.peer.Shapes {
			continue
		}
		if b := w.fit(s, el); b != nil {
			w.shape(s, b)
			return
		}
	}
	w.element(el, ns.Client)
}

// fit gives the binding if el fits the shape: if the shape builds an equal
// element, and its addresses can be taken apart. Else nil.
func (w *writer) fit(s *shape, el *xmltree.Element) *binding {
	b, ok := s.match(el)
	if !ok {
		return nil
	}
	o := &b.who
	if s.roomKnown {
		if !w.hasRoom || o.room.jid != "" && o.room.jid != w.room.jid {
			return nil
		}
		o.room = w.room
	}
	local, host, resource, ok := splitJID(o.room.jid)
	if !ok || local == "" || host == "" || resource != "" {
		return nil
	}
	for _, j := range []string{o.jid, b.user} {
		if _, host, _, ok := splitJID(j); !ok || j != "" && host == "" {
			return nil
		}
	}
	next := 0
	if !xmltree.Equal(s.build(b, &next), el) {
		return nil
	}
	if s.down && b.item.o != 0 {
		o.origin = uint8(b.item.o)
	}
	return b
}

// shape writes the number of a shape, or a hot speaker's, and the holes.
func (w *writer) shape(s *shape, b *binding) {
	o := b.who
	if s.roomKnown {
		w.int(-1 - int64(s.number))
		if s.anyone {
			o = w.occupant(o)
		}
		o.room = w.room
	} else {
		o = w.about(s, o)
		w.room, w.hasRoom = o.room, true
	}
	if s.usesPeer || s.usesUser {
		w.occupant(occupant{room: o.room, nick: b.peer, jid: b.user})
	}
	switch {
	case s.affil && s.role:
		w.head(majorUint, uint64(b.affiliation*len(roles)+b.role))
	case s.affil:
		w.head(majorUint, uint64(b.affiliation))
	}
	if s.item {
		w.item(b.item, o)
	}
	if s.stamp {
		w.int(b.stamp - w.previous)
		w.previous = b.stamp
	}
	for _, v := range b.values {
		w.value(v, false)
	}
	if s.text {
		w.str(b.text)
	}
	if s.inner {
		w.list(b.inner)
	}
	if s.tail {
		w.list(b.tail)
	}
	w.nodes(b.more, s.space)
}

// about writes the number of a shape and whom it is about; a hot speaker's slot
// says both.
func (w *writer) about(s *shape, o occupant) occupant {
	if s.number == groupchatUp || s.number == groupchatDown {
		if speaker := w.findOccupant(o, w.id); speaker != nil && speaker.usable(w.id) {
			hot := w.hotSlot(speaker)
			speaker.talks++
			speaker.talked = w.id
			switch {
			case speaker.number < hotSlots:
				w.head(majorUint, uint64(speaker.number))
				name(&w.use.occupants, speaker, w.id)
				return speaker.value
			case hot != nil:
				hot.talks, hot.talked = speaker.talks, w.id
				w.head(majorUint, uint64(s.number))
				return w.copyOccupant(hot, speaker, speaker.value.origin)
			}
		}
	}
	w.head(majorUint, uint64(s.number))
	if s.anyone {
		return w.occupant(o)
	}
	return occupant{room: w.roomHole(o.room)}
}

func (w *writer) list(nodes []xmltree.Node) {
	w.head(majorArray, uint64(len(nodes)))
	w.nodes(nodes, ns.MUCUser)
}

// occupant writes a reference where the peer has the entry, else its
// definition. It gives the whole entry.
func (w *writer) occupant(o occupant) occupant {
	s := w.findOccupant(o, w.id)
	if s != nil && s.usable(w.id) {
		w.head(majorUint, uint64(s.number))
		name(&w.use.occupants, s, w.id)
		return s.value
	}
	if o.origin != 0 {
		plain := o
		plain.origin = 0
		if base := w.findOccupant(plain, w.id); base != nil && base.usable(w.id) {
			whole := base.value
			whole.origin = o.origin
			if s != nil && s.value != whole {
				s = nil // on its way with another JID than this base has
			}
			return w.copyOccupant(s, base, o.origin)
		}
		return w.occupant(plain)
	}
	if s == nil {
		o.room = w.wholeRoom(o.room)
		s = w.addOccupant(o)
	}
	number := int64(noSlot)
	if s != nil {
		o, number = s.value, int64(s.number)
	}
	at, items := len(w.b), uint64(3)
	w.head(majorArray, items)
	w.int(number)
	w.roomHole(o.room)
	w.str(o.nick)
	if o.jid != "" {
		items += w.jid(o)
	}
	w.b[at] = majorArray<<5 | byte(items)
	if s != nil {
		name(&w.use.occupants, s, w.id)
	}
	return o
}

// copyOccupant defines s as base with the origin of its numbers.
func (w *writer) copyOccupant(s, base *slot[occupant], origin uint8) occupant {
	o := base.value
	o.origin = origin
	name(&w.use.occupants, base, w.id)
	if s == nil {
		s = w.addOccupant(o)
	}
	number := int64(noSlot)
	if s != nil {
		o, number = s.value, int64(s.number)
		defer name(&w.use.occupants, s, w.id)
	}
	w.head(majorArray, 3)
	w.int(number)
	w.int(-1 - int64(base.number))
	w.head(majorUint, uint64(origin))
	return o
}

// jid writes the parts of an occupant's JID: what the nick, the room or another
// occupant has is not spelled out. It gives the number of items.
func (w *writer) jid(o occupant) uint64 {
	local, host, resource, _ := splitJID(o.jid)
	switch local {
	case lower(o.nick):
		w.head(majorUint, 0)
	case o.nick:
		w.head(majorUint, 1)
	default:
		w.str(local)
	}
	whole, hostOnly := w.like(host, resource)
	_, roomHost, _, _ := splitJID(o.room.jid)
	switch {
	case whole != nil && resource != "":
		w.int(-1 - int64(whole.number))
		name(&w.use.occupants, whole, w.id)
		return 2
	case host == parent(o.room.mirror):
		w.head(majorUint, 0)
	case host == parent(roomHost):
		w.head(majorUint, 1)
	case hostOnly != nil:
		w.int(-1 - int64(hostOnly.number))
		name(&w.use.occupants, hostOnly, w.id)
		w.str(resource)
		return 3
	default:
		w.str(host)
	}
	if resource == "" {
		return 2
	}
	w.str(resource)
	return 3
}

// like finds the first occupants with the same host and resource, and with the
// same host.
func (w *writer) like(host, resource string) (whole, hostOnly *slot[occupant]) {
	for _, s := range w.occupants.slots {
		if !s.usable(w.id) || s.value.jid == "" {
			continue
		}
		_, h, r, _ := splitJID(s.value.jid)
		if h != host {
			continue
		}
		if r == resource {
			return s, s
		}
		if hostOnly == nil {
			hostOnly = s
		}
	}
	return nil, hostOnly
}

// wholeRoom adds the mirror to a room of which a stanza names none: the one that
// another entry has, or the one at the end of the link.
func (w *writer) wholeRoom(r room) room {
	if s := w.findRoom(r); s != nil {
		return s.value
	}
	if r.mirror == "" {
		r.mirror = w.mirror
	}
	return r
}

// roomHole writes a room: a reference, or [slot, local, host, mirror, down], or
// [slot, local, other room] with the rest of that one. It gives the whole entry.
func (w *writer) roomHole(r room) room {
	s := w.findRoom(r)
	if s != nil && s.usable(w.id) {
		w.head(majorUint, uint64(s.number))
		name(&w.use.rooms, s, w.id)
		return s.value
	}
	if s == nil {
		r = w.wholeRoom(r)
		s = w.addRoom(r)
	}
	number := int64(noSlot)
	if s != nil {
		r, number = s.value, int64(s.number)
		defer name(&w.use.rooms, s, w.id)
	}
	local, host, _, _ := splitJID(r.jid)
	for _, like := range w.rooms.slots {
		if like.usable(w.id) && hostOf(like.value.jid) == host && like.value.mirror == r.mirror && like.value.down == r.down {
			w.head(majorArray, 3)
			w.int(number)
			w.str(local)
			w.int(-1 - int64(like.number))
			name(&w.use.rooms, like, w.id)
			return r
		}
	}
	w.head(majorArray, 5)
	w.int(number)
	w.str(local)
	w.known(host, w.master)
	w.known(r.mirror, w.mirror)
	down := uint64(0)
	if r.down {
		down = 1
	}
	w.head(majorUint, down)
	return r
}

// known writes a domain: 0 if it is the one that both ends know.
func (w *writer) known(domain, configured string) {
	if configured != "" && domain == configured {
		w.head(majorUint, 0)
		return
	}
	w.str(domain)
}

// exactRoom finds the entry of a room that this message has named; nil: it is
// in no slot.
func (w *writer) exactRoom(r room) *slot[room] {
	for _, s := range w.rooms.slots {
		if s.value == r && s.usable(w.id) {
			return s
		}
	}
	return nil
}
