package codec

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"picket/codec/ns"
)

// value reads the value of an attribute, or a text among nodes.
func (r *reader) value(text bool) string {
	switch r.peek() {
	case majorTag:
		return r.tagged(text)
	case majorUint:
		if !text {
			return ns.Values[r.small(len(ns.Values), "value")]
		}
	}
	return r.str()
}

func (r *reader) tagged(text bool) string {
	tag := r.expect(majorTag, "a tag")
	switch {
	case tag == tagString:
		return r.stringAt(r.small(stringSlots, "string"))
	case tag == tagDefine:
		return r.define()
	case tag == tagAddress:
		return r.address()
	case tag == tagStatic && text:
		return ns.Values[r.small(len(ns.Values), "value")]
	case tag == tagNumber && r.peek() == majorArray:
		if n := r.expect(majorArray, "a fraction"); n != 2 {
			r.fail("a fraction of %d items", n)
		}
		scale := r.small(scaleMax+1, "scale")
		if n := r.signed(); r.err == nil && scale > 0 {
			return printDecimal(scale, n)
		}
		r.fail("a fraction without a point")
		return ""
	case tag == tagNumber:
		return strconv.FormatInt(r.signed(), 10)
	case tag == tagDateTime:
		n := r.signed()
		if n < stampMin || n > stampMax {
			r.fail("a time out of range")
			return ""
		}
		return stamp(n)
	case tag == tagUUID || tag == tagHex || tag == tagBase64:
		return r.bytes(tag)
	}
	r.fail("tag %d", tag)
	return ""
}

func (r *reader) bytes(tag uint64) string {
	b := r.content(r.expect(majorBytes, "bytes"))
	r.charge(2 * len(b))
	switch {
	case r.err != nil:
	case tag == tagHex:
		return hex.EncodeToString(b)
	case tag == tagBase64:
		return base64.StdEncoding.EncodeToString(b)
	case len(b) == 16:
		return printUUID(b)
	default:
		r.fail("a UUID of %d bytes", len(b))
	}
	return ""
}

// signed reads an integer.
func (r *reader) signed() int64 {
	major, n := r.head()
	if r.err == nil && (major != majorUint && major != majorNeg || n >= 1<<63) {
		r.fail("an integer expected")
	}
	if r.err != nil {
		return 0
	}
	if major == majorNeg {
		return -1 - int64(n)
	}
	return int64(n)
}

// define reads an entry of the string table.
func (r *reader) define() string {
	if n := r.expect(majorArray, "an entry"); n != 2 {
		r.fail("an entry of %d items", n)
	}
	slot := r.small(stringSlots, "slot")
	if r.peek() == majorTag && (r.b[r.at] == majorTag<<5|tagDefine || r.b[r.at] == majorTag<<5|tagString) {
		r.fail("an entry of an entry")
	}
	s := r.value(false)
	if r.err == nil && len(s) > entryMaxBytes {
		r.failWith(&LimitError{"bytes of a table entry", entryMaxBytes})
	}
	if r.err == nil {
		r.new.strings[slot] = s
	}
	return s
}

// address reads a part of a room or an occupant.
func (r *reader) address() string {
	var s string
	if r.peek() == majorNeg {
		n := r.back(roomSlots * roomParts)
		h := r.roomAt(n / roomParts)
		switch {
		case h == nil:
			r.failWith(&ReferenceError{"room", n / roomParts})
			return ""
		case n%roomParts == partRoom:
			s = h.jid
		default:
			s = h.mirror
		}
	} else {
		n := r.small(occupantSlots*occupantParts, "occupant")
		o, _ := r.occupantAt(n / occupantParts)
		if r.err != nil || !r.charge(3*o.bytes()+o.room.bytes()) {
			return ""
		}
		switch n % occupantParts {
		case partOccupant:
			s = o.room.jid + "/" + o.nick
		case partJID:
			s = o.jid
		case partEscaped:
			s = escaped(o.jid, o.room.mirror)
		default:
			s = o.nick
		}
	}
	r.charge(len(s))
	if s == "" {
		r.fail("an entry without that part")
	}
	return s
}
