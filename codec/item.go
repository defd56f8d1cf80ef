package codec

import (
	"strconv"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// An item is the numbers of a message (mirror/dmuc.Item); 0: not there.
type item struct{ n, o, i, pos, age uint64 }

var itemAttrs = [...]string{"n", "o", "i", "pos", "age"}

func (it *item) fields() [5]*uint64 { return [5]*uint64{&it.n, &it.o, &it.i, &it.pos, &it.age} }

func itemOf(el *xmltree.Element) (it item, ok bool) {
	if !el.Is(ns.DMUC0, "item") || len(el.Nodes) != 0 || len(el.Attr) == 0 {
		return it, false
	}
	fields, found := it.fields(), 0
	for k, name := range itemAttrs {
		v, has := el.Lookup("", name)
		if !has {
			continue
		}
		n, err := strconv.ParseUint(v, 10, 62)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != v {
			return it, false
		}
		*fields[k] = n
		found++
	}
	return it, found == len(el.Attr) && it.o < 256
}

func (it item) element() *xmltree.Element {
	if it == (item{}) {
		return nil
	}
	el := &xmltree.Element{Space: ns.DMUC0, Local: "item"}
	for k, n := range it.fields() {
		if *n != 0 {
			el.Attr = append(el.Attr, xmltree.Attr{Local: itemAttrs[k], Value: strconv.FormatUint(*n, 10)})
		}
	}
	return el
}

// split gives the number that the link counts and the other one.
func (it item) split(down bool) (main, other uint64) {
	if down {
		return it.pos, it.n
	}
	return it.n, it.pos
}

func countMain(down bool) numberKey {
	if down {
		return countPos
	}
	return countUp
}

func countOther(down bool, origin uint64) numberKey {
	if !down {
		return countPos
	}
	return countOrigin + numberKey(origin)
}

// item writes the numbers of a message of an occupant: one, or
// [main, other, age, origin, incarnation] without zeros at the end.
func (w *writer) item(it item, o occupant) {
	if it == (item{}) {
		w.head(majorArray, 0)
		return
	}
	main, other := it.split(o.room.down)
	if other == 0 && it.age == 0 && it.o == 0 && it.i == 0 {
		w.num(o.room, countMain(o.room.down), main, true)
		return
	}
	items := uint64(1)
	switch {
	case it.i != 0:
		items = 5
	case other != 0 && it.o != uint64(o.origin) || other == 0 && it.o != 0:
		items = 4
	case it.age != 0:
		items = 3
	case other != 0:
		items = 2
	}
	w.head(majorArray, items)
	w.num(o.room, countMain(o.room.down), main, false)
	if items > 1 {
		w.num(o.room, countOther(o.room.down, it.o), other, false)
	}
	for k, n := range []uint64{it.age, it.o, it.i} {
		if items > uint64(2+k) {
			w.head(majorUint, n)
		}
	}
}

// num writes one number of a count of the room; 0 is none.
func (w *writer) num(r room, key numberKey, n uint64, alone bool) {
	s := w.exactRoom(r)
	if n == 0 || s == nil {
		w.head(majorUint, n)
		return
	}
	if s.nums == nil {
		s.nums = numbers{}
	}
	c := s.nums[key]
	if c == nil {
		c = &number{}
		s.nums[key] = c
	}
	window, counts := c.form(n, w.numbered[c])
	switch {
	case window != 0:
		w.int(-1 - int64(code(n, window)))
	case counts:
		w.head(majorUint, n)
	default:
		if alone {
			w.head(majorArray, 1)
		}
		w.head(majorArray, 1)
		w.head(majorUint, n)
	}
	if !counts {
		return
	}
	u := &numberUse{of: c, value: n, limit: noLimit}
	if window != 0 {
		u.limit = n + window/2
	}
	w.use.nums = append(w.use.nums, u)
	c.highest = max(c.highest, n)
	w.numbered[c] = max(w.numbered[c], n)
}

// item reads what writer.item writes.
func (r *reader) item(o heardOccupant) (it item) {
	down := o.room.down
	main, other := &it.n, &it.pos
	if down {
		main, other = other, main
	}
	if r.peek() != majorArray {
		*main = r.num(o.home, countMain(down))
		return it
	}
	n := r.expect(majorArray, "numbers")
	if n == 0 {
		return it
	}
	if n > 5 {
		r.fail("%d numbers", n)
		return it
	}
	*main = r.num(o.home, countMain(down))
	if n == 1 {
		return it
	}
	// Which count the second number is of stands behind it.
	at := r.at
	r.skip()
	if n > 2 {
		it.age = r.plainNumber("age")
	}
	it.o = uint64(o.origin)
	if n > 3 {
		it.o = uint64(r.small(256, "origin"))
	}
	if n > 4 {
		it.i = r.plainNumber("incarnation")
	}
	end := r.at
	r.at = at
	if *other = r.num(o.home, countOther(down, it.o)); r.err == nil {
		r.at = end
	}
	if *other == 0 && n < 4 {
		it.o = 0
	}
	return it
}

// skip passes over one number.
func (r *reader) skip() {
	if major, n := r.head(); major == majorArray && n == 1 {
		r.head()
	}
}

// plainNumber reads a number that no count has.
func (r *reader) plainNumber(what string) uint64 {
	n := r.expect(majorUint, what)
	if n >= 1<<62 {
		r.fail("%s %d", what, n)
	}
	return n
}

// num reads one number of a count.
func (r *reader) num(of *heardRoom, key numberKey) uint64 {
	at := count{of, key}
	switch r.peek() {
	case majorArray: // in full, and not to count
		if n := r.expect(majorArray, "a number"); n != 1 {
			r.fail("a number of %d items", n)
		}
		return r.plainNumber("number")
	case majorUint:
		n := r.plainNumber("number")
		if n != 0 && r.err == nil && of != nil && of.slot != noSlot {
			r.new.numbers[at] = max(r.new.numbers[at], n)
		}
		return n
	}
	v := r.expect(majorNeg, "a number")
	ref := max(r.new.numbers[at], r.have.numbers[at])
	if r.err != nil {
		return 0
	}
	if ref == 0 || v >= narrow+wide {
		r.failWith(&ReferenceError{"number", int(key)})
		return 0
	}
	window := uint64(narrow)
	if v >= narrow {
		v, window = v-narrow, wide
	}
	n, ok := nearest(ref, v, window)
	if !ok {
		r.fail("no number is near to %d", ref)
		return 0
	}
	r.new.numbers[at] = max(r.new.numbers[at], n)
	return n
}
