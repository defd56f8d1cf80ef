package master

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// A sub is one mirror's subscription to one room.
type sub struct {
	room   *room
	peer   *peer
	active bool // the mirror takes part now
	filled bool // it has the room's state; changes go to it one by one
	begun  bool // it took part before in this session of the link

	held map[string]delta.Hash // its occupants, as it told us, by nick
	book *delta.Book           // what it holds of the room
	log  *delta.Log            // how far it has the room's messages

	inc, num uint64 // which of its numbers are on our disk
	backlog  uint64 // numbers up to here were given before it came back

	closing   map[string]closing // by JID: occupants without voice that may not know it yet
	displaced map[string]string  // by nick: who lost it while the mirror was away
	confirm   []string           // nicks that wait for the confirmation of their join
	fills     int                // how often the whole state was sent

	hideAt    time.Time // its occupants are shown as left then
	dropAt    time.Time // it has not come back until then
	confirmAt time.Time
}

type closing struct {
	nick string
	num  uint64 // the last number that stands; 0: the mirror has not said
}

func (m *Master) sub(rm *room, p *peer) *sub {
	s := rm.subs[p.Name]
	if s == nil {
		s = &sub{room: rm, peer: p, inc: 1, closing: map[string]closing{}, displaced: map[string]string{}}
		s.reset()
		rm.subs[p.Name] = s
	}
	return s
}

// reset forgets all but the numbers.
func (s *sub) reset() {
	s.active, s.filled, s.confirm = false, false, nil
	s.held, s.book, s.log = map[string]delta.Hash{}, delta.NewBook(), delta.NewLog(logWindow)
	clear(s.displaced)
	s.hideAt, s.dropAt, s.confirmAt = time.Time{}, time.Time{}, time.Time{}
	s.book.Set(configKey, configHash(&s.room.Config))
	for _, jid := range s.room.AffiliationList() {
		s.book.Set(standingKey(jid), delta.HashOf(jid, s.room.Affiliation(jid).String()))
	}
	for _, o := range s.room.Occupants() {
		if !o.Hidden || o.Home == s.peer.Name {
			s.book.Set(occupantKey(o.Nick), delta.HashOf(s.line(o).Fields()...))
		}
	}
}

// suspend stops all sending when the link goes down.
func (s *sub) suspend(hideAt time.Time) {
	if s.active || len(s.held) > 0 {
		s.hideAt = mirror.Earliest(s.hideAt, hideAt)
	}
	s.active, s.filled, s.begun, s.confirm = false, false, false, nil
	s.dropAt, s.confirmAt = time.Time{}, time.Time{}
	s.book.Lost()
	s.log.Stop()
	clear(s.closing) // the mirror's resume says what stands
}

func configHash(c *muc.Config) delta.Hash { return delta.HashOf(c.Wire().Canonical()) }

// line is an occupant as this mirror is told of it. Of its own it hears the
// standing alone: the rest it has told us.
func (s *sub) line(o *muc.Occupant) dmuc.Occupant {
	l := dmuc.Occupant{Nick: o.Nick, Affiliation: o.Affiliation.String(), Role: o.Role.String()}
	if o.Home != s.peer.Name {
		l.JID, l.Payload = muc.Bare(o.JID), o.Payload
	}
	return l
}

// flush sends what the mirror lacks: state, then messages.
func (m *Master) flush(s *sub) {
	if !s.active || !s.peer.reached() {
		return
	}
	if s.filled {
		m.flushState(s)
	}
	for _, e := range s.room.Archive.After(s.log.Next - 1) {
		if !s.log.Room() {
			break
		}
		if e.Origin == s.peer.Origin {
			s.log.Skip(e.Pos) // one copy: never back to where it came from
			continue
		}
		t := m.newToken(s)
		s.log.Sent(e.Pos, delta.Token(t))
		m.transfer(s.peer, mirror.Chat, "", t, m.entryStanza(s, e))
	}
}

