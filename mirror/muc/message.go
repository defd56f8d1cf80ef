package muc

import (
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// CheckMessage applies the room's rules to a groupchat message of an occupant
// (XEP-0045 §7.4, §8.1).
func (r *Room) CheckMessage(o *Occupant, msg *xmltree.Element) *Failure {
	if o.Role < Participant {
		return ErrNoVoice
	}
	if _, subject := SubjectOf(msg); subject && !r.Config.ChangeSubject && o.Role < Moderator {
		return ErrNoSubject
	}
	return nil
}

// Core gives what of a client's message belongs to the room: no addresses, no
// id, nothing that only a service may say, nothing that names the message at
// its origin alone (XEP-0359 origin-id).
func Core(msg *xmltree.Element) *xmltree.Element {
	c := msg.Shallow().Set("from", "").Set("to", "").Set("id", "").Set("type", "")
	return c.Remove(func(e *xmltree.Element) bool {
		switch e.Space {
		case ns.SID, ns.Delay, ns.OccupantID, ns.MUCUser, ns.DMUC, ns.DMUC0:
			return true
		}
		return false
	})
}

// Clean takes the protocol's own elements out of a client's stanza: they never
// reach a client (protocol.md, invariant 1), not even from one.
func Clean(st *xmltree.Element) *xmltree.Element {
	return st.Shallow().Remove(func(e *xmltree.Element) bool { return e.Space == ns.DMUC || e.Space == ns.DMUC0 })
}

// Live gives a client's message as its own side sees it at once: all that the
// client said, less what only a service may say.
func Live(msg *xmltree.Element) *xmltree.Element {
	l := Clean(msg).Set("from", "").Set("to", "").Set("type", "").Set("id", "")
	return l.Remove(func(e *xmltree.Element) bool {
		return e.Space == ns.Delay || e.Space == ns.OccupantID || e.Is(ns.SID, "stanza-id")
	})
}

// Post adds an entry to the archive, takes its subject, and shows it to the
// sessions here. live is what they see instead of the entry's own message,
// where a client's message holds more than the room keeps; nil: the entry's.
// It gives the entries that the archive dropped for it; false: it was known.
func (r *Room) Post(e *Entry, live *xmltree.Element, delayed bool) (trimmed []*Entry, added bool) {
	if trimmed, added = r.Archive.Add(e); !added {
		return nil, false
	}
	shown := *e
	if live != nil {
		shown.Msg = live
	}
	for _, s := range r.sessionList() {
		r.to(s, r.reflection(&shown, delayed))
	}
	if _, subject := e.Subject(); subject {
		r.settleSubject(e)
	}
	return trimmed, true
}

// Withdraw takes out an entry that the master refused. nil: it is not waiting.
func (r *Room) Withdraw(k Key) *Entry {
	e := r.Archive.Withdraw(k)
	if e != nil {
		if _, subject := e.Subject(); subject {
			r.settleSubject(nil)
		}
	}
	return e
}

// settleSubject makes the last subject in the room's order the room's. A
// subject that was set here and waits for its place comes after one that the
// master placed before it: sessions that saw them the other way round see the
// right one again.
func (r *Room) settleSubject(seen *Entry) {
	all := r.Archive.All()
	for i := len(all) - 1; i >= 0; i-- {
		text, ok := all[i].Subject()
		if !ok {
			continue
		}
		r.Subject = Subject{Text: text, Nick: all[i].Nick, Stamp: all[i].Stamp}
		if all[i] != seen {
			r.showSubject()
		}
		return
	}
	r.Subject = r.Given
	r.showSubject()
}

func (r *Room) showSubject() {
	for _, s := range r.sessionList() {
		r.to(s, r.subjectMessage())
	}
}

// Pass shows a message that is not kept (a chat state, a marker) to the
// sessions here, but not to the excepted nick's home.
func (r *Room) Pass(nick, id string, msg *xmltree.Element) {
	m := msg.Shallow().Set("from", r.JID+"/"+nick).Set("type", "groupchat").Set("id", id)
	for _, s := range r.sessionList() {
		r.to(s, r.localRefs(m))
	}
}

// reflection is an entry as a session sees it: from the occupant, with the
// client's own id at its origin and the archive id (XEP-0359) everywhere.
func (r *Room) reflection(e *Entry, delayed bool) *xmltree.Element {
	m := e.Msg.Shallow().Set("from", r.JID+"/"+e.Nick).Set("type", "groupchat")
	id := e.ID
	if id == "" {
		id = e.StanzaID()
	}
	m = r.localRefs(m.Set("id", id))
	m.Add(xmltree.New(ns.SID, "stanza-id").Set("by", r.JID).Set("id", e.StanzaID()))
	if delayed {
		m.Add(r.delay(e.Stamp))
	}
	return m
}

func (r *Room) delay(stamp time.Time) *xmltree.Element {
	return xmltree.New(ns.Delay, "delay").Set("from", r.JID).Set("stamp", stamp.UTC().Format("2006-01-02T15:04:05Z"))
}

// subjectMessage ends a join burst: exactly one message with a subject and no
// body, empty if there is none (XEP-0045 §7.2.15).
func (r *Room) subjectMessage() *xmltree.Element {
	m := xmltree.New(ns.Client, "message").Set("from", r.JID).Set("type", "groupchat")
	if r.Subject.Nick != "" {
		m.Set("from", r.JID+"/"+r.Subject.Nick)
		m.Add(r.delay(r.Subject.Stamp))
	}
	return m.Add(xmltree.NewText(ns.Client, "subject", r.Subject.Text))
}

// Replace makes a subject the room's own that came with the room's state
// rather than as a message; sessions here see it if it is another. One that
// was set here and waits for its place comes after it.
func (r *Room) Replace(s Subject) {
	r.Given = s
	for _, e := range r.Archive.Waiting() {
		if _, subject := e.Subject(); subject {
			return
		}
	}
	if s.Text == r.Subject.Text && s.Nick == r.Subject.Nick {
		return
	}
	r.Subject = s
	r.showSubject()
}

// Private sends a private message of an occupant to all sessions of another
// on this side (XEP-0045 §7.5).
func (r *Room) Private(from string, to *Occupant, msg *xmltree.Element) {
	m := msg.Shallow().Set("from", r.JID+"/"+from).Set("type", "chat")
	if m.Child(ns.MUCUser, "x") == nil {
		m.Add(xmltree.New(ns.MUCUser, "x"))
	}
	for _, s := range to.Sessions {
		r.to(s, m)
	}
}
