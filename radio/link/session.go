package link

import (
	"bytes"
	"time"

	"picket/radio/frame"
	"picket/radio/seal"
)

// A session is what one handshake opened: its keys, both directions' numbers,
// and all that is under way.
type session struct {
	keys    *seal.Session
	counter uint32 // of the message 1 that opened it
	hello   []byte // the peer's
	replay  seal.Window

	out  queue
	sent packets
	got  arrivals
	in   assembly

	excess    excess
	tries     int       // sendings without news since the last
	lossThen  float64   // the share lost when the first of them was missed
	mayProbe  bool      // probing: one frame may go
	probeDone time.Time // when the last try was on the medium
	ping      bool      // ask for an acknowledgement, whatever else goes
	pollAt    time.Time // ask whether what is held was accepted; zero: nothing is
	polls     int
	heard     time.Time
	said      time.Time
	heardLen  int // bytes of the longest frame of the peer's lately
}

func newSession(keys *seal.Session, counter uint32, hello []byte) *session {
	return &session{keys: keys, counter: counter, hello: hello, sent: packets{reorder: 1}}
}

// open gives the number and the blocks of a frame, if it is of this session.
func (s *session) open(h frame.Header, whole, body []byte) (number uint64, plain []byte, ok bool) {
	number = h.Number(s.replay.Next())
	plain, ok = s.keys.In.Open(number, whole[:len(whole)-len(body)], body)
	return number, plain, ok
}

// A content is the blocks of one frame.
type content struct {
	ack   *frame.Ack
	floor *frame.Floor
	parts []aged
	ping  bool
	over  bool
}

// An aged is a part, and the age of its item if it begins it.
type aged struct {
	frame.Part
	age time.Duration
}

// asks tells whether an acknowledgement is wanted.
func (c *content) asks() bool { return c.ping || len(c.parts) > 0 }

func parseContent(plain []byte) (c content, err error) {
	age := time.Duration(0)
	for at := 0; at < len(plain); {
		var b frame.Block
		if b, at, err = frame.Next(plain, at); err != nil {
			return c, err
		}
		switch b := b.(type) {
		case frame.Ack:
			c.ack = &b
		case frame.Floor:
			c.floor = &b
		case frame.Part:
			p := aged{Part: b}
			if b.Offset == 0 {
				p.age = age
			}
			c.parts = append(c.parts, p)
		case frame.Age:
			age = time.Duration(b.Seconds) * time.Second
		case frame.Ping:
			c.ping = true
		case frame.Over:
			c.over = true
		}
	}
	return c, nil
}

// handleContent does what a good and fresh frame says.
func (c *Conn) handleContent(now time.Time, br *bearer, number uint64, long bool, ct content) {
	s := c.session
	if ct.ack != nil && !c.handleAck(now, number, *ct.ack) {
		c.stats.Malformed++
		return
	}
	if ct.floor != nil {
		if ct.floor.Distance > number {
			c.stats.Malformed++
			return
		}
		s.got.forget(number - ct.floor.Distance)
	}
	if number < s.got.cum {
		c.stats.Stale++ // later than its sender waited for it
		return
	}
	if !s.got.reach(number) {
		c.stats.OverLimit++
		return
	}
	if !c.takeParts(now, number, long, ct.parts) {
		return
	}
	if ct.asks() {
		s.got.ask(now.Add(br.ackDelay(c.cfg.AckDelay)))
	}
	if ct.over && s.got.mention {
		s.got.now = true // the turn is ours: do not let it pass
	}
}

// takeParts puts in what a packet carries, notes the packet and gives out what
// is complete.
func (c *Conn) takeParts(now time.Time, number uint64, long bool, parts []aged) bool {
	s := c.session
	var awaits []*inItem
	for _, p := range parts {
		it, err := s.in.take(p.Part, now.Add(-p.age))
		switch {
		case err == errOver:
			c.stats.OverLimit++
			return false
		case err != nil:
			c.stats.Malformed++
			return false
		case it != nil && (len(it.packets) == 0 || it.packets[len(it.packets)-1] != number):
			it.packets = append(it.packets, number)
			awaits = append(awaits, it)
		}
	}
	s.got.note(number, long, len(awaits))
	for class := range Class(Classes) {
		for {
			it, payload := s.in.deliver(class, c.lastHandle+1)
			if it == nil {
				break
			}
			c.lastHandle++
			c.emit(Received{it.handle, class, payload, it.age(now)})
		}
	}
	return true
}

