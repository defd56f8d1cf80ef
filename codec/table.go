package codec

import "slices"

// The tables of one direction (WIRE.md, "Tables"): rooms, occupants, strings.
// The encoder says which slot holds what; the decoder keeps what it is told.

// Slots of each table, and the longest entry.
const (
	roomSlots     = 64
	occupantSlots = 512
	stringSlots   = 256
	entryMaxBytes = 512
)

// noSlot marks an entry that is spelled out and kept by nobody.
const noSlot = -1

// A room is a room with the mirror that a link carries it to.
type room struct {
	jid, mirror string
	down        bool // the link's direction: from the master to the mirror
}

// An occupant is a nick in a room and the user behind it. Either may be
// unknown (""), since some stanzas name only one.
type occupant struct {
	room      room
	nick, jid string
	origin    uint8 // the mirror that its numbers are of; 0: unknown
}

func (o occupant) bytes() int { return len(o.nick) + len(o.jid) }
func (r room) bytes() int     { return len(r.jid) + len(r.mirror) }

// A slot is one entry as its encoder sees it.
type slot[T comparable] struct {
	number   int
	value    T
	used     bool
	acked    bool   // the peer has it
	inflight int    // messages on their way that define it or refer to it
	message  uint64 // the last message that defined it or referred to it
	nums     numbers
	talks    int    // groupchats of an occupant
	talked   uint64 // the last of them
}

// usable reports whether a message may refer to the entry: the peer has it, or
// this very message has defined it.
func (s *slot[T]) usable(message uint64) bool { return s.acked || s.message == message }

// A table is the encoder's side of one kind.
type table[T comparable] struct {
	slots []*slot[T]
	max   int
	fixed bool // an entry stays for the session
}

// place gives a slot for a new value: a free one, else the one unused for
// longest that no message on its way can name. nil: there is none, and the value
// is spelled out.
func (t *table[T]) place(value T) (s *slot[T], evicted T) {
	if len(t.slots) < t.max {
		s = &slot[T]{number: len(t.slots)}
		t.slots = append(t.slots, s)
	} else if !t.fixed {
		for _, c := range t.slots {
			if c.inflight == 0 && (s == nil || c.message < s.message) {
				s = c
			}
		}
	}
	if s == nil {
		return nil, evicted
	}
	return s, s.put(value)
}

// put gives the slot another value, and what it had.
func (s *slot[T]) put(value T) (evicted T) {
	if s.used {
		evicted = s.value
	}
	*s = slot[T]{number: s.number, value: value, used: true}
	return evicted
}

// tables are the encoder's, with what finds an entry by its parts.
type tables struct {
	rooms     table[room]
	occupants table[occupant]
	strings   table[string]
	byNick    map[[2]string][]*slot[occupant] // room, nick
	byJID     map[string][]*slot[occupant]
	byString  map[string]*slot[string]
	seen      map[string]bool // strings that stood once in a generic element
	seenOrder []string
}

// newTables makes empty tables; without slots, nothing is ever kept in them.
func newTables(slots bool) *tables {
	t := &tables{
		rooms:     table[room]{max: roomSlots, fixed: true},
		occupants: table[occupant]{max: occupantSlots},
		strings:   table[string]{max: stringSlots},
		byNick:    map[[2]string][]*slot[occupant]{},
		byJID:     map[string][]*slot[occupant]{},
		byString:  map[string]*slot[string]{},
		seen:      map[string]bool{},
	}
	if !slots {
		t.rooms.max, t.occupants.max, t.strings.max = 0, 0, 0
	}
	return t
}

// findRoom finds the room with these parts; an empty mirror fits any.
func (t *tables) findRoom(want room) *slot[room] {
	for _, s := range t.rooms.slots {
		if s.value.jid == want.jid && (want.mirror == "" || s.value.mirror == want.mirror) && s.value.down == want.down {
			return s
		}
	}
	return nil
}

func (t *tables) addRoom(r room) *slot[room] {
	if r.bytes() > entryMaxBytes {
		return nil
	}
	s, _ := t.rooms.place(r)
	return s
}

