package c2s

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/c2s/stream"
)

// A session is a client with a bound resource. Its reader is the connection's
// goroutine; a writer is there only while something waits to be written.
type session struct {
	srv    *Server
	jid    jid.JID
	full   string
	conn   net.Conn
	in     *stream.Reader
	rate   bucket
	done   chan struct{} // closed after Handler.Gone
	domain string

	mu      sync.Mutex
	out     []byte // waits to be written
	queued  int    // stanzas in out
	writing bool   // a writer is at work, or must not be yet
	ended   bool   // nothing is queued any more
	drained *sync.Cond

	// Of the hub, under its lock.
	presence *xmltree.Element // the last broadcast; nil: unavailable
	priority int
	directed map[string]bool // addresses that think us available (RFC 6121 §4.6)
	asked    bool            // for the roster, so pushes are wanted
}

// newSession makes a session that queues what is sent to it until run.
func newSession(s *Server, j jid.JID, w *wire) *session {
	c := &session{srv: s, jid: j, full: j.String(), domain: j.Domainpart(),
		conn: w.Conn, in: w.in, done: make(chan struct{}), writing: true,
		rate: bucket{rate: s.limits.Rate, burst: float64(s.limits.Burst), level: float64(s.limits.Burst), at: time.Now()}}
	c.drained = sync.NewCond(&c.mu)
	c.in.SetLimits(stream.Limits{Bytes: s.limits.StanzaBytes, Depth: stanzaDepth, Elements: stanzaElements, Attrs: stanzaAttrs})
	return c
}

// run reads until the stream ends, one way or another.
func (c *session) run(ctx context.Context) {
	c.srv.log.Debug("session begins", "jid", c.full)
	go c.write() // what has been queued
	stop := context.AfterFunc(ctx, func() { c.end("system-shutdown", "") })
	err := c.read(ctx)
	stop()
	name, text := condition(err)
	c.end(name, text)
	c.gone()
	c.srv.log.Debug("session ends", "jid", c.full, "reason", or(name, "closed"))
	c.drain()
}

// gone makes the session one that has been.
func (c *session) gone() {
	c.srv.withdraw(c)
	c.srv.cfg.Handler.Gone(c.full)
	close(c.done)
}

func (c *session) read(ctx context.Context) error {
	for {
		kind, piece, err := c.next()
		switch {
		case err != nil:
			return err
		case kind == stream.End:
			return errClosed
		case kind == stream.Header:
			return &streamError{"bad-format", "a stream in a stream"}
		}
		el, err := c.in.Parse(piece)
		if err != nil {
			return err
		}
		if err := c.srv.route(c, el); err != nil {
			return err
		}
		// Beyond the rate we read no faster, and TCP makes the client wait:
		// clients that join many rooms at once are no attackers.
		if wait := c.rate.take(time.Now()); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
	}
}

// next waits for a piece; a silent client is asked once whether it is there.
func (c *session) next() (stream.Kind, []byte, error) {
	wait, pinged := c.srv.limits.Idle, false
	for {
		c.conn.SetReadDeadline(time.Now().Add(wait))
		if c.isEnded() { // end moved the deadline, and we have just moved it back
			return 0, nil, errClosed
		}
		kind, piece, err := c.in.Next()
		switch {
		case c.isEnded():
			return 0, nil, errClosed
		case !errors.Is(err, os.ErrDeadlineExceeded) || pinged:
			return kind, piece, err
		}
		ping := xmltree.New(ns.Client, "iq", xmltree.New(ns.Ping, "ping")).
			Set("type", "get").Set("id", "ping-"+token(4)).Set("from", c.domain).Set("to", c.full)
		c.send(ping)
		wait, pinged = c.srv.limits.IdleGrace, true
	}
}

// send queues a stanza; false: the session has ended. A client that does not
// read is closed, not waited for.
func (c *session) send(el *xmltree.Element) bool {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return false
	}
	before := len(c.out)
	c.out = el.Append(c.out, ns.Client)
	c.queued++
	if c.queued > c.srv.limits.Queue || len(c.out) > c.srv.limits.QueueBytes && before > 0 {
		c.out = c.out[:0]
		c.endLocked("policy-violation", "the client reads too slowly")
		c.mu.Unlock()
		return false
	}
	c.wake()
	c.mu.Unlock()
	return true
}

// wake starts a writer if there is none. It needs the lock.
func (c *session) wake() {
	if !c.writing {
		c.writing = true
		go c.write()
	}
}

// write writes what waits, all of it by one call, until nothing does.
func (c *session) write() {
	var spare []byte
	for {
		c.mu.Lock()
		if len(c.out) == 0 {
			c.writing = false
			c.drained.Broadcast()
			c.mu.Unlock()
			return
		}
		b, limit := c.out, c.srv.limits.WriteTime
		c.out, c.queued = spare[:0], 0
		if c.ended {
			limit = farewellTime
		}
		c.mu.Unlock()

		c.conn.SetWriteDeadline(time.Now().Add(limit))
		if _, err := c.conn.Write(b); err != nil {
			c.mu.Lock()
			c.ended, c.out = true, nil
			c.mu.Unlock()
			c.conn.SetReadDeadline(time.Unix(1, 0)) // the reader ends the session
		}
		if spare = b; cap(spare) > spareBytes {
			spare = nil
		}
	}
}

// end ends the stream, with an error unless name is "". Only the first counts.
func (c *session) end(name, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(name, text)
}

func (c *session) endLocked(name, text string) {
	if c.ended {
		return
	}
	c.out = append(c.out, streamEnd(false, "", name, text)...)
	c.ended = true
	c.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the reader
	if c.writing {
		// A write that hangs on a client that does not read must not outlive the
		// stream by WriteTime.
		c.conn.SetWriteDeadline(time.Now().Add(farewellTime))
	}
	c.wake()
}

// drain waits until the writer has nothing left, then closes the connection.
func (c *session) drain() {
	c.mu.Lock()
	for c.writing {
		c.drained.Wait()
	}
	c.out = nil
	c.mu.Unlock()
	lingeringClose(c.conn)
}

func (c *session) isEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// lingeringClose lets the client read our last words: closing while its bytes
// are unread would reset the connection and throw them away.
func lingeringClose(c net.Conn) {
	type halfCloser interface{ CloseWrite() error }
	if h, ok := c.(halfCloser); ok && h.CloseWrite() == nil {
		c.SetReadDeadline(time.Now().Add(lingerTime))
		var sink [4096]byte
		for left := lingerBytes; left > 0; {
			n, err := c.Read(sink[:])
			if err != nil {
				break
			}
			left -= n
		}
	}
	c.Close()
}

// bucket is a token bucket for what a client sends.
type bucket struct {
	rate, burst, level float64
	at                 time.Time
}

// take takes one and tells how long to wait before the next is taken.
func (b *bucket) take(now time.Time) time.Duration {
	if b.rate < 0 {
		return 0
	}
	b.level = min(b.burst, b.level+now.Sub(b.at).Seconds()*b.rate) - 1
	b.at = now
	if b.level >= 0 {
		return 0
	}
	return time.Duration(-b.level / b.rate * float64(time.Second))
}
