// Package link carries payloads over one bad link: queued by class, cut into
// frames, sealed, sent again until acknowledged (radio/WIRE.md).
//
// A Conn is a pure state machine. It opens nothing, starts no goroutine and
// reads no clock: frames and the time come in by Handle methods, frames go out
// by AppendFrame when the bearer can send one. Whatever was called, drain
// NextEvent, try AppendFrame on each free bearer and look at NextTimeout again
// before waiting.
//
// A session is what one handshake opened. All that was sent in a session is
// received in order within its class and exactly once, or the session ends: a
// Down is followed by Dropped for each item that was not Acked, and whether
// those arrived is not known.
//
// It knows nothing of stanzas. Read conn.go first, then session.go, queue.go,
// packets.go and arrivals.go.
package link

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"picket/radio"
	"picket/radio/frame"
)

// A BearerID names one of the bearers that frames of a link take.
type BearerID uint8

// A Token names an item given to Send until it is Acked or Dropped. Never 0.
type Token uint64

// A Handle names an item that was Received until it is Accepted. Never 0.
type Handle uint64

// A Class is how urgent an item is, 0 the most. Classes are served strictly;
// order is kept within one.
type Class uint8

// Classes is how many there are.
const Classes = 8

// An Item is a payload to carry.
type Item struct {
	Class   Class
	Key     string // an item of the same class and key of which nothing was sent yet is Dropped for this one; "": none
	Payload []byte // not copied: the caller must not change it

	// Since is when it came to be, if that was before Send: its age at the other
	// end counts from then. Zero: now.
	Since time.Time
}

// Errors of Send.
var (
	ErrDown      = errors.New("link: down")
	ErrQueueFull = errors.New("link: queue is full")
	ErrTooLong   = errors.New("link: item is longer than a link carries")
	ErrEmpty     = errors.New("link: item is empty")
)

// A Conn is one end of a link.
type Conn struct {
	cfg   Config
	stats Stats

	session *session // nil: down
	half    *session // a responder's, that waits for its first good frame
	dead    *session // the one before, to know its frames by
	opening opening  // an initiator's handshake
	answer  answer   // a responder's
	wake    wake     // a responder's

	bearers map[BearerID]*bearer
	last    BearerID // on which a frame went out last

	events     []Event
	lastToken  Token
	lastHandle Handle
}

// New makes one end of a link. An initiator wants to talk at once: its first
// event is a Persist.
func New(now time.Time, cfg Config) (*Conn, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Conn{cfg: cfg.withDefaults(), bearers: map[BearerID]*bearer{}}
	if c.cfg.Initiator {
		c.opening.counter = cfg.Counter
		c.startOpening()
	} else {
		c.answer = newAnswer(now, cfg.Counter)
		c.wake.at = now.Add(c.jittered(wakeMin))
	}
	return c, nil
}

func (c *Conn) emit(e Event) { c.events = append(c.events, e) }

func (c *Conn) bearer(b BearerID) *bearer {
	br := c.bearers[b]
	if br == nil {
		br = &bearer{}
		c.bearers[b] = br
	}
	return br
}

// jittered gives a back-off that two ends, or two gateways, do not share.
func (c *Conn) jittered(d time.Duration) time.Duration {
	if c.cfg.Jitter == nil {
		return d
	}
	return time.Duration(float64(d) * (1 + jitterShare*(2*c.cfg.Jitter.Float64()-1)))
}

// Send queues an item. Only a link that is up takes one.
// Errors: ErrDown, ErrQueueFull, ErrTooLong, ErrEmpty.
func (c *Conn) Send(now time.Time, it Item) (Token, error) {
	s := c.session
	switch {
	case s == nil:
		return 0, ErrDown
	case len(it.Payload) > ItemMax:
		return 0, ErrTooLong
	case len(it.Payload) == 0:
		return 0, ErrEmpty
	case it.Class >= Classes:
		panic("BUG: link: no such class")
	}
	items, bytes := s.out.items, s.out.bytes+len(it.Payload)
	if freed, found := s.out.replaces(it.Class, it.Key); found {
		items, bytes = items-1, bytes-freed
	}
	if items >= c.cfg.QueueItems || bytes > c.cfg.QueueBytes {
		return 0, ErrQueueFull
	}
	if it.Since.IsZero() {
		it.Since = now
	}
	c.lastToken++
	replaced := s.out.add(&outItem{token: c.lastToken, class: it.Class, key: it.Key, payload: it.Payload, since: it.Since})
	if replaced != nil {
		c.emit(Dropped{replaced.token})
	}
	return c.lastToken, nil
}

