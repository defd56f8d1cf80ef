package master

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
	"picket/mirror/policy"
)

// clientPresence is a direct user's presence to a room (XEP-0045 §7.2, §7.6,
// §7.7, §7.14).
func (m *Master) clientPresence(from sender, st *xmltree.Element) {
	rm := m.rooms[muc.Bare(st.Get("to"))]
	nick := muc.Resource(st.Get("to"))
	switch st.Get("type") {
	case "":
	case "unavailable", "error":
		if rm != nil {
			m.leave(rm, from.jid, st.Child(ns.Client, "status").Text())
		}
		return
	default:
		return // subscriptions to a room mean nothing
	}
	if rm != nil {
		if o := rm.BySession(from.jid); o != nil {
			m.present(rm, o, from, nick, st)
			return
		}
	}
	if st.Child(ns.MUC, "x") == nil {
		// A change of status that crossed with the end of its stay: no join, or
		// who is kicked would be in again unawares.
		m.refuse(from, st, muc.ErrNotOccupant)
		return
	}
	m.join(rm, from, nick, st)
}

func (m *Master) present(rm *room, o *muc.Occupant, from sender, nick string, st *xmltree.Element) {
	if nick != "" && nick != o.Nick {
		m.rename(rm, o, from, nick, st)
		return
	}
	if x := st.Child(ns.MUC, "x"); x != nil {
		rm.Burst(from.jid, x, m.wall()) // it lost its state and joins again
		return
	}
	rm.Present(o, muc.Payload(st))
	rm.why[o.Nick] = muc.Why{}
	m.tell(rm, o)
}

// rename changes a direct occupant's nick (XEP-0045 §7.6).
func (m *Master) rename(rm *room, o *muc.Occupant, from sender, nick string, st *xmltree.Element) {
	f := muc.CheckNick(nick)
	other := rm.ByNick(nick)
	if f == nil && other != nil && !other.Hidden {
		f = muc.ErrNickTaken
	}
	if f != nil {
		m.refuse(from, st, f)
		return
	}
	if other != nil {
		m.displace(rm, other)
	}
	old := o.Nick
	rm.Rename(o, nick)
	rm.why[old], rm.why[nick] = muc.Why{Codes: []string{"303"}, NewNick: nick}, muc.Why{}
	for _, s := range rm.subs {
		s.book.Set(occupantKey(old), 0)
	}
	m.tell(rm, o)
}

// join admits a direct user.
func (m *Master) join(rm *room, from sender, nick string, st *xmltree.Element) {
	if f := muc.CheckNick(nick); f != nil {
		m.refuse(from, st, f)
		return
	}
	var codes []string
	if rm == nil {
		var f *muc.Failure
		if rm, f = m.create(muc.Bare(st.Get("to")), from.jid); f != nil {
			m.refuse(from, st, f)
			return
		}
		codes = []string{"201"}
	}
	f := rm.CheckJoin(from.jid, nick, muc.Password(st))
	o := rm.ByNick(nick)
	if f == nil && o != nil && o.Home != "" && !o.Hidden {
		f = muc.ErrNickTaken // the same user, by way of a mirror
	}
	if f != nil {
		m.refuse(from, st, f)
		m.note(mirror.JoinRefused, nil, rm.JID, f.Condition)
		return
	}
	if o != nil && o.Home == "" {
		rm.Attach(o, from.jid)
	} else {
		a := rm.Affiliation(muc.Bare(from.jid))
		o = &muc.Occupant{Nick: nick, JID: from.jid, Affiliation: a, Role: rm.Config.DefaultRole(a), Payload: muc.Payload(st)}
		m.enter(rm, o, from.jid)
	}
	rm.Burst(from.jid, st.Child(ns.MUC, "x"), m.wall(), codes...)
}

// leave ends a direct session's stay.
func (m *Master) leave(rm *room, session, status string) {
	o, last := rm.Detach(session)
	if last {
		m.remove(rm, o, muc.Why{Status: status})
	}
}

func (m *Master) clientGone(jid string) {
	for _, rm := range m.roomList() {
		m.leave(rm, jid, "")
	}
}

// message is a message to a room or an occupant, from a direct user or a
// mirror's.
func (m *Master) message(from sender, st *xmltree.Element) {
	rm := m.rooms[muc.Bare(st.Get("to"))]
	kind := st.Get("type")
	if kind == "error" {
		if from.peer != nil && from.jid == from.peer.Name {
			m.bounced(from.peer)
		}
		return
	}
	if rm == nil {
		m.refuse(from, st, muc.ErrNoRoom)
		return
	}
	nick := muc.Resource(st.Get("to"))
	if from.peer != nil && kind == "groupchat" {
		m.mirrorMessage(rm, from, st)
		return
	}
	o := m.occupant(rm, from)
	switch {
	case o == nil:
		m.refuse(from, st, muc.ErrNotOccupant)
	case kind == "groupchat" && (nick == "" || nick == o.Nick):
		m.groupchat(rm, o, from, st)
	case kind == "groupchat":
		m.refuse(from, st, muc.ErrBadRequest)
	case nick != "":
		m.private(rm, o, from, nick, st)
	case st.Child(ns.MUCUser, "x") != nil:
		m.invite(rm, o, from, st)
	default:
		m.refuse(from, st, muc.ErrBadRequest)
	}
}

