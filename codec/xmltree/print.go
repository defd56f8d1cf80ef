package xmltree

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String prints the element as XML that stands alone.
func (e *Element) String() string { return string(e.Append(nil, "")) }

// Append prints the element as a child of one in the namespace parent: xmlns
// is written only where the namespace changes. Namespaced attributes get a
// prefix of their own (ns0, ns1, …); xml: is built in.
func (e *Element) Append(dst []byte, parent string) []byte {
	dst = append(dst, '<')
	dst = append(dst, e.Local...)
	if e.Space != parent {
		dst = append(dst, ` xmlns="`...)
		dst = appendEscaped(dst, e.Space, true)
		dst = append(dst, '"')
	}
	for i, a := range e.Attr {
		dst = append(dst, ' ')
		switch a.Space {
		case "":
		case XMLSpace:
			dst = append(dst, "xml:"...)
		default:
			prefix := "ns" + strconv.Itoa(i)
			dst = append(dst, "xmlns:"+prefix+`="`...)
			dst = appendEscaped(dst, a.Space, true)
			dst = append(dst, `" `+prefix+":"...)
		}
		dst = append(dst, a.Local...)
		dst = append(dst, `="`...)
		dst = appendEscaped(dst, a.Value, true)
		dst = append(dst, '"')
	}
	if len(e.Nodes) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for _, n := range e.Nodes {
		if n.Element != nil {
			dst = n.Element.Append(dst, e.Space)
		} else {
			dst = appendEscaped(dst, n.Text, false)
		}
	}
	dst = append(dst, "</"...)
	dst = append(dst, e.Local...)
	return append(dst, '>')
}

// Canonical prints the element with its attributes sorted, so that equal
// elements give equal bytes: for digests and comparison.
func (e *Element) Canonical() string {
	c := e.Clone()
	c.sortAttrs()
	return c.String()
}

func (e *Element) sortAttrs() {
	sort.Slice(e.Attr, func(i, j int) bool {
		a, b := e.Attr[i], e.Attr[j]
		return a.Space < b.Space || a.Space == b.Space && a.Local < b.Local
	})
	for _, n := range e.Nodes {
		if n.Element != nil {
			n.Element.sortAttrs()
		}
	}
}

// appendEscaped writes text so that it reads back to the very same characters:
// CR, and TAB and LF inside attributes, leave as references (XML 1.0 §2.11,
// §3.3.3).
func appendEscaped(dst []byte, s string, attr bool) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		var esc string
		switch s[i] {
		case '<':
			esc = "&lt;"
		case '>':
			esc = "&gt;"
		case '&':
			esc = "&amp;"
		case '\r':
			esc = "&#xD;"
		case '"', '\n', '\t':
			if !attr {
				continue
			}
			esc = map[byte]string{'"': "&quot;", '\n': "&#xA;", '\t': "&#x9;"}[s[i]]
		default:
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, esc...)
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// ValidText reports whether XML 1.0 (§2.2, Char) can hold the text: a link
// whose decoder made anything else out of bytes must refuse it.
func ValidText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	}) < 0
}

// ValidName reports whether s can be the local name of an element or attribute
// (Namespaces in XML §4, NCName).
func ValidName(s string) bool {
	if s == "" || !utf8.ValidString(s) {
		return false
	}
	for i, r := range s {
		if !nameStart(r) && (i == 0 || !nameMore(r)) {
			return false
		}
	}
	return true
}

// nameStart is XML 1.0's NameStartChar without the colon (§2.3).
func nameStart(r rune) bool {
	switch {
	case r < 0x80:
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_'
	case r < 0x300:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	case r < 0x2000:
		return r >= 0x370 && r != 0x37E
	}
	return r == 0x200C || r == 0x200D || 0x2070 <= r && r <= 0x218F || 0x2C00 <= r && r <= 0x2FEF ||
		0x3001 <= r && r <= 0xD7FF || 0xF900 <= r && r <= 0xFDCF || 0xFDF0 <= r && r <= 0xFFFD || 0x10000 <= r && r <= 0xEFFFF
}

// nameMore is what NameChar adds to it.
func nameMore(r rune) bool {
	return r == '-' || r == '.' || '0' <= r && r <= '9' || r == 0xB7 || 0x300 <= r && r <= 0x36F || r == 0x203F || r == 0x2040
}
