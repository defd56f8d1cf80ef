package component

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"mellium.im/xmpp/component"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/c2s/stream"
)

// connection dials once and serves until the connection ends. up says that the
// server let us in.
func (c *Client) connection(ctx context.Context) (up bool, err error) {
	dialer := net.Dialer{Timeout: dialTime, KeepAlive: aliveAfter}
	conn, err := dialer.DialContext(ctx, "tcp", c.cfg.Addr)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	conn.SetDeadline(time.Now().Add(loginTime))
	w := &wire{Conn: conn, in: stream.NewReader(conn, stream.Limits{
		Bytes: c.lim.StanzaBytes, Depth: stanzaDepth, Elements: stanzaElements, Attrs: stanzaAttrs})}
	if _, err := component.NewSession(ctx, c.domain, []byte(c.cfg.Secret), w); err != nil {
		if w.err != nil {
			err = w.err
		}
		return false, err
	}
	conn.SetDeadline(time.Time{})
	if ctx.Err() != nil { // the deadline that ended it may just have been taken away
		return true, ctx.Err()
	}
	c.cfg.Log.Info("component: connected", "domain", c.cfg.Domain, "addr", c.cfg.Addr)
	c.cfg.State(true)
	defer c.cfg.State(false)
	return true, c.serve(ctx, w)
}

// serve reads here and writes beside it, until either ends.
func (c *Client) serve(ctx context.Context, w *wire) error {
	ctx, cancel := context.WithCancel(ctx)
	written := make(chan error, 1)
	go func() {
		err := c.write(ctx, w)
		w.SetReadDeadline(time.Unix(1, 0)) // ends the reader
		written <- err
	}()
	err := c.read(w)
	cancel()
	w.SetWriteDeadline(time.Now().Add(time.Second))
	if werr := <-written; werr != nil {
		err = werr
	}
	io.WriteString(w, "</stream:stream>")
	return err
}

func (c *Client) read(w *wire) error {
	for {
		el, err := w.element()
		if err != nil {
			return err
		}
		if el.Space == ns.Component {
			c.cfg.Handler(ofClient(el))
		}
	}
}

// write sends what is queued, whole stanzas at a time. What was being written
// when the connection broke may or may not have arrived.
func (c *Client) write(ctx context.Context, w *wire) error {
	for {
		c.mu.Lock()
		b := c.out
		c.out, c.queued = nil, 0
		c.mu.Unlock()
		if len(b) > 0 {
			w.SetWriteDeadline(time.Now().Add(writeTime))
			if _, err := w.Write(b); err != nil {
				return err
			}
			continue
		}
		select {
		case <-c.news:
		case <-ctx.Done():
			return nil
		}
	}
}

// errClosed says that the server ended the stream.
var errClosed = errors.New("the server closed the stream")

// A wire hands over one whole element at a time, so that mellium, which makes
// the handshake, reads no stanza that follows it.
type wire struct {
	net.Conn
	in   *stream.Reader
	rest []byte
	err  error // the first of reading
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		kind, piece, err := w.in.Next()
		if err == nil && kind == stream.Header {
			_, err = w.in.Open(piece)
		}
		if err == nil && kind == stream.End {
			err = errClosed
		}
		if err != nil {
			w.err = err
			return 0, err
		}
		w.rest = piece
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// element gives the next stanza, or the stream's error as one of Go's.
func (w *wire) element() (*xmltree.Element, error) {
	kind, piece, err := w.in.Next()
	switch {
	case err != nil:
		return nil, err
	case kind != stream.Element:
		return nil, errClosed
	}
	el, err := w.in.Parse(piece)
	if err == nil && el.Is(stream.NS, "error") {
		return nil, streamError(el)
	}
	return el, err
}
