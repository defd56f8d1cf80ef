package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Limits bounds what one element may hold; zero fields mean "no limit".
type Limits struct {
	Depth    int // nesting below the element itself
	Elements int // in all
	Attrs    int // an element
}

// DefaultLimits is what a stanza after login may hold
// (design: 32 deep, 64 attributes an element, 1000 children in all).
var DefaultLimits = Limits{Depth: 32, Elements: 1000, Attrs: 64}

// A LimitError says which limit an element is over (RFC 6120 §4.9.3.14,
// policy-violation).
type LimitError struct{ What string }

func (e *LimitError) Error() string { return "xmltree: more than " + e.What }

// A RestrictedError says that the input holds XML that XMPP forbids
// (RFC 6120 §11.1): a comment, processing instruction or DTD.
type RestrictedError struct{ What string }

func (e *RestrictedError) Error() string { return "xmltree: " + e.What + " is restricted XML" }

// Parse reads exactly one element. Space around it is allowed, nothing else.
func Parse(b []byte) (*Element, error) { return ParseIn("", b) }

// ParseIn is Parse for an element that stands inside one of the namespace
// space, as a stanza stands in a stream of jabber:client.
func ParseIn(space string, b []byte) (*Element, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.DefaultSpace = space
	el, err := Next(d, DefaultLimits)
	if err != nil {
		return nil, err
	}
	if extra, err := Next(d, DefaultLimits); err != io.EOF {
		if err == nil {
			return nil, fmt.Errorf("xmltree: a second element <%s/> follows", extra.Local)
		}
		return nil, err
	}
	return el, nil
}

// MustParse is Parse for constants of tests; it panics where they are wrong.
func MustParse(s string) *Element {
	el, err := Parse([]byte(s))
	if err != nil {
		panic("BUG: " + err.Error() + " in " + s)
	}
	return el
}

// Next reads the next element of d, passing over space before it. io.EOF: no
// more; an end tag of the parent also gives io.EOF.
func Next(d *xml.Decoder, lim Limits) (*Element, error) {
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			return Read(d, t, lim)
		case xml.EndElement:
			return nil, io.EOF
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("xmltree: text outside an element")
			}
		default:
			if err := restricted(tok); err != nil {
				return nil, err
			}
		}
	}
}

// Read reads the rest of an element whose start tag has been read.
func Read(d *xml.Decoder, start xml.StartElement, lim Limits) (*Element, error) {
	r := reader{d: d, lim: lim}
	root, err := r.open(start)
	if err != nil {
		return nil, err
	}
	stack := []*Element{root}
	for {
		tok, err := d.Token()
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := tok.(type) {
		case xml.StartElement:
			if lim.Depth > 0 && len(stack) > lim.Depth {
				return nil, &LimitError{fmt.Sprintf("%d elements deep", lim.Depth)}
			}
			el, err := r.open(t)
			if err != nil {
				return nil, err
			}
			top.Add(el)
			stack = append(stack, el)
		case xml.EndElement:
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				return root, nil
			}
		case xml.CharData:
			top.AddText(string(t))
		case xml.ProcInst:
			return nil, &RestrictedError{"a processing instruction"}
		default:
			if err := restricted(tok); err != nil {
				return nil, err
			}
		}
	}
}

type reader struct {
	d        *xml.Decoder
	lim      Limits
	elements int
}

func (r *reader) open(t xml.StartElement) (*Element, error) {
	if r.elements++; r.lim.Elements > 0 && r.elements > r.lim.Elements {
		return nil, &LimitError{fmt.Sprintf("%d elements", r.lim.Elements)}
	}
	if r.lim.Attrs > 0 && len(t.Attr) > r.lim.Attrs {
		return nil, &LimitError{fmt.Sprintf("%d attributes", r.lim.Attrs)}
	}
	// encoding/xml lets names with a lone colon pass.
	if !ValidName(t.Name.Local) {
		return nil, fmt.Errorf("xmltree: %q is no name of an element", t.Name.Local)
	}
	el := &Element{Space: t.Name.Space, Local: t.Name.Local}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		space := a.Name.Space
		if space == "xml" {
			space = XMLSpace
		}
		if !ValidName(a.Name.Local) {
			return nil, fmt.Errorf("xmltree: %q is no name of an attribute", a.Name.Local)
		}
		if _, dup := el.Lookup(space, a.Name.Local); dup {
			return nil, fmt.Errorf("xmltree: attribute %q stands twice", a.Name.Local)
		}
		el.Attr = append(el.Attr, Attr{Space: space, Local: a.Name.Local, Value: a.Value})
	}
	return el, nil
}

func restricted(tok xml.Token) error {
	switch t := tok.(type) {
	case xml.Comment:
		return &RestrictedError{"a comment"}
	case xml.ProcInst:
		if t.Target == "xml" {
			return nil // the XML declaration, before an element, is none
		}
		return &RestrictedError{"a processing instruction"}
	case xml.Directive:
		return &RestrictedError{"a DTD"}
	}
	return nil
}
