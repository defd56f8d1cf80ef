package replica

import (
	"sort"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// An ask is a query of a user that the master answers.
type ask struct {
	stanza   *xmltree.Element
	deadline time.Time
}

// asksMax bounds the queries that wait at once.
const asksMax = 256

func result(st, payload *xmltree.Element) *xmltree.Element {
	return dmuc.IQ("result", st.Get("to"), st.Get("from"), st.Get("id"), payload)
}

// serviceQuery answers for the room service itself.
func (r *Replica) serviceQuery(st *xmltree.Element) {
	if st.Local != "iq" || muc.IsError(st) {
		return
	}
	kids := st.Children()
	switch {
	case st.Get("type") != "get" || len(kids) != 1:
		r.refuse(st, muc.ErrUnsupported)
	case kids[0].Is(ns.DiscoInfo, "query"):
		r.say(result(st, muc.ServiceInfo("Chatrooms")))
	case kids[0].Is(ns.DiscoItems, "query"):
		if r.up {
			r.relay(st)
			return
		}
		var rooms []*muc.Room
		for _, rm := range r.roomList() {
			if rm.known {
				rooms = append(rooms, rm.Room)
			}
		}
		r.say(result(st, muc.ServiceItems(rooms)))
	case kids[0].Is(ns.Ping, "ping"):
		r.say(result(st, nil))
	default:
		r.refuse(st, muc.ErrUnsupported)
	}
}

// clientQuery answers a query to a room or an occupant, from here wherever the
// answer is known (protocol.md).
func (r *Replica) clientQuery(st *xmltree.Element) {
	if muc.IsError(st) {
		return
	}
	rm := r.rooms[muc.Bare(st.Get("to"))]
	kids := st.Children()
	if len(kids) != 1 {
		r.refuse(st, muc.ErrBadRequest)
		return
	}
	if nick := muc.Resource(st.Get("to")); nick != "" {
		r.occupantQuery(rm, nick, st, kids[0])
		return
	}
	get := st.Get("type") == "get"
	q := kids[0]
	switch {
	case get && q.Is(ns.DiscoInfo, "query") && q.Get("node") == "":
		if rm == nil || !rm.known {
			r.relay(st)
			return
		}
		r.say(result(st, rm.Info()))
	case get && q.Is(ns.DiscoItems, "query") && rm != nil && rm.known:
		r.say(result(st, rm.Items()))
	case get && q.Is(ns.MUCAdmin, "query") && rm != nil && rm.phase == live:
		list, f := rm.List(r.standing(rm, st.Get("from")), r.role(rm, st.Get("from")), q)
		if f != nil {
			r.refuse(st, f)
			return
		}
		r.say(result(st, list))
	case q.Space == ns.MAM && rm != nil:
		answer, f := rm.Archived(st.Get("from"), st, q)
		if f != nil {
			r.refuse(st, f)
			return
		}
		r.say(result(st, answer))
	case q.Space == ns.MUCAdmin, q.Space == ns.MUCOwner:
		r.relay(st)
	default:
		r.refuse(st, muc.ErrUnsupported)
	}
}

func (r *Replica) standing(rm *room, jid string) muc.Affiliation {
	return rm.Affiliation(muc.Bare(jid))
}

func (r *Replica) role(rm *room, session string) muc.Role {
	if o := rm.BySession(session); o != nil {
		return o.Role
	}
	return muc.RoleNone
}

// occupantQuery answers for an occupant: pings of oneself (XEP-0410) always
// here; anything else would cost two frames and be refused by most clients.
func (r *Replica) occupantQuery(rm *room, nick string, st, q *xmltree.Element) {
	var self *muc.Occupant
	if rm != nil {
		self = rm.BySession(st.Get("from"))
	}
	switch {
	case self == nil:
		r.refuse(st, muc.ErrNotOccupant)
	case rm.ByNick(nick) == nil:
		r.refuse(st, muc.ErrNoSuchNick)
	case q.Is(ns.Ping, "ping") && nick == self.Nick:
		r.say(result(st, nil))
	default:
		r.refuse(st, muc.ErrUnsupported)
	}
}

// relay sends a query to the master under a short id.
func (r *Replica) relay(st *xmltree.Element) {
	switch {
	case !r.up:
		r.refuse(st, muc.ErrLinkDown)
		return
	case len(r.asks) >= asksMax:
		r.refuse(st, muc.ErrTooMany)
		return
	}
	id := r.newID()
	r.asks[id] = &ask{st, r.now.Add(r.cfg.AnswerTimeout)}
	r.transfer(mirror.Chatter, "", 0, st.Shallow().Set("id", id))
}

// answered delivers the master's answer to a relayed query.
func (r *Replica) answered(st *xmltree.Element) {
	a := r.asks[st.Get("id")]
	if a == nil || a.stanza.Get("to") != st.Get("from") {
		return
	}
	delete(r.asks, st.Get("id"))
	r.say(st.Shallow().Set("id", a.stanza.Get("id")).Set("to", a.stanza.Get("from")))
}

func (r *Replica) askIDs() []string {
	ids := make([]string, 0, len(r.asks))
	for id := range r.asks {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func (r *Replica) failAsks() {
	for _, id := range r.askIDs() {
		a := r.asks[id]
		delete(r.asks, id)
		r.refuse(a.stanza, muc.ErrLinkDown)
	}
}

func (r *Replica) expireAsks() {
	for _, id := range r.askIDs() {
		if a := r.asks[id]; due(a.deadline, r.now) {
			delete(r.asks, id)
			r.refuse(a.stanza, muc.ErrLinkDown)
		}
	}
}
