package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/dmuc"
	"picket/radio/radiotest"
)

// weather is what a storm does, drawn once a world: a seed with everything at
// once shows less than many seeds with a few things each.
type weather struct {
	kinds      Faults
	loss       float64
	bitErrors  float64
	doubled    float64
	fade       time.Duration // mean between bursts of loss
	cutEvery   time.Duration
	crashEvery time.Duration
	clockEvery time.Duration
	junkEvery  time.Duration // garbage, replayed and hostile stanzas
}

func (w *World) drawWeather() weather {
	r := w.rand("weather")
	we := weather{
		loss:       []float64{0.005, 0.02, 0.05, 0.2}[r.IntN(4)],
		bitErrors:  []float64{1e-6, 1e-5, 1e-4}[r.IntN(3)],
		doubled:    []float64{0.01, 0.1}[r.IntN(2)],
		fade:       between(r, 30*time.Second, 10*time.Minute),
		cutEvery:   between(r, 8*time.Minute, time.Hour),
		crashEvery: between(r, 8*time.Minute, time.Hour),
		clockEvery: between(r, 5*time.Minute, time.Hour),
		junkEvery:  between(r, 20*time.Second, 10*time.Minute),
	}
	for i := range faultNames {
		// Without people, all that is left is drawn as it always was: kept seeds.
		if w.cfg.Faults|People != AllFaults || r.IntN(3) > 0 {
			we.kinds |= w.cfg.Faults & (1 << i)
		}
	}
	if w.cfg.Loss >= 0 {
		we.loss = w.cfg.Loss
		we.kinds |= Loss
	}
	return we
}

// air gives the weather on a line.
func (we *weather) air() radiotest.Faults {
	var f radiotest.Faults
	if we.kinds&Loss != 0 {
		f.Loss = we.loss
	}
	if we.kinds&Errors != 0 {
		f.BitErrors = we.bitErrors
	}
	if we.kinds&Reorder != 0 {
		f.Double, f.Delay, f.DelayMax = we.doubled, we.doubled, 2*time.Second
	}
	if we.kinds&Burst != 0 {
		f.FadeUp, f.FadeDown = we.fade, we.fade/20
	}
	return f
}

// every does something at random times while the storm lasts.
func (w *World) every(r *rand.Rand, mean time.Duration, do func()) {
	w.after(around(r, mean), func() {
		if w.storm {
			do()
			w.every(r, mean, do)
		}
	})
}

// unleash starts the faults.
func (w *World) unleash() {
	we := w.drawWeather()
	w.storm, w.kinds = true, we.kinds
	for _, l := range w.lines {
		l.air.SetFaults(we.air())
		if we.kinds&Cut != 0 {
			r := w.rand("cut " + l.gateway.name)
			w.every(r, we.cutEvery, func() { l.cutFor(drawOutage(r)) })
		}
		r := w.rand("junk " + l.gateway.name)
		if we.kinds&Garbage != 0 {
			w.every(r, we.junkEvery, func() { l.garbage(r) })
		}
		if we.kinds&Replay != 0 {
			w.every(r, we.junkEvery, func() { l.replay(r) })
		}
	}
	for _, s := range w.sites() {
		if we.kinds&Crash != 0 {
			r := w.rand("crash " + s.name)
			w.every(r, we.crashEvery, func() { s.strike(r) })
		}
		if we.kinds&Clock != 0 {
			r := w.rand("clock " + s.name)
			w.every(r, we.clockEvery, func() { s.jump(r) })
		}
	}
	if we.kinds&People != 0 {
		w.unleashOwners()
	}
	if we.kinds&Hostile != 0 {
		r := w.rand("hostile")
		bad := w.gateways[r.IntN(len(w.gateways))]
		w.every(r, we.junkEvery, func() { bad.forge(w.forgery(r, bad)) })
	}
}

// drawOutage gives how long something stays away: mostly short, some long.
func drawOutage(r *rand.Rand) time.Duration {
	switch r.IntN(4) {
	case 0:
		return between(r, time.Second, 20*time.Second)
	case 1, 2:
		return between(r, 20*time.Second, 10*time.Minute)
	}
	return between(r, 10*time.Minute, 40*time.Minute)
}

