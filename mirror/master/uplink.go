package master

import (
	"maps"
	"slices"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
	"picket/mirror/policy"
)

// mirrorPresence is a presence from behind a mirror: of a user, or the
// mirror's own farewell to a room.
func (m *Master) mirrorPresence(from sender, st *xmltree.Element) {
	rm := m.rooms[muc.Bare(st.Get("to"))]
	nick := muc.Resource(st.Get("to"))
	switch kind := st.Get("type"); {
	case kind == "unavailable" && from.jid == from.peer.Name:
		if rm != nil && rm.subs[from.peer.Name] != nil {
			m.drop(rm.subs[from.peer.Name], "the mirror left")
		}
	case kind == "error" && from.jid == from.peer.Name:
		m.bounced(from.peer)
	case kind == "unavailable" || kind == "error":
		if rm != nil {
			m.mirrorLeave(rm, from, nick, st)
			m.endMirror(rm, from.peer)
		}
	case kind == "":
		m.mirrorJoin(rm, from, nick, st)
	}
}

// endMirror ends the part of a mirror that is no picket when the last of its
// users has left: nobody told it to say farewell by itself.
func (m *Master) endMirror(rm *room, p *peer) {
	if s := rm.subs[p.Name]; s != nil && p.xml && m.rooms[rm.JID] == rm && len(rm.behind(p.Name)) == 0 {
		m.drop(s, "nobody there")
	}
}

// bounced takes an error in a mirror's own name, which its users' server or ours
// sends when it cannot be reached: its link is down, as far as XMPP tells.
func (m *Master) bounced(p *peer) {
	if !p.xml {
		return
	}
	p.xml = false
	m.note(mirror.LinkDown, p, "", "a stanza came back")
	for _, rm := range m.roomList() {
		if s := rm.subs[p.Name]; s != nil {
			s.suspend(m.now.Add(m.cfg.Hold))
			s.dropAt = m.now.Add(m.cfg.Hold)
		}
	}
}

// told is what a presence from behind a mirror says of an occupant, as the
// mirror's digest counts it.
func told(st *xmltree.Element, jid, nick string) (delta.Hash, []*xmltree.Element) {
	payload := muc.Payload(st)
	return delta.HashOf(dmuc.Occupant{Nick: nick, JID: jid, Payload: payload}.Fields()...), payload
}

// mirrorJoin admits a mirror's user, or takes its newest presence (seed,
// "Joining").
func (m *Master) mirrorJoin(rm *room, from sender, nick string, st *xmltree.Element) {
	created := rm == nil
	if created && m.floor > 0 && tagged(st, "resume") {
		return // of a room that was destroyed; the resume is answered so
	}
	if created {
		f := muc.CheckNick(nick)
		if f == nil {
			rm, f = m.create(muc.Bare(st.Get("to")), from.jid)
		}
		if f != nil {
			m.refuseJoin(nil, from, nick, st, f)
			return
		}
	}
	s := m.sub(rm, from.peer)
	hash, payload := told(st, from.jid, nick)
	if o := m.mirrored(rm, from, nick); o != nil && (s.active || tagged(st, "resume")) {
		if o.JID != from.jid {
			s.closing[o.JID] = closing{nick: nick} // what another client of the user said may still come
			o.JID = from.jid
		}
		s.held[nick] = hash
		s.reopen(from.jid)
		if it, ok := dmuc.ItemOf(st); ok {
			s.closing[from.jid] = closing{nick, it.Num}
		}
		rm.Present(o, payload)
		rm.why[nick] = muc.Why{}
		m.tell(rm, o)
		m.activate(s, st, nick, false)
		return
	}
	if !s.active && !tagged(st, "resume") && (len(s.held) > 0 || len(rm.behind(from.peer.Name)) > 0) {
		m.startOver(s)
	}
	if o := rm.ByNick(nick); o != nil && o.Home == from.peer.Name && m.mirrored(rm, from, nick) == nil {
		// The nick changed hands behind the mirror, which tells only the newest.
		m.mirrorLeave(rm, sender{o.JID, from.peer}, nick, xmltree.New(ns.Client, "presence"))
		s.closing[o.JID] = closing{nick: nick}
	}
	f := rm.CheckJoin(from.jid, nick, muc.Password(st))
	if o := rm.ByNick(nick); f == nil && o != nil && !o.Hidden {
		f = muc.ErrNickTaken // the same user, by another way
	}
	if f != nil {
		m.refuseJoin(s, from, nick, st, f)
		return
	}
	a := rm.Affiliation(muc.Bare(from.jid))
	o := &muc.Occupant{Nick: nick, JID: from.jid, Affiliation: a, Role: rm.Config.DefaultRole(a), Home: from.peer.Name, Payload: payload}
	s.held[nick] = hash
	s.reopen(from.jid)
	var codes []string
	if created {
		codes = []string{"201"}
	}
	m.enter(rm, o, "", codes...)
	m.activate(s, st, nick, true)
}

