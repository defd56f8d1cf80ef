// Package replica is the gateway's role: it answers its local users for the
// rooms of a master across a link, shows them to each other at once, and
// exchanges with the master only what must cross (DMUC3; protocol.md).
//
// A Replica is a pure state machine (mirror.Machine). It keeps for each room
// what the master is known to hold of it (delta.Book), what it holds of the
// master's state (held), and a log of its users' messages that ends when the
// master has them on disk. It knows stanzas, not bytes.
//
// Read replica.go first, then room.go, join.go, message.go, downlink.go.
package replica

import (
	"fmt"
	"sort"
	"strconv"
	"time"

	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/muc"
	"picket/mirror/policy"
)

// Config says who the mirror is and how patient it is.
type Config struct {
	Mirror string // the mirror's own domain, "mirror.raleigh.tridsys.com"
	Domain string // its users' domain, "raleigh.tridsys.com"
	Master string // the room service it mirrors, "conference.fairfax.tridsys.com"
	Origin uint8  // the mirror's number, given at pairing; 1..62

	Linger        time.Duration // a room without local occupants stays subscribed so long
	Hold          time.Duration // a link is down so long before remote occupants are shown as left
	JoinTimeout   time.Duration // a join of an unknown room waits so long for the master
	AnswerTimeout time.Duration // a relayed query waits so long for the master

	RoomsMax   int       // rooms known at once
	QueueMax   int       // messages of one room that wait for the master
	ArchiveMax int       // messages kept a room
	Wall       time.Time // the wall clock at the first Step; zero: now is it
}

// Defaults, where a Config has zero.
const (
	lingerDefault        = 10 * time.Minute
	holdDefault          = 30 * time.Second
	joinTimeoutDefault   = 45 * time.Second
	answerTimeoutDefault = 30 * time.Second // clients wait about so long (protocol.md)
	roomsMaxDefault      = 200
	queueMaxDefault      = 10000
	logWindow            = 8 // messages of one room on their way at once
)

// A Replica is the mirror's role.
type Replica struct {
	cfg    Config
	clock  mirror.Clock
	up     bool
	rooms  map[string]*room
	sorted []*room // rooms by JID; nil: to be made
	asks   map[string]*ask
	lastID uint64 // of our own iqs and relayed ones
	token  mirror.Token
	owners map[mirror.Token]*room // whose Book or Log waits for a token

	// Of the running Step.
	now      time.Time
	b        mirror.Batch
	onTheWay time.Duration // how long the peer's stanza was
}

// New makes a replica that knows no rooms.
func New(cfg Config) (*Replica, error) {
	for name, v := range map[string]string{"mirror": cfg.Mirror, "domain": cfg.Domain, "master": cfg.Master} {
		if v == "" {
			return nil, fmt.Errorf("replica: %s domain is missing", name)
		}
	}
	if cfg.Origin == 0 || cfg.Origin > 62 {
		return nil, fmt.Errorf("replica: origin %d is not between 1 and 62", cfg.Origin)
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&cfg.Linger, lingerDefault}, {&cfg.Hold, holdDefault}, {&cfg.JoinTimeout, joinTimeoutDefault}, {&cfg.AnswerTimeout, answerTimeoutDefault}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if cfg.RoomsMax == 0 {
		cfg.RoomsMax = roomsMaxDefault
	}
	if cfg.QueueMax == 0 {
		cfg.QueueMax = queueMaxDefault
	}
	return &Replica{cfg: cfg, rooms: map[string]*room{}, asks: map[string]*ask{}, owners: map[mirror.Token]*room{}}, nil
}

// Step takes one input (mirror.Machine).
func (r *Replica) Step(now time.Time, in mirror.Input) mirror.Batch {
	r.begin(now)
	switch in := in.(type) {
	case mirror.FromClient:
		r.fromClient(in.Stanza)
	case mirror.ClientGone:
		r.clientGone(in.JID)
	case mirror.FromPeer:
		r.onTheWay = in.Age
		r.fromMaster(in.Stanza)
	case mirror.PeerUp:
		r.peerUp()
	case mirror.PeerDown:
		r.peerDown()
	case mirror.Delivered:
		r.delivered(in.Token)
	case mirror.Replaced:
		delete(r.owners, in.Token)
	case mirror.ClockSet:
		r.clock.Set(now, in.Wall)
	case mirror.Timeout:
		r.timeout()
	default:
		panic(fmt.Sprintf("BUG: input %T", in))
	}
	return r.end()
}

func (r *Replica) begin(now time.Time) {
	if r.now.IsZero() && !r.cfg.Wall.IsZero() {
		r.clock.Set(now, r.cfg.Wall)
	}
	r.now, r.b, r.onTheWay = now, mirror.Batch{}, 0
}

// end gives the batch of the running step: what rooms want to send, and what
// their state calls for on the link.
func (r *Replica) end() mirror.Batch {
	for _, rm := range r.roomList() {
		r.flush(rm)
		r.b.ToClient = append(r.b.ToClient, rm.Take()...)
	}
	return r.b
}

// say sends a stanza to a user here, after what the room has already said.
func (r *Replica) say(el *xmltree.Element) {
	for _, rm := range r.roomList() {
		r.b.ToClient = append(r.b.ToClient, rm.Take()...)
	}
	r.b.ToClient = append(r.b.ToClient, el)
}

func (r *Replica) refuse(stanza *xmltree.Element, f *muc.Failure) {
	if !muc.IsError(stanza) {
		r.say(f.Reply(stanza))
	}
}

