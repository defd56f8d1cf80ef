// Package xmltree holds one XML element as a tree: the stanza, everywhere in
// picket. It parses, prints and compares.
//
// What it keeps: every element, attribute, namespace and character of text, in
// order. What it does not keep, since no XMPP receiver may depend on it: prefix
// names, where xmlns is declared, quote style, entities and CDATA, comments
// (RFC 6120 §11.1 forbids them anyway). Two elements are equal if they agree
// after that (Equal).
//
// It knows no stanza kinds and no namespaces but XML's own. Read element.go
// first, then parse.go and print.go.
package xmltree

import "strings"

// XMLSpace is the namespace of xml:lang (Namespaces in XML §3).
const XMLSpace = "http://www.w3.org/XML/1998/namespace"

// An Element is one XML element. The zero value has no name and is not valid.
type Element struct {
	Space string // namespace URI, "" for none
	Local string
	Attr  []Attr // in document order, without namespace declarations
	Nodes []Node // children and text, in document order
}

// An Attr is one attribute; most have no namespace.
type Attr struct{ Space, Local, Value string }

// A Node is a child element, or text where Element is nil.
type Node struct {
	Element *Element
	Text    string
}

// New makes an element with the given children.
func New(space, local string, children ...*Element) *Element {
	e := &Element{Space: space, Local: local}
	return e.Add(children...)
}

// NewText makes an element that holds only text.
func NewText(space, local, text string) *Element {
	return (&Element{Space: space, Local: local}).AddText(text)
}

// Is reports whether the element has this name.
func (e *Element) Is(space, local string) bool {
	return e != nil && e.Local == local && e.Space == space
}

// Get gives the value of an attribute without namespace, "" if it is absent.
func (e *Element) Get(local string) string {
	v, _ := e.Lookup("", local)
	return v
}

// Lookup gives the value of an attribute and whether it is there.
func (e *Element) Lookup(space, local string) (string, bool) {
	for _, a := range e.Attr {
		if a.Local == local && a.Space == space {
			return a.Value, true
		}
	}
	return "", false
}

// Set sets an attribute without namespace; an empty value removes it. It
// returns e, so that an element can be built in one expression.
func (e *Element) Set(local, value string) *Element {
	for i, a := range e.Attr {
		if a.Local == local && a.Space == "" {
			if value == "" {
				e.Attr = append(e.Attr[:i:i], e.Attr[i+1:]...)
			} else {
				e.Attr[i].Value = value
			}
			return e
		}
	}
	if value != "" {
		e.Attr = append(e.Attr, Attr{Local: local, Value: value})
	}
	return e
}

// Add appends child elements; nil ones are left out. It returns e.
func (e *Element) Add(children ...*Element) *Element {
	for _, c := range children {
		if c != nil {
			e.Nodes = append(e.Nodes, Node{Element: c})
		}
	}
	return e
}

// AddText appends text; neighbouring texts become one. It returns e.
func (e *Element) AddText(text string) *Element {
	if text == "" {
		return e
	}
	if n := len(e.Nodes); n > 0 && e.Nodes[n-1].Element == nil {
		e.Nodes[n-1].Text += text
		return e
	}
	e.Nodes = append(e.Nodes, Node{Text: text})
	return e
}

// Child gives the first child of this name, or nil.
func (e *Element) Child(space, local string) *Element {
	if e == nil {
		return nil
	}
	for _, n := range e.Nodes {
		if n.Element.Is(space, local) {
			return n.Element
		}
	}
	return nil
}

// Children gives all child elements, in order.
func (e *Element) Children() []*Element {
	if e == nil {
		return nil
	}
	var out []*Element
	for _, n := range e.Nodes {
		if n.Element != nil {
			out = append(out, n.Element)
		}
	}
	return out
}

// Named gives the child elements of this name, in order.
func (e *Element) Named(space, local string) []*Element {
	var out []*Element
	for _, c := range e.Children() {
		if c.Is(space, local) {
			out = append(out, c)
		}
	}
	return out
}

// Remove takes away the child elements that drop reports true for.
func (e *Element) Remove(drop func(*Element) bool) *Element {
	kept := e.Nodes[:0:0]
	for _, n := range e.Nodes {
		if n.Element == nil || !drop(n.Element) {
			kept = append(kept, n)
		}
	}
	e.Nodes = kept
	return e
}

// Text gives the element's own text, without that of its children.
func (e *Element) Text() string {
	if e == nil {
		return ""
	}
	if len(e.Nodes) == 1 {
		return e.Nodes[0].Text
	}
	var b strings.Builder
	for _, n := range e.Nodes {
		b.WriteString(n.Text)
	}
	return b.String()
}

// Clone gives a copy that shares nothing with e.
func (e *Element) Clone() *Element {
	if e == nil {
		return nil
	}
	c := e.Shallow()
	c.Nodes = make([]Node, len(e.Nodes))
	for i, n := range e.Nodes {
		c.Nodes[i] = Node{Element: n.Element.Clone(), Text: n.Text}
	}
	return c
}

// Shallow gives a copy with its own attributes and list of children, whose
// children are shared: a fan-out changes only "to" on each.
func (e *Element) Shallow() *Element {
	return &Element{Space: e.Space, Local: e.Local,
		Attr: append([]Attr(nil), e.Attr...), Nodes: append([]Node(nil), e.Nodes...)}
}

// Equal reports whether two elements say the same: attributes in any order,
// everything else in the same order.
func Equal(a, b *Element) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Space != b.Space || a.Local != b.Local || len(a.Attr) != len(b.Attr) || len(a.Nodes) != len(b.Nodes) {
		return false
	}
	for _, x := range a.Attr {
		if v, ok := b.Lookup(x.Space, x.Local); !ok || v != x.Value {
			return false
		}
	}
	for i := range a.Nodes {
		if a.Nodes[i].Text != b.Nodes[i].Text || !Equal(a.Nodes[i].Element, b.Nodes[i].Element) {
			return false
		}
	}
	return true
}
