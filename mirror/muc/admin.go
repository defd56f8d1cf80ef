package muc

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A Change is one line of a muc#admin set (XEP-0045 §8, §9).
type Change struct {
	Nick, JID   string // either; JID is bare
	Affiliation *Affiliation
	Role        *Role
	Reason      string
}

// reasonMaxBytes bounds a reason (design/xmpp.md §8).
const reasonMaxBytes = 1000

// Changes reads a muc#admin query of type set.
func Changes(query *xmltree.Element) ([]Change, *Failure) {
	var out []Change
	for _, item := range query.Named(ns.MUCAdmin, "item") {
		c := Change{Nick: item.Get("nick"), JID: Bare(item.Get("jid")), Reason: item.Child(ns.MUCAdmin, "reason").Text()}
		if len(c.Reason) > reasonMaxBytes {
			c.Reason = c.Reason[:reasonMaxBytes]
		}
		if s := item.Get("role"); s != "" {
			r, ok := ParseRole(s)
			if !ok || c.Nick == "" {
				return nil, ErrBadRequest
			}
			c.Role = &r
		}
		if s := item.Get("affiliation"); s != "" {
			a, ok := ParseAffiliation(s)
			if !ok || c.JID == "" && c.Nick == "" {
				return nil, ErrBadRequest
			}
			c.Affiliation = &a
		}
		if (c.Role == nil) == (c.Affiliation == nil) {
			return nil, ErrBadRequest
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, ErrBadRequest
	}
	return out, nil
}

// CheckRole says whether an actor may give a role to an occupant
// (XEP-0045 §5.1.1, §8.2–8.5, §9.6–9.7).
func CheckRole(actor Affiliation, actorRole Role, target *Occupant, to Role) *Failure {
	switch {
	case actorRole != Moderator && actor < Admin:
		return ErrForbidden
	case (to == Moderator || target.Role == Moderator) && actor < Admin && to != RoleNone:
		return ErrForbidden
	case target.Affiliation > actor, target.Affiliation == actor && actor >= Admin && to < target.Role && actor != Owner:
		return ErrNotAllowed
	case to == RoleNone && target.Affiliation >= actor && target.Affiliation >= Admin:
		return ErrNotAllowed
	}
	return nil
}

// CheckAffiliation says whether an actor may change a user's affiliation
// (XEP-0045 §5.2.1, §9, §10): members and outcasts are an admin's to change,
// admins and owners an owner's.
func (r *Room) CheckAffiliation(actor Affiliation, bare string, to Affiliation) *Failure {
	old := r.Affiliation(bare)
	switch {
	case actor < Admin:
		return ErrForbidden
	case (to >= Admin || old >= Admin) && actor < Owner:
		return ErrNotAllowed
	case old == Owner && to != Owner && r.owners() == 1:
		return ErrLastOwner
	}
	return nil
}

func (r *Room) owners() int {
	n := 0
	for _, a := range r.Affiliations {
		if a == Owner {
			n++
		}
	}
	return n
}

// List answers a muc#admin get (XEP-0045 §8.4, §9.3 …): the users of an
// affiliation, or the occupants of a role.
func (r *Room) List(actor Affiliation, actorRole Role, query *xmltree.Element) (*xmltree.Element, *Failure) {
	item := query.Child(ns.MUCAdmin, "item")
	if item == nil {
		return nil, ErrBadRequest
	}
	q := xmltree.New(ns.MUCAdmin, "query")
	if s := item.Get("role"); s != "" {
		role, ok := ParseRole(s)
		if !ok {
			return nil, ErrBadRequest
		}
		if actorRole != Moderator && actor < Admin {
			return nil, ErrForbidden
		}
		for _, o := range r.Occupants() {
			if o.Role == role && !o.Hidden {
				q.Add(xmltree.New(ns.MUCAdmin, "item").Set("nick", o.Nick).Set("jid", o.JID).
					Set("affiliation", o.Affiliation.String()).Set("role", s))
			}
		}
		return q, nil
	}
	a, ok := ParseAffiliation(item.Get("affiliation"))
	if !ok {
		return nil, ErrBadRequest
	}
	if actor < Admin && !(a == Member && actor == Member || a >= Admin && r.Config.AnyoneSeesJIDs) {
		return nil, ErrForbidden
	}
	for _, jid := range r.AffiliationList() {
		if r.Affiliations[jid] == a {
			q.Add(xmltree.New(ns.MUCAdmin, "item").Set("jid", jid).Set("affiliation", a.String()))
		}
	}
	return q, nil
}