func (l *line) cutFor(d time.Duration) {
	if l.cut {
		return
	}
	l.set(true)
	l.w.after(d, func() { l.set(false) })
}

// strike kills the program: now, or at the worst moment, while its disk writes
// for the next time.
func (s *site) strike(r *rand.Rand) {
	whole, away := r.IntN(2) == 0, drawOutage(r)/4
	if r.IntN(2) == 0 {
		s.crashFor(whole, away)
		return
	}
	s.doomed = func() { s.crashFor(whole, away) }
}

func (s *site) crashFor(whole bool, d time.Duration) {
	if s.node == nil {
		return
	}
	s.crash(whole)
	life := s.life
	s.w.after(d, func() {
		if s.node == nil && s.life == life {
			s.mustStart()
		}
	})
}

// jump moves the wall clock, as a GPS fix, a drained battery or a person does.
func (s *site) jump(r *rand.Rand) {
	switch r.IntN(3) {
	case 0:
		s.wallOffset = time.Unix(0, 0).Sub(s.w.now) // 1970
	case 1:
		s.wallOffset += between(r, -2*time.Hour, 2*time.Hour)
	default:
		s.wallOffset = wallStart.Sub(epoch)
	}
	s.step(mirror.ClockSet{Wall: s.wall()})
}

// garbage injects bytes of nobody.
func (l *line) garbage(r *rand.Rand) {
	frame := make([]byte, 1+r.IntN(lineMTUBytes))
	for i := range frame {
		frame[i] = byte(r.Uint32())
	}
	if len(l.recorded) > 0 && r.IntN(2) == 0 { // of a true form, and damaged
		frame = append([]byte(nil), l.recorded[r.IntN(len(l.recorded))].frame...)
		frame[r.IntN(len(frame))] ^= 1 << r.IntN(8)
	}
	l.inject(radiotest.Side(r.IntN(2)), frame)
}

// replay injects what was sent before.
func (l *line) replay(r *rand.Rand) {
	if len(l.recorded) > 0 {
		rec := l.recorded[r.IntN(len(l.recorded))]
		l.inject(rec.to, append([]byte(nil), rec.frame...))
	}
}

// forge lets the gateway's role say something of its own making at its next
// step, which is at once.
func (s *site) forge(el *xmltree.Element) {
	if s.node == nil {
		return
	}
	s.forged = append(s.forged, el)
	s.step(mirror.ClockSet{Wall: s.wall()})
}

// forgery makes a stanza in the name of somebody who is not the gateway's.
func (w *World) forgery(r *rand.Rand, by *site) *xmltree.Element {
	victims := make([]*client, 0, len(w.clients))
	for _, c := range w.clients {
		if c.site != by {
			victims = append(victims, c)
		}
	}
	room := w.rooms[r.IntN(len(w.rooms))]
	v := victims[r.IntN(len(victims))]
	w.said++
	text := xmltree.NewText(ns.Client, "body", fmt.Sprintf("forged: fall back at once #%d", w.said))
	switch r.IntN(7) {
	case 0:
		return message(room, "groupchat").Set("from", v.jid()).Add(text, dmuc.Item{Num: uint64(1 + r.IntN(99))}.Element())
	case 1:
		return presence(room+"/Evil", "").Set("from", v.jid()).Add(dmuc.Tag(by.service))
	case 2:
		return presence(room+"/"+nickOf(v.user), "unavailable").Set("from", v.jid())
	case 3:
		return message(room+"/"+nickOf(v.user), "chat").Set("from", v.jid()).Add(text)
	case 4:
		kick := xmltree.New(ns.MUCAdmin, "item").Set("nick", nickOf(v.user)).Set("role", "none")
		return dmuc.IQ("set", v.jid(), room, "f1", xmltree.New(ns.MUCAdmin, "query", kick))
	case 5:
		return message(v.jid(), "chat").Set("from", "admin@"+w.hq.domain+"/x").Add(text)
	}
	return presence(room+"/"+nickOf(v.user), "").Set("from", v.jid()).Add(xmltree.NewText(ns.Client, "show", "xa"))
}
