package muc

import (
	"fmt"
	"strconv"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// An Entry is one message of a room's archive. Origin, Inc and Num name it on
// every replica (protocol.md, "Ids stay off the air"); Pos is its place in the
// master's order.
type Entry struct {
	Pos    uint64 // 1, 2, 3 …; 0: the master has not placed it yet
	Origin uint8  // 0: headquarters, whose Num is Pos; else the mirror's number
	Inc    uint64 // incarnation of that mirror's numbers
	Num    uint64
	Nick   string
	JID    string    // the sender's real full JID, "" where it is not known
	Stamp  time.Time // when the origin took it
	Said   time.Time // the same by this run's own clock, which does not jump; zero after a restart
	ID     string    // the client's own id; known at the origin only
	Msg    *xmltree.Element
}

// Key names an entry on every replica.
type Key struct {
	Origin uint8
	Inc    uint64
	Num    uint64
}

// Key gives the entry's name.
func (e *Entry) Key() Key {
	if e.Origin == 0 {
		return Key{Num: e.Pos}
	}
	return Key{e.Origin, e.Inc, e.Num}
}

// StanzaID is the archive id (XEP-0359, by the room): the same on every
// replica, and never sent.
func (e *Entry) StanzaID() string {
	k := e.Key()
	return fmt.Sprintf("%x.%x.%x", k.Origin, k.Inc, k.Num)
}

// Age tells how long ago the entry was said. One from before a restart has the
// age that the wall clock gives it, and at least enough to count as late.
func (e *Entry) Age(now, wall time.Time) time.Duration {
	if !e.Said.IsZero() {
		return now.Sub(e.Said)
	}
	return max(JustNow+time.Second, wall.Sub(e.Stamp))
}

// JustNow is the age up to which a message still counts as live.
const JustNow = 5 * time.Second

// Subject gives the subject that the entry sets, and whether it sets one: a
// <subject/> and no <body/> (XEP-0045 §8.1).
func (e *Entry) Subject() (string, bool) { return SubjectOf(e.Msg) }

// SubjectOf is Entry.Subject for a message.
func SubjectOf(msg *xmltree.Element) (string, bool) {
	s := msg.Child(ns.Client, "subject")
	return s.Text(), s != nil && msg.Child(ns.Client, "body") == nil && msg.Child(ns.Client, "thread") == nil
}

// Element is the entry for the journal.
func (e *Entry) Element() *xmltree.Element {
	num := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return xmltree.New("", "entry").Set("pos", num(e.Pos)).Set("origin", num(uint64(e.Origin))).
		Set("inc", num(e.Inc)).Set("num", num(e.Num)).Set("nick", e.Nick).Set("jid", e.JID).Set("id", e.ID).
		Set("stamp", e.Stamp.UTC().Format(time.RFC3339Nano)).Add(e.Msg)
}

// ParseEntry reads what Element wrote.
func ParseEntry(b []byte) (*Entry, error) {
	el, err := xmltree.Parse(b)
	if err != nil {
		return nil, err
	}
	e := &Entry{Nick: el.Get("nick"), JID: el.Get("jid"), ID: el.Get("id"), Msg: el.Child(ns.Client, "message")}
	var origin uint64
	for _, f := range []struct {
		name string
		to   *uint64
	}{{"pos", &e.Pos}, {"origin", &origin}, {"inc", &e.Inc}, {"num", &e.Num}} {
		if *f.to, err = strconv.ParseUint(el.Get(f.name), 10, 64); err != nil {
			return nil, fmt.Errorf("muc: entry: %s: %w", f.name, err)
		}
	}
	e.Origin = uint8(origin)
	if e.Stamp, err = time.Parse(time.RFC3339Nano, el.Get("stamp")); err != nil || e.Msg == nil {
		return nil, fmt.Errorf("muc: entry %s is not whole", e.StanzaID())
	}
	return e, nil
}

func parseStanzaID(s string) (Key, bool) {
	var k Key
	n, err := fmt.Sscanf(s, "%x.%x.%x", &k.Origin, &k.Inc, &k.Num)
	if err != nil || n != 3 {
		return Key{}, false
	}
	return k, fmt.Sprintf("%x.%x.%x", k.Origin, k.Inc, k.Num) == s
}
