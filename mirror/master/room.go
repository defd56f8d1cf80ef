package master

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// A room is one room of the service.
type room struct {
	*muc.Room
	last    uint64 // the place of the newest message
	base    uint64 // all its places are above; a mirror that is below holds an earlier room of that name
	emptied bool   // somebody left in the running step: a temporary room may be over
	subs    map[string]*sub
	why     map[string]muc.Why // of an occupant's newest presence, for mirrors that have not heard it
}

func (m *Master) newRoom(jid string) *room {
	rm := &room{Room: muc.NewRoom(jid), last: m.floor, base: m.floor, subs: map[string]*sub{}, why: map[string]muc.Why{}}
	rm.Archive.Max = m.cfg.ArchiveMax
	for _, a := range m.cfg.Admins {
		rm.SetAffiliation(a, muc.Owner) // XEP-0045 §5.2 leaves it to the service; not written down
	}
	m.rooms[jid], m.sorted = rm, nil
	return rm
}

// create makes a room for whoever joins one that is not there
// (XEP-0045 §10.1). It is open at once, as by an empty configuration.
func (m *Master) create(jid, user string) (*room, *muc.Failure) {
	switch {
	case !m.cfg.OpenCreation && !m.admins[muc.Bare(user)]:
		return nil, muc.ErrNoCreation
	case len(m.rooms) >= m.cfg.RoomsMax:
		return nil, muc.ErrTooMany
	}
	rm := m.newRoom(jid)
	m.setAffiliation(rm, muc.Bare(user), muc.Owner)
	m.saveMeta(rm)
	return rm, nil
}

func (m *Master) setAffiliation(rm *room, bare string, a muc.Affiliation) {
	rm.SetAffiliation(bare, a)
	key := affKey(rm.JID, bare)
	if a == muc.Unaffiliated {
		m.persist(key, nil)
	} else {
		m.persist(key, []byte(a.String()))
	}
	var h delta.Hash
	if a != muc.Unaffiliated {
		h = delta.HashOf(bare, a.String())
	}
	for _, s := range rm.subs {
		s.book.Set(standingKey(bare), h)
	}
}

// enter puts an occupant into the room, shows it to everybody on this side,
// and has the mirrors told.
func (m *Master) enter(rm *room, o *muc.Occupant, session string, codes ...string) {
	if old := rm.ByNick(o.Nick); old != nil {
		m.displace(rm, old)
	}
	rm.Enter(o, session, codes...)
	rm.why[o.Nick] = muc.Why{Codes: codes}
	m.tell(rm, o)
	m.note(mirror.Joined, m.mirrors[o.Home], rm.JID, o.Nick)
}

// displace takes out a hidden occupant whose nick another user takes while its
// mirror is away. Its user hears of it when the mirror is back.
func (m *Master) displace(rm *room, o *muc.Occupant) {
	if s := rm.subs[o.Home]; s != nil {
		s.displaced[o.Nick] = o.JID
	}
	rm.Leave(o, muc.Why{})
}

// remove takes an occupant out of the room for a reason.
func (m *Master) remove(rm *room, o *muc.Occupant, why muc.Why) {
	rm.Leave(o, why)
	rm.why[o.Nick] = why
	for name, s := range rm.subs {
		s.book.Set(occupantKey(o.Nick), 0)
		if name == o.Home {
			s.closing[o.JID] = closing{nick: o.Nick}
		}
	}
	m.note(mirror.Left, m.mirrors[o.Home], rm.JID, o.Nick)
	rm.emptied = true
}

// restand gives an occupant another standing. One that loses its voice behind
// a mirror may still have said something there before the mirror heard of it.
func (m *Master) restand(rm *room, o *muc.Occupant, a muc.Affiliation, role muc.Role, why muc.Why) {
	if s := rm.subs[o.Home]; s != nil && role < muc.Participant {
		s.closing[o.JID] = closing{nick: o.Nick}
	}
	rm.Restand(o, a, role, why)
	rm.why[o.Nick] = why
	m.tell(rm, o)
}

// tell puts an occupant's newest state into the books of the mirrors.
func (m *Master) tell(rm *room, o *muc.Occupant) {
	for _, s := range rm.subs {
		if o.Hidden && s.peer.Name != o.Home {
			s.book.Set(occupantKey(o.Nick), 0)
			continue
		}
		s.book.Set(occupantKey(o.Nick), delta.HashOf(s.line(o).Fields()...))
	}
}

// endTemporary ends a room that is not persistent when its last occupant is
// gone (XEP-0045 §10.9 calls it temporary): at the end of the step, in which
// another may have come.
func (m *Master) endTemporary(rm *room) bool {
	over := rm.emptied && !rm.Config.Persistent && len(rm.Occupants()) == 0
	rm.emptied = false
	if over {
		m.destroy(rm, nil)
	}
	return over
}

// destroy ends a room: for its occupants, its mirrors and the journal. A room
// that is made later gets places that no room had before, so that a mirror
// which has not heard of the end is told by its place from one that has.
func (m *Master) destroy(rm *room, how *xmltree.Element) {
	m.floor = max(m.floor, rm.last+1)
	m.persist(floorKey, strconv.AppendUint(nil, m.floor, 10))
	m.note(mirror.RoomDropped, nil, rm.JID, "destroyed")
	for _, s := range rm.subList() {
		if s.active {
			x := xmltree.New(ns.MUCUser, "x")
			x.Add(how)
			m.transfer(s.peer, mirror.Membership, "", 0, xmltree.New(ns.Client, "presence").Set("from", rm.JID).
				Set("to", s.peer.Name).Set("type", "unavailable").Add(x))
		}
		m.persist(cursorKey(rm.JID, s.peer.Name), nil)
	}
	rm.End(muc.Why{Destroy: how})
	m.drain(rm)
	for _, e := range rm.Archive.All() {
		m.persist(entryKey(rm.JID, e), nil)
	}
	for _, jid := range rm.AffiliationList() {
		m.persist(affKey(rm.JID, jid), nil)
	}
	m.persist(metaKey(rm.JID), nil)
	delete(m.rooms, rm.JID)
	m.sorted = nil
}