// handleAck takes an acknowledgement that came in packet number; false: it is
// of a packet that was never sent.
func (c *Conn) handleAck(now time.Time, number uint64, a frame.Ack) bool {
	s := c.session
	p := &s.sent
	if number < p.ackFrom {
		return true // older than one that was taken: says nothing new, and its number may be misread
	}
	cum := p.acked + uint64((a.Low-uint16(p.acked))&lowMask(a.Wide))
	highest := cum
	for _, m := range [][]byte{a.Done, a.Held} {
		if n := uint64(len(m)); n > 0 {
			last := m[n-1] // never 0
			top := uint64(0)
			for ; last > 0; last >>= 1 {
				top++
			}
			highest = max(highest, cum+8*(n-1)+top)
		}
	}
	if highest > p.next {
		return false
	}
	p.ackFrom = number + 1
	newest := time.Time{}
	note := func(o *packet) {
		if o.state != held && o.doneAt.After(newest) {
			newest = o.doneAt
		}
	}
	news := p.settle(cum,
		func(n uint64) bool { return n >= cum && bit(a.Done, n-cum) },
		func(n uint64) bool { return n >= cum && bit(a.Held, n-cum) },
		highest,
		func(o *packet) { note(o); c.acked(o) },
		c.resend)
	if news {
		if !newest.IsZero() {
			s.excess.sample(max(0, now.Sub(newest)))
		}
		s.tries, s.mayProbe, s.probeDone = 0, false, time.Time{}
	}
	c.schedulePoll(now, news)
	return true
}

// acked notes that the peer has accepted what a packet carried.
func (c *Conn) acked(o *packet) {
	s := c.session
	if o.state == lost {
		c.stats.Spurious++
		s.sent.reorder = min(2*s.sent.reorder+1, windowPackets/2)
	}
	for _, part := range o.parts {
		if s.out.ack(part) {
			c.emit(Acked{part.item.token})
		}
	}
}

// resend queues again what a lost packet carried.
func (c *Conn) resend(o *packet) {
	c.stats.Resent++
	for _, part := range o.parts {
		c.session.out.lost(part)
	}
	if len(o.parts) == 0 {
		c.session.ping = true
	}
}

// schedulePoll looks after packets that the peer holds: if the word that they
// are accepted gets lost, nothing else would bring it.
func (c *Conn) schedulePoll(now time.Time, news bool) {
	s := c.session
	if s.sent.count(held) == 0 {
		s.pollAt, s.polls = time.Time{}, 0
		return
	}
	if news {
		s.polls = 0
	}
	s.pollAt = now.Add(min(backoffMax, max(backoffMin, 2*c.wait(s))<<min(s.polls, 4)))
}

// wait is how long after a frame's end its acknowledgement is missed.
func (c *Conn) wait(s *session) time.Duration {
	br := c.bearer(c.last)
	least := br.roundTrip(c.cfg.AckDelay)
	w := least + 2*br.airtime(br.frameMax())
	most := max(waitMax, w)
	if s.excess.known {
		w = min(most, max(least, s.excess.mean+4*s.excess.dev+slack)+2*br.airtime(s.heardLen))
	}
	for range s.tries {
		w = min(most, w+w/2)
	}
	return w
}

// missedAt is when the oldest packet is missed; false: none waits.
func (c *Conn) missedAt() (time.Time, bool) {
	s := c.session
	o := s.sent.oldest()
	if o == nil && s.tries == 0 {
		return time.Time{}, false
	}
	from := s.probeDone
	if o != nil && o.doneAt.After(from) {
		from = o.doneAt
	}
	if br := c.bearer(c.last); br.can.HalfDuplex && s.said.After(from) {
		from = s.said
	}
	return from.Add(c.wait(s)), true
}

