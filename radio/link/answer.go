package link

import (
	"time"

	"picket/radio/frame"
	"picket/radio/seal"
)

// A bucket lets so many through, then one each so often.
type bucket struct {
	burst int
	every time.Duration
	full  time.Time // when all are there again
}

func (b *bucket) take(now time.Time) bool {
	at := b.full
	if at.Before(now) {
		at = now
	}
	at = at.Add(b.every)
	if at.Sub(now) > time.Duration(b.burst)*b.every {
		return false
	}
	b.full = at
	return true
}

// An answer is a responder's half of handshakes.
type answer struct {
	counter   uint32 // of the newest message 1 that was taken
	unwritten bool   // waits for Persisted
	message   []byte // that message 1, the frame; nil: taken before a restart
	frame     []byte // its message 2
	due       bool
	session   *session // that it opens, once the answer may go; nil: it was refused
	refused   string   // the last refusal that was told

	openings, answers bucket
}

func newAnswer(now time.Time, counter uint32) answer {
	return answer{
		counter:  counter,
		openings: bucket{openingsBurst, openingsEvery, now},
		answers:  bucket{answersBurst, answersEvery, now},
	}
}

func (c *Conn) handleMessage1(now time.Time, raw, body []byte) {
	a := &c.answer
	if equalMessage(a.message, raw) {
		switch {
		case a.unwritten || a.due:
		case c.half == nil && a.refused == "":
			c.stats.Replayed++ // its session is open, or was
		case !a.answers.take(now):
			c.stats.Refused++
		default:
			a.due = true
		}
		return
	}
	if a.unwritten || !a.openings.take(now) {
		c.stats.Refused++
		return
	}
	challenge, err := c.cfg.Keys.Read(c.cfg.LinkID, c.cfg.Rand, body)
	if err != nil {
		c.stats.BadTag++
		return
	}
	peer, ok := parseGreeting(challenge.Payload)
	if !ok {
		c.stats.Malformed++
		return
	}
	if peer.number <= a.counter {
		c.stats.Refused++
		if peer.number == a.counter && a.message == nil && c.session == nil {
			c.wake.hurry(now) // taken before we restarted: it needs a new one
		}
		return
	}
	if !a.answers.take(now) {
		c.stats.Refused++
		return
	}
	c.accept(now, challenge, peer, raw)
}

// accept makes the answer to a message 1. It goes out when its counter is on
// disk.
func (c *Conn) accept(now time.Time, challenge *seal.Challenge, peer greeting, raw []byte) {
	a := &c.answer
	own := c.greeting(0)
	reason := refusal(own, peer)
	if reason == "" {
		own.number = uint32(min(own.versions.max, peer.versions.max))
	}
	body, keys, err := challenge.Answer(own.append(nil), c.cfg.TagBytes)
	if err != nil {
		c.stats.Malformed++
		return
	}
	header := frame.AppendHeader(nil, frame.Header{FromHQ: true, Kind: frame.Message2, Link: c.cfg.LinkID})
	a.counter, a.unwritten, a.due = peer.number, true, false
	a.message, a.frame = append([]byte(nil), raw...), append(header, body...)
	a.session = nil
	if reason == "" {
		a.session = newSession(keys, peer.number, append([]byte(nil), peer.hello...))
	}
	if reason != "" && reason != a.refused {
		c.emit(Down{reason})
	}
	a.refused = reason
	c.half = nil
	c.emit(Persist{a.counter})
}

func (c *Conn) persistedAnswer(counter uint32) {
	a := &c.answer
	if !a.unwritten || counter < a.counter {
		return
	}
	a.unwritten, a.due = false, true
	c.half, a.session = a.session, nil
	c.wake = wake{} // the initiator is at it, and repeats by itself
}

func (c *Conn) appendMessage2(dst []byte) []byte {
	c.answer.due = false
	return append(dst, c.answer.frame...)
}

// A wake is a responder's call for a session. None goes out while one waits to
// open: its counter would be that session's, and the wake, replayed later, end
// it.
type wake struct {
	at   time.Time // of the next; zero: none
	due  bool      // it goes with the next frame
	step int
	sent time.Time
}

func (w *wake) timeout(now time.Time) {
	if !w.at.IsZero() && !now.Before(w.at) {
		w.at, w.due = time.Time{}, true
	}
}

// hurry calls at once: the initiator is there.
func (w *wake) hurry(now time.Time) {
	if w.sent.IsZero() || now.Sub(w.sent) >= wakeMin {
		w.at, w.due = time.Time{}, true
	}
}

func (c *Conn) appendWake(now time.Time, dst []byte, br *bearer) []byte {
	w := &c.wake
	w.due, w.sent = false, now
	d := c.jittered(min(backoffMax, wakeMin<<min(w.step, 3)))
	w.step++
	w.at = now.Add(max(d, 2*(br.airtime(MTUMin)+br.can.Turnaround)))
	header := frame.AppendHeader(nil, frame.Header{FromHQ: true, Kind: frame.Wake, Link: c.cfg.LinkID})
	return c.cfg.Keys.AppendWake(append(dst, header...), header, c.answer.counter)
}
