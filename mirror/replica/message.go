package replica

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
	"picket/mirror/policy"
)

// clientMessage is a user's message to a room or an occupant.
func (r *Replica) clientMessage(st *xmltree.Element) {
	rm := r.rooms[muc.Bare(st.Get("to"))]
	from, kind := st.Get("from"), st.Get("type")
	if kind == "error" {
		return // XEP-0045 §7.14 would make it a leave; a client that cannot read one message stays
	}
	var o *muc.Occupant
	if rm != nil {
		o = rm.BySession(from)
	}
	switch nick := muc.Resource(st.Get("to")); {
	case o == nil:
		r.refuse(st, muc.ErrNotOccupant)
	case kind == "groupchat" && (nick == "" || nick == o.Nick):
		r.groupchat(rm, o, st)
	case kind == "groupchat":
		r.refuse(st, muc.ErrBadRequest)
	case nick != "":
		r.private(rm, o, nick, st)
	case st.Child(ns.MUCUser, "x") != nil:
		r.relayMessage(rm, st) // an invitation or its refusal: the room's business
	default:
		r.refuse(st, muc.ErrBadRequest)
	}
}

// groupchat shows a message to everybody here at once, keeps it, and sends it
// to the master when there is a link (seed, "Sending a Message to All
// Occupants").
func (r *Replica) groupchat(rm *room, o *muc.Occupant, st *xmltree.Element) {
	r.bar(rm)
	if o = rm.BySession(st.Get("from")); o == nil {
		r.refuse(st, muc.ErrNotOccupant)
		return
	}
	fate := policy.Message(st)
	f := rm.CheckMessage(o, st)
	switch {
	case f != nil && fate != policy.Stay:
	case len(st.String()) > policy.MessageMaxBytes:
		f = muc.ErrTooLong
	case fate == policy.Keep && len(rm.Archive.Waiting()) >= r.cfg.QueueMax:
		f = muc.ErrTooMany
		r.note(mirror.QueueFull, rm.JID, "messages wait for the master")
	default:
		f = nil
	}
	if f != nil {
		r.refuse(st, f)
		return
	}
	if fate != policy.Keep {
		rm.Pass(o.Nick, st.Get("id"), muc.Core(st))
		if fate == policy.Pass && rm.phase == live {
			m := rm.CommonRefs(policy.Trim(muc.Core(st)))
			r.transfer(mirror.Chatter, "", 0, m.Set("from", o.JID).Set("to", rm.JID).Set("type", "groupchat"))
		}
		return
	}
	live := muc.Live(st)
	rm.num++
	e := &muc.Entry{Origin: r.cfg.Origin, Inc: rm.inc, Num: rm.num, Nick: o.Nick, JID: o.JID,
		Stamp: r.wall(), Said: r.now, ID: st.Get("id"), Msg: rm.CommonRefs(policy.Trim(muc.Core(st)))}
	if rm.Archive.ByClientID(e.ID) != nil {
		e.ID = "" // a client that repeats its ids does not get to name two messages
		live.Set("id", "")
	}
	trimmed, _ := rm.Post(e, rm.CommonRefs(live), false)
	r.saveEntry(rm, e, trimmed)
	r.saveSubject(rm, e)
	r.saveMark(rm)
}

// sendMessage sends one of our messages to the master.
func (r *Replica) sendMessage(rm *room, e *muc.Entry) {
	t := r.newToken(rm)
	to := rm.JID
	if m := rm.mine[e.Nick]; m == nil || m.jid != e.JID || !rm.up.Settled(e.Nick) || e.Num <= rm.backlogTo {
		to += "/" + e.Nick // not there any more, or not yet, or not for the master: it may not know the nick
	}
	it := dmuc.Item{Num: e.Num, Inc: e.Inc}
	if age := e.Age(r.now, r.wall()); age > muc.JustNow {
		it.Age = age
	}
	m := e.Msg.Shallow().Set("from", e.JID).Set("to", to).Set("type", "groupchat").Add(it.Element())
	rm.out.Sent(e.Num, delta.Token(t))
	r.transfer(mirror.Chat, "", t, m)
}

// private delivers between two users here, or sends once across the link.
func (r *Replica) private(rm *room, o *muc.Occupant, nick string, st *xmltree.Element) {
	target := rm.ByNick(nick)
	switch {
	case target == nil || target.Hidden:
		r.refuse(st, muc.ErrNoSuchNick)
	case len(st.String()) > policy.MessageMaxBytes:
		r.refuse(st, muc.ErrTooLong)
	case target.Home == "":
		rm.Private(o.Nick, target, muc.Core(st).Set("id", st.Get("id")))
	case !r.up:
		r.refuse(st, muc.ErrLinkDown)
	default:
		m := policy.Trim(muc.Core(st)).Set("from", o.JID).Set("to", st.Get("to")).Set("type", "chat")
		r.transfer(mirror.Chat, "", 0, m)
	}
}

func (r *Replica) relayMessage(rm *room, st *xmltree.Element) {
	if rm.phase != live {
		r.refuse(st, muc.ErrLinkDown)
		return
	}
	r.transfer(mirror.Chatter, "", 0, st)
}