// Accept says that a Received item is on disk: now the frames that brought it
// may be acknowledged. Handles of an earlier session are ignored.
func (c *Conn) Accept(now time.Time, h Handle) {
	s := c.session
	if s == nil {
		return
	}
	for _, number := range s.in.accept(h) {
		if s.got.settle(number) {
			s.got.ask(now.Add(c.bearer(c.last).ackDelay(c.cfg.AckDelay)))
		}
	}
}

// HandleFrame takes a frame that came in. Bad ones are counted (Stats), never
// returned and never answered.
func (c *Conn) HandleFrame(now time.Time, b BearerID, raw []byte) {
	c.stats.FramesReceived++
	c.stats.BytesReceived += uint64(len(raw))
	h, body, err := frame.Parse(raw)
	switch {
	case err != nil:
		c.stats.Malformed++
	case h.Link != c.cfg.LinkID || h.FromHQ != c.cfg.Initiator:
		c.stats.Foreign++
	case h.Kind == frame.Data:
		c.handleData(now, b, h, raw, body)
	case h.Kind == frame.Message1 && !c.cfg.Initiator:
		c.handleMessage1(now, raw, body)
	case h.Kind == frame.Message2 && c.cfg.Initiator:
		c.handleMessage2(now, body)
	case h.Kind == frame.Wake && c.cfg.Initiator:
		c.handleWake(now, raw[:len(raw)-len(body)], body)
	default:
		c.stats.Malformed++
	}
}

// handleData takes a frame of a session: the open one, the one about to open,
// or the last.
func (c *Conn) handleData(now time.Time, b BearerID, h frame.Header, raw, body []byte) {
	for _, s := range []*session{c.session, c.half, c.dead} {
		if s == nil {
			continue
		}
		number, plain, ok := s.open(h, raw, body)
		if !ok {
			continue
		}
		if !s.replay.Fresh(number) {
			c.stats.Replayed++
			return
		}
		s.replay.Take(number)
		if s == c.dead {
			c.stats.Stale++
			c.hint(now)
			return
		}
		ct, err := parseContent(plain)
		if err != nil {
			c.stats.Malformed++
			return
		}
		if s == c.half {
			c.goUp(now, s)
		}
		s.heard = now
		s.heardLen = max(len(raw), s.heardLen*7/8)
		br := c.bearer(b)
		c.handleContent(now, br, number, h.Long, ct)
		br.heard(now, ct.over)
		return
	}
	c.stats.BadTag++
}

// goUp makes a session the link's.
func (c *Conn) goUp(now time.Time, s *session) {
	c.end(now, "the peer opened a new session")
	c.half = nil
	c.session = s
	s.heard, s.said = now, now
	s.ping = c.cfg.Initiator // the responder waits for a frame
	c.stats.Handshakes++
	c.wake = wake{}
	c.emit(Up{s.hello})
}

// end ends the session, if one is open.
func (c *Conn) end(now time.Time, reason string) {
	s := c.session
	if s == nil {
		return
	}
	c.stats.Downs++
	c.session, c.dead = nil, s
	c.emit(Down{reason})
	for _, token := range s.out.all() {
		c.emit(Dropped{token})
	}
	s.out, s.in = queue{}, assembly{}
}

// Reset ends the session, if there is one: what came in it makes no sense to
// its user. A new one is tried at once.
func (c *Conn) Reset(now time.Time, reason string) {
	if c.session != nil {
		c.lose(now, reason)
	}
}

// lose ends the session and tries for a new one.
func (c *Conn) lose(now time.Time, reason string) {
	c.end(now, reason)
	if c.cfg.Initiator {
		c.startOpening()
	} else if c.half == nil {
		c.wake.at = now.Add(c.jittered(wakeMin))
	}
}

