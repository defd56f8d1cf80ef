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
	"time"

	"picket/radio"
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
}

// Errors of Send.
var (
	ErrDown      = errors.New("link: down")
	ErrQueueFull = errors.New("link: queue is full")
	ErrTooLong   = errors.New("link: item is longer than a link carries")
)

// New makes one end of a link. An initiator wants to talk at once: its first
// event is a Persist.
func New(now time.Time, cfg Config) (*Conn, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Conn{cfg: cfg}, nil
}

// A Conn is one end of a link.
type Conn struct {
	cfg Config
}

// Send queues an item. Only a link that is up takes one.
// Errors: ErrDown, ErrQueueFull, ErrTooLong.
func (c *Conn) Send(now time.Time, it Item) (Token, error) { return 0, ErrDown }

// Accept says that a Received item is on disk: now the frames that brought it
// may be acknowledged. Handles of an earlier session are ignored.
func (c *Conn) Accept(now time.Time, h Handle) {}

// Persisted says that the counter of a Persist event is on disk.
func (c *Conn) Persisted(now time.Time, counter uint32) {}

// HandleFrame takes a frame that came in. Bad ones are counted (Stats), never
// returned and never answered.
func (c *Conn) HandleFrame(now time.Time, b BearerID, frame []byte) {}

// HandleTimeout does what is due at now.
func (c *Conn) HandleTimeout(now time.Time) {}

// AppendFrame appends the next frame for a bearer that can send one now, at
// most can.MTU bytes; dst unchanged: nothing to send. The frame counts as sent.
func (c *Conn) AppendFrame(now time.Time, dst []byte, b BearerID, can radio.Capabilities) []byte {
	return dst
}

// NextEvent gives what happened, oldest first.
func (c *Conn) NextEvent() (Event, bool) { return nil, false }

// NextTimeout tells when HandleTimeout is due; false: only an input can wake
// the link.
func (c *Conn) NextTimeout() (time.Time, bool) { return time.Time{}, false }

// Up tells whether Send takes items.
func (c *Conn) Up() bool { return false }

// Stats gives the counters since New and the state of the queue.
func (c *Conn) Stats() Stats { return Stats{} }
