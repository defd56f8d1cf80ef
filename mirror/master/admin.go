package master

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

func result(st, payload *xmltree.Element) *xmltree.Element {
	return dmuc.IQ("result", st.Get("to"), st.Get("from"), st.Get("id"), payload)
}

// serviceQuery answers for the service itself.
func (m *Master) serviceQuery(from sender, st *xmltree.Element) {
	if st.Local != "iq" || muc.IsError(st) {
		return
	}
	kids := st.Children()
	switch {
	case st.Get("type") != "get" || len(kids) != 1:
		m.refuse(from, st, muc.ErrUnsupported)
	case kids[0].Is(ns.DiscoInfo, "query"):
		// Seed, "Disco response for server supporting distributed MUC".
		m.answer(from, result(st, muc.ServiceInfo("Chatrooms", ns.DMUC, ns.DMUC0)))
	case kids[0].Is(ns.DiscoItems, "query"):
		var rooms []*muc.Room
		for _, rm := range m.roomList() {
			rooms = append(rooms, rm.Room)
		}
		m.answer(from, result(st, muc.ServiceItems(rooms)))
	case kids[0].Is(ns.Ping, "ping"):
		m.answer(from, result(st, nil))
	default:
		m.refuse(from, st, muc.ErrUnsupported)
	}
}

// roomQuery answers a user's query to a room or an occupant.
func (m *Master) roomQuery(from sender, st *xmltree.Element) {
	if muc.IsError(st) {
		return
	}
	rm := m.rooms[muc.Bare(st.Get("to"))]
	kids := st.Children()
	switch {
	case rm == nil:
		m.refuse(from, st, muc.ErrNoRoom)
		return
	case len(kids) != 1:
		m.refuse(from, st, muc.ErrBadRequest)
		return
	}
	q, get, nick := kids[0], st.Get("type") == "get", muc.Resource(st.Get("to"))
	self := m.occupant(rm, from)
	switch {
	case nick != "" && self == nil:
		m.refuse(from, st, muc.ErrNotOccupant)
	case nick != "" && nick == self.Nick && q.Is(ns.Ping, "ping"):
		m.answer(from, result(st, nil)) // XEP-0410
	case nick != "" && rm.ByNick(nick) == nil:
		m.refuse(from, st, muc.ErrNoSuchNick)
	case nick != "":
		m.refuse(from, st, muc.ErrUnsupported)
	case get && q.Is(ns.DiscoInfo, "query") && q.Get("node") == "":
		m.answer(from, result(st, rm.Info()))
	case get && q.Is(ns.DiscoItems, "query"):
		m.answer(from, result(st, rm.Items()))
	case q.Space == ns.MAM && from.peer == nil: // a mirror answers its own users
		answer, f := rm.Archived(from.jid, st, q)
		if f != nil {
			m.refuse(from, st, f)
			return
		}
		m.answer(from, result(st, answer))
	case q.Is(ns.MUCAdmin, "query"):
		m.adminQuery(rm, from, st, q, get)
	case q.Is(ns.MUCOwner, "query"):
		m.ownerQuery(rm, from, st, q, get)
	default:
		m.refuse(from, st, muc.ErrUnsupported)
	}
}

// adminQuery reads or changes roles and affiliations (XEP-0045 §8, §9).
func (m *Master) adminQuery(rm *room, from sender, st, q *xmltree.Element, get bool) {
	actor, role, nick := rm.Affiliation(muc.Bare(from.jid)), muc.RoleNone, ""
	if o := m.occupant(rm, from); o != nil {
		role, nick = o.Role, o.Nick
	}
	if get {
		list, f := rm.List(actor, role, q)
		if f != nil {
			m.refuse(from, st, f)
			return
		}
		m.answer(from, result(st, list))
		return
	}
	changes, f := muc.Changes(q)
	for i := 0; f == nil && i < len(changes); i++ {
		f = m.check(rm, actor, role, &changes[i])
	}
	if f != nil {
		m.refuse(from, st, f)
		return
	}
	for _, c := range changes {
		if c.Role != nil {
			m.changeRole(rm, nick, c)
		} else {
			m.changeAffiliation(rm, nick, c.JID, *c.Affiliation, c.Reason)
		}
	}
	m.answer(from, result(st, nil))
}