// hint takes a sign of life of a peer that thinks an ended session open.
func (c *Conn) hint(now time.Time) {
	switch {
	case c.session != nil:
	case c.cfg.Initiator:
		c.opening.hurry(now)
	case c.half == nil:
		c.wake.hurry(now)
	}
}

// HandleTimeout does what is due at now.
func (c *Conn) HandleTimeout(now time.Time) {
	if c.cfg.Initiator {
		c.repeatOpening(now)
	} else {
		c.wake.timeout(now)
	}
	for _, id := range slices.Sorted(maps.Keys(c.bearers)) { // in order: lots are drawn
		c.bearers[id].timeout(now, c.cfg.Jitter)
	}
	s := c.session
	if s == nil {
		return
	}
	if at := s.got.due; !at.IsZero() && !now.Before(at) {
		s.got.due, s.got.now = time.Time{}, true
	}
	if !s.pollAt.IsZero() && !now.Before(s.pollAt) {
		s.ping = true
		s.polls++
		c.schedulePoll(now, false)
	}
	if at := c.keepAliveAt(); !at.IsZero() && !now.Before(at) {
		s.ping, s.said = true, now
	}
	if at, ok := c.missedAt(); ok && !now.Before(at) {
		c.missed(now)
	}
}

// keepAliveAt is when a poll is due; zero: never. The initiator polls, and the
// responder only if that stays away.
func (c *Conn) keepAliveAt() time.Time {
	s, every := c.session, c.cfg.KeepAlive
	if !c.cfg.Initiator {
		every += every / 8
	}
	switch {
	case every == 0:
		return time.Time{}
	case s.heard.After(s.said):
		return s.heard.Add(every)
	}
	return s.said.Add(every)
}

// NextTimeout tells when HandleTimeout is due; false: only an input can wake
// the link.
func (c *Conn) NextTimeout() (time.Time, bool) {
	var first time.Time
	add := func(at time.Time) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	add(c.opening.at)
	add(c.wake.at)
	for _, br := range c.bearers {
		add(br.turn.theirs)
	}
	if s := c.session; s != nil {
		add(s.got.due)
		add(s.pollAt)
		add(c.keepAliveAt())
		if at, ok := c.missedAt(); ok {
			add(at)
		}
	}
	return first, !first.IsZero()
}

// AppendFrame appends the next frame for a bearer that can send one now, at
// most can.MTU bytes; dst unchanged: nothing to send. The frame counts as sent.
// A bearer of less than MTUMin gets none, for no session could open on it; an
// initiator says so by a Down.
func (c *Conn) AppendFrame(now time.Time, dst []byte, b BearerID, can radio.Capabilities) []byte {
	br := c.bearer(b)
	br.can = can
	if can.MTU < MTUMin {
		c.tellRefusal(fmt.Sprintf("the bearer takes frames of %d bytes, a handshake needs %d", can.MTU, MTUMin))
		return dst
	}
	if !br.free(now) {
		return dst
	}
	c.last = b
	start := len(dst)
	switch {
	case c.opening.due:
		dst = c.appendMessage1(now, dst, br)
	case c.answer.due:
		dst = c.appendMessage2(dst)
	case c.wake.due:
		dst = c.appendWake(now, dst, br)
	case c.session != nil:
		dst = c.appendData(now, dst, br)
	}
	if n := len(dst) - start; n > 0 {
		c.stats.FramesSent++
		c.stats.BytesSent += uint64(n)
	}
	return dst
}

// NextEvent gives what happened, oldest first.
func (c *Conn) NextEvent() (Event, bool) {
	if len(c.events) == 0 {
		c.events = nil
		return nil, false
	}
	e := c.events[0]
	c.events = c.events[1:]
	return e, true
}

// Up tells whether Send takes items.
func (c *Conn) Up() bool { return c.session != nil }

// Stats gives the counters since New and the state of the queue.
func (c *Conn) Stats() Stats {
	st := c.stats
	if s := c.session; s != nil {
		st.QueueItems, st.QueueBytes = s.out.items, s.out.bytes
	}
	return st
}