// findOccupant finds an entry that has all parts of want; empty parts fit any.
// It takes one that the message may refer to if there is one, then the lowest.
func (t *tables) findOccupant(want occupant, message uint64) *slot[occupant] {
	candidates := t.byJID[want.jid]
	if want.nick != "" {
		candidates = t.byNick[[2]string{want.room.jid, want.nick}]
	}
	var best *slot[occupant]
	for _, s := range candidates {
		usable := s.usable(message)
		if !s.value.has(want) || want.origin == 0 && s.value.origin != 0 && !usable {
			continue
		}
		if best == nil || usable && !best.usable(message) || usable == best.usable(message) && s.number < best.number {
			best = s
		}
	}
	return best
}

// has reports whether o has all parts that want has.
func (o occupant) has(want occupant) bool {
	return o.room.jid == want.room.jid && o.room.down == want.room.down &&
		(want.room.mirror == "" || o.room.mirror == want.room.mirror) &&
		(want.nick == "" || o.nick == want.nick) &&
		(want.jid == "" || o.jid == want.jid) &&
		(want.origin == 0 || o.origin == want.origin)
}

func (t *tables) addOccupant(o occupant) *slot[occupant] {
	if o.bytes()+o.room.bytes() > entryMaxBytes {
		return nil
	}
	s, old := t.occupants.place(o)
	if s != nil {
		t.index(s, old)
	}
	return s
}

// index makes a slot found by its new value, and no more by its old one.
func (t *tables) index(s *slot[occupant], old occupant) {
	same := func(x *slot[occupant]) bool { return x == s }
	if old != (occupant{}) {
		key := [2]string{old.room.jid, old.nick}
		if t.byNick[key] = slices.DeleteFunc(t.byNick[key], same); len(t.byNick[key]) == 0 {
			delete(t.byNick, key)
		}
		if t.byJID[old.jid] = slices.DeleteFunc(t.byJID[old.jid], same); len(t.byJID[old.jid]) == 0 {
			delete(t.byJID, old.jid)
		}
	}
	key := [2]string{s.value.room.jid, s.value.nick}
	t.byNick[key] = append(t.byNick[key], s)
	t.byJID[s.value.jid] = append(t.byJID[s.value.jid], s)
}

// promoteTalks is how often an occupant talks before it is worth a hot slot.
const promoteTalks = 3

// hotSlot finds a slot below hotSlots for an occupant that talks from a higher
// one: that of the occupant who has not talked for longest, if it has been
// silent since this one last talked. nil: there is none, or one is on its way.
func (t *tables) hotSlot(busy *slot[occupant]) *slot[occupant] {
	if busy.number < hotSlots || busy.talks < promoteTalks {
		return nil
	}
	var quiet *slot[occupant]
	for _, s := range t.occupants.slots[:hotSlots] {
		switch {
		case s.value == busy.value && s.inflight > 0:
			return nil
		case s.value == busy.value:
			return s // its definition was lost
		case s.inflight == 0 && s.talked < busy.talked && (quiet == nil || s.talked < quiet.talked):
			quiet = s
		}
	}
	if quiet != nil {
		t.index(quiet, quiet.put(busy.value))
	}
	return quiet
}

func (t *tables) addString(v string) *slot[string] {
	if len(v) > entryMaxBytes {
		return nil
	}
	s, old := t.strings.place(v)
	if s == nil {
		return nil
	}
	if t.byString[old] == s {
		delete(t.byString, old)
	}
	t.byString[v] = s
	return s
}

// seenMax bounds the memory of strings that stood once.
const seenMax = 256

// again reports whether a string stood before, and remembers it.
func (t *tables) again(v string) bool {
	if t.seen[v] {
		return true
	}
	if len(t.seenOrder) >= seenMax {
		delete(t.seen, t.seenOrder[0])
		t.seenOrder = t.seenOrder[1:]
	}
	t.seen[v] = true
	t.seenOrder = append(t.seenOrder, v)
	return false
}