func tagged(st *xmltree.Element, attr string) bool {
	t := st.Child(ns.DMUC, "dmuc")
	return t != nil && t.Get(attr) != ""
}

// mirrored finds the occupant that a mirror's user is.
func (m *Master) mirrored(rm *room, from sender, nick string) *muc.Occupant {
	o := rm.ByNick(nick)
	if o == nil || o.Home != from.peer.Name || muc.Bare(o.JID) != muc.Bare(from.jid) {
		return nil
	}
	return o
}

// activate makes a mirror take part in a room. One that holds nothing gets all;
// one that says it will resume is waited for.
func (m *Master) activate(s *sub, st *xmltree.Element, nick string, joined bool) {
	if !s.active {
		s.active = true
		s.begun = s.begun || !tagged(st, "resume")
		m.note(mirror.RoomMirrored, s.peer, s.room.JID, "")
		if !tagged(st, "resume") {
			if it, ok := dmuc.ItemOf(st); ok {
				m.passOver(s, it.Inc, it.Num)
			}
			m.reveal(s)
			m.fill(s, nick)
			if joined {
				s.confirm = append(s.confirm, nick) // the roster had it; others get their presence at once
			}
			s.confirmAt = m.now.Add(m.cfg.Confirm)
			if s.peer.up {
				s.confirmAt = m.now.Add(m.cfg.ResumeWait)
			}
		}
	}
}

// passOver says that a mirror's messages up to a number are of an earlier room
// of that name: one of them may still be on its way.
func (m *Master) passOver(s *sub, inc, num uint64) {
	if inc > s.inc || inc == s.inc && num > s.num {
		s.inc, s.num = inc, num
		m.saveCursor(s)
	}
}

// startOver forgets a mirror's occupants: it joins as one that holds nothing,
// so whoever is still there joins again.
func (m *Master) startOver(s *sub) {
	inc, num, fills := s.inc, s.num, s.fills
	m.drop(s, "the mirror starts over")
	s.inc, s.num, s.fills = inc, num, fills
}

// refuseJoin tells one user behind a mirror, and the mirror of nobody else
// (seed, "Master rejects joins").
func (m *Master) refuseJoin(s *sub, from sender, nick string, st *xmltree.Element, f *muc.Failure) {
	if s != nil {
		delete(s.held, nick)
		if s.mayHaveLetIn(muc.Bare(from.jid), f) {
			s.closing[from.jid] = closing{nick: nick} // the mirror says up to where
		}
	}
	answer := xmltree.New(ns.Client, "presence").Set("from", muc.Bare(st.Get("to"))).Set("to", from.jid).Set("type", "error")
	m.answer(from, answer.Add(xmltree.New(ns.MUC, "x"), f.Element()))
	m.note(mirror.JoinRefused, from.peer, muc.Bare(st.Get("to")), f.Condition)
}

// reopen ends a closing when its user is back, unless messages of the time
// before may still be on their way.
func (s *sub) reopen(jid string) {
	if c := s.closing[jid]; c.num != 0 && c.num <= s.num {
		delete(s.closing, jid)
	}
}

