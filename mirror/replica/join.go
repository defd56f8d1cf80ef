package replica

import (
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/muc"
)

// clientPresence is a user's presence to a room (XEP-0045 §7.2, §7.7, §7.14).
func (r *Replica) clientPresence(st *xmltree.Element) {
	jid, nick := muc.Bare(st.Get("to")), muc.Resource(st.Get("to"))
	rm := r.rooms[jid]
	switch st.Get("type") {
	case "":
	case "unavailable", "error":
		if rm != nil {
			r.leave(rm, st.Get("from"), st.Child(ns.Client, "status").Text())
		}
		return
	default:
		return // subscriptions to a room mean nothing
	}
	if rm != nil {
		if o := rm.BySession(st.Get("from")); o != nil {
			r.present(rm, o, st)
			return
		}
	}
	if st.Child(ns.MUC, "x") == nil {
		// A change of status that crossed with the end of its stay: no join, or
		// who is kicked would be in again unawares.
		r.refuse(st, muc.ErrNotOccupant)
		return
	}
	if rm == nil {
		if f := muc.CheckNick(nick); f != nil {
			r.refuse(st, f)
			return
		}
		if rm = r.admitRoom(jid); rm == nil {
			r.refuse(st, muc.ErrTooMany)
			return
		}
	}
	r.join(rm, nick, st)
}

// admitRoom makes a room, in place of one that nobody needs if there are too
// many.
func (r *Replica) admitRoom(jid string) *room {
	if len(r.rooms) >= r.cfg.RoomsMax {
		return nil
	}
	return r.newRoom(jid)
}

// present is the presence of somebody who is in the room.
func (r *Replica) present(rm *room, o *muc.Occupant, st *xmltree.Element) {
	if nick := muc.Resource(st.Get("to")); nick != "" && nick != o.Nick {
		// Seed, "Business Rules": nick-changing is not allowed at a mirror.
		r.refuse(st, muc.ErrNoNickChange)
		return
	}
	if x := st.Child(ns.MUC, "x"); x != nil {
		rm.Burst(st.Get("from"), x, r.wall()) // it lost its state and joins again
		return
	}
	rm.Present(o, muc.Payload(st))
	var password string
	if m := rm.mine[o.Nick]; m != nil {
		password = m.password
	}
	r.claim(rm, o.Nick, o.JID, password, o.Payload)
}

// join admits a user, or asks the master.
func (r *Replica) join(rm *room, nick string, st *xmltree.Element) {
	from := st.Get("from")
	delete(rm.pending, from)
	f := muc.CheckNick(nick)
	if f == nil && (rm.phase == live || !r.up && rm.known) {
		f = rm.CheckJoin(from, nick, muc.Password(st))
	}
	if m := rm.mine[nick]; f == nil && m != nil && muc.Bare(m.jid) != muc.Bare(from) {
		f = muc.ErrNickTaken
	}
	if f != nil {
		r.refuse(st, f)
		r.note(mirror.JoinRefused, rm.JID, f.Condition)
		r.linger(rm)
		return
	}
	wait := r.cfg.JoinTimeout
	if rm.known {
		wait = min(wait, knownJoinWait)
	}
	p := &pendingJoin{stanza: st, nick: nick, deadline: r.now.Add(wait)}
	rm.pending[from] = p
	if o := rm.ByNick(nick); o != nil && o.Home == "" {
		r.admit(rm, p, standing{o.Affiliation, o.Role, nil}) // one more client of one user
		return
	}
	if m := rm.mine[nick]; m == nil {
		r.claim(rm, nick, from, muc.Password(st), muc.Payload(st))
	}
	switch {
	case !r.up && rm.known:
		r.admit(rm, p, r.guess(rm, nick, from))
	case rm.phase == live && r.confirmed(rm, nick):
		r.admit(rm, p, r.guess(rm, nick, from))
	case r.up:
		r.start(rm)
	}
}

// knownJoinWait is how long a join of a room that we know waits for the master
// before it is let in by what we know: a confirmation takes a second or two.
const knownJoinWait = 6 * time.Second