func (m *Master) check(rm *room, actor muc.Affiliation, role muc.Role, c *muc.Change) *muc.Failure {
	target := rm.ByNick(c.Nick)
	if c.Nick != "" && target == nil {
		return muc.ErrNoSuchNick
	}
	if c.Role != nil {
		return muc.CheckRole(actor, role, target, *c.Role)
	}
	if c.JID == "" {
		c.JID = muc.Bare(target.JID)
	}
	return rm.CheckAffiliation(actor, c.JID, *c.Affiliation)
}

// changeRole kicks, or gives and takes voice and moderation.
func (m *Master) changeRole(rm *room, actor string, c muc.Change) {
	o := rm.ByNick(c.Nick)
	if o == nil {
		return
	}
	why := muc.Why{Reason: c.Reason, Actor: actor}
	if *c.Role == muc.RoleNone {
		why.Codes = []string{"307"}
		m.remove(rm, o, why)
		return
	}
	m.restand(rm, o, o.Affiliation, *c.Role, why)
}

// changeAffiliation bans, or makes members, admins and owners.
func (m *Master) changeAffiliation(rm *room, actor, bare string, a muc.Affiliation, reason string) {
	m.setAffiliation(rm, bare, a)
	for _, o := range rm.Occupants() {
		if muc.Bare(o.JID) != bare {
			continue
		}
		why := muc.Why{Reason: reason, Actor: actor}
		switch {
		case a == muc.Outcast:
			o.Affiliation = a
			why.Codes = []string{"301"}
			m.remove(rm, o, why)
		case rm.Config.MembersOnly && a < muc.Member:
			o.Affiliation = a
			why.Codes = []string{"321"}
			m.remove(rm, o, why)
		default:
			m.restand(rm, o, a, rm.Config.DefaultRole(a), why)
		}
	}
}

// ownerQuery reads or changes the configuration, or destroys the room
// (XEP-0045 §10).
func (m *Master) ownerQuery(rm *room, from sender, st, q *xmltree.Element, get bool) {
	form, destroy := q.Child(ns.Form, "x"), q.Child(ns.MUCOwner, "destroy")
	switch {
	case rm.Affiliation(muc.Bare(from.jid)) < muc.Owner:
		m.refuse(from, st, muc.ErrForbidden)
	case get:
		m.answer(from, result(st, xmltree.New(ns.MUCOwner, "query", rm.Config.Form("form"))))
	case destroy != nil:
		how := xmltree.New(ns.MUCUser, "destroy").Set("jid", destroy.Get("jid"))
		if reason := destroy.Child(ns.MUCOwner, "reason"); reason != nil {
			how.Add(xmltree.NewText(ns.MUCUser, "reason", reason.Text()))
		}
		m.destroy(rm, how)
		m.answer(from, result(st, nil))
	case form == nil:
		m.refuse(from, st, muc.ErrBadRequest)
	case form.Get("type") == "cancel":
		m.answer(from, result(st, nil))
	default:
		m.configure(rm, from, st, form)
	}
}

func (m *Master) configure(rm *room, from sender, st, form *xmltree.Element) {
	before := rm.Config
	if err := rm.Config.Apply(form); err != nil {
		m.refuse(from, st, &muc.Failure{Type: "modify", Condition: "not-acceptable", Text: err.Error()})
		return
	}
	m.saveMeta(rm)
	for _, s := range rm.subs {
		s.book.Set(configKey, configHash(&rm.Config))
	}
	if before != rm.Config {
		rm.ConfigChanged(before)
	}
	for _, o := range rm.Occupants() {
		switch a := rm.Affiliation(muc.Bare(o.JID)); {
		case rm.Config.MembersOnly && !before.MembersOnly && a < muc.Member:
			m.remove(rm, o, muc.Why{Codes: []string{"322"}})
		case before.Moderated != rm.Config.Moderated && a == muc.Unaffiliated && o.Role < muc.Moderator:
			m.restand(rm, o, a, rm.Config.DefaultRole(a), muc.Why{})
		}
	}
	m.answer(from, result(st, nil))
}