// mayHaveLetIn reports whether a mirror may have shown a user in whom we
// refuse: by rules that it had no way to know of, or under a nick that was free
// there. What was said meanwhile stands.
func (s *sub) mayHaveLetIn(bare string, f *muc.Failure) bool {
	if f == muc.ErrNickTaken || f == muc.ErrFull {
		return s.room.Config.DefaultRole(s.room.Affiliation(bare)) >= muc.Participant
	}
	return !s.book.Settled(configKey) || !s.book.Settled(standingKey(bare))
}

// mirrorLeave ends the stay of a mirror's user. It may carry the last number
// that stands, where the master had ended the stay.
func (m *Master) mirrorLeave(rm *room, from sender, nick string, st *xmltree.Element) {
	s := m.sub(rm, from.peer)
	delete(s.held, nick)
	if it, has := dmuc.ItemOf(st); has && it.Num > s.num {
		s.closing[from.jid] = closing{nick, it.Num} // what it said before is still on its way
	} else {
		delete(s.closing, from.jid)
	}
	o := m.mirrored(rm, from, nick)
	if o == nil {
		return
	}
	why := muc.Why{Status: st.Child(ns.Client, "status").Text()}
	rm.Leave(o, why)
	rm.why[nick] = why
	for name, other := range rm.subs {
		if name == from.peer.Name {
			other.book.Agree(occupantKey(nick), 0)
		} else {
			other.book.Set(occupantKey(nick), 0)
		}
	}
	m.note(mirror.Left, from.peer, rm.JID, nick)
	rm.emptied = true
}

// mirrorMessage takes a groupchat message that a mirror has already shown to
// its users. It stands if the sender had voice by the state that the mirror
// knew (protocol.md, "Local echo against the master's veto").
func (m *Master) mirrorMessage(rm *room, from sender, st *xmltree.Element) {
	s := m.sub(rm, from.peer)
	it, numbered := dmuc.ItemOf(st)
	o := rm.ByJID(from.peer.Name, from.jid)
	nick := muc.Resource(st.Get("to"))
	if nick == "" && o != nil {
		nick = o.Nick
	} else if c, ok := s.closing[from.jid]; ok && nick == "" {
		nick = c.nick
	}
	if policy.Message(st) != policy.Keep {
		if o != nil && o.Role >= muc.Participant {
			m.pass(rm, from.peer.Name, nick, st)
		}
		return
	}
	if !numbered {
		it = dmuc.Item{Num: s.num + 1, Inc: s.inc} // a mirror that gives no numbers
	}
	if it.Inc < s.inc || it.Inc == s.inc && it.Num <= s.num || it.Num == 0 {
		return // we have it: the acknowledgement was lost
	}
	if rm.base > 0 && numbered && !s.active {
		return // said in the earlier room of that name
	}
	s.inc, s.num = it.Inc, it.Num
	m.saveCursor(s)
	c, closes := s.closing[from.jid]
	stands := it.Num <= s.backlog || closes && (c.num == 0 || it.Num <= c.num) || o != nil && rm.CheckMessage(o, st) == nil ||
		o == nil && m.couldSay(rm, from, nick, st)
	if closes && c.num != 0 && it.Num >= c.num {
		delete(s.closing, from.jid)
	}
	if nick == "" || !stands {
		m.note(mirror.RuleBroken, from.peer, rm.JID, "a message of somebody without voice")
		e := muc.ErrNoVoice.Reply(st.Shallow().Set("to", rm.JID))
		m.answer(from, e.Set("id", "").Add(dmuc.Item{Num: it.Num, Inc: it.Inc}.Element()))
		return
	}
	it.Age += m.onTheWay
	e := &muc.Entry{Origin: from.peer.Origin, Inc: it.Inc, Num: it.Num, Nick: nick, JID: from.jid,
		Stamp: m.wall().Add(-it.Age), Said: m.now.Add(-it.Age), Msg: muc.Core(st)}
	// Who has left meanwhile does not speak live: its leave took the faster way.
	m.post(rm, e, nil, it.Age > 0 || !rm.Shown(nick))
}