// missed takes the oldest packet for lost and lets one frame try again.
//
// After the first miss all goes on: a lost acknowledgement looks the same.
func (c *Conn) missed(now time.Time) {
	s := c.session
	if o := s.sent.oldest(); o != nil && !o.wanted() {
		s.sent.lose(o) // what it carried came in another
		return
	}
	if s.tries == 0 {
		s.lossThen = s.sent.lossRate // the silence itself is no reason for more patience
	}
	s.tries++
	if s.tries >= c.cfg.Tries+c.patience(s) {
		c.lose(now, "no answer from the peer")
		return
	}
	if o := s.sent.oldest(); o != nil {
		s.sent.lose(o)
		c.resend(o)
	}
	s.mayProbe, s.probeDone = true, now
	c.bearer(c.last).takeSlot(now, c.cfg.Jitter, s.tries) // the frame may have met one of theirs
}

// appendData appends the next frame of the session, if there is something to
// say.
func (c *Conn) appendData(now time.Time, dst []byte, br *bearer) []byte {
	s := c.session
	s.unstick(c)
	header := frame.Header{FromHQ: !c.cfg.Initiator, Link: c.cfg.LinkID, Long: s.sent.long(), Low: uint16(s.sent.next)}
	head := frame.AppendHeader(nil, header)
	tag := s.keys.Out.Overhead()
	longest := br.frameMax()
	level := s.sent.size.level(longest, len(head)+tag+2)
	limit := longest >> level

	var plain []byte
	if s.got.mention {
		plain = frame.AppendBlock(plain, s.got.block())
	}
	floor, tellFloor := s.sent.floor()
	if tellFloor {
		plain = frame.AppendBlock(plain, frame.Floor{Distance: floor})
	}
	reserve := 0
	if br.can.HalfDuplex {
		reserve = 1
	}
	parts := c.fill(now, br, len(head)+len(plain)+tag+reserve, limit)
	ping := len(parts) == 0 && s.ping && c.mayAsk(s, 0)
	ackDue := s.got.mention && (s.got.now || !s.got.due.IsZero() && !now.Before(s.got.due))
	if len(parts) == 0 && !ping && !ackDue {
		return dst
	}
	if len(parts) == 0 && !ping && s.sent.next-s.sent.acked >= shortSpan-4 && c.mayAsk(s, 0) {
		ping = true // or our numbers were never acknowledged, and grew long
	}
	if ping {
		plain = frame.AppendBlock(plain, frame.Ping{})
	}
	over := false
	if br.can.HalfDuplex {
		done := now.Add(br.airtime(limit))
		if _, more := s.out.choose(); !more || !c.mayAsk(s, 1) || br.lastOfBurst(now, done) {
			over = true
			plain = frame.AppendBlock(plain, frame.Over{})
		}
	}
	for _, p := range parts {
		if p.age != nil {
			plain = frame.AppendBlock(plain, *p.age)
		}
		plain = frame.AppendBlock(plain, p.block)
	}
	if tellFloor {
		s.sent.forget()
	}
	start := len(dst)
	dst = append(dst, head...)
	dst = s.keys.Out.Seal(dst, s.sent.next, head, plain)
	if n := len(dst) - start; n < limit*3/4 {
		level = unsized // says little
	}
	c.wentOut(now, br, len(dst)-start, level, parts, ping, over)
	return dst
}

// wentOut keeps the books of a frame that was made.
func (c *Conn) wentOut(now time.Time, br *bearer, bytes, level int, parts []filled, ping, over bool) {
	s := c.session
	done := now.Add(br.airtime(bytes))
	if len(parts) > 0 || ping {
		o := &packet{number: s.sent.next, doneAt: done, level: level}
		for _, p := range parts {
			o.parts = append(o.parts, p.choice)
		}
		s.sent.open = append(s.sent.open, o)
		s.ping = false
		if s.mayProbe { // frames after the try do not put off the next one
			s.mayProbe, s.probeDone = false, done
		}
	}
	s.sent.next++
	s.got.told()
	s.said = done
	br.said(now, done, over, s.sent.oldest() != nil)
}

// unstick sends again what the peer held for so long that numbers run out.
func (s *session) unstick(c *Conn) {
	for s.sent.next-s.sent.low() >= windowPackets+urgentPackets {
		i := 0
		for s.sent.open[i].state == lost {
			i++
		}
		s.sent.lose(s.sent.open[i])
		c.resend(s.sent.open[i])
	}
}

