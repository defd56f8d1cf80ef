// Package mirror holds what both roles share: the inputs that a role takes, the
// one value that it gives back, and the interface between a role and what
// drives it (mirror/node).
//
// A role is a pure state machine: it opens nothing, starts no goroutine and
// reads no clock. The two roles are mirror/replica (a gateway's) and
// mirror/master (the headquarters'). Rooms are in mirror/muc.
package mirror

import (
	"fmt"
	"log/slog"
	"time"

	"picket/codec/xmltree"
)

// A Machine is a role. Whatever was called, look at NextTimeout again.
type Machine interface {
	// Step takes one input. Now never steps back.
	Step(now time.Time, in Input) Batch
	// NextTimeout tells when Timeout is due; false: only an input can wake it.
	NextTimeout() (time.Time, bool)
	// Restore takes the journal's records, in key order, before the first Step.
	Restore(now time.Time, records []Record) error
}

// An Input is one of the structs below: a closed set, so that a run can be
// recorded and replayed.
type Input interface{ input() }

type (
	// FromClient is a stanza of a user on this side, whose from is the full JID
	// that the server vouches for. In the namespace jabber:client.
	FromClient struct{ Stanza *xmltree.Element }
	// ClientGone says that a session ended, with or without a word.
	ClientGone struct{ JID string }
	// FromPeer is a stanza that crossed a link (or came in XML from an
	// authorised domain). It is acknowledged once this step's Persist is on disk.
	FromPeer struct {
		Peer   string // the peer's name: its mirror domain, or the master's
		Stanza *xmltree.Element
		Age    time.Duration // how long it was on its way, whole seconds; 0: hardly
	}
	// PeerUp says that a link works: a new session, nothing of an old one
	// arrives any more.
	PeerUp struct{ Peer string }
	// PeerDown says that a link does not work. What was not Delivered may or may
	// not have arrived.
	PeerDown struct{ Peer string }
	// Delivered says that the peer has a transfer on its disk.
	Delivered struct {
		Peer  string
		Token Token
	}
	// Replaced says that a transfer will never arrive: a newer one of its key
	// took its place before it left.
	Replaced struct {
		Peer  string
		Token Token
	}
	// ClockSet gives the wall clock at now; boards without a battery start in
	// 1970. Only stamps use it.
	ClockSet struct{ Wall time.Time }
	// Timeout: the time of NextTimeout has come.
	Timeout struct{}
)

func (FromClient) input() {}
func (ClientGone) input() {}
func (FromPeer) input()   {}
func (PeerUp) input()     {}
func (PeerDown) input()   {}
func (Delivered) input()  {}
func (Replaced) input()   {}
func (ClockSet) input()   {}
func (Timeout) input()    {}

// A Batch is what one step asks of the outside. All of Persist is on the disk
// before any of the rest leaves: who has seen an echo will find it after a
// power cut. Batches may be merged (one sync for many), never reordered.
type Batch struct {
	Persist  []Record           // for the journal, in one transaction
	ToClient []*xmltree.Element // stanzas to users on this side; "to" is a full JID
	ToPeer   []Transfer         // stanzas for links
	Notices  []Notice           // what happened, for the log and the counters
}

// Add appends all of o to b.
func (b *Batch) Add(o Batch) {
	b.Persist = append(b.Persist, o.Persist...)
	b.ToClient = append(b.ToClient, o.ToClient...)
	b.ToPeer = append(b.ToPeer, o.ToPeer...)
	b.Notices = append(b.Notices, o.Notices...)
}

// A Record is one entry of the journal: the newest value of a key. A nil Value
// deletes it.
type Record struct {
	Key   string
	Value []byte
}

// A Token names a transfer until it is Delivered. 0: nobody waits for it.
type Token uint64

// A Class is how urgent a transfer is. Within a class order is kept.
type Class uint8

// Classes, the most urgent first (protocol.md, "Precedence").
const (
	Membership Class = iota // joins, leaves, roles, resume: what rooms stand on
	Chat                    // messages
	Presence                // show and status
	Chatter                 // relayed queries, chat states
	Bulk                    // history
)

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

var classNames = [...]string{"membership", "chat", "presence", "chatter", "bulk"}

// A Transfer is one stanza for a peer. Transfers to a peer that is down are
// dropped: a role sends again what matters when PeerUp comes.
type Transfer struct {
	Peer   string
	Class  Class
	Key    string // an unsent transfer of the same key and class is replaced; "": none
	Token  Token
	Stanza *xmltree.Element
}

// A Notice is what an operator or a test may want to know. It never holds a
// key or the body of a message.
type Notice struct {
	Kind   NoticeKind
	Peer   string // or "": none concerned
	Room   string
	Detail string
}

// A NoticeKind names what happened; counters go by it.
type NoticeKind string

// Kinds of notices.
const (
	Joined       NoticeKind = "joined"        // a user was admitted to a room
	JoinRefused  NoticeKind = "join-refused"  // a user was not
	Left         NoticeKind = "left"          // a user is gone from a room
	RoomMirrored NoticeKind = "room-mirrored" // a mirror subscribed, or was filled
	RoomDropped  NoticeKind = "room-dropped"  // a mirror unsubscribed
	LinkUp       NoticeKind = "link-up"       // the peer is there
	LinkDown     NoticeKind = "link-down"     // the peer is gone
	LinkReason   NoticeKind = "link-reason"   // why a session of a link ended
	Hidden       NoticeKind = "hidden"        // remote occupants are shown as left
	Resynced     NoticeKind = "resynced"      // a digest differed: the full state went over
	RuleBroken   NoticeKind = "rule-broken"   // a peer spoke for a domain not its own (invariant 7)
	BadStanza    NoticeKind = "bad-stanza"    // a peer sent what makes no sense
	QueueFull    NoticeKind = "queue-full"    // a limit was reached, something was refused
	CodecError   NoticeKind = "codec-error"   // bytes that do not decode
	MessageLost  NoticeKind = "message-lost"  // must not happen: kept for the alarm
)

// LogValue makes a notice a group of attributes in the log.
func (n Notice) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("kind", string(n.Kind))}
	for _, a := range []slog.Attr{slog.String("peer", n.Peer), slog.String("room", n.Room), slog.String("detail", n.Detail)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return slog.GroupValue(attrs...)
}
