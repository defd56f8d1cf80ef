package codec

import (
	"strconv"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A reader reads one message. What it says of tables is kept apart until all of
// it has decoded.
type reader struct {
	cursor
	text     TextModel
	limits   Limits
	master   string
	mirror   string
	expanded int // rough, to bound memory while reading; check judges the whole
	depth    int
	have     *heard
	new      heard
	room     *heardRoom // of the stanza around
	previous int64      // the last stamp
}

// charge counts bytes that are about to be made.
func (r *reader) charge(n int) bool {
	if r.expanded += n; r.expanded > roughFactor*r.limits.ExpandedBytes {
		r.failWith(&LimitError{"bytes expanded", r.limits.ExpandedBytes})
	}
	return r.err == nil
}

// What reading may take for a moment, against what may come out.
const (
	roughFactor  = 4
	elementBytes = 16 // in check's reckoning
)

func (r *reader) message() *xmltree.Element {
	var el *xmltree.Element
	switch r.peek() {
	case majorArray:
		el = r.element(ns.Client)
	case majorUint:
		el = r.shape()
	default:
		r.failWith(&VersionError{"a first item of type " + strconv.Itoa(r.peek())})
	}
	if r.err == nil && r.at < len(r.b) {
		r.fail("more after the element")
	}
	if r.err == nil {
		if err := check(el, r.limits); err != nil {
			r.failWith(judged(err))
		}
	}
	return el
}

// judged makes of an element that cannot be one a fault of the bytes.
func judged(err error) error {
	if e, ok := err.(*InvalidError); ok {
		return &CorruptError{0, e.What}
	}
	return err
}

// shape reads a whole message in a shape.
func (r *reader) shape() *xmltree.Element {
	first := r.expect(majorUint, "a shape")
	if first < hotSlots {
		o, ok := r.occupantAt(int(first))
		if !ok {
			return nil
		}
		number := groupchatUp
		if o.room.down {
			number = groupchatDown
		}
		return r.holes(shapes[number-hotSlots], o, -1)
	}
	if first >= uint64(hotSlots+len(shapes)) {
		r.failWith(&VersionError{"shape " + strconv.FormatUint(first, 10)})
		return nil
	}
	s := shapes[first-hotSlots]
	return r.holes(s, r.who(s), -1)
}

// who reads whom a shape is about.
func (r *reader) who(s *shape) heardOccupant {
	if s.anyone {
		return r.occupant()
	}
	if s.roomKnown {
		return heardOccupant{occupant{room: r.room.room}, r.room}
	}
	home := r.roomHole()
	return heardOccupant{occupant{room: home.room}, home}
}

// part reads a shape inside another element, of so many items.
func (r *reader) part(items int) *xmltree.Element {
	n := r.expect(majorNeg, "a shape")
	if r.err != nil {
		return nil
	}
	if n >= uint64(len(partShapes)) {
		r.failWith(&VersionError{"part " + strconv.FormatUint(n, 10)})
		return nil
	}
	if r.room == nil {
		r.fail("part %d without a room around it", n)
		return nil
	}
	s := partShapes[n]
	fixed := s.items(&binding{})
	if items < fixed || items > fixed && !s.more {
		r.fail("part %d of %d items", n, items)
		return nil
	}
	o := r.who(s)
	if r.err != nil || o.room.jid != r.room.jid {
		r.fail("part %d of another room", n)
		return nil
	}
	o.home, o.room = r.room, r.room.room
	return r.holes(s, o, items-fixed)
}

// holes reads what stands in the holes, and builds the element. more is the
// number of nodes at the end; -1: all that is left.
func (r *reader) holes(s *shape, o heardOccupant, more int) *xmltree.Element {
	if !r.deeper() {
		return nil
	}
	defer func() { r.depth-- }()
	if !s.roomKnown {
		r.room = o.home
	}
	b := &binding{who: o.occupant}
	if s.usesPeer || s.usesUser {
		second := r.occupant()
		b.peer, b.user = second.nick, second.jid
	}
	switch {
	case s.affil && s.role:
		n := r.small(len(affiliations)*len(roles), "standing")
		b.affiliation, b.role = n/len(roles), n%len(roles)
	case s.affil:
		b.affiliation = r.small(len(affiliations), "affiliation")
	}
	if s.item {
		b.item = r.item(o)
	}
	if s.stamp {
		r.previous += r.signed()
		if b.stamp = r.previous; b.stamp < stampMin || b.stamp > stampMax {
			r.fail("a time out of range")
		}
	}
	for range s.values {
		b.values = append(b.values, r.value(false))
	}
	if s.text {
		b.text = r.str()
	}
	if s.inner {
		b.inner = r.list()
	}
	if s.tail {
		b.tail = r.list()
	}
	if s.more {
		for ; r.err == nil && more != 0 && (more > 0 || !r.end()); more-- {
			b.more = append(b.more, r.node(s.space))
		}
	}
	if missing(s, b) {
		r.fail("an entry without a part that shape %d names", s.number)
	}
	if !r.charge(256 + 2*o.bytes() + 4*o.room.bytes() + 6*len(b.user) + 4*len(o.jid) + len(b.peer)) {
		return nil
	}
	next := 0
	return s.build(b, &next)
}

// missing reports whether an entry lacks what the shape needs.
func missing(s *shape, b *binding) bool {
	o := b.who
	return s.usesRoom && o.room.jid == "" || s.usesPair && o.room.mirror == "" || s.usesNick && o.nick == "" ||
		s.usesJID && o.jid == "" || s.usesPeer && b.peer == "" || s.usesUser && b.user == ""
}

func (r *reader) deeper() bool {
	if r.depth++; r.depth > r.limits.Depth {
		r.failWith(&LimitError{"elements deep", r.limits.Depth})
	}
	return r.err == nil
}

func (r *reader) list() []xmltree.Node {
	n := r.expect(majorArray, "nodes")
	var nodes []xmltree.Node
	for ; r.err == nil && n > 0; n-- {
		nodes = append(nodes, r.node(ns.MUCUser))
	}
	return nodes
}

// node reads one child: an element in whatever form, or a text.
func (r *reader) node(parent string) xmltree.Node {
	switch r.peek() {
	case majorArray:
		return xmltree.Node{Element: r.element(parent)}
	case majorUint:
		r.charge(elementBytes)
		n := ns.Names[r.small(len(ns.Names), "name")]
		return xmltree.Node{Element: &xmltree.Element{Space: n.Space, Local: n.Local}}
	}
	return xmltree.Node{Text: r.value(true)}
}

// element reads an array: a generic element, or a part shape.
func (r *reader) element(parent string) *xmltree.Element {
	n := int(r.expect(majorArray, "an element"))
	if n > 0 && r.peek() == majorNeg {
		return r.part(n)
	}
	if !r.deeper() || !r.charge(elementBytes) {
		return nil
	}
	defer func() { r.depth-- }()
	el := &xmltree.Element{}
	el.Space, el.Local = r.name(parent)
	n--
	for ; r.err == nil && n >= 2; n -= 2 {
		a, ok := r.attr()
		if !ok {
			break
		}
		el.Attr = append(el.Attr, a)
	}
	for ; r.err == nil && n > 0; n-- {
		el.Nodes = append(el.Nodes, r.node(el.Space))
	}
	if r.err == nil && n != 0 {
		r.fail("an element of no items")
	}
	return el
}

func (r *reader) name(parent string) (space, local string) {
	switch r.peek() {
	case majorUint:
		n := ns.Names[r.small(len(ns.Names), "name")]
		return n.Space, n.Local
	case majorArray:
		if n := r.expect(majorArray, "a name"); n != 2 {
			r.fail("a name of %d items", n)
		}
		return r.value(false), r.str()
	}
	return parent, r.str()
}

// attr reads an attribute; false: the next item is none.
func (r *reader) attr() (a xmltree.Attr, ok bool) {
	switch {
	case r.peek() == majorNeg:
		n := ns.Attrs[r.back(len(ns.Attrs))]
		a.Space, a.Local = n.Space, n.Local
	case r.peek() == majorTag && r.b[r.at] == majorTag<<5|tagAttr:
		r.head()
		if r.peek() == majorArray {
			if n := r.expect(majorArray, "a name"); n != 2 {
				r.fail("a name of %d items", n)
			}
			a.Space = r.value(false)
		}
		a.Local = r.str()
	default:
		return a, false
	}
	if r.charge(elementBytes) {
		a.Value = r.value(false)
	}
	return a, true
}

// str reads a text, coded or not.
func (r *reader) str() string {
	start := r.at
	major, n := r.head()
	if major != majorText && major != majorBytes {
		r.at = start
		r.fail("a text expected")
		return ""
	}
	b := r.content(n)
	switch {
	case r.err != nil:
		return ""
	case major == majorText:
		r.charge(len(b))
		return string(b)
	case r.text != nil && len(b) > 0 && b[len(b)-1] != 0:
		s, err := r.text.Decode(b, r.limits.TextBytes)
		if err != nil {
			r.fail("%v", err)
		}
		r.charge(len(s))
		return s
	}
	r.at = start
	r.fail("a coded text that no model of ours makes")
	return ""
}
