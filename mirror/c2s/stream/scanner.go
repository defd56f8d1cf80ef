package stream

import (
	"bytes"
	"fmt"

	"picket/codec/xmltree"
)

// state is where in the XML the scanner stands.
type state uint8

const (
	idle     state = iota // between pieces
	text                  // in an element
	less                  // after '<'
	startTag              // in the name of a start tag
	inTag                 // between attributes
	attrName              //
	equals                // after the name of an attribute
	quote                 // before its value
	value                 // in it
	slash                 // after the '/' of an empty element
	endTag                // in the name of an end tag
	endSpace              // after it
	bang                  // after "<!"
	cdata                 // in a CDATA section
	decl                  // in the XML declaration
)

// what is the piece under way.
type what uint8

const (
	element what = iota
	header
	streamEnd
	declaration
)

// A span is a part of the piece under way; pieces move, spans do not.
type span struct{ from, to int }

func (s span) of(piece []byte) string { return string(piece[s.from:s.to]) }

// A scanner finds the end of a piece. It checks no more than it must for that,
// and what would let a broken stream wait for ever; the parser does the rest.
type scanner struct {
	state    state
	what     what
	opened   bool
	name     span   // of the tag under way, or of the last
	names    []span // of the elements that are open
	mark     int    // where the attribute's name or the section under way began
	q        byte   // quote of the value
	attrs    int    // of the tag under way
	elements int
	prefixed bool // some name has a prefix other than xml
}

func (s *scanner) begin(opened bool) {
	*s = scanner{state: text, opened: opened, names: s.names[:0]}
}

// run goes on at b[i] of the piece b. It gives where it stopped, and whether
// that is the piece's end.
func (s *scanner) run(b []byte, i int, lim Limits) (int, bool, error) {
	for i < len(b) && i <= lim.Bytes {
		if skip := s.skip(b[i:]); skip > 0 {
			i += skip
			continue
		}
		done, err := s.byte(b, i, lim)
		i++
		if err != nil || done {
			return i, done, err
		}
	}
	return i, false, nil
}

// skip passes over the bytes that mean nothing here.
func (s *scanner) skip(b []byte) int {
	var stop byte
	switch s.state {
	case text:
		stop = '<'
	case value:
		stop = s.q
	default:
		return 0
	}
	n := bytes.IndexByte(b, stop)
	if n < 0 {
		n = len(b)
	}
	if s.state == value {
		if lt := bytes.IndexByte(b[:n], '<'); lt >= 0 {
			return lt // byte refuses it
		}
	}
	return n
}

// byte takes the byte at b[i]; done says that it ends the piece.
func (s *scanner) byte(b []byte, i int, lim Limits) (done bool, err error) {
	c := b[i]
	switch s.state {
	case text:
		s.state = less
	case less:
		return false, s.open(c, i)
	case startTag, inTag, attrName, equals, quote, value, slash:
		return s.tag(b, i, lim)
	case endTag:
		if c == '>' || isSpace(c) {
			s.name.to, s.state = i, endSpace
		}
		if c == '>' {
			return s.close(b)
		}
	case endSpace:
		if c == '>' {
			return s.close(b)
		}
		if !isSpace(c) {
			return false, &SyntaxError{"an end tag holds more than a name"}
		}
	case bang:
		const cdataStart = "[CDATA["
		if n := i - s.mark; c != cdataStart[n] {
			return false, &xmltree.RestrictedError{What: map[bool]string{true: "a comment", false: "a DTD"}[c == '-']}
		} else if n == len(cdataStart)-1 {
			s.state, s.mark = cdata, i+1
		}
	case cdata:
		if c == '>' && i-2 >= s.mark && b[i-1] == ']' && b[i-2] == ']' {
			s.state = text
		}
	case decl:
		return c == '>' && b[i-1] == '?', nil
	}
	return false, nil
}

