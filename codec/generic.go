package codec

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// The generic form of an element (WIRE.md, "Generic elements"): an array of its
// name, its attributes and its nodes.

type writer struct {
	b       []byte
	text    TextModel
	maxText int
}

func (w *writer) head(major int, n uint64) { w.b = appendHead(w.b, major, n) }

// str writes a text: coded by the model if that is shorter.
func (w *writer) str(s string) {
	if w.text != nil && s != "" && len(s) <= w.maxText {
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

func (w *writer) name(space, local, parent string) {
	if space == parent {
		w.str(local)
		return
	}
	w.head(majorArray, 2)
	w.str(space)
	w.str(local)
}

func (w *writer) element(el *xmltree.Element, parent string) {
	w.head(majorArray, uint64(1+2*len(el.Attr)+len(el.Nodes)))
	w.name(el.Space, el.Local, parent)
	for _, a := range el.Attr {
		w.head(majorTag, tagAttr)
		w.name(a.Space, a.Local, "")
		w.str(a.Value)
	}
	for _, n := range el.Nodes {
		if n.Element != nil {
			w.element(n.Element, el.Space)
		} else {
			w.str(n.Text)
		}
	}
}

const tagAttr = 9

type reader struct {
	cursor
	text     TextModel
	limits   Limits
	expanded int
	elements int
}

// charge counts bytes against the budget before they are made.
func (r *reader) charge(n int) bool {
	if r.expanded += n; r.expanded > r.limits.ExpandedBytes {
		r.failWith(&LimitError{"bytes expanded", r.limits.ExpandedBytes})
	}
	return r.err == nil
}

func (r *reader) message() *xmltree.Element {
	if r.peek() != majorArray {
		r.failWith(&VersionError{"the first item is no array"})
		return nil
	}
	el := r.element(ns.Client, 1)
	if r.err == nil && !r.end() {
		r.fail("more after the element")
	}
	return el
}

func (r *reader) str() string {
	major, n := r.head()
	b := r.content(n)
	if r.err != nil {
		return ""
	}
	var s string
	switch {
	case major == majorText:
		s = string(b)
	case major == majorBytes && r.text != nil && len(b) > 0 && b[len(b)-1] != 0:
		var err error
		if s, err = r.text.Decode(b, r.limits.TextBytes); err != nil {
			r.fail("%v", err)
			return ""
		}
	default:
		r.fail("a text expected")
		return ""
	}
	if !r.charge(len(s)) {
		return ""
	}
	if !xmltree.ValidText(s) {
		r.fail("a text that XML cannot hold")
		return ""
	}
	return s
}

func (r *reader) name(parent string) (space, local string) {
	if r.peek() == majorArray {
		if n := r.expect(majorArray, "a name"); n != 2 {
			r.fail("a name of %d items", n)
			return "", ""
		}
		space = r.str()
	} else {
		space = parent
	}
	local = r.str()
	if r.err == nil && !validName(local) {
		r.fail("%q is no name", local)
	}
	return space, local
}

func (r *reader) element(parent string, depth int) *xmltree.Element {
	if depth > r.limits.Depth {
		r.failWith(&LimitError{"elements deep", r.limits.Depth})
		return nil
	}
	if r.elements++; r.elements > r.limits.Elements {
		r.failWith(&LimitError{"elements", r.limits.Elements})
		return nil
	}
	n := int(r.expect(majorArray, "an element"))
	if !r.charge(16) {
		return nil
	}
	el := &xmltree.Element{}
	el.Space, el.Local = r.name(parent)
	n--
	for ; r.err == nil && n >= 2 && r.peek() == majorTag; n -= 2 {
		if tag := r.expect(majorTag, "an attribute"); tag != tagAttr {
			r.fail("tag %d is no attribute", tag)
			return nil
		}
		var a xmltree.Attr
		a.Space, a.Local = r.name("")
		a.Value = r.str()
		el.Attr = append(el.Attr, a)
	}
	for ; r.err == nil && n > 0; n-- {
		if r.peek() == majorArray {
			el.Nodes = append(el.Nodes, xmltree.Node{Element: r.element(el.Space, depth+1)})
		} else {
			el.Nodes = append(el.Nodes, xmltree.Node{Text: r.str()})
		}
	}
	if r.err == nil && n != 0 {
		r.fail("an element of a wrong length")
	}
	return el
}
