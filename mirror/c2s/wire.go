package c2s

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/c2s/stream"
)

// A streamError ends a stream; what it is called goes to the client
// (RFC 6120 §4.9.3).
type streamError struct{ condition, text string }

func (e *streamError) Error() string { return e.condition + ": " + e.text }

var loginLimits = stream.Limits{Bytes: loginElementBytes, Depth: loginDepth, Elements: loginElements, Attrs: loginAttrs}

// A wire is the connection on which mellium negotiates. It hands over one whole
// element at a time: so nothing is read ahead that a restart of the stream
// would lose, and nothing is parsed that is over a limit.
type wire struct {
	net.Conn // TCP, or TLS over it
	in       *stream.Reader
	domains  []string

	rest   []byte // of the piece that mellium reads
	last   []byte // the whole of it, if it is an element
	opened bool   // our header of this stream is out
	raw    bool   // TLS reads from here now
	err    error  // the first of reading
}

func newWire(c net.Conn, domains []string) *wire {
	return &wire{Conn: c, in: stream.NewReader(c, loginLimits), domains: domains}
}

// ConnectionState makes mellium see that this is TLS.
func (w *wire) ConnectionState() tls.ConnectionState {
	if c, ok := w.Conn.(*tls.Conn); ok {
		return c.ConnectionState()
	}
	return tls.ConnectionState{}
}

// Read gives the rest of the piece under way, else the next one. An error of the
// stream (malformed, over a limit, for a host that is not ours) is returned as
// it is, so that the caller can name it to the client.
func (w *wire) Read(p []byte) (int, error) {
	if w.raw {
		if rest := w.in.Rest(); len(rest) > 0 {
			w.rest = append([]byte(nil), rest...)
		}
		if len(w.rest) == 0 {
			return w.Conn.Read(p)
		}
	}
	if len(w.rest) == 0 {
		if w.err = w.next(); w.err != nil {
			return 0, w.err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *wire) next() error {
	kind, piece, err := w.in.Next()
	if err != nil {
		return err
	}
	switch kind {
	case stream.Header:
		header, err := w.open(piece)
		if err != nil {
			return err
		}
		w.rest = header
	case stream.End:
		return errClosed
	default:
		w.rest, w.last = piece, piece
	}
	return nil
}

// open checks the client's header and gives the one that mellium sees: without
// a from, which no login vouches for yet.
func (w *wire) open(piece []byte) ([]byte, error) {
	o, err := w.in.Open(piece)
	if err != nil {
		return nil, err
	}
	to := o.To
	switch {
	case o.Name.Space != stream.NS || o.Name.Local != "stream":
		return nil, &streamError{"invalid-namespace", "want stream of " + stream.NS}
	case o.Default != ns.Client:
		return nil, &streamError{"invalid-namespace", "want the default namespace " + ns.Client}
	case !strings.HasPrefix(o.Version, "1."):
		return nil, &streamError{"unsupported-version", "want version 1.0"}
	case to == "":
		to = w.domains[0]
	}
	domain, ok := hosted(w.domains, to)
	if !ok {
		return nil, &streamError{"host-unknown", "no such domain here"}
	}
	return fmt.Appendf(nil, "<stream:stream xmlns='%s' xmlns:stream='%s' version='1.0' to='%s'>", ns.Client, stream.NS, domain), nil
}

// restart makes the next header that of a new stream.
func (w *wire) restart() {
	w.in.Restart()
	w.opened = false
}

// element gives the next element; errClosed where the stream ends.
func (w *wire) element() (*xmltree.Element, error) {
	kind, piece, err := w.in.Next()
	switch {
	case err != nil:
		return nil, err
	case kind == stream.End:
		return nil, errClosed
	case kind == stream.Header:
		return nil, &streamError{"bad-format", "a stream in a stream"}
	}
	return w.in.Parse(piece)
}

// write sends an element that stands in the stream's namespace.
func (w *wire) write(el *xmltree.Element) error {
	_, err := w.Conn.Write(el.Append(nil, ns.Client))
	return err
}