// entryStanza is an archived message as it goes to a mirror.
func (m *Master) entryStanza(s *sub, e *muc.Entry) *xmltree.Element {
	it := dmuc.Item{Pos: e.Pos}
	if e.Origin != 0 {
		it.Origin, it.Inc, it.Num = e.Origin, e.Inc, e.Num
	}
	if age := e.Age(m.now, m.wall()); age > muc.JustNow {
		it.Age = age
	}
	st := e.Msg.Shallow().Set("from", s.room.JID+"/"+e.Nick).Set("to", s.peer.Name).Set("type", "groupchat")
	return st.Add(it.Element())
}

func (m *Master) flushState(s *sub) {
	dirty := s.book.Dirty()
	if len(dirty) > diffMax {
		m.fill(s, "")
		return
	}
	// Who is thrown out hears why before the rule that says so, and a new member
	// is one before the room is the members' alone.
	var standings []dmuc.Occupant
	var keys []string
	late := slices.ContainsFunc(dirty, func(k string) bool { return k[:1] == "a" })
	for _, k := range dirty {
		switch {
		case k == configKey && late:
		case k == configKey:
			m.sendConfig(s, "", false)
		case k[:2] == "a/":
			standings = append(standings, dmuc.Occupant{JID: k[2:], Affiliation: s.room.Affiliation(k[2:]).String()})
			keys = append(keys, k)
		default:
			m.sendOccupant(s, k[2:])
		}
	}
	if len(standings) > 0 {
		t := m.newToken(s)
		for _, k := range keys {
			s.book.Sent(k, delta.Token(t))
		}
		m.transfer(s.peer, mirror.Membership, "", t, dmuc.IQ("set", s.room.JID, s.peer.Name, m.newID(), dmuc.Roster(standings, true)))
	}
	if late && slices.Contains(dirty, configKey) {
		m.sendConfig(s, "", false)
	}
}

// sendOccupant sends one occupant's newest state, or its end.
func (m *Master) sendOccupant(s *sub, nick string) {
	t := m.newToken(s)
	s.book.Sent(occupantKey(nick), delta.Token(t))
	p := s.gone(nick)
	if o := s.room.ByNick(nick); o != nil && s.book.Value(occupantKey(nick)) != 0 {
		p = s.line(o).Presence(s.room.JID, s.peer.Name)
	}
	m.transfer(s.peer, mirror.Membership, s.key(nick), t, explain(p, s.room.why[nick]))
}

// key is under which a newer presence of a nick replaces one that has not left
// yet: never one from before the whole state was sent, which it would then come
// before.
func (s *sub) key(nick string) string { return fmt.Sprintf("%s/%s %d", s.room.JID, nick, s.fills) }

// gone is the end of an occupant, as a mirror is told of it.
func (s *sub) gone(nick string) *xmltree.Element {
	o := dmuc.Occupant{Nick: nick, Affiliation: muc.Unaffiliated.String(), Role: muc.RoleNone.String()}
	return o.Presence(s.room.JID, s.peer.Name).Set("type", "unavailable")
}

// explain adds the codes and texts of XEP-0045 §16.6 to a presence.
func explain(p *xmltree.Element, why muc.Why) *xmltree.Element {
	if why.Status != "" {
		p.Add(xmltree.NewText(ns.Client, "status", why.Status))
	}
	x := p.Child(ns.MUCUser, "x")
	item := x.Child(ns.MUCUser, "item")
	for _, c := range why.Codes {
		x.Add(xmltree.New(ns.MUCUser, "status").Set("code", c))
		if c == "301" {
			item.Set("affiliation", muc.Outcast.String())
		}
	}
	item.Set("nick", why.NewNick)
	if why.Actor != "" {
		item.Add(xmltree.New(ns.MUCUser, "actor").Set("nick", why.Actor))
	}
	if why.Reason != "" {
		item.Add(xmltree.NewText(ns.MUCUser, "reason", why.Reason))
	}
	return p
}

// sendConfig sends the configuration (seed, "MUC sends room configuration to
// DMUC"); with the whole state, the subject too.
func (m *Master) sendConfig(s *sub, nick string, withSubject bool) {
	from := s.room.JID
	if nick != "" {
		from += "/" + nick
	}
	form := s.room.Config.Wire()
	if s.peer.xml { // a mirror that is no picket does not know our defaults
		form = s.room.Config.Form("form")
	}
	el := dmuc.Config(form)
	if withSubject && s.room.Subject.Nick != "" {
		el.Add(subjectElement(ns.DMUC0, s.room.Subject))
	}
	t := m.newToken(s)
	s.book.Sent(configKey, delta.Token(t))
	m.transfer(s.peer, mirror.Membership, "", t, dmuc.IQ("set", from, s.peer.Name, fmt.Sprintf("iq%d", s.fills), el))
}

