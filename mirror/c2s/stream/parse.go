package stream

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"picket/codec/xmltree"
)

// NS is the namespace of the stream's own tags (RFC 6120 §4.8.1).
const NS = "http://etherx.jabber.org/streams"

// An Opening is what the header of a stream says (RFC 6120 §4.7).
type Opening struct {
	Name     xml.Name
	Default  string // namespace of stanzas
	To, From string
	ID       string
	Version  string
	Lang     string
	Prefixes []Prefix // declared for the whole stream
}

// A Prefix is a namespace declaration.
type Prefix struct{ Name, URI string }

// Open reads a piece of kind Header, and keeps what it declares for Parse.
func (r *Reader) Open(piece []byte) (Opening, error) {
	d := xml.NewDecoder(bytes.NewReader(piece))
	tok, err := d.Token()
	if err != nil {
		return Opening{}, syntax(err)
	}
	start, ok := tok.(xml.StartElement)
	if !ok {
		return Opening{}, &SyntaxError{"the stream begins with no start tag"}
	}
	o := Opening{Name: start.Name}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space == "xmlns":
			o.Prefixes = append(o.Prefixes, Prefix{a.Name.Local, a.Value})
		case a.Name.Space == "xml" && a.Name.Local == "lang":
			o.Lang = a.Value
		case a.Name.Space != "":
		case a.Name.Local == "xmlns":
			o.Default = a.Value
		case a.Name.Local == "to":
			o.To = a.Value
		case a.Name.Local == "from":
			o.From = a.Value
		case a.Name.Local == "id":
			o.ID = a.Value
		case a.Name.Local == "version":
			o.Version = a.Value
		}
	}
	r.head = o
	return o, nil
}

// Parse makes a tree of the piece that Next just gave, of kind Element, in the
// namespaces that the header declared. It fails with *SyntaxError, *xmltree.RestrictedError or
// *xmltree.LimitError.
func (r *Reader) Parse(piece []byte) (*xmltree.Element, error) {
	lim := xmltree.Limits{Depth: r.lim.Depth, Elements: r.lim.Elements, Attrs: r.lim.Attrs}
	d := xml.NewDecoder(bytes.NewReader(piece))
	if r.scan.prefixed {
		if above, err := r.head.check(piece); err != nil {
			return nil, err
		} else if above {
			d = xml.NewDecoder(io.MultiReader(strings.NewReader(r.head.root()), bytes.NewReader(piece)))
			if _, err := d.Token(); err != nil {
				return nil, syntax(err)
			}
		}
	}
	d.DefaultSpace = r.head.Default
	el, err := xmltree.Next(d, lim)
	if err != nil {
		return nil, syntax(err)
	}
	return el, nil
}

// root is a start tag that declares the header's prefixes.
func (o *Opening) root() string {
	el := xmltree.New("", "root")
	for _, p := range o.Prefixes {
		el.Set("xmlns:"+p.Name, p.URI)
	}
	return strings.TrimSuffix(el.String(), "/>") + ">"
}

// check refuses prefixes that nothing declares, which encoding/xml lets pass
// (Namespaces in XML §5), and reports whether the header's are used.
func (o *Opening) check(piece []byte) (above bool, err error) {
	d := xml.NewDecoder(bytes.NewReader(piece))
	var open [][]string // prefixes that each open element declares
	declared := func(prefix string) bool {
		for _, names := range open {
			for _, n := range names {
				if n == prefix {
					return true
				}
			}
		}
		return prefix == "" || prefix == "xml" || prefix == "xmlns"
	}
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			return above, nil
		}
		if err != nil {
			return false, syntax(err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			var names []string
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" {
					if a.Value == "" {
						return false, &SyntaxError{fmt.Sprintf("prefix %.40q is declared as nothing", a.Name.Local)}
					}
					names = append(names, a.Name.Local)
				}
			}
			open = append(open, names)
			for _, name := range append([]xml.Name{t.Name}, attrNames(t.Attr)...) {
				if declared(name.Space) {
					continue
				}
				if !o.declares(name.Space) {
					return false, &SyntaxError{fmt.Sprintf("prefix %.40q is not declared", name.Space)}
				}
				above = true
			}
		case xml.EndElement:
			if len(open) == 0 {
				return false, &SyntaxError{"an end tag too many"}
			}
			open = open[:len(open)-1]
		}
	}
}

func (o *Opening) declares(prefix string) bool {
	for _, p := range o.Prefixes {
		if p.Name == prefix {
			return true
		}
	}
	return false
}

func attrNames(attrs []xml.Attr) []xml.Name {
	names := make([]xml.Name, len(attrs))
	for i, a := range attrs {
		names[i] = a.Name
	}
	return names
}

// syntax makes a SyntaxError of whatever the parser found but limits and
// restricted XML.
func syntax(err error) error {
	var limit *xmltree.LimitError
	var restricted *xmltree.RestrictedError
	if errors.As(err, &limit) || errors.As(err, &restricted) {
		return err
	}
	return &SyntaxError{err.Error()}
}
