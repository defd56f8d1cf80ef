package sim

import (
	"math/rand/v2"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/muc"
)

// A law is what the owners of a room have made of it, as far as people know:
// they shout the password across the yard. Whether a request of an owner got
// through, nobody can tell.
type law struct {
	base, now muc.Config
	stands    map[string]string // by bare JID: the affiliation that was last asked for
	pardoned  bool              // once, in the calm
}

// amnestyEvery is how often headquarters takes back, in the calm, what the
// storm's owners did: their last orders may still be on their way.
const amnestyEvery = time.Minute

// owners are those who govern rooms: the administrator at headquarters, and
// one user at each of the first two gateways, by relayed requests.
func (w *World) owners() []*client { return w.clients[:min(3, len(w.clients))] }

// unleashOwners makes the first gateway's user an owner, and the second's an
// admin, and lets all of them govern.
func (w *World) unleashOwners() {
	for i, c := range w.owners() {
		if i > 0 {
			for _, room := range w.rooms {
				w.clients[0].administer(room, "jid", c.bare(), "affiliation", []string{"owner", "admin"}[i-1])
			}
		}
		r := w.rand("owner " + c.bare())
		w.every(r, between(r, time.Minute, 12*time.Minute), func() { w.govern(r, c) })
	}
}

// govern is one order of an owner.
func (w *World) govern(r *rand.Rand, by *client) {
	if !by.connected {
		return
	}
	room := w.rooms[r.IntN(len(w.rooms))]
	l := w.laws[room]
	subject := w.clients[r.IntN(len(w.clients))]
	stand := func(affiliation string) {
		for _, c := range w.owners() {
			if c == subject {
				return
			}
		}
		l.stands[subject.bare()] = affiliation
		by.administer(room, "jid", subject.bare(), "affiliation", affiliation)
	}
	switch dice := r.IntN(100); {
	case dice < 15:
		stand("outcast")
	case dice < 35:
		stand("none")
	case dice < 50:
		stand("member")
	case dice < 58:
		by.administer(room, "nick", w.users[subject].nick, "role", []string{"none", "visitor", "participant"}[r.IntN(3)])
	case dice < 62:
		by.set(room, xmltree.New(ns.MUCOwner, "query", xmltree.New(ns.MUCOwner, "destroy")))
	case dice < 70:
		by.setSubject(room, "Orders of the day, "+nickOf(by.user)+" "+string(rune('A'+r.IntN(26))))
	case dice < 85:
		l.now = l.base // all is open again
		by.configure(room, &l.now)
	default:
		l.amend(r)
		by.configure(room, &l.now)
	}
}

// amend changes one thing in a room's configuration.
func (l *law) amend(r *rand.Rand) {
	switch r.IntN(7) {
	case 0:
		l.now.Moderated = !l.now.Moderated
	case 1:
		l.now.MembersOnly = !l.now.MembersOnly
	case 2:
		l.now.Password = []string{"", "swordfish", "Brücke"}[r.IntN(3)]
	case 3:
		l.now.AnyoneSeesJIDs = !l.now.AnyoneSeesJIDs
	case 4:
		l.now.ChangeSubject = !l.now.ChangeSubject
	case 5:
		l.now.Persistent = !l.now.Persistent
	default:
		l.now.HistoryMax = r.IntN(40)
	}
}

// amnesty opens the rooms to everyone again, until everyone is in.
func (w *World) amnesty() {
	if w.hushed {
		return
	}
	scott := w.clients[0]
	for _, room := range w.rooms {
		l := w.laws[room]
		l.now = l.base
		if scott.connected && (w.unsettled() != "" || !l.pardoned) {
			scott.configure(room, &l.base)
			for _, jid := range sortedKeys(l.stands) {
				scott.administer(room, "jid", jid, "affiliation", "none")
			}
			l.pardoned = true
		}
	}
	w.after(amnestyEvery, w.amnesty)
}
