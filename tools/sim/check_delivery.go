package sim

import (
	"fmt"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/muc"
)

// delivery is invariant 4: a message that anybody was shown reaches every
// occupant who is there throughout, and the history of every replica, exactly
// once; one sender's messages in order. It is also the ledger that the report
// is counted from.
type delivery struct {
	messages map[string]*said // by body: no two are alike
	order    []*said
	number   map[string]int // messages of a sender in a room
	newest   map[string]int // by session and sender: the last one heard
	whispers map[string]string
	ended    map[ending]time.Time // what was said before is an earlier room's
	lost     int
	doubled  int
	reached  int
	delays   []time.Duration
}

// An ending is that of a room at one site, which heard that it was destroyed.
type ending struct {
	site *site
	room string
}

// outlived reports whether the room in which a message was said was destroyed:
// at its sender's site it was over later.
func (d *delivery) outlived(m *said) bool { return !m.at.After(d.ended[ending{m.sender.site, m.room}]) }

// A said is one message from its sending on.
type said struct {
	body, room string
	sender     *client
	number     int       // of this sender in this room
	at         time.Time // sent
	shown      time.Time // the first time that anybody saw it; zero: nobody did
	heard      map[int]int
}

// lateMax is how old a message may be that has no <delay/> (XEP-0203): more
// than any line takes for what it has begun to send.
const lateMax = 10 * time.Minute

func newDelivery() *delivery {
	return &delivery{messages: map[string]*said{}, number: map[string]int{}, newest: map[string]int{}, whispers: map[string]string{}, ended: map[ending]time.Time{}}
}

func (d *delivery) see(w *World, e event) {
	switch e := e.(type) {
	case clientSent:
		d.sent(w, e.client, e.stanza)
	case noticed:
		// What came through the seal is what the peer sent: it must decode.
		if k := e.notice.Kind; k == mirror.CodecError || k == mirror.MessageLost {
			w.violate("delivery", "%s notes %s", e.site.name, e.notice.LogValue())
		}
		if e.notice.Kind == mirror.RoomDropped && (e.notice.Detail == "destroyed" || e.notice.Detail == "by the master") {
			d.ended[ending{e.site, e.notice.Room}] = w.now
		}
	case clientGot:
		if body := chatBody(e.stanza); body != "" {
			d.got(w, e.client, e.stanza, body)
		}
	}
}

func (d *delivery) sent(w *World, c *client, el *xmltree.Element) {
	body := chatBody(el)
	switch {
	case body == "":
	case el.Get("type") == "groupchat":
		key := c.bare() + " " + el.Get("to")
		d.number[key]++
		m := &said{body: body, room: el.Get("to"), sender: c, number: d.number[key], at: w.now, heard: map[int]int{}}
		d.messages[body] = m
		d.order = append(d.order, m)
	default:
		d.whispers[body] = muc.Resource(el.Get("to"))
	}
}

func (d *delivery) got(w *World, c *client, el *xmltree.Element, body string) {
	if el.Get("type") != "groupchat" {
		d.whisper(w, c, el, body)
		return
	}
	m := d.messages[body]
	v := c.hearing(muc.Bare(el.Get("from")))
	if m == nil || v == nil || m.room != v.room {
		w.violate("delivery", "%s got what nobody said there: %s", c.jid(), el)
		return
	}
	if m.shown.IsZero() {
		m.shown = w.now
	}
	if m.heard[v.session]++; m.heard[v.session] > 1 {
		d.doubled++
		w.violate("delivery", "%s got %q %d times in one stay", c.jid(), body, m.heard[v.session])
		return
	}
	if late := w.now.Sub(m.at); late > lateMax && el.Child(ns.Delay, "delay") == nil {
		w.violate("delivery", "%s got %q %v after it was said, as if it were new", c.jid(), body, late.Round(time.Second))
	}
	key := fmt.Sprint(v.session, " ", m.sender.bare())
	if last := d.newest[key]; last > m.number {
		w.violate("delivery", "%s got %q (number %d of %s) after number %d", c.jid(), body, m.number, m.sender.bare(), last)
	}
	d.newest[key] = m.number
	if c != m.sender && v.phase == live && !v.entered.After(m.at) {
		d.reached++
		d.delays = append(d.delays, w.now.Sub(m.at))
	}
}

// whisper: a private message reaches at most one client, once.
func (d *delivery) whisper(w *World, c *client, el *xmltree.Element, body string) {
	if _, known := d.whispers[body]; !known {
		w.violate("delivery", "%s got a private message that nobody sent it, or for the second time: %s", c.jid(), el)
	}
	delete(d.whispers, body)
	if el.Child(ns.Client, "error") != nil {
		return
	}
}

func (d *delivery) calm(w *World) {
	for _, m := range d.order {
		if m.shown.IsZero() || d.outlived(m) {
			continue
		}
		for _, c := range w.clients {
			v, since := c.views[m.room], m.shown
			if c.site == m.sender.site {
				since = m.at // to who came later it is history, of which a room may give none
			}
			if v == nil || v.phase != live || v.entered.After(since) || m.heard[v.session] > 0 {
				continue
			}
			d.lost++
			w.violate("delivery", "%s, in the room since %v, never got %q of %s, said at %v", c.jid(),
				v.entered.Sub(epoch), m.body, m.sender.jid(), m.at.Sub(epoch))
		}
	}
	for _, room := range w.rooms {
		for _, s := range w.sites() {
			d.archive(w, s, room)
		}
	}
}

// archive judges what one site remembers of a room.
func (d *delivery) archive(w *World, s *site, room string) {
	since, wanted := s.presentSince(room)
	snap, ok := s.snapshot(room)
	if !ok || !wanted {
		return
	}
	times := map[string]int{}
	for _, e := range snap.Archive {
		times[e.Body]++
	}
	for _, m := range d.order {
		n := times[m.body]
		switch {
		case m.room != room || m.shown.IsZero() || d.outlived(m):
		case n > 1:
			d.doubled++
			w.violate("delivery", "the archive of %s at %s holds %q %d times", muc.Local(room), s.name, m.body, n)
		case n == 0 && !m.shown.Before(since):
			d.lost++
			w.violate("delivery", "the archive of %s at %s lacks %q of %s, said at %v", muc.Local(room), s.name, m.body,
				m.sender.jid(), m.at.Sub(epoch))
		}
	}
}

// presentSince tells from when a site must remember all that is said in a
// room: the headquarters always, a mirror since its longest-standing occupant
// came.
func (s *site) presentSince(room string) (since time.Time, wanted bool) {
	if s.hq {
		return time.Time{}, true
	}
	for _, c := range s.clients {
		if c.in(room) && (!wanted || c.views[room].entered.Before(since)) {
			since, wanted = c.views[room].entered, true
		}
	}
	return since, wanted
}

// traffic counts the run up.
func (d *delivery) traffic() Traffic {
	t := Traffic{Delivered: d.reached, Lost: d.lost, Doubled: d.doubled, Delays: d.delays}
	for _, m := range d.order {
		if !m.shown.IsZero() {
			t.Sent++
		}
	}
	return t
}