// open takes the byte after '<'.
func (s *scanner) open(c byte, i int) error {
	s.name.from, s.mark = i, i+1
	switch {
	case c == '/':
		s.name.from, s.state = i+1, endTag
		if len(s.names) == 0 {
			if !s.opened {
				return &SyntaxError{"an end tag comes first"}
			}
			s.what = streamEnd
		}
	case c == '!':
		if len(s.names) == 0 {
			return &xmltree.RestrictedError{What: "a comment or DTD"}
		}
		s.state = bang
	case c == '?':
		if s.opened {
			return &xmltree.RestrictedError{What: "a processing instruction"}
		}
		s.what, s.state = declaration, decl
	case isSpace(c) || c == '>' || c == '<' || c == '=' || c == '"' || c == '\'':
		return &SyntaxError{fmt.Sprintf("%q after '<'", c)}
	default:
		s.state, s.attrs = startTag, 0
		if len(s.names) == 0 && !s.opened {
			s.what = header
		}
	}
	return nil
}

// tag takes a byte of a start tag.
func (s *scanner) tag(b []byte, i int, lim Limits) (done bool, err error) {
	c := b[i]
	if c == '<' {
		return false, &SyntaxError{"'<' in a tag"}
	}
	switch s.state {
	case startTag:
		if c == ':' {
			s.prefixed = true
		}
		if !isSpace(c) && c != '/' && c != '>' {
			return false, nil
		}
		s.name.to, s.state = i, inTag
		return s.between(c, i, lim)
	case inTag:
		return s.between(c, i, lim)
	case attrName, equals:
		switch {
		case c == '=':
			s.state = quote
		case c == ':':
			s.prefixed = s.prefixed || string(b[s.mark:i]) != "xml"
		case isSpace(c):
			s.state = equals
		case s.state == equals || c == '>' || c == '/' || c == '"' || c == '\'':
			return false, &SyntaxError{"an attribute without a value"}
		}
	case quote:
		switch {
		case c == '"' || c == '\'':
			s.q, s.state = c, value
		case !isSpace(c):
			return false, &SyntaxError{"an attribute's value without quotes"}
		}
	case value:
		s.state = inTag // c is the closing quote: skip stops at nothing else
	case slash:
		if c != '>' {
			return false, &SyntaxError{"'/' inside a tag"}
		}
		if s.what == header {
			return false, &SyntaxError{"the stream is an empty element"}
		}
		s.state = text
		return len(s.names) == 0, s.count(lim, len(s.names))
	}
	return false, nil
}

// between takes a byte of a start tag that is in no attribute.
func (s *scanner) between(c byte, i int, lim Limits) (done bool, err error) {
	switch {
	case isSpace(c):
	case c == '/':
		s.state = slash
	case c == '>':
		if s.what == header {
			return true, nil
		}
		s.names = append(s.names, s.name)
		s.state = text
		return false, s.count(lim, len(s.names)-1)
	default:
		if s.attrs++; s.attrs > lim.Attrs {
			return false, &xmltree.LimitError{What: fmt.Sprintf("%d attributes", lim.Attrs)}
		}
		s.state, s.mark = attrName, i
	}
	return false, nil
}

// count counts an element at this depth.
func (s *scanner) count(lim Limits, depth int) error {
	if s.elements++; s.elements > lim.Elements {
		return &xmltree.LimitError{What: fmt.Sprintf("%d elements", lim.Elements)}
	}
	if depth > lim.Depth {
		return &xmltree.LimitError{What: fmt.Sprintf("%d elements deep", lim.Depth)}
	}
	return nil
}

// close ends the innermost open element; done says that it was the outermost.
func (s *scanner) close(b []byte) (done bool, err error) {
	if s.what == streamEnd {
		return true, nil
	}
	last := len(s.names) - 1
	open := s.names[last]
	if !bytes.Equal(b[open.from:open.to], b[s.name.from:s.name.to]) {
		return false, &SyntaxError{fmt.Sprintf("</%.40s> ends <%.40s>", s.name.of(b), open.of(b))}
	}
	s.names, s.state = s.names[:last], text
	return last == 0, nil
}
