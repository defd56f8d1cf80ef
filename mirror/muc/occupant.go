package muc

import (
	"sort"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// An Occupant is a nick in a room.
type Occupant struct {
	Nick        string
	JID         string // real full JID, of the first session
	Affiliation Affiliation
	Role        Role
	Home        string // the peer behind which it is; "": on this side
	Hidden      bool   // behind a link that is down: shown as left
	Sessions    []string
	Payload     []*xmltree.Element // show, status, caps …: what its presence says
}

// A Session is one client of an occupant on this side.
func (o *Occupant) has(jid string) bool {
	for _, s := range o.Sessions {
		if s == jid {
			return true
		}
	}
	return false
}

// Payload gives what a client's presence says to a room: its children, less
// what only a service may say or what ends at it.
func Payload(presence *xmltree.Element) []*xmltree.Element {
	var out []*xmltree.Element
	for _, c := range presence.Children() {
		switch c.Space {
		case ns.MUC, ns.MUCUser, ns.DMUC, ns.DMUC0, ns.Delay, ns.OccupantID, ns.SID:
			continue
		}
		if c.Is(ns.Client, "error") {
			continue
		}
		out = append(out, c)
	}
	return out
}

// Why says how a presence came about, for the status codes and texts of
// XEP-0045 §16.6.
type Why struct {
	Codes   []string // "307", "301", …
	Reason  string
	Actor   string // nick of who did it
	NewNick string // with 303
	Status  string // the leaver's own words
	Destroy *xmltree.Element
}

// Refusal gives the error for a user whose stay ended before it began.
func (w Why) Refusal() *Failure {
	for _, c := range w.Codes {
		switch c {
		case "301":
			return ErrBanned
		case "321", "322":
			return ErrMembersOnly
		}
	}
	return ErrForbidden
}

// presence builds the presence of an occupant as shown to a session, without
// "to". Real JIDs are shown to moderators, or to all in a non-anonymous room.
func (r *Room) presence(o *Occupant, showJID, gone bool, why Why) *xmltree.Element {
	p := xmltree.New(ns.Client, "presence").Set("from", r.JID+"/"+o.Nick)
	item := xmltree.New(ns.MUCUser, "item").Set("affiliation", o.Affiliation.String()).Set("role", o.Role.String())
	if showJID {
		item.Set("jid", o.JID)
	}
	if gone {
		p.Set("type", "unavailable")
		item.Set("role", RoleNone.String())
		if why.NewNick != "" {
			item.Set("role", o.Role.String()).Set("nick", why.NewNick)
		}
		if why.Status != "" {
			p.Add(xmltree.NewText(ns.Client, "status", why.Status))
		}
	} else {
		p.Add(o.Payload...)
	}
	if why.Actor != "" {
		item.Add(xmltree.New(ns.MUCUser, "actor").Set("nick", why.Actor))
	}
	if why.Reason != "" {
		item.Add(xmltree.NewText(ns.MUCUser, "reason", why.Reason))
	}
	x := xmltree.New(ns.MUCUser, "x", item)
	x.Add(why.Destroy)
	for _, c := range why.Codes {
		x.Add(xmltree.New(ns.MUCUser, "status").Set("code", c))
	}
	return p.Add(x)
}

// Occupants gives the occupants by nick, the hidden ones too.
func (r *Room) Occupants() []*Occupant {
	out := make([]*Occupant, 0, len(r.occupants))
	for _, o := range r.occupants {
		out = append(out, o)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Nick < out[j].Nick })
	return out
}

// ByNick finds an occupant, hidden or not; nil: nobody has the nick.
func (r *Room) ByNick(nick string) *Occupant { return r.occupants[nick] }

// Shown reports whether an occupant with the nick is there to be seen.
func (r *Room) Shown(nick string) bool {
	o := r.occupants[nick]
	return o != nil && !o.Hidden
}

// BySession finds the occupant of a session on this side.
func (r *Room) BySession(jid string) *Occupant { return r.sessions[jid] }

// ByJID finds the occupant behind a home with this full JID.
func (r *Room) ByJID(home, jid string) *Occupant {
	for _, o := range r.occupants {
		if o.Home == home && o.JID == jid {
			return o
		}
	}
	return nil
}

// Here counts the occupants on this side.
func (r *Room) Here() int {
	n := 0
	for _, o := range r.occupants {
		if o.Home == "" {
			n++
		}
	}
	return n
}