// couldSay reports whether a mirror's user who is not in the room would be let
// in and have voice: joins and messages are of two classes, and either can
// overtake the other on a bad link.
func (m *Master) couldSay(rm *room, from sender, nick string, st *xmltree.Element) bool {
	a := rm.Affiliation(muc.Bare(from.jid))
	other := rm.ByNick(nick)
	return nick != "" && (other == nil || other.Home == from.peer.Name) && (!rm.Config.MembersOnly || a >= muc.Member) &&
		rm.CheckMessage(&muc.Occupant{Role: rm.Config.DefaultRole(a)}, st) == nil
}

// pass shows a message that is not kept to the direct occupants and to the
// mirrors that it did not come from.
func (m *Master) pass(rm *room, home, nick string, st *xmltree.Element) {
	core := muc.Core(st)
	rm.Pass(nick, st.Get("id"), core)
	for _, s := range rm.subList() {
		if s.peer.Name != home && s.active && s.filled {
			m.transfer(s.peer, mirror.Chatter, "", 0, policy.Trim(core.Shallow()).
				Set("from", rm.JID+"/"+nick).Set("to", s.peer.Name).Set("type", "groupchat"))
		}
	}
}

// mirrorQuery is an iq of the mirror itself.
func (m *Master) mirrorQuery(p *peer, st *xmltree.Element) {
	rm := m.rooms[muc.Bare(st.Get("to"))]
	kids := st.Children()
	from := sender{p.Name, p}
	switch kind := st.Get("type"); {
	case muc.IsError(st):
		// The answer to a config or roster; on a link its delivery said so before.
	case len(kids) != 1:
		m.refuse(from, st, muc.ErrBadRequest)
	case kind == "get" && kids[0].Is(ns.DiscoInfo, "query") && rm != nil:
		m.answer(from, dmuc.IQ("result", st.Get("to"), p.Name, st.Get("id"), rm.Info()))
	case rm == nil:
		m.refuse(from, st, muc.ErrNoRoom)
	case kind == "get" && kids[0].Is(ns.DMUC0, "room"):
		m.sendHistory(rm, p, st, kids[0].Child(ns.MUC, "history"))
	case kind == "get" && kids[0].Is(ns.DMUC0, "resume"):
		m.resume(rm, p, st, kids[0])
	case kind == "set" && kids[0].Is(ns.DMUC0, "roster"):
		m.takeRoster(rm, p, kids[0])
		m.answer(from, dmuc.IQ("result", st.Get("to"), p.Name, st.Get("id"), nil))
	default:
		m.refuse(from, st, muc.ErrUnsupported)
	}
}

// sendHistory answers a new mirror's request (seed, "MUC sends history to
// DMUC"), confirms the joins that waited for it, and begins to send messages.
// It goes in the class of messages, so that what is said next comes after it.
// On a link entries have ages, not dates: shorter, and right at a gateway
// without a clock.
func (m *Master) sendHistory(rm *room, p *peer, st, want *xmltree.Element) {
	s := m.sub(rm, p)
	sum := dmuc.Resume{Inc: s.inc, Num: s.num, Pos: rm.last}.Element()
	h := xmltree.New(ns.MUC, "history")
	if p.up {
		h.Attr = sum.Attr
	}
	for _, e := range rm.History(want, m.wall()) {
		msg := m.entryStanza(s, e).Set("to", "")
		if p.xml {
			msg.Remove(func(c *xmltree.Element) bool { return c.Is(ns.DMUC0, "item") })
			msg.Add(xmltree.New(ns.Delay, "delay").Set("from", e.JID).Set("stamp", dmuc.Stamp(e.Stamp)))
		}
		h.Add(msg)
	}
	m.transfer(p, mirror.Chat, "", 0, dmuc.IQ("result", rm.JID, p.Name, st.Get("id"), h))
	s.log.Start(rm.last + 1)
	m.openLog(s)
}