// guess is the standing that the master still has of a user who left and came
// back unheard, else the one that the room's rules, as far as we know them, give.
func (r *Replica) guess(rm *room, nick, jid string) standing {
	if s, ok := rm.stood[nick]; ok && s.user == muc.Bare(jid) && rm.held[occupantKey(nick)] != 0 {
		return s.standing
	}
	a := rm.Affiliation(muc.Bare(jid))
	return standing{a, rm.Config.DefaultRole(a), nil}
}

// confirmed reports whether the master holds exactly this occupant: one who
// left and came back while the link was down.
func (r *Replica) confirmed(rm *room, nick string) bool {
	return rm.held[occupantKey(nick)] != 0 && rm.up.Settled(nick)
}

// admit lets a waiting user in.
func (r *Replica) admit(rm *room, p *pendingJoin, s standing) {
	if rm.phase == filling || rm.phase == resuming && r.now.Before(p.deadline) {
		p.standing = &s // the others, or its history, are on the way
		return
	}
	session := p.stanza.Get("from")
	delete(rm.pending, session)
	if o := rm.ByNick(p.nick); o != nil && o.Home == "" {
		rm.Attach(o, session)
	} else {
		if o != nil {
			rm.Leave(o, muc.Why{}) // a hidden one across the link; the master decides
		}
		rm.Enter(&muc.Occupant{Nick: p.nick, JID: session, Affiliation: s.affiliation, Role: s.role,
			Payload: muc.Payload(p.stanza)}, session)
		r.note(mirror.Joined, rm.JID, p.nick)
	}
	rm.Burst(session, p.stanza.Child(ns.MUC, "x"), r.wall(), s.codes...)
}

// admitWaiting lets in, by what we know, those who wait when a link goes down.
func (r *Replica) admitWaiting(rm *room) {
	if !rm.known {
		return
	}
	for _, p := range rm.pendingList() {
		if f := rm.CheckJoin(p.stanza.Get("from"), p.nick, muc.Password(p.stanza)); f != nil {
			r.dropJoin(rm, p)
			r.refuse(p.stanza, f)
			continue
		}
		r.admit(rm, p, r.guess(rm, p.nick, p.stanza.Get("from")))
	}
}

// dropJoin gives up a waiting join and what the master may know of it.
func (r *Replica) dropJoin(rm *room, p *pendingJoin) {
	jid := p.stanza.Get("from")
	delete(rm.pending, jid)
	if o := rm.ByNick(p.nick); o == nil || o.Home != "" {
		r.disclaim(rm, p.nick, gone{jid: jid})
	}
	r.linger(rm)
}

// expirePending ends the wait of joins that nobody answered. A known room lets
// in by what we know, as if the link were down: it is, or as good as that.
func (r *Replica) expirePending(rm *room) {
	for _, p := range rm.pendingList() {
		switch {
		case !due(p.deadline, r.now):
		case rm.known && rm.CheckJoin(p.stanza.Get("from"), p.nick, muc.Password(p.stanza)) == nil:
			r.admit(rm, p, r.guess(rm, p.nick, p.stanza.Get("from")))
		default:
			r.dropJoin(rm, p)
			r.refuse(p.stanza, muc.ErrLinkDown)
			r.note(mirror.JoinRefused, rm.JID, "no answer")
		}
	}
}

// leave ends a session's stay in a room, or its wait before it.
func (r *Replica) leave(rm *room, session, status string) {
	if p := rm.pending[session]; p != nil {
		r.dropJoin(rm, p)
		return
	}
	o, last := rm.Detach(session)
	if o == nil {
		return
	}
	if !last {
		if m := rm.mine[o.Nick]; m != nil && m.jid == session {
			m.jid = o.JID
			r.claim(rm, o.Nick, o.JID, m.password, o.Payload)
		}
		return
	}
	jid := o.JID
	rm.Leave(o, muc.Why{Status: status})
	r.note(mirror.Left, rm.JID, o.Nick)
	r.disclaim(rm, o.Nick, gone{jid: jid, status: status})
	r.unshadow(rm, o.Nick)
}

// unshadow shows the remote occupant whose nick one of ours had.
func (r *Replica) unshadow(rm *room, nick string) {
	if line, ok := rm.shadow[nick]; ok {
		delete(rm.shadow, nick)
		r.remote(rm, line)
	}
}
