package main

import "strings"

// A plainRoom is the same room as ordinary XMPP between two servers would carry
// it (XEP-0045 over s2s): each stanza once for each field user. It counts the
// bytes of the XML only, without TLS, TCP and IP, which come on top.
//
// The stanzas are those that slixmpp 1.8 and Prosody 0.12 were seen to exchange;
// plainxml_test.go holds their sizes to the captured ones. What a server may
// leave out (avatar hashes) is left out here.
type plainRoom struct {
	room      string // bare JID
	occupants []plainOccupant
	history   []plainMessage
}

type plainOccupant struct {
	nick, jid, affiliation, role string
	field                        bool // behind the slow link
}

type plainMessage struct{ nick, body string }

// A cost is bytes towards the headquarters and from it.
type cost struct{ up, down int }

func (c cost) add(o cost) cost { return cost{c.up + o.up, c.down + o.down} }
func (c cost) sum() int        { return c.up + c.down }

// As many characters as the captured identifiers have.
var (
	stanzaID   = strings.Repeat("5", 32)                                                              // slixmpp's
	archiveID  = strings.Repeat("a", 24)                                                              // Prosody's
	occupantID = `<occupant-id id='` + strings.Repeat("o", 44) + `' xmlns='urn:xmpp:occupant-id:0'/>` // Prosody's
)

const (
	lang  = ` xml:lang='en'`
	stamp = "2026-11-24T21:06:41Z"
)

// join is what it costs that somebody joins: the request and the room's answer
// for a field user, a presence to each field user that is there.
func (r *plainRoom) join(o plainOccupant) cost {
	var c cost
	if o.field {
		c.up = len(`<presence id='` + stanzaID + `'` + lang + ` from='` + o.jid + `' to='` + r.room + `/` + o.nick +
			`'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
		for _, other := range r.occupants {
			c.down += len(r.presence(other, o.jid, "", false))
		}
	}
	r.occupants = append(r.occupants, o)
	c.down += r.announce(o, "")
	if o.field {
		for _, m := range r.history {
			c.down += len(r.message(m, o.jid, `<delay xmlns='urn:xmpp:delay' stamp='`+stamp+`' from='`+r.room+`'/>`))
		}
		c.down += len(`<message` + lang + ` from='` + r.room + `' to='` + o.jid + `' type='groupchat'><subject/></message>`)
	}
	return c
}

// say is a message of an occupant to the room, and its copy to each field user,
// the sender too.
func (r *plainRoom) say(nick, body string) cost {
	var c cost
	if o := r.find(nick); o.field {
		c.up = len(`<message id='` + stanzaID + `'` + lang + ` from='` + o.jid + `' to='` + r.room +
			`' type='groupchat'><body>` + body + `</body></message>`)
	}
	m := plainMessage{nick, body}
	for _, o := range r.occupants {
		if o.field {
			c.down += len(r.message(m, o.jid, ""))
		}
	}
	r.history = append(r.history, m)
	return c
}

// show is a change of an occupant's status; inner holds its children.
func (r *plainRoom) show(nick, inner string) cost {
	var c cost
	o := r.find(nick)
	if o.field {
		c.up = len(`<presence id='` + stanzaID + `'` + lang + ` to='` + r.room + `/` + nick + `' from='` + o.jid + `'>` +
			inner + `</presence>`)
	}
	c.down = r.announce(o, inner)
	return c
}

// refused is a nick change that the room answers with an error.
func (r *plainRoom) refused(nick, wish string) cost {
	o := r.find(nick)
	head := `<presence id='` + stanzaID + `'` + lang
	return cost{
		up: len(head + ` from='` + o.jid + `' to='` + r.room + `/` + wish + `'/>`),
		down: len(head + ` from='` + r.room + `/` + wish + `' to='` + o.jid + `' type='error'><error type='cancel' by='` + r.room +
			`'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`),
	}
}

// leave takes an occupant out of the room.
func (r *plainRoom) leave(nick string) cost {
	var c cost
	o := r.find(nick)
	if o.field {
		c.up = len(`<presence id='` + stanzaID + `'` + lang + ` from='` + o.jid + `' to='` + r.room + `/` + nick +
			`' type='unavailable'/>`)
	}
	o.role = "none"
	c.down = r.announce(o, "")
	r.drop(func(x plainOccupant) bool { return x.nick == nick })
	return c
}

// rejoin is the return of the link: servers time out in an outage, the field
// users fall out of the room and each joins anew.
func (r *plainRoom) rejoin() cost {
	var c cost
	var field []plainOccupant
	for _, o := range r.occupants {
		if o.field {
			field = append(field, o)
		}
	}
	r.drop(func(o plainOccupant) bool { return o.field })
	for _, o := range field {
		c = c.add(r.join(o))
	}
	return c
}

func (r *plainRoom) announce(o plainOccupant, inner string) int {
	n := 0
	for _, to := range r.occupants {
		if to.field {
			n += len(r.presence(o, to.jid, inner, to.nick == o.nick))
		}
	}
	return n
}

// presence is what the room says of o to one field user. Only a moderator and o
// itself see the real JID.
func (r *plainRoom) presence(o plainOccupant, to, inner string, self bool) string {
	kind, jid, code := "", "", ""
	if o.role == "none" {
		kind = ` type='unavailable'`
	}
	if self {
		jid, code = ` jid='`+o.jid+`'`, `<status code='110'/>`
	}
	return `<presence id='` + stanzaID + `'` + lang + ` to='` + to + `' from='` + r.room + `/` + o.nick + `'` + kind + `>` + inner +
		occupantID + `<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='` + o.affiliation +
		`' role='` + o.role + `'` + jid + `/>` + code + `</x></presence>`
}

func (r *plainRoom) message(m plainMessage, to, delay string) string {
	return `<message id='` + stanzaID + `'` + lang + ` from='` + r.room + `/` + m.nick + `' to='` + to + `' type='groupchat'><body>` +
		m.body + `</body>` + occupantID + `<stanza-id id='` + archiveID + `' xmlns='urn:xmpp:sid:0' by='` + r.room + `'/>` +
		delay + `</message>`
}

func (r *plainRoom) find(nick string) plainOccupant {
	for _, o := range r.occupants {
		if o.nick == nick {
			return o
		}
	}
	return plainOccupant{nick: nick, affiliation: "none", role: "none"}
}

func (r *plainRoom) drop(gone func(plainOccupant) bool) {
	kept := r.occupants[:0:0]
	for _, o := range r.occupants {
		if !gone(o) {
			kept = append(kept, o)
		}
	}
	r.occupants = kept
}
