package dmuc

import (
	"strings"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// An Occupant is one line of a room's state on the link: somebody in the room
// (Nick set), or somebody with a standing in it (Nick empty).
type Occupant struct {
	Nick        string
	JID         string // real JID; "" for a mirror's own occupant, whom it knows
	Affiliation string
	Role        string
	Payload     []*xmltree.Element
}

// Fields are what the occupant's hash is made of: the same on both ends,
// whichever stanza brought it.
func (o Occupant) Fields() []string {
	f := []string{o.Nick, o.JID, o.Affiliation, o.Role}
	for _, p := range o.Payload {
		f = append(f, p.Canonical())
	}
	return f
}

// Presence is the occupant as a presence from the room to a mirror (seed,
// "MUC delivers the join to the DMUC").
func (o Occupant) Presence(room, mirror string) *xmltree.Element {
	p := xmltree.New(ns.Client, "presence").Set("from", room+"/"+o.Nick).Set("to", mirror)
	item := xmltree.New(ns.MUCUser, "item").Set("affiliation", o.Affiliation).Set("role", o.Role).Set("jid", o.JID)
	return p.Add(o.Payload...).Add(xmltree.New(ns.MUCUser, "x", item))
}

// PresenceOf reads what Presence built; the payload is what is not the
// service's own.
func PresenceOf(p *xmltree.Element) (o Occupant, item *xmltree.Element, ok bool) {
	_, nick, _ := strings.Cut(p.Get("from"), "/")
	item = p.Child(ns.MUCUser, "x").Child(ns.MUCUser, "item")
	if item == nil || nick == "" {
		return o, nil, false
	}
	o = Occupant{Nick: nick, JID: item.Get("jid"), Affiliation: item.Get("affiliation"), Role: item.Get("role")}
	for _, c := range p.Children() {
		if c.Space != ns.MUCUser && c.Space != ns.DMUC0 {
			o.Payload = append(o.Payload, c)
		}
	}
	return o, item, true
}

// Roster is a room's roster (seed, "MUC sends roster to DMUC"). A partial one
// changes the lines that it has; a full one replaces all.
func Roster(occupants []Occupant, partial bool) *xmltree.Element {
	r := xmltree.New(ns.DMUC0, "roster")
	if partial {
		r.Set("partial", "1")
	}
	for _, o := range occupants {
		item := xmltree.New(ns.DMUC0, "item").Set("affiliation", o.Affiliation).Set("jid", o.JID).
			Set("name", o.Nick).Set("role", o.Role)
		r.Add(item.Add(o.Payload...))
	}
	return r
}

// RosterOf reads what Roster built.
func RosterOf(r *xmltree.Element) (occupants []Occupant, partial bool) {
	for _, item := range r.Named(ns.DMUC0, "item") {
		occupants = append(occupants, Occupant{Nick: item.Get("name"), JID: item.Get("jid"),
			Affiliation: item.Get("affiliation"), Role: item.Get("role"), Payload: item.Children()})
	}
	return occupants, r.Get("partial") != ""
}
