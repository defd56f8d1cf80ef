// Package muc is a room (XEP-0045): who is in it, what they may do, what was
// said, and what each session on this side is shown. Both roles serve the same
// rooms: the master decides by them, a replica answers by them.
//
// A Room decides nothing about links: occupants behind a peer (Home) are shown
// like any others, and reaching them is the role's business. It writes what
// sessions are to see into an outbox that the role empties (Take). It opens
// nothing, reads no clock, and keeps nothing durable: Archive entries and
// settings are written down by the role.
//
// One file a feature: read room.go, then join.go, message.go, admin.go.
package muc

import (
	"sort"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A Room is one room on one side.
type Room struct {
	JID          string
	Config       Config
	Affiliations map[string]Affiliation // by bare JID; Unaffiliated ones are absent
	Archive      Archive
	Subject      Subject
	Given        Subject // what the subject was when the room's state came from a peer

	occupants map[string]*Occupant
	sessions  map[string]*Occupant
	out       []*xmltree.Element
}

// A Subject is a room's subject and who set it.
type Subject struct {
	Text, Nick string
	Stamp      time.Time
}

// NewRoom makes an empty room.
func NewRoom(jid string) *Room {
	return &Room{JID: jid, Config: DefaultConfig, Affiliations: map[string]Affiliation{},
		occupants: map[string]*Occupant{}, sessions: map[string]*Occupant{}}
}

// Take empties the outbox.
func (r *Room) Take() []*xmltree.Element {
	out := r.out
	r.out = nil
	return out
}

// Affiliation gives a user's standing.
func (r *Room) Affiliation(bare string) Affiliation {
	if a, ok := r.Affiliations[bare]; ok {
		return a
	}
	return Unaffiliated
}

// SetAffiliation changes a user's standing in the list alone.
func (r *Room) SetAffiliation(bare string, a Affiliation) {
	if a == Unaffiliated {
		delete(r.Affiliations, bare)
	} else {
		r.Affiliations[bare] = a
	}
}

// AffiliationList gives the users who have a standing, by JID.
func (r *Room) AffiliationList() []string {
	out := make([]string, 0, len(r.Affiliations))
	for jid := range r.Affiliations {
		out = append(out, jid)
	}
	sort.Strings(out)
	return out
}

// to puts a stanza into the outbox, addressed to one session.
func (r *Room) to(session string, el *xmltree.Element) {
	c := el.Shallow()
	c.Set("to", session)
	r.out = append(r.out, c)
}

// sessionsOf gives all sessions on this side, sorted, so that a run repeats.
func (r *Room) sessionList() []string {
	out := make([]string, 0, len(r.sessions))
	for jid := range r.sessions {
		out = append(out, jid)
	}
	sort.Strings(out)
	return out
}

// seesJIDs reports whether a session is shown real JIDs.
func (r *Room) seesJIDs(viewer *Occupant) bool {
	return r.Config.AnyoneSeesJIDs || viewer != nil && viewer.Role == Moderator
}

// show sends an occupant's presence to every session on this side but the
// excepted ones; the occupant's own sessions get status 110.
func (r *Room) show(o *Occupant, gone bool, why Why, except string) {
	plain := r.presence(o, false, gone, why)
	withJID := r.presence(o, true, gone, why)
	self := why
	self.Codes = append([]string{"110"}, why.Codes...)
	for _, s := range r.sessionList() {
		if s == except {
			continue
		}
		viewer := r.sessions[s]
		switch {
		case viewer == o:
			r.to(s, r.presence(o, true, gone, self))
		case r.seesJIDs(viewer):
			r.to(s, withJID)
		default:
			r.to(s, plain)
		}
	}
}

// ConfigChanged tells the sessions here that the configuration is another
// (XEP-0045 §10.2.1, status 104; 172–174 for anonymity, 170–171 unused).
func (r *Room) ConfigChanged(before Config) {
	codes := []string{"104"}
	if before.AnyoneSeesJIDs != r.Config.AnyoneSeesJIDs {
		codes = []string{"104", map[bool]string{true: "172", false: "173"}[r.Config.AnyoneSeesJIDs]}
	}
	x := xmltree.New(ns.MUCUser, "x")
	for _, c := range codes {
		x.Add(xmltree.New(ns.MUCUser, "status").Set("code", c))
	}
	m := xmltree.New(ns.Client, "message").Set("from", r.JID).Set("type", "groupchat").Add(x)
	for _, s := range r.sessionList() {
		r.to(s, m)
	}
}