func (r *Replica) note(kind mirror.NoticeKind, room, detail string) {
	r.b.Notices = append(r.b.Notices, mirror.Notice{Kind: kind, Peer: r.cfg.Master, Room: room, Detail: detail})
}

func (r *Replica) persist(key string, value []byte) {
	r.b.Persist = append(r.b.Persist, mirror.Record{Key: key, Value: value})
}

// transfer sends a stanza to the master; only while the link is up.
func (r *Replica) transfer(c mirror.Class, key string, t mirror.Token, el *xmltree.Element) {
	if r.up {
		r.b.ToPeer = append(r.b.ToPeer, mirror.Transfer{Peer: r.cfg.Master, Class: c, Key: key, Token: t, Stanza: el})
	}
}

// newToken names a sending that a room waits for.
func (r *Replica) newToken(rm *room) mirror.Token {
	r.token++
	r.owners[r.token] = rm
	return r.token
}

func (r *Replica) newID() string {
	r.lastID++
	return strconv.FormatUint(r.lastID, 36)
}

func (r *Replica) wall() time.Time { return r.clock.Wall(r.now) }

// roomList gives the rooms by JID. The list is made anew when there is another
// room or one less; whoever ranges over it may change that.
func (r *Replica) roomList() []*room {
	if r.sorted == nil {
		for _, rm := range r.rooms {
			r.sorted = append(r.sorted, rm)
		}
		sort.Slice(r.sorted, func(i, j int) bool { return r.sorted[i].JID < r.sorted[j].JID })
	}
	return r.sorted
}

func (r *Replica) fromClient(st *xmltree.Element) {
	to := st.Get("to")
	switch domain := muc.Domain(to); {
	case domain == r.cfg.Master && muc.Local(to) == "":
		r.serviceQuery(st)
	case domain == r.cfg.Master:
		switch st.Local {
		case "presence":
			r.clientPresence(st)
		case "message":
			r.clientMessage(st)
		case "iq":
			r.clientQuery(st)
		}
	case st.Local == "message" && domain != r.cfg.Mirror && !muc.IsError(st):
		r.direct(st)
	case st.Local == "iq" && !muc.IsError(st):
		r.refuse(st, muc.ErrUnsupported)
	}
}

// direct relays a one-to-one message to a user on the other side.
func (r *Replica) direct(st *xmltree.Element) {
	switch {
	case !r.up:
		r.refuse(st, muc.ErrLinkDown)
	case len(st.String()) > policy.MessageMaxBytes:
		r.refuse(st, muc.ErrTooLong)
	default:
		r.transfer(mirror.Chat, "", 0, muc.Clean(st))
	}
}

func (r *Replica) delivered(t mirror.Token) {
	rm := r.owners[t]
	if rm == nil {
		return
	}
	delete(r.owners, t)
	if !rm.out.Delivered(delta.Token(t)) {
		rm.up.Delivered(delta.Token(t))
		for nick := range rm.left {
			if rm.up.Settled(nick) {
				delete(rm.left, nick)
			}
		}
	}
}

func (r *Replica) peerUp() {
	r.up = true
	r.note(mirror.LinkUp, "", "")
	for _, rm := range r.roomList() {
		if !rm.hideAt.IsZero() {
			rm.hideAt = r.now.Add(r.cfg.Hold) // it is coming back: no flap
		}
		r.start(rm)
	}
}

func (r *Replica) peerDown() {
	if !r.up {
		return
	}
	r.up = false
	r.note(mirror.LinkDown, "", "")
	clear(r.owners)
	for _, rm := range r.roomList() {
		rm.up.Lost()
		rm.out.Stop()
		rm.phase, rm.begun, rm.asked = idle, false, ""
		clear(rm.stale)
		if rm.hideAt.IsZero() {
			rm.hideAt = r.now.Add(r.cfg.Hold)
		}
		for _, m := range rm.mine {
			m.told = false
		}
		r.admitWaiting(rm)
	}
	r.failAsks()
}

// NextTimeout tells when something is due (mirror.Machine).
func (r *Replica) NextTimeout() (time.Time, bool) {
	var t time.Time
	for _, rm := range r.rooms {
		t = mirror.Earliest(t, rm.hideAt)
		t = mirror.Earliest(t, rm.lingerUntil)
		for _, p := range rm.pending {
			t = mirror.Earliest(t, p.deadline)
		}
	}
	for _, a := range r.asks {
		t = mirror.Earliest(t, a.deadline)
	}
	return t, !t.IsZero()
}

func due(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

func (r *Replica) timeout() {
	for _, rm := range r.roomList() {
		if due(rm.hideAt, r.now) {
			r.hideRemote(rm)
		}
		if due(rm.lingerUntil, r.now) {
			r.unsubscribe(rm)
		}
		r.expirePending(rm)
	}
	r.expireAsks()
}

// Snapshot copies what the replica holds of a room.
func (r *Replica) Snapshot(roomJID string) (muc.Snapshot, bool) {
	rm := r.rooms[roomJID]
	if rm == nil {
		return muc.Snapshot{}, false
	}
	return rm.Snapshot(), true
}

// clientGone ends a session that left without a word.
func (r *Replica) clientGone(jid string) {
	for _, rm := range r.roomList() {
		r.leave(rm, jid, "")
	}
	for id, a := range r.asks {
		if a.stanza.Get("from") == jid {
			delete(r.asks, id)
		}
	}
}
