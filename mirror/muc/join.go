package muc

import (
	"strconv"
	"time"
	"unicode/utf8"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Limits of a room (design/xmpp.md §8).
const (
	nickMaxRunes = 64
	historyChars = 64 << 10
)

// CheckNick reports what is wrong with a nick.
func CheckNick(nick string) *Failure {
	switch {
	case nick == "":
		return ErrNoNick
	case utf8.RuneCountInString(nick) > nickMaxRunes:
		return ErrNickLong
	}
	return nil
}

// CheckJoin applies the room's rules to a user who wants to enter
// (XEP-0045 §7.2.5–7.2.10). A nick is taken if a shown occupant of another
// user has it.
func (r *Room) CheckJoin(jid, nick, password string) *Failure {
	if f := CheckNick(nick); f != nil {
		return f
	}
	a := r.Affiliation(Bare(jid))
	o := r.occupants[nick]
	switch {
	case a == Outcast:
		return ErrBanned
	case r.Config.MembersOnly && a < Member:
		return ErrMembersOnly
	case r.Config.Password != "" && password != r.Config.Password && a < Owner:
		return ErrPassword
	case o != nil && !o.Hidden && Bare(o.JID) != Bare(jid):
		return ErrNickTaken
	case r.Config.MaxUsers > 0 && o == nil && len(r.occupants) >= r.Config.MaxUsers && a < Admin:
		return ErrFull
	}
	return nil
}

// Password gives the password of a join presence.
func Password(presence *xmltree.Element) string {
	return presence.Child(ns.MUC, "x").Child(ns.MUC, "password").Text()
}

// Enter puts an occupant into the room and shows it to the sessions here. The
// joining session itself gets its Burst afterwards.
func (r *Room) Enter(o *Occupant, session string, codes ...string) {
	r.occupants[o.Nick] = o
	r.show(o, false, Why{Codes: codes}, session)
	if session != "" {
		o.Sessions = append(o.Sessions, session)
		r.sessions[session] = o
	}
}

// Attach adds one more session of an occupant here (several clients of one
// user on one nick). Nobody else sees a change.
func (r *Room) Attach(o *Occupant, session string) {
	if !o.has(session) {
		o.Sessions = append(o.Sessions, session)
	}
	r.sessions[session] = o
}

// Burst sends a joining session what XEP-0045 §7.2 promises, in its order:
// the others, itself, history, subject. Codes are those of its own presence
// besides 110 and 100.
func (r *Room) Burst(session string, x *xmltree.Element, now time.Time, codes ...string) {
	self := r.sessions[session]
	for _, o := range r.Occupants() {
		if o != self && !o.Hidden {
			r.to(session, r.presence(o, r.seesJIDs(self), false, Why{}))
		}
	}
	own := []string{"110"}
	if r.Config.AnyoneSeesJIDs {
		own = append(own, "100")
	}
	r.to(session, r.presence(self, true, false, Why{Codes: append(own, codes...)}))
	for _, e := range r.History(x.Child(ns.MUC, "history"), now) {
		if _, subject := e.Subject(); !subject {
			r.to(session, r.reflection(e, true))
		}
	}
	r.to(session, r.subjectMessage())
}

// History picks what a joiner asked for (XEP-0045 §7.2.13): the newest
// messages within maxstanzas, maxchars, seconds and since, in order, and the
// changes of subject among them, which are not counted.
func (r *Room) History(want *xmltree.Element, now time.Time) []*Entry {
	most, chars := r.Config.HistoryMax, historyChars
	var since time.Time
	if want != nil {
		if n, err := strconv.Atoi(want.Get("maxstanzas")); err == nil && n >= 0 && n < most {
			most = n
		}
		if n, err := strconv.Atoi(want.Get("maxchars")); err == nil && n >= 0 && n < chars {
			chars = n
		}
		if n, err := strconv.Atoi(want.Get("seconds")); err == nil && n >= 0 {
			since = now.Add(-time.Duration(n) * time.Second)
		}
		if t, err := time.Parse(time.RFC3339, want.Get("since")); err == nil && t.After(since) {
			since = t
		}
	}
	all := r.Archive.All()
	first := len(all)
	for n := 0; first > 0 && n < most; first-- {
		e := all[first-1]
		if _, subject := e.Subject(); subject {
			continue
		}
		if chars -= len(e.Msg.String()); chars < 0 || e.Stamp.Before(since) {
			break
		}
		n++
	}
	return all[first:]
}

// Present takes an occupant's new show, status and the rest, and shows it.
func (r *Room) Present(o *Occupant, payload []*xmltree.Element) {
	o.Payload = payload
	if !o.Hidden {
		r.show(o, false, Why{}, "")
	}
}

// Restand gives an occupant a new role and affiliation, and shows it.
func (r *Room) Restand(o *Occupant, a Affiliation, role Role, why Why) {
	o.Affiliation, o.Role = a, role
	if !o.Hidden {
		r.show(o, false, why, "")
	}
}

// Leave takes an occupant out and shows it to all sessions here, its own last
// look included.
func (r *Room) Leave(o *Occupant, why Why) {
	if !o.Hidden {
		r.show(o, true, why, "")
	}
	delete(r.occupants, o.Nick)
	for _, s := range o.Sessions {
		delete(r.sessions, s)
	}
}

// Detach takes away one session of an occupant; true: it was the last one, and
// the occupant is still in the room for Leave.
func (r *Room) Detach(session string) (o *Occupant, last bool) {
	o = r.sessions[session]
	if o == nil {
		return nil, false
	}
	if len(o.Sessions) == 1 {
		return o, true
	}
	r.to(session, r.presence(o, true, true, Why{Codes: []string{"110"}}))
	delete(r.sessions, session)
	for i, s := range o.Sessions {
		if s == session {
			o.Sessions = append(o.Sessions[:i:i], o.Sessions[i+1:]...)
		}
	}
	if o.JID == session {
		o.JID = o.Sessions[0]
	}
	return o, false
}

// End empties the room: each session is shown only its own leaving
// (XEP-0045 §10.9).
func (r *Room) End(why Why) {
	why.Codes = append([]string{"110"}, why.Codes...)
	for _, s := range r.sessionList() {
		o := *r.sessions[s]
		o.Affiliation = Unaffiliated
		r.to(s, r.presence(&o, true, true, why))
	}
	clear(r.sessions)
	clear(r.occupants)
}

// Hide shows an occupant behind a link that is down as left; Reveal shows it
// again.
func (r *Room) Hide(o *Occupant) {
	if !o.Hidden {
		r.show(o, true, Why{}, "")
		o.Hidden = true
	}
}

// Conceal puts an occupant into the room that nobody is shown yet.
func (r *Room) Conceal(o *Occupant) {
	o.Hidden = true
	r.occupants[o.Nick] = o
}

// Reveal shows an occupant that was hidden.
func (r *Room) Reveal(o *Occupant) {
	if o.Hidden {
		o.Hidden = false
		r.show(o, false, Why{}, "")
	}
}

// Rename changes the nick of an occupant here (XEP-0045 §7.6, status 303).
func (r *Room) Rename(o *Occupant, nick string) {
	r.show(o, true, Why{Codes: []string{"303"}, NewNick: nick}, "")
	delete(r.occupants, o.Nick)
	o.Nick = nick
	r.occupants[nick] = o
	r.show(o, false, Why{}, "")
}