func (m *Master) occupant(rm *room, from sender) *muc.Occupant {
	if from.peer != nil {
		return rm.ByJID(from.peer.Name, from.jid)
	}
	return rm.BySession(from.jid)
}

// groupchat is what a direct occupant says.
func (m *Master) groupchat(rm *room, o *muc.Occupant, from sender, st *xmltree.Element) {
	fate := policy.Message(st)
	f := rm.CheckMessage(o, st)
	if f == nil && len(m.mirrors) > 0 && len(st.String()) > policy.MessageMaxBytes {
		f = muc.ErrTooLong // rooms here are mirrored, now or by tomorrow's history
	}
	if f != nil && fate != policy.Stay {
		m.refuse(from, st, f)
		return
	}
	switch fate {
	case policy.Stay:
		rm.Pass(o.Nick, st.Get("id"), muc.Core(st))
		return
	case policy.Pass:
		m.pass(rm, "", o.Nick, rm.CommonRefs(st.Shallow()))
		return
	}
	live := muc.Live(st)
	e := &muc.Entry{Nick: o.Nick, JID: from.jid, Stamp: m.wall(), Said: m.now, ID: st.Get("id"), Msg: rm.CommonRefs(policy.Trim(muc.Core(st)))}
	if rm.Archive.ByClientID(e.ID) != nil {
		e.ID = "" // a client that repeats its ids does not get to name two messages
	}
	m.post(rm, e, rm.CommonRefs(live), false)
}

// private delivers to one occupant (XEP-0045 §7.5): here, or once across the
// link to the mirror that it is behind.
func (m *Master) private(rm *room, o *muc.Occupant, from sender, nick string, st *xmltree.Element) {
	target := rm.ByNick(nick)
	core := muc.Core(st)
	switch {
	case target == nil || target.Hidden:
		m.refuse(from, st, muc.ErrNoSuchNick)
	case target.Home == "":
		rm.Private(o.Nick, target, core.Set("id", st.Get("id")))
	case target.Home == o.Home:
		m.refuse(from, st, muc.ErrBadRequest) // a mirror delivers among its own
	case !m.mirrors[target.Home].reached():
		m.refuse(from, st, muc.ErrLinkDown)
	default:
		p := m.mirrors[target.Home]
		m.transfer(p, mirror.Chat, "", 0, policy.Trim(core).Set("from", rm.JID+"/"+o.Nick).
			Set("to", dmuc.Escape(target.JID, p.Name)).Set("type", "chat"))
	}
}

// invite is a mediated invitation or its refusal (XEP-0045 §7.8.2). In a
// members-only room an admin's invitation makes a member.
func (m *Master) invite(rm *room, o *muc.Occupant, from sender, st *xmltree.Element) {
	for _, kind := range []string{"invite", "decline"} {
		inv := st.Child(ns.MUCUser, "x").Child(ns.MUCUser, kind)
		if inv == nil {
			continue
		}
		to := inv.Get("to")
		switch {
		case to == "":
			m.refuse(from, st, muc.ErrBadRequest)
			return
		case kind == "invite" && (!rm.Config.Invites || rm.Config.MembersOnly) && o.Affiliation < muc.Admin:
			m.refuse(from, st, muc.ErrForbidden)
			return
		case kind == "invite" && rm.Config.MembersOnly && rm.Affiliation(muc.Bare(to)) == muc.Unaffiliated:
			m.setAffiliation(rm, muc.Bare(to), muc.Member)
		}
		x := xmltree.New(ns.MUCUser, "x", inv.Shallow().Set("to", "").Set("from", rm.JID+"/"+o.Nick))
		if kind == "invite" && rm.Config.Password != "" {
			x.Add(xmltree.NewText(ns.MUCUser, "password", rm.Config.Password))
		}
		out := xmltree.New(ns.Client, "message").Set("from", rm.JID).Set("to", to).Add(x)
		if p := m.domains[muc.Domain(to)]; p != nil {
			m.transfer(p, mirror.Chat, "", 0, out)
		} else {
			m.drain(rm)
			m.b.ToClient = append(m.b.ToClient, out)
		}
		return
	}
	m.refuse(from, st, muc.ErrBadRequest)
}
