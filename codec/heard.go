package codec

// heard is the decoder's side of the tables, or what one message adds to it.
type heard struct {
	rooms     map[int]*heardRoom
	occupants map[int]heardOccupant
	strings   map[int]string
	numbers   map[count]uint64 // the highest so far
}

type heardRoom struct {
	room
	slot int // noSlot: spelled out
}

type heardOccupant struct {
	occupant
	home *heardRoom
}

// A count is one count of one room.
type count struct {
	of  *heardRoom
	key numberKey
}

func newHeard() heard {
	return heard{map[int]*heardRoom{}, map[int]heardOccupant{}, map[int]string{}, map[count]uint64{}}
}

// take adds what a message that decoded had to say.
func (h *heard) take(add *heard) {
	for k, v := range add.rooms {
		h.rooms[k] = v
	}
	for k, v := range add.occupants {
		h.occupants[k] = v
	}
	for k, v := range add.strings {
		h.strings[k] = v
	}
	for k, v := range add.numbers {
		h.numbers[k] = max(h.numbers[k], v)
	}
}

// room gives an entry as this message sees it.
func (r *reader) roomAt(slot int) *heardRoom {
	if h := r.new.rooms[slot]; h != nil {
		return h
	}
	return r.have.rooms[slot]
}

func (r *reader) occupantAt(slot int) (heardOccupant, bool) {
	if o, ok := r.new.occupants[slot]; ok {
		return o, true
	}
	o, ok := r.have.occupants[slot]
	if !ok {
		r.failWith(&ReferenceError{"occupant", slot})
	}
	return o, ok
}

func (r *reader) stringAt(slot int) string {
	s, ok := r.new.strings[slot]
	if !ok {
		if s, ok = r.have.strings[slot]; !ok {
			r.failWith(&ReferenceError{"string", slot})
		}
	}
	r.charge(len(s))
	return s
}

// slot reads the number of a slot to define, or noSlot.
func (r *reader) slot(max int) int {
	if r.peek() == majorNeg {
		if n := r.expect(majorNeg, "a slot"); n != 0 {
			r.fail("slot %d", -1-int64(n))
		}
		return noSlot
	}
	return r.small(max, "slot")
}

// back reads a reference of the form -1-slot.
func (r *reader) back(max int) int {
	n := r.expect(majorNeg, "a reference")
	if r.err == nil && n >= uint64(max) {
		r.fail("slot %d beyond %d", n, max-1)
		return 0
	}
	return int(n)
}

// roomHole reads what writer.roomHole writes.
func (r *reader) roomHole() *heardRoom {
	if r.peek() == majorUint {
		slot := r.small(roomSlots, "room")
		h := r.roomAt(slot)
		if h == nil {
			r.failWith(&ReferenceError{"room", slot})
			return &heardRoom{slot: noSlot}
		}
		return h
	}
	n := r.expect(majorArray, "a room")
	h := &heardRoom{slot: r.slot(roomSlots)}
	local := r.str()
	switch n {
	case 3:
		slot := r.back(roomSlots)
		like := r.roomAt(slot)
		if r.err == nil && like == nil {
			r.failWith(&ReferenceError{"room", slot})
		}
		if r.err != nil {
			return h
		}
		h.jid, h.mirror, h.down = joinJID(local, hostOf(like.jid), ""), like.mirror, like.down
	case 5:
		h.jid = joinJID(local, r.known(r.master), "")
		h.mirror = r.known(r.mirror)
		h.down = r.small(2, "direction") == 1
	default:
		r.fail("a room of %d items", n)
	}
	if r.err != nil || h.slot == noSlot {
		return h
	}
	if h.bytes() > entryMaxBytes {
		r.failWith(&LimitError{"bytes of a table entry", entryMaxBytes})
		return h
	}
	if old := r.roomAt(h.slot); old != nil {
		if old.room != h.room {
			r.fail("room %d is defined as another", h.slot)
		}
		return old
	}
	r.new.rooms[h.slot] = h
	return h
}

// known reads what writer.known writes.
func (r *reader) known(configured string) string {
	if r.peek() != majorUint {
		return r.str()
	}
	r.small(1, "domain")
	if configured == "" {
		r.fail("a domain that was not configured")
	}
	r.charge(len(configured))
	return configured
}

// occupant reads what writer.occupant writes.
func (r *reader) occupant() heardOccupant {
	if r.peek() == majorUint {
		o, _ := r.occupantAt(r.small(occupantSlots, "occupant"))
		return o
	}
	n := r.expect(majorArray, "an occupant")
	slot := r.slot(occupantSlots)
	var o heardOccupant
	switch {
	case n == 3 && r.peek() == majorNeg:
		o, _ = r.occupantAt(r.back(occupantSlots))
		o.origin = uint8(r.small(256, "origin"))
	case n == 3 || n == 5 || n == 6:
		o.home = r.roomHole()
		o.room = o.home.room
		o.nick = r.str()
		if n > 3 {
			o.jid = r.jid(o.occupant, n == 6)
		}
	default:
		r.fail("an occupant of %d items", n)
	}
	if r.err != nil || slot == noSlot {
		return o
	}
	if o.bytes()+o.room.bytes() > entryMaxBytes {
		r.failWith(&LimitError{"bytes of a table entry", entryMaxBytes})
		return o
	}
	r.new.occupants[slot] = o
	return o
}

// jid reads the parts of an occupant's JID.
func (r *reader) jid(o occupant, withResource bool) string {
	var local, host, resource string
	if r.peek() == majorUint {
		local = lower(o.nick)
		if r.small(2, "local part") == 1 {
			local = o.nick
		}
	} else {
		local = r.str()
	}
	switch r.peek() {
	case majorUint:
		host = parent(o.room.mirror)
		if r.small(2, "host") == 1 {
			host = parent(hostOf(o.room.jid))
		}
	case majorNeg:
		like, _ := r.occupantAt(r.back(occupantSlots))
		_, host, resource, _ = splitJID(like.jid)
		r.charge(len(like.jid))
	default:
		host = r.str()
	}
	if withResource {
		resource = r.str()
	}
	return joinJID(local, host, resource)
}