// fill sends the whole state: configuration and roster. nick is who joined, if
// a join is the cause: the seed's configuration comes from that address.
func (m *Master) fill(s *sub, nick string) {
	s.fills++
	s.filled = true
	m.sendConfig(s, nick, true)
	m.sendOwnGone(s)
	var lines []dmuc.Occupant
	said := map[string]bool{} // a line of an occupant says its standing too
	for _, o := range s.room.Occupants() {
		if s.book.Value(occupantKey(o.Nick)) == 0 {
			continue
		}
		l := s.line(o)
		l.JID = muc.Bare(o.JID)
		lines = append(lines, l)
		said[l.JID] = o.Affiliation == s.room.Affiliation(l.JID)
	}
	for _, jid := range s.room.AffiliationList() {
		if said[jid] {
			continue
		}
		lines = append(lines, dmuc.Occupant{JID: jid, Affiliation: s.room.Affiliation(jid).String()})
	}
	t := m.newToken(s)
	s.book.SentAll(delta.Token(t))
	m.transfer(s.peer, mirror.Membership, "", t,
		dmuc.IQ("set", s.room.JID, s.peer.Name, fmt.Sprintf("roster%d", s.fills), dmuc.Roster(lines, false)))
}

// sendOwnGone tells a mirror of those of its occupants whom we took out while
// it could not hear it: a roster says who is there, not why others are not.
func (m *Master) sendOwnGone(s *sub) {
	for _, nick := range slices.Sorted(maps.Keys(s.held)) {
		if o := s.room.ByNick(nick); o == nil || o.Home != s.peer.Name {
			var why muc.Why
			if o == nil {
				why = s.room.why[nick]
			}
			m.transfer(s.peer, mirror.Membership, "", 0, explain(s.gone(nick), why))
		}
	}
}

// openLog begins to send messages to a mirror that asked for no history, and
// confirms the joins that waited for it.
func (m *Master) openLog(s *sub) {
	s.confirmAt = time.Time{}
	if !s.log.Running {
		s.log.Start(s.room.last + 1)
	}
	for _, nick := range s.confirm {
		if o := s.room.ByNick(nick); o != nil && o.Home == s.peer.Name {
			m.sendOccupant(s, nick)
		}
	}
	s.confirm = nil
}

// hide shows a mirror's occupants as left: its link is down for too long.
func (m *Master) hide(s *sub) {
	s.hideAt = time.Time{}
	n := 0
	for _, o := range s.room.behind(s.peer.Name) {
		if !o.Hidden {
			s.room.Hide(o)
			s.room.why[o.Nick] = muc.Why{}
			m.tell(s.room, o)
			n++
		}
	}
	if n > 0 {
		m.note(mirror.Hidden, s.peer, s.room.JID, fmt.Sprintf("%d occupants", n))
	}
}

// reveal shows a mirror's occupants again.
func (m *Master) reveal(s *sub) {
	s.hideAt, s.dropAt = time.Time{}, time.Time{}
	for _, o := range s.room.behind(s.peer.Name) {
		if o.Hidden {
			s.room.Reveal(o)
			m.tell(s.room, o)
		}
	}
}

// drop ends a subscription: its occupants have left.
func (m *Master) drop(s *sub, why string) {
	for _, o := range s.room.behind(s.peer.Name) {
		s.room.Leave(o, muc.Why{})
		s.room.why[o.Nick] = muc.Why{}
		for _, other := range s.room.subs {
			other.book.Set(occupantKey(o.Nick), 0)
		}
	}
	s.reset()
	m.note(mirror.RoomDropped, s.peer, s.room.JID, why)
	s.room.emptied = true
}

func (m *Master) saveCursor(s *sub) {
	m.persist(cursorKey(s.room.JID, s.peer.Name), fmt.Appendf(nil, "%d %d", s.inc, s.num))
}
