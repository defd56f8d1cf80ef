package link

import (
	"encoding/binary"
	"fmt"
	"time"

	"picket/radio/frame"
	"picket/radio/seal"
)

// A greeting is the sealed payload of a handshake message.
type greeting struct {
	number   uint32 // message 1: the counter; message 2: the version chosen, 0: refused
	versions versions
	tagBytes int
	hello    []byte
}

// greetingBytes is its length without the hello: 4 + 1 + 1.
const greetingBytes = 6

func (g greeting) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, g.number)
	return append(append(dst, g.versions.min<<4|g.versions.max, byte(g.tagBytes)), g.hello...)
}

// parseGreeting takes longer hellos of later versions too: they are cut.
func parseGreeting(b []byte) (g greeting, ok bool) {
	if len(b) < greetingBytes {
		return g, false
	}
	g = greeting{
		number:   binary.BigEndian.Uint32(b),
		versions: versions{b[4] >> 4, b[4] & 15},
		tagBytes: int(b[5]),
		hello:    b[greetingBytes:min(len(b), greetingBytes+HelloMax)],
	}
	return g, g.versions.min <= g.versions.max
}

// refusal says why two ends cannot talk; "": they can.
func refusal(own, peer greeting) string {
	switch {
	case peer.versions.min > own.versions.max:
		return fmt.Sprintf("the peer speaks protocol version %d or later, this end %d at most: update this end", peer.versions.min, own.versions.max)
	case peer.versions.max < own.versions.min:
		return fmt.Sprintf("the peer speaks protocol version %d at most, this end %d or later: update the peer", peer.versions.max, own.versions.min)
	case peer.tagBytes != own.tagBytes:
		return fmt.Sprintf("tags of %d bytes are configured here, of %d at the peer: make them the same", own.tagBytes, peer.tagBytes)
	}
	return ""
}

func (c *Conn) greeting(number uint32) greeting {
	return greeting{number, c.cfg.versions, c.cfg.TagBytes, c.cfg.Hello}
}

// An opening is an initiator's handshake: from the end of a session until the
// next is up.
type opening struct {
	counter   uint32        // of the newest message 1; raised on disk before it is made
	unwritten bool          // waits for Persisted
	message   *seal.Opening // nil: none is out
	due       bool          // it goes with the next frame
	repeats   int           // of this message
	step      int           // of the back-off
	at        time.Time     // of the next repeat
	sent      time.Time
	refused   string // the last refusal that was told
}

// startOpening raises the counter for a new message 1.
func (c *Conn) startOpening() {
	o := &c.opening
	o.message, o.due, o.at = nil, false, time.Time{}
	o.counter++
	o.unwritten = true
	c.emit(Persist{o.counter})
}

// Persisted says that the counter of a Persist event is on disk.
func (c *Conn) Persisted(now time.Time, counter uint32) {
	if !c.cfg.Initiator {
		c.persistedAnswer(counter)
		return
	}
	o := &c.opening
	if !o.unwritten || counter < o.counter {
		return
	}
	o.unwritten = false
	message, err := c.cfg.Keys.Start(c.cfg.LinkID, c.cfg.Rand, c.greeting(o.counter).append(nil))
	if err != nil {
		o.at = now.Add(backoffMax) // no random bytes: the next repeat asks again
		return
	}
	o.message, o.repeats, o.due = message, 0, true
}

func (c *Conn) appendMessage1(now time.Time, dst []byte, br *bearer) []byte {
	o := &c.opening
	o.due = false
	o.sent = now
	o.at = now.Add(c.backoff(br, o.step))
	o.step++
	o.repeats++
	dst = frame.AppendHeader(dst, frame.Header{Kind: frame.Message1, Link: c.cfg.LinkID})
	return append(dst, o.message.Message...)
}

// backoff is the wait after a number of unanswered handshake frames: 2, 4, 8 …
// 30 s, and never less than the answer takes.
func (c *Conn) backoff(br *bearer, step int) time.Duration {
	least := 2*(br.airtime(MTUMin)+br.can.Turnaround) + 10*slack
	d := min(backoffMax, backoffMin<<min(step, 4))
	return max(least, c.jittered(d))
}

// repeatOpening sends the same message again, and after some times a new one:
// the peer may have taken the old one and lost its memory since.
func (c *Conn) repeatOpening(now time.Time) {
	o := &c.opening
	if o.at.IsZero() || now.Before(o.at) {
		return
	}
	o.at = time.Time{}
	if o.message == nil || o.repeats >= repeatsMax {
		c.startOpening()
		return
	}
	o.due = true
}

// hurry repeats at once: the peer is there.
func (o *opening) hurry(now time.Time) {
	if o.message != nil && !o.due && now.Sub(o.sent) >= backoffMin {
		o.due, o.at = true, time.Time{}
	}
}

func (c *Conn) handleMessage2(now time.Time, body []byte) {
	o := &c.opening
	if o.message == nil {
		c.stats.Stale++
		return
	}
	payload, keys, err := o.message.Finish(body, c.cfg.TagBytes)
	if err != nil {
		c.stats.BadTag++
		return
	}
	peer, ok := parseGreeting(payload)
	if !ok {
		c.stats.Malformed++
		return
	}
	if peer.number == 0 {
		c.refused(now, refusal(c.greeting(0), peer))
		return
	}
	if peer.number < uint32(c.cfg.versions.min) || peer.number > uint32(c.cfg.versions.max) {
		c.stats.Malformed++
		return
	}
	counter := o.counter
	c.opening = opening{counter: counter}
	c.goUp(now, newSession(keys, counter, peer.hello))
}

// refused tells once why the peer will not talk, and goes on asking: it may be
// set right there.
func (c *Conn) refused(now time.Time, reason string) {
	o := &c.opening
	o.message, o.due = nil, false
	o.at = now.Add(c.jittered(backoffMax))
	if reason == "" {
		reason = "the peer refused the session"
	}
	c.tellRefusal(reason)
}

// tellRefusal says once why no session opens.
func (c *Conn) tellRefusal(reason string) {
	if o := &c.opening; c.cfg.Initiator && c.session == nil && reason != o.refused {
		o.refused = reason
		c.emit(Down{reason})
	}
}

// handleWake takes the word of a peer that has no session. It counts only with
// the counter of a message 1 of ours that the peer took: an old wake, replayed,
// ends nothing.
func (c *Conn) handleWake(now time.Time, header, body []byte) {
	counter, err := c.cfg.Keys.ReadWake(header, body)
	o := &c.opening
	switch {
	case err != nil:
		c.stats.BadTag++
	case c.session != nil && counter == c.session.counter:
		c.lose(now, "the peer has no session any more")
	case c.session != nil:
		c.stats.Replayed++
	case counter == o.counter && o.message != nil && !o.sent.IsZero() && o.repeats > 0:
		c.startOpening() // it took this one and lost its memory of it
	default:
		o.hurry(now)
	}
}
