// Package master is the headquarters' role: the rooms themselves, for their
// direct occupants as XEP-0045 has it, and for mirrors one copy of each thing
// (DMUC3; protocol.md).
//
// A Master is a pure state machine (mirror.Machine). Of every mirror in a room
// (sub) it keeps what the mirror is known to hold of the room's state
// (delta.Book), how far it has the room's messages (delta.Log), and which of
// its numbers are on our disk. A mirror is reached by a link, or by ordinary
// XMPP in the seed's own XML; the role does the same for both.
//
// Read master.go first, then room.go, sub.go, uplink.go, direct.go.
package master

import (
	"fmt"
	"sort"
	"strconv"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// Config says what the service is and whom it trusts.
type Config struct {
	Domain  string   // the room service, "conference.fairfax.tridsys.com"
	Mirrors []Mirror // the paired ones
	Admins  []string // bare JIDs; owners of every room

	OpenCreation bool // anybody may create a room; else Admins alone

	Hold       time.Duration // a link is down so long before its occupants are shown as left
	ResumeWait time.Duration // after a link is up a mirror has so long to come back to a room
	Confirm    time.Duration // a join of a new mirror is confirmed then, if it asks for no history

	RoomsMax   int
	ArchiveMax int       // messages kept a room
	Wall       time.Time // the wall clock at the first Step; zero: now is it
}

// A Mirror is a gateway that may mirror rooms, and the domains whose users it
// speaks for (invariant 7).
type Mirror struct {
	Name    string // its mirror domain, "mirror.raleigh.tridsys.com"
	Domains []string
	Origin  uint8 // 1..62, unique
}

// Defaults, where a Config has zero.
const (
	holdDefault       = 30 * time.Second
	resumeWaitDefault = 3 * time.Minute
	confirmDefault    = 2 * time.Second
	roomsMaxDefault   = 1000
	logWindow         = 8  // messages of one room on their way to one mirror
	diffMax           = 40 // more changes than that: the whole roster is cheaper
)

// A Master is the headquarters' role.
type Master struct {
	cfg     Config
	clock   mirror.Clock
	rooms   map[string]*room
	floor   uint64           // above all places of rooms that were destroyed
	sorted  []*room          // rooms by JID; nil: to be made
	mirrors map[string]*peer // by name
	domains map[string]*peer // by each domain of theirs, and by name
	admins  map[string]bool
	owners  map[mirror.Token]*sub
	token   mirror.Token
	lastID  uint64

	now      time.Time
	b        mirror.Batch
	onTheWay time.Duration // how long the peer's stanza was
}

// A peer is a mirror as it stands now.
type peer struct {
	Mirror
	up  bool // its link works
	xml bool // it speaks XML to us, by the HQ's own server
}

// reached reports whether stanzas get to the mirror now.
func (p *peer) reached() bool { return p.up || p.xml }

// New makes a master without rooms.
func New(cfg Config) (*Master, error) {
	if cfg.Domain == "" {
		return nil, fmt.Errorf("master: domain of the room service is missing")
	}
	m := &Master{cfg: cfg, rooms: map[string]*room{}, mirrors: map[string]*peer{}, domains: map[string]*peer{},
		admins: map[string]bool{}, owners: map[mirror.Token]*sub{}}
	origins := map[uint8]string{}
	for _, mm := range cfg.Mirrors {
		if mm.Origin == 0 || mm.Origin > 62 || origins[mm.Origin] != "" {
			return nil, fmt.Errorf("master: mirror %s: number %d is taken or not between 1 and 62", mm.Name, mm.Origin)
		}
		origins[mm.Origin] = mm.Name
		p := &peer{Mirror: mm}
		m.mirrors[mm.Name] = p
		for _, d := range append([]string{mm.Name}, mm.Domains...) {
			if m.domains[d] != nil || d == cfg.Domain {
				return nil, fmt.Errorf("master: domain %s is given twice", d)
			}
			m.domains[d] = p
		}
	}
	for _, a := range cfg.Admins {
		m.admins[a] = true
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&m.cfg.Hold, holdDefault}, {&m.cfg.ResumeWait, resumeWaitDefault}, {&m.cfg.Confirm, confirmDefault}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if m.cfg.RoomsMax == 0 {
		m.cfg.RoomsMax = roomsMaxDefault
	}
	return m, nil
}

// Step takes one input (mirror.Machine).
func (m *Master) Step(now time.Time, in mirror.Input) mirror.Batch {
	m.begin(now)
	switch in := in.(type) {
	case mirror.FromClient:
		m.fromClient(in.Stanza)
	case mirror.ClientGone:
		m.clientGone(in.JID)
	case mirror.FromPeer:
		m.onTheWay = in.Age
		m.fromPeer(in)
	case mirror.PeerUp:
		m.peerUp(in.Peer)
	case mirror.PeerDown:
		m.peerDown(in.Peer)
	case mirror.Delivered:
		m.delivered(in.Token)
	case mirror.Replaced:
		delete(m.owners, in.Token)
	case mirror.ClockSet:
		m.clock.Set(now, in.Wall)
	case mirror.Timeout:
		m.timeout()
	default:
		panic(fmt.Sprintf("BUG: input %T", in))
	}
	return m.end()
}

func (m *Master) begin(now time.Time) {
	if m.now.IsZero() && !m.cfg.Wall.IsZero() {
		m.clock.Set(now, m.cfg.Wall)
	}
	m.now, m.b, m.onTheWay = now, mirror.Batch{}, 0
}

func (m *Master) end() mirror.Batch {
	for _, rm := range m.roomList() {
		if m.endTemporary(rm) {
			continue
		}
		m.drain(rm)
		for _, s := range rm.subList() {
			m.flush(s)
		}
	}
	return m.b
}

func (m *Master) drain(rm *room) { m.b.ToClient = append(m.b.ToClient, rm.Take()...) }

func (m *Master) note(kind mirror.NoticeKind, p *peer, room, detail string) {
	n := mirror.Notice{Kind: kind, Room: room, Detail: detail}
	if p != nil {
		n.Peer = p.Name
	}
	m.b.Notices = append(m.b.Notices, n)
}

func (m *Master) persist(key string, value []byte) {
	m.b.Persist = append(m.b.Persist, mirror.Record{Key: key, Value: value})
}

func (m *Master) wall() time.Time { return m.clock.Wall(m.now) }

func (m *Master) newID() string {
	m.lastID++
	return strconv.FormatUint(m.lastID, 36)
}

// newToken names a sending that a sub waits for.
func (m *Master) newToken(s *sub) mirror.Token {
	m.token++
	m.owners[m.token] = s
	return m.token
}

// transfer sends a stanza to a mirror; what is sent by XML counts as delivered.
func (m *Master) transfer(p *peer, c mirror.Class, key string, t mirror.Token, el *xmltree.Element) {
	switch {
	case p.up:
		m.b.ToPeer = append(m.b.ToPeer, mirror.Transfer{Peer: p.Name, Class: c, Key: key, Token: t, Stanza: el})
	case p.xml:
		plain := el.Shallow().Remove(func(e *xmltree.Element) bool { return e.Is(ns.DMUC0, "item") })
		m.b.ToClient = append(m.b.ToClient, plain)
		m.delivered(t)
	}
}

// A sender is who a stanza came from: a direct user, or a user or the service
// behind a mirror.
type sender struct {
	jid  string
	peer *peer // nil: direct
}

// answer sends a reply to whoever sent the stanza; a mirror's user is reached
// by its escaped address (XEP-0106; seed, "Failure case").
func (m *Master) answer(from sender, el *xmltree.Element) {
	switch {
	case from.peer == nil:
		for _, rm := range m.roomList() {
			m.drain(rm)
		}
		m.b.ToClient = append(m.b.ToClient, el)
	case from.jid == from.peer.Name:
		m.transfer(from.peer, mirror.Membership, "", 0, el) // it must not be overtaken by what comes next
	default:
		class := mirror.Chatter
		if el.Local != "iq" {
			class = mirror.Membership
		}
		m.transfer(from.peer, class, "", 0, el.Set("to", dmuc.Escape(from.jid, from.peer.Name)))
	}
}

func (m *Master) refuse(from sender, st *xmltree.Element, f *muc.Failure) {
	if !muc.IsError(st) {
		m.answer(from, f.Reply(st))
	}
}

// fromClient takes a stanza of a user of the HQ's server, or of anybody who
// reaches it by ordinary XMPP: an authorised mirror too.
func (m *Master) fromClient(st *xmltree.Element) {
	from := st.Get("from")
	p := m.domains[muc.Domain(from)]
	var tag string
	if st.Local == "presence" {
		tag = dmuc.TagOf(st)
	}
	if tag != "" && (p == nil || p.Name != tag) {
		m.note(mirror.RuleBroken, p, muc.Bare(st.Get("to")), "a join tagged for "+tag+" from "+muc.Domain(from))
		m.refuse(sender{jid: from}, st, muc.ErrForbidden)
		return
	}
	if p != nil && !p.up && (tag != "" || from == p.Name || p.xml && !m.isDirect(from)) {
		p.xml = true
		m.handle(sender{from, p}, st)
		return
	}
	m.handle(sender{jid: from}, st)
}

func (m *Master) isDirect(jid string) bool {
	for _, rm := range m.rooms {
		if rm.BySession(jid) != nil {
			return true
		}
	}
	return false
}

// fromPeer takes a stanza that crossed a link. Invariant 7: a mirror speaks
// only for its own domains.
func (m *Master) fromPeer(in mirror.FromPeer) {
	p := m.mirrors[in.Peer]
	if p == nil {
		panic("BUG: a stanza from " + in.Peer + ", which is not paired")
	}
	from := in.Stanza.Get("from")
	if m.domains[muc.Domain(from)] != p {
		m.note(mirror.RuleBroken, p, muc.Bare(in.Stanza.Get("to")), "spoke for "+muc.Domain(from))
		return
	}
	m.handle(sender{from, p}, in.Stanza)
}

func (m *Master) handle(from sender, st *xmltree.Element) {
	to := st.Get("to")
	domain := muc.Domain(to)
	switch {
	case domain != m.cfg.Domain:
		m.direct(from, st)
	case muc.Local(to) == "":
		m.serviceQuery(from, st)
	case st.Local == "presence" && from.peer != nil:
		m.mirrorPresence(from, st)
	case st.Local == "presence":
		m.clientPresence(from, st)
	case st.Local == "message":
		m.message(from, st)
	case st.Local == "iq" && from.peer != nil && from.jid == from.peer.Name:
		m.mirrorQuery(from.peer, st)
	case st.Local == "iq":
		m.roomQuery(from, st)
	}
}

// direct relays a one-to-one message between headquarters and a field domain,
// or between two of those.
func (m *Master) direct(from sender, st *xmltree.Element) {
	to := m.domains[muc.Domain(st.Get("to"))]
	switch {
	case st.Local == "iq" && !muc.IsError(st):
		m.refuse(from, st, muc.ErrUnsupported)
	case st.Local != "message":
	case to == nil && from.peer != nil:
		m.b.ToClient = append(m.b.ToClient, muc.Clean(st))
	case to == nil || to == from.peer:
		m.refuse(from, st, muc.ErrUnsupported)
	case !to.up:
		m.refuse(from, st, muc.ErrLinkDown)
	default:
		m.transfer(to, mirror.Chat, "", 0, muc.Clean(st))
	}
}

func (m *Master) delivered(t mirror.Token) {
	s := m.owners[t]
	if s == nil {
		return
	}
	delete(m.owners, t)
	if !s.log.Delivered(delta.Token(t)) {
		s.book.Delivered(delta.Token(t))
	}
}

func (m *Master) peerUp(name string) {
	p := m.mirrors[name]
	p.up, p.xml = true, false
	m.note(mirror.LinkUp, p, "", "")
	for _, rm := range m.roomList() {
		if s := rm.subs[name]; s != nil {
			s.dropAt = m.now.Add(m.cfg.ResumeWait)
			if !s.hideAt.IsZero() {
				s.hideAt = m.now.Add(m.cfg.Hold) // it is coming back: no flap
			}
		}
	}
}

func (m *Master) peerDown(name string) {
	p := m.mirrors[name]
	if !p.up {
		return
	}
	p.up = false
	m.note(mirror.LinkDown, p, "", "")
	for t, s := range m.owners {
		if s.peer == p {
			delete(m.owners, t)
		}
	}
	for _, rm := range m.roomList() {
		if s := rm.subs[name]; s != nil {
			s.suspend(m.now.Add(m.cfg.Hold))
		}
	}
}

// NextTimeout tells when something is due (mirror.Machine).
func (m *Master) NextTimeout() (time.Time, bool) {
	var t time.Time
	for _, rm := range m.rooms {
		for _, s := range rm.subs {
			t = mirror.Earliest(mirror.Earliest(t, s.hideAt), mirror.Earliest(s.dropAt, s.confirmAt))
		}
	}
	return t, !t.IsZero()
}

func due(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

func (m *Master) timeout() {
	for _, rm := range m.roomList() {
		for _, s := range rm.subList() {
			if due(s.hideAt, m.now) {
				m.hide(s)
			}
			if due(s.dropAt, m.now) {
				m.drop(s, "did not come back to the room")
			}
			if due(s.confirmAt, m.now) {
				m.openLog(s)
			}
		}
	}
}

// roomList gives the rooms by JID. The list is made anew when there is another
// room or one less; whoever ranges over it may change that.
func (m *Master) roomList() []*room {
	if m.sorted == nil {
		for _, rm := range m.rooms {
			m.sorted = append(m.sorted, rm)
		}
		sort.Slice(m.sorted, func(i, j int) bool { return m.sorted[i].JID < m.sorted[j].JID })
	}
	return m.sorted
}

// Snapshot copies what the master holds of a room.
func (m *Master) Snapshot(roomJID string) (muc.Snapshot, bool) {
	rm := m.rooms[roomJID]
	if rm == nil {
		return muc.Snapshot{}, false
	}
	return rm.Snapshot(), true
}