// patience is how many more misses than on a line that loses nothing a session
// bears before it holds back, and before it gives up: where half of the frames
// are lost, silence means little.
func (c *Conn) patience(s *session) int { return int(2 * float64(c.cfg.Tries) * s.lossThen) }

// probing tells whether so much was missed that only one frame goes at a time.
// On a half-duplex channel that is soon: what is lost may be what meets.
func (c *Conn) probing(s *session) bool {
	if c.bearer(c.last).can.HalfDuplex {
		return s.tries > 1
	}
	return s.tries > 1+c.patience(s)
}

// mayAsk tells whether a packet may go out, after so many more.
func (c *Conn) mayAsk(s *session, after int) bool {
	if c.probing(s) {
		return s.mayProbe && after == 0
	}
	return s.sent.count(inFlight)+s.sent.count(held)+after < windowPackets
}

// A filled is a part of a frame, with where it comes from.
type filled struct {
	choice choice
	age    *frame.Age // goes in front; nil: what is in force says enough
	block  frame.Part
}

// fill takes from the queue what a frame of limit bytes holds behind used ones,
// the most urgent first.
func (c *Conn) fill(now time.Time, br *bearer, used, limit int) []filled {
	s := c.session
	var parts []filled
	inForce := 0 // the age of what begins, so far
	for c.mayAsk(s, 0) {
		ch, ok := s.out.choose()
		if !ok || ch.item.class >= urgentClasses && !c.mayAsk(s, urgentPackets) && !c.probing(s) {
			break
		}
		room := limit - used
		if n := len(parts); n > 0 {
			room -= parts[n-1].lengthCost()
			urgent := parts[0].choice.item.class < urgentClasses
			if urgent && ch.item.class >= urgentClasses && br.airtime(used+ch.span.hi-ch.span.lo) > mixedAirtime {
				break
			}
		}
		age := ch.tellAge(now, inForce)
		if age != nil {
			room -= age.Cost()
		}
		ch = ch.cut(room, len(parts) == 0)
		if ch.item == nil {
			break
		}
		s.out.take(ch)
		if n := len(parts); n > 0 {
			used += parts[n-1].lengthCost()
			parts[n-1].block.ToEnd = false
		}
		p := filled{ch, age, ch.part()}
		if age != nil {
			inForce = age.Seconds
			used += age.Cost()
		}
		p.block.ToEnd = true
		used += p.block.Cost() + len(p.block.Payload)
		parts = append(parts, p)
	}
	return parts
}

// tellAge gives the age to tell in front of a choice where another is in force:
// nil if it begins no item, or the two are close.
//
// Only the part that begins an item says its age: the other end adds what passes
// from then to the end.
func (ch choice) tellAge(now time.Time, inForce int) *frame.Age {
	age := ch.item.age(now)
	if d := age - inForce; ch.span.lo > 0 || -ageMin < d && d < ageMin {
		return nil
	}
	return &frame.Age{Seconds: age}
}

// lengthCost is what a part costs more when another follows.
func (f filled) lengthCost() int {
	p := f.block
	short := p.Cost()
	p.ToEnd = false
	return p.Cost() - short
}

// cut shortens a choice to what fits in room as the last part of a frame; no
// item: it is not worth it.
func (ch choice) cut(room int, alone bool) choice {
	p := ch.part()
	p.ToEnd = true
	if p.Cost()+len(p.Payload) <= room {
		return ch
	}
	least := tailMin
	if alone {
		least = 1
	}
	// The longest cost of a part that is cut: code, number, offset or total.
	n := room - 2 - 3
	if n < least {
		return choice{}
	}
	for p.Payload = p.Payload[:n]; p.Cost()+len(p.Payload) < room && n < ch.span.hi-ch.span.lo-1; n++ {
		p.Payload = p.Payload[:n+1]
	}
	return choice{ch.item, span{ch.span.lo, ch.span.lo + len(p.Payload)}}
}

// equalMessage compares two handshake frames.
func equalMessage(a, b []byte) bool { return len(a) > 0 && bytes.Equal(a, b) }