// post gives a message its place, keeps it, and shows it.
func (m *Master) post(rm *room, e *muc.Entry, live *xmltree.Element, delayed bool) {
	rm.last++
	e.Pos = rm.last
	if e.Origin == 0 {
		e.Num = e.Pos
	}
	trimmed, added := rm.Post(e, live, delayed)
	if !added {
		panic("BUG: a message was given two places")
	}
	m.persist(entryKey(rm.JID, e), []byte(e.Element().String()))
	for _, t := range trimmed {
		m.persist(entryKey(rm.JID, t), nil)
	}
	if _, subject := e.Subject(); subject {
		m.saveMeta(rm)
	}
}

// behind gives the occupants behind a mirror, hidden or not.
func (rm *room) behind(peer string) (out []*muc.Occupant) {
	for _, o := range rm.Occupants() {
		if o.Home == peer {
			out = append(out, o)
		}
	}
	return out
}

func (rm *room) subList() []*sub {
	out := make([]*sub, 0, len(rm.subs))
	for _, s := range rm.subs {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].peer.Name < out[j].peer.Name })
	return out
}

// Keys of a room's state in a Book.
func occupantKey(nick string) string { return "o/" + nick }
func standingKey(jid string) string  { return "a/" + jid }

const configKey = "c"

const floorKey = "floor" // in the journal; before all rooms

// Keys of a room in the journal.
func metaKey(room string) string         { return "room/" + room + "/meta" }
func affKey(room, jid string) string     { return "room/" + room + "/aff/" + jid }
func cursorKey(room, peer string) string { return "room/" + room + "/cursor/" + peer }
func entryKey(room string, e *muc.Entry) string {
	return fmt.Sprintf("room/%s/entry/%016x", room, e.Pos)
}

func (m *Master) saveMeta(rm *room) {
	el := xmltree.New("", "room").Add(rm.Config.Wire(), subjectElement("", rm.Subject))
	if rm.base > 0 {
		el.Set("base", strconv.FormatUint(rm.base, 10))
	}
	m.persist(metaKey(rm.JID), []byte(el.String()))
}

func subjectElement(space string, s muc.Subject) *xmltree.Element {
	return xmltree.NewText(space, "subject", s.Text).Set("nick", s.Nick).Set("stamp", dmuc.Stamp(s.Stamp))
}

// Restore takes the journal's records (mirror.Machine).
func (m *Master) Restore(now time.Time, records []mirror.Record) error {
	m.begin(now)
	for _, rec := range records {
		if rec.Key == floorKey {
			var err error
			if m.floor, err = strconv.ParseUint(string(rec.Value), 10, 64); err != nil {
				return fmt.Errorf("master: journal: %s: %w", rec.Key, err)
			}
			continue
		}
		parts := strings.SplitN(rec.Key, "/", 4)
		if len(parts) < 3 || parts[0] != "room" {
			return fmt.Errorf("master: journal: unknown key %q", rec.Key)
		}
		rm := m.rooms[parts[1]]
		if rm == nil {
			rm = m.newRoom(parts[1])
			rm.last, rm.base = 0, 0
		}
		if err := m.restore(rm, parts[2:], rec.Value); err != nil {
			return fmt.Errorf("master: journal: %s: %w", rec.Key, err)
		}
	}
	for _, rm := range m.rooms {
		for _, s := range rm.subs {
			s.reset() // the room's state was read after the sub's cursor
		}
	}
	return nil
}

func (m *Master) restore(rm *room, path []string, value []byte) error {
	switch path[0] {
	case "meta":
		el, err := xmltree.Parse(value)
		if err != nil {
			return err
		}
		if base := el.Get("base"); base != "" {
			if rm.base, err = strconv.ParseUint(base, 10, 64); err != nil {
				return err
			}
			rm.last = max(rm.last, rm.base)
		}
		if s := el.Child("", "subject"); s != nil {
			stamp, _ := time.Parse(time.RFC3339, s.Get("stamp"))
			rm.Subject = muc.Subject{Text: s.Text(), Nick: s.Get("nick"), Stamp: stamp}
		}
		return rm.Config.Apply(el.Child(ns.Form, "x"))
	case "aff":
		a, ok := muc.ParseAffiliation(string(value))
		if !ok || len(path) < 2 {
			return fmt.Errorf("%q is no affiliation", value)
		}
		rm.SetAffiliation(path[1], a)
	case "entry":
		e, err := muc.ParseEntry(value)
		if err != nil {
			return err
		}
		rm.Archive.Add(e)
		rm.last = max(rm.last, e.Pos)
	case "cursor":
		p := m.mirrors[path[1]]
		if p == nil {
			return nil // a mirror that is paired no more
		}
		s := m.sub(rm, p)
		_, err := fmt.Sscanf(string(value), "%d %d", &s.inc, &s.num)
		return err
	default:
		return fmt.Errorf("unknown kind of record")
	}
	return nil
}
