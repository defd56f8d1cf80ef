// Package stream reads an XMPP stream by whole top-level elements, before any
// XML parser sees a byte of them (RFC 6120 §4).
//
// A parser alone bounds nothing: one attribute of a hundred megabytes is one
// token to it, and what it has read ahead is lost when the stream restarts.
// Reader cuts the bytes at the ends of elements, counts what Limits bounds as it
// goes, and refuses at once what no more input can mend: tags that do not match,
// text between stanzas, comments, processing instructions and DTDs (§11.1).
//
// It knows no stanza. Reader.Next gives the pieces (scanner.go finds their
// ends), Reader.Parse makes trees of them.
package stream

import (
	"fmt"
	"io"

	"picket/codec/xmltree"
)

// Limits bounds a top-level element.
type Limits struct {
	Bytes    int // as it stands on the wire
	Depth    int // nesting below the element itself
	Elements int // in all
	Attrs    int // an element, namespace declarations among them
}

// A Kind says what a piece is.
type Kind uint8

// Kinds of pieces.
const (
	Header  Kind = iota // the start tag of the stream
	Element             // one whole element
	End                 // the end tag of the stream
)

// A SyntaxError says that the input is not well-formed (RFC 6120 §4.9.3.13).
type SyntaxError struct{ Reason string }

func (e *SyntaxError) Error() string { return "stream: " + e.Reason }

// Ours.
const (
	readMin  = 1 << 10 // bytes of room before a read
	keepSize = 4 << 10 // a larger buffer is given back once it is empty
)

// A Reader cuts one stream. It is for one goroutine.
type Reader struct {
	r   io.Reader
	lim Limits

	buf  []byte // buf[from:] is not consumed yet
	from int    // first byte of the piece under way
	pos  int    // first byte that was not scanned

	root string  // name of the header's tag; "": not read yet
	head Opening // what the header declares
	scan scanner
}

// NewReader makes a reader of the stream that r carries.
func NewReader(r io.Reader, lim Limits) *Reader { return &Reader{r: r, lim: lim} }

// SetLimits changes the limits, from the next piece on.
func (r *Reader) SetLimits(lim Limits) { r.lim = lim }

// Restart makes the reader expect a new header (RFC 6120 §4.3.3). Bytes that
// have come already stay.
func (r *Reader) Restart() { r.root, r.head = "", Opening{} }

// Rest gives the bytes that were read ahead, and forgets them.
func (r *Reader) Rest() []byte {
	rest := r.buf[r.from:]
	r.buf, r.from, r.pos = nil, 0, 0
	return rest
}

// Next gives the next piece, whose bytes are valid until the next call. Space
// between pieces and the XML declaration are passed over. Errors: io.EOF where
// the input ends between pieces, *SyntaxError, *xmltree.RestrictedError,
// *xmltree.LimitError, and those of the underlying reader; after a timeout of
// that, Next may be called again.
func (r *Reader) Next() (Kind, []byte, error) {
	for {
		done, err := r.step()
		if err != nil {
			return 0, nil, err
		}
		if done {
			if kind, piece, ok := r.take(); ok {
				return kind, piece, nil
			}
			continue
		}
		if err := r.fill(); err != nil {
			if err == io.EOF && len(r.buf) > r.from {
				err = io.ErrUnexpectedEOF
			}
			return 0, nil, err
		}
	}
}

// step scans what is there; done says that a piece is whole.
func (r *Reader) step() (done bool, err error) {
	if r.scan.state == idle {
		for r.pos < len(r.buf) && isSpace(r.buf[r.pos]) {
			r.pos++
		}
		if r.from = r.pos; r.pos == len(r.buf) {
			return false, nil
		}
		if r.buf[r.pos] != '<' {
			return false, &SyntaxError{"text outside an element"}
		}
		r.scan.begin(r.root != "")
	}
	n, done, err := r.scan.run(r.buf[r.from:], r.pos-r.from, r.lim)
	r.pos = r.from + n
	if err == nil && n > r.lim.Bytes {
		err = &xmltree.LimitError{What: fmt.Sprintf("%d bytes", r.lim.Bytes)}
	}
	return done, err
}

// take consumes the piece that is whole; false: it is of no interest.
func (r *Reader) take() (Kind, []byte, bool) {
	piece := r.buf[r.from:r.pos]
	r.from = r.pos
	r.scan.state = idle
	switch r.scan.what {
	case declaration:
		return 0, nil, false
	case header:
		r.root = r.scan.name.of(piece)
		return Header, piece, true
	case streamEnd:
		return End, piece, true
	}
	return Element, piece, true
}

// fill reads once, after it has made room.
func (r *Reader) fill() error {
	if r.from == len(r.buf) {
		r.from, r.pos = 0, 0
		if r.buf = r.buf[:0]; cap(r.buf) > keepSize {
			r.buf = nil
		}
	}
	if cap(r.buf)-len(r.buf) < readMin/2 {
		r.room()
	}
	n, err := r.r.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	if n > 0 {
		return nil // the error, if any, comes again
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// room moves the piece under way to the front, of a larger buffer if need be.
func (r *Reader) room() {
	rest := r.buf[r.from:]
	to := r.buf[:0]
	if cap(r.buf)-len(rest) < readMin {
		to = make([]byte, 0, max(2*len(rest), readMin))
	}
	r.buf = append(to, rest...)
	r.pos -= r.from
	r.from = 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