// resume lets a mirror come back to a room that it knows.
func (m *Master) resume(rm *room, p *peer, st, el *xmltree.Element) {
	from := sender{p.Name, p}
	res, ok := dmuc.ResumeOf(el)
	if !ok {
		m.refuse(from, st, muc.ErrBadRequest)
		return
	}
	s := m.sub(rm, p)
	if res.Pos < rm.base { // it holds an earlier room of that name
		m.passOver(s, res.Inc, res.Num)
		m.drop(s, "the mirror holds a room that was destroyed")
		m.refuse(from, st, muc.ErrNoRoom)
		return
	}
	running := s.active && s.filled && s.log.Running
	s.active = true
	if res.Inc > s.inc {
		s.inc, s.num = res.Inc, 0
		m.saveCursor(s)
	}
	if res.Inc == s.inc {
		s.backlog = max(s.backlog, res.Num)
	}
	rm.last = max(rm.last, res.Pos) // a headquarters with an old journal gives no place twice
	full := delta.DigestOf(s.held) != delta.Digest(res.Up)
	m.tellDisplaced(s)
	if !full {
		m.reveal(s)
	}
	if !s.book.Reconcile(delta.Digest(res.Have)) {
		s.book.Forget()
		m.fill(s, "")
		m.note(mirror.Resynced, p, rm.JID, "whole state to the mirror")
	}
	s.filled = true
	m.flushState(s)
	answer := dmuc.Resume{Inc: s.inc, Num: s.num, Have: uint32(s.book.Digest()), Full: full}
	m.transfer(p, mirror.Membership, "", 0, dmuc.IQ("result", rm.JID, p.Name, st.Get("id"), answer.Element()))
	if !running {
		if s.begun { // messages of that time may still be on their way
			start := xmltree.New(ns.Client, "message").Set("from", rm.JID).Set("to", p.Name).Set("type", "groupchat")
			m.transfer(p, mirror.Chat, "", 0, start.Add(dmuc.Item{Pos: max(res.Pos, 1)}.Element()))
		}
		s.begun = true
		s.log.Start(res.Pos + 1)
		m.openLog(s)
	}
}

// tellDisplaced refuses, late, those whose nick somebody took meanwhile.
func (m *Master) tellDisplaced(s *sub) {
	for _, nick := range slices.Sorted(maps.Keys(s.displaced)) {
		jid := s.displaced[nick]
		delete(s.displaced, nick)
		delete(s.held, nick)
		join := xmltree.New(ns.Client, "presence").Set("to", s.room.JID+"/"+nick)
		m.refuseJoin(s, sender{jid, s.peer}, nick, join, muc.ErrNickTaken)
	}
}

// takeRoster takes all of a mirror's occupants in place of those that we held.
func (m *Master) takeRoster(rm *room, p *peer, el *xmltree.Element) {
	s := m.sub(rm, p)
	s.active = true
	lines, _ := dmuc.RosterOf(el)
	in := map[string]string{}
	for _, l := range lines {
		in[l.Nick] = l.JID
	}
	for _, o := range rm.behind(p.Name) {
		if in[o.Nick] != o.JID {
			m.mirrorLeave(rm, sender{o.JID, p}, o.Nick, xmltree.New(ns.Client, "presence"))
		}
	}
	clear(s.held)
	for _, l := range lines {
		if m.domains[muc.Domain(l.JID)] != p {
			m.note(mirror.RuleBroken, p, rm.JID, "a roster with "+muc.Domain(l.JID))
			continue
		}
		join := xmltree.New(ns.Client, "presence").Set("to", rm.JID+"/"+l.Nick)
		if rm.Config.Password != "" { // the mirror has asked for it
			join.Add(xmltree.New(ns.MUC, "x", xmltree.NewText(ns.MUC, "password", rm.Config.Password)))
		}
		m.mirrorJoin(rm, sender{l.JID, p}, l.Nick, join.Add(l.Payload...))
	}
	m.reveal(s)
	m.note(mirror.Resynced, p, rm.JID, "whole roster from the mirror")
}
