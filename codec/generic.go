package codec

import (
	"strings"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// The generic form of an element (WIRE.md, "Generic elements"): an array of its
// name, its attributes and its nodes.

// name writes the name of an element: its number, or its local name where the
// namespace is the parent's, or both.
func (w *writer) name(space, local, parent string) {
	if i, ok := static.names[ns.Name{Space: space, Local: local}]; ok && i < w.peer.Names {
		w.head(majorUint, uint64(i))
		return
	}
	if space != parent {
		w.head(majorArray, 2)
		w.value(space, false)
	}
	w.str(local)
}

func (w *writer) element(el *xmltree.Element, parent string) {
	start := len(w.b)
	w.head(majorArray, uint64(1+2*len(el.Attr)+len(el.Nodes)))
	w.name(el.Space, el.Local, parent)
	if len(el.Attr) == 0 && len(el.Nodes) == 0 && start > 0 && w.b[start+1]>>5 == majorUint {
		w.b = append(w.b[:start], w.b[start+1:]...) // an empty element of a known name is its number
		return
	}
	for _, a := range el.Attr {
		if i, ok := static.attrs[ns.Name{Space: a.Space, Local: a.Local}]; ok && i < w.peer.Attrs {
			w.int(-1 - int64(i))
		} else {
			w.head(majorTag, tagAttr)
			if a.Space != "" {
				w.head(majorArray, 2)
				w.value(a.Space, false)
			}
			w.str(a.Local)
		}
		if el.Space == ns.Caps && !w.isStatic(a.Value) {
			w.again(a.Value) // presences repeat it: worth an entry at once
		}
		w.value(a.Value, false)
	}
	w.nodes(el.Nodes, el.Space)
}

func (w *writer) nodes(nodes []xmltree.Node, parent string) {
	for _, n := range nodes {
		if n.Element == nil {
			w.value(n.Text, true)
		} else {
			w.part(n.Element, parent)
		}
	}
}

// part writes an element inside another: in the first part shape that it fits,
// else in the generic form.
func (w *writer) part(el *xmltree.Element, parent string) {
	for _, s := range tryParts {
		if s.number >= w.peer.Parts {
			continue
		}
		if b := w.fit(s, el); b != nil {
			at := len(w.b)
			w.head(majorArray, 0)
			w.shape(s, b)
			w.closeArray(at, s.items(b))
			return
		}
	}
	w.element(el, parent)
}

// closeArray sets the length of an array whose head of one byte stands at at.
func (w *writer) closeArray(at int, items int) {
	head := appendHead(nil, majorArray, uint64(items))
	w.b = append(w.b[:at], append(head, w.b[at+1:]...)...)
}

func (w *writer) isStatic(s string) bool {
	i, ok := static.values[s]
	return ok && i < w.peer.Values
}

// value writes the value of an attribute, or a text among nodes, in its
// shortest form.
func (w *writer) value(s string, text bool) {
	if i, ok := static.values[s]; ok && i < w.peer.Values {
		if text {
			w.head(majorTag, tagStatic)
		}
		w.head(majorUint, uint64(i))
		return
	}
	if w.address(s) {
		return
	}
	if e := w.byString[s]; e != nil && e.usable(w.id) {
		w.head(majorTag, tagString)
		w.head(majorUint, uint64(e.number))
		name(&w.use.strings, e, w.id)
		return
	}
	start := len(w.b)
	w.plain(s)
	if n := len(w.b) - start; n < stringWorth || len(s) > entryMaxBytes || text && n > stringTextMax || !w.again(s) {
		return
	}
	// It comes again and again: from now on it has a slot.
	e := w.byString[s]
	if e == nil {
		e = w.addString(s)
	}
	if e == nil {
		return
	}
	w.b = w.b[:start]
	w.head(majorTag, tagDefine)
	w.head(majorArray, 2)
	w.head(majorUint, uint64(e.number))
	w.plain(s)
	name(&w.use.strings, e, w.id)
}

// What a slot in the string table is worth having for.
const (
	stringWorth   = 5  // bytes
	stringTextMax = 40 // bytes of a text: longer ones are somebody's words
)

// plain writes a value that stands for itself.
func (w *writer) plain(s string) {
	start := len(w.b)
	w.str(s)
	if b := typed(s); b != nil && len(b) < len(w.b)-start {
		w.b = append(w.b[:start], b...)
	}
}

// Parts of table entries that an address can be.
const (
	partOccupant = iota // room/nick
	partJID
	partEscaped // the JID behind the mirror, after XEP-0106
	partNick
	occupantParts

	partRoom   = 0
	partMirror = 1
	roomParts  = 2
)

// address writes a value as a part of an entry that the peer has.
func (w *writer) address(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range w.rooms.slots {
		for part, v := range [...]string{r.value.jid, r.value.mirror} {
			if v == s && r.usable(w.id) {
				w.head(majorTag, tagAddress)
				w.int(-1 - int64(r.number*roomParts+part))
				name(&w.use.rooms, r, w.id)
				return true
			}
		}
	}
	var found *slot[occupant]
	part := partJID
	look := func(list []*slot[occupant], p int) {
		for _, o := range list {
			if found == nil && o.usable(w.id) {
				found, part = o, p
			}
		}
	}
	look(w.byJID[s], partJID)
	if jid, nick, ok := strings.Cut(s, "/"); ok && found == nil && nick != "" {
		look(w.byNick[[2]string{jid, nick}], partOccupant)
	}
	if jid, mirror, ok := unescaped(s); ok && found == nil {
		for _, o := range w.byJID[jid] {
			if o.value.room.mirror == mirror {
				look([]*slot[occupant]{o}, partEscaped)
			}
		}
	}
	if found == nil {
		return false
	}
	w.head(majorTag, tagAddress)
	w.head(majorUint, uint64(found.number*occupantParts+part))
	name(&w.use.occupants, found, w.id)
	return true
}
