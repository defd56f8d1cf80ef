package replica

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
	"picket/mirror/policy"
)

// A phase says how a room stands with the master.
type phase uint8

const (
	idle     phase = iota // no subscription in this session of the link
	filling               // joined, waiting for config, roster and history
	resuming              // resume sent, waiting for its result
	live                  // what happens there arrives here
)

// A room is one mirrored room.
type room struct {
	*muc.Room
	phase      phase
	known      bool            // filled once: config, affiliations and history are here
	subscribed bool            // the master believes so, as of the last that we know
	gotRoster  bool            // while filling
	asked      string          // id of the newest request for a history or a resume
	stale      map[string]bool // requests of earlier parts of this session of the link that were not answered

	inc       uint64 // incarnation of our numbers
	num       uint64 // the last that we gave
	pos       uint64 // the last place in the master's order that we hold
	resumes   int    // resumes and whole rosters sent
	backlogTo uint64 // our numbers up to here were given before the last resume
	begun     bool   // we took part before in this session of the link
	deaf      bool   // what comes of messages is of an earlier part; the master says when that ends

	mine  map[string]*mine      // what the master is to hold of us, by nick
	left  map[string]gone       // whose leaving it has not been told yet, by nick
	ours  map[string]bool       // nicks that were ours: what the master says of them without a JID is about ours
	stood map[string]stood      // what the master last said of ours, by nick
	up    *delta.Book           // what it holds of mine
	held  map[string]delta.Hash // what we hold of its state
	out   *delta.Log            // how far it has our messages

	pending map[string]*pendingJoin  // by session
	shadow  map[string]dmuc.Occupant // remote occupants whose nick one of ours has

	hideAt      time.Time // remote occupants are shown as left then
	lingerUntil time.Time // the subscription ends then
}

// A mine is one local occupant as the master is to see it.
type mine struct {
	jid      string
	payload  []*xmltree.Element
	password string
	told     bool // the join has been sent in this session of the link
}

type gone struct {
	jid, status string
	num         uint64 // the last number that stands, 0: not said
}

// A pendingJoin is a user who waits for the master's word.
type pendingJoin struct {
	stanza   *xmltree.Element
	nick     string
	deadline time.Time
	standing *standing // the master's word, while history is awaited
}

// A stood is what the master last said of one of ours.
type stood struct {
	user string // bare JID
	standing
}

type standing struct {
	affiliation muc.Affiliation
	role        muc.Role
	codes       []string
}

func (r *Replica) newRoom(jid string) *room {
	rm := &room{Room: muc.NewRoom(jid), inc: 1, mine: map[string]*mine{}, left: map[string]gone{}, ours: map[string]bool{}, stood: map[string]stood{}, up: delta.NewBook(),
		held: map[string]delta.Hash{}, out: delta.NewLog(logWindow), pending: map[string]*pendingJoin{}, stale: map[string]bool{},
		shadow: map[string]dmuc.Occupant{}}
	rm.Archive.Max = r.cfg.ArchiveMax
	r.rooms[jid], r.sorted = rm, nil
	return rm
}

func (m *mine) hash(nick string) delta.Hash {
	return delta.HashOf(dmuc.Occupant{Nick: nick, JID: m.jid, Payload: m.payload}.Fields()...)
}

// claim makes a local user one of ours at the master.
func (r *Replica) claim(rm *room, nick, jid, password string, payload []*xmltree.Element) {
	m := rm.mine[nick]
	if m == nil || m.jid != jid {
		m = &mine{jid: jid}
		rm.mine[nick] = m
	}
	rm.ours[nick] = true
	m.payload, m.password = policy.Presence(payload), password
	rm.up.Set(nick, m.hash(nick))
	rm.lingerUntil = time.Time{}
}

// disclaim takes a local user away at the master.
func (r *Replica) disclaim(rm *room, nick string, g gone) {
	if m := rm.mine[nick]; m == nil || m.jid != g.jid {
		return
	}
	delete(rm.mine, nick)
	rm.left[nick] = g
	rm.up.Set(nick, 0)
	r.linger(rm)
}

// linger starts the end of the subscription when nobody is left here.
func (r *Replica) linger(rm *room) {
	if len(rm.mine) == 0 && len(rm.pending) == 0 && rm.lingerUntil.IsZero() {
		rm.lingerUntil = r.now.Add(r.cfg.Linger)
	}
}

// flush sends what the master lacks of our occupants, and messages as far as
// the window goes. Occupants cross as soon as there is a link: they are what
// makes the master subscribe us.
func (r *Replica) flush(rm *room) {
	if !r.up {
		return
	}
	if rm.phase != idle {
		for _, nick := range rm.up.Dirty() {
			r.sendOccupant(rm, nick)
		}
	}
	if rm.phase != live {
		return
	}
	for _, e := range rm.Archive.Waiting() {
		if e.Inc != rm.inc || e.Num < rm.out.Next {
			continue
		}
		if !rm.out.Room() {
			break
		}
		r.sendMessage(rm, e)
	}
}

func (r *Replica) sendOccupant(rm *room, nick string) {
	t := r.newToken(rm)
	p := xmltree.New(ns.Client, "presence").Set("to", rm.JID+"/"+nick)
	if m := rm.mine[nick]; m == nil {
		g := rm.left[nick]
		if g.jid == "" {
			panic("BUG: an occupant is gone whose JID nobody kept")
		}
		p.Set("from", g.jid).Set("type", "unavailable")
		if g.status != "" {
			p.Add(xmltree.NewText(ns.Client, "status", g.status))
		}
		if g.num == 0 && rm.phase == live && rm.backlog() {
			g.num = rm.num // what it said may come after this: it stands
		}
		if g.num > 0 {
			p.Add(dmuc.Item{Num: g.num, Inc: rm.inc}.Element())
		}
		delete(rm.held, occupantKey(nick))
	} else {
		p.Set("from", m.jid).Add(m.payload...)
		if !m.told {
			tag := dmuc.Tag(r.cfg.Mirror)
			switch {
			case rm.phase == idle:
				tag.Set("resume", "1") // a resume follows: do not send what we hold
			case rm.phase == filling && rm.num > 0:
				p.Add(dmuc.Item{Num: rm.num, Inc: rm.inc}.Element()) // said in an earlier room of that name
			}
			p.Add(tag)
			m.told = true
		}
		if m.password != "" {
			p.Add(xmltree.New(ns.MUC, "x", xmltree.NewText(ns.MUC, "password", m.password)))
		}
	}
	rm.up.Sent(nick, delta.Token(t))
	// A newer presence replaces one that has not left yet, but not across a
	// resume, whose digest counts what was sent before it.
	r.transfer(mirror.Membership, fmt.Sprintf("%s/%s %d", rm.JID, nick, rm.resumes), t, p)
}

func occupantKey(nick string) string { return "o/" + nick }
func standingKey(jid string) string  { return "a/" + jid }

const configKey = "c"

// start brings a room to life in a new session of the link, or when its first
// local user comes.
func (r *Replica) start(rm *room) {
	if rm.phase != idle || !r.up {
		return
	}
	defer func() { rm.begun = rm.begun || rm.phase != idle }()
	if rm.asked != "" {
		rm.stale[rm.asked], rm.asked = true, ""
	}
	switch {
	case !rm.known && len(rm.mine) > 0:
		// The join itself subscribes; the master sends all it has.
		rm.phase, rm.gotRoster, rm.deaf = filling, false, true
		rm.up.Forget()
		rm.subscribed = true
		r.saveMeta(rm)
	case rm.known && (len(rm.mine) > 0 || rm.subscribed && rm.backlog()):
		for _, nick := range rm.up.Dirty() {
			r.sendOccupant(rm, nick)
		}
		rm.phase, rm.subscribed, rm.deaf = resuming, true, rm.begun
		r.saveMeta(rm)
		r.sendResume(rm)
	case rm.subscribed && len(rm.pending) == 0:
		r.unsubscribe(rm)
	}
}

// unsubscribe ends the mirroring of a room that nobody here is in. What is
// known of it stays for the next time.
func (r *Replica) unsubscribe(rm *room) {
	rm.lingerUntil = time.Time{}
	if len(rm.mine) > 0 || len(rm.pending) > 0 {
		return
	}
	if rm.phase == live && rm.backlog() {
		rm.lingerUntil = r.now.Add(r.cfg.Linger)
		return
	}
	if r.up && rm.subscribed {
		for _, nick := range rm.up.Dirty() {
			r.sendOccupant(rm, nick)
		}
		r.transfer(mirror.Membership, "", 0, r.farewell(rm))
		rm.subscribed = false
		r.note(mirror.RoomDropped, rm.JID, "nobody here")
	}
	rm.phase = idle
	rm.out.Stop()
	rm.up = delta.NewBook()
	clear(rm.left)
	for _, o := range rm.Occupants() {
		rm.Leave(o, muc.Why{})
		delete(rm.held, occupantKey(o.Nick))
	}
	rm.hideAt = time.Time{}
	r.saveMeta(rm)
}

// farewell is the mirror's own leave.
func (r *Replica) farewell(rm *room) *xmltree.Element {
	return xmltree.New(ns.Client, "presence").Set("from", r.cfg.Mirror).Set("to", rm.JID).Set("type", "unavailable")
}

// backlog reports whether the master lacks messages of ours, as far as we know.
func (rm *room) backlog() bool {
	w := rm.Archive.Waiting()
	return len(w) > 0 && (w[len(w)-1].Inc != rm.inc || w[len(w)-1].Num > rm.out.Acked())
}

// hideRemote shows those behind the link as left.
func (r *Replica) hideRemote(rm *room) {
	rm.hideAt = time.Time{}
	n := 0
	for _, o := range rm.Occupants() {
		if o.Home != "" && !o.Hidden {
			rm.Hide(o)
			n++
		}
	}
	if n > 0 {
		r.note(mirror.Hidden, rm.JID, fmt.Sprintf("%d occupants", n))
	}
}

// goLive ends a filling or a resume: everything is shown as it is.
func (r *Replica) goLive(rm *room) {
	rm.phase, rm.hideAt = live, time.Time{}
	for _, o := range rm.Occupants() {
		rm.Reveal(o)
	}
	for _, p := range rm.pendingList() {
		if p.standing != nil {
			r.admit(rm, p, *p.standing)
		}
	}
	r.linger(rm)
	r.note(mirror.RoomMirrored, rm.JID, "")
}

func (rm *room) pendingList() []*pendingJoin {
	out := make([]*pendingJoin, 0, len(rm.pending))
	for _, p := range rm.pending {
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].stanza.Get("from") < out[j].stanza.Get("from") })
	return out
}

// Keys of a room in the journal.
func metaKey(room string) string     { return "room/" + room + "/meta" }
func markKey(room string) string     { return "room/" + room + "/mark" }
func affKey(room, jid string) string { return "room/" + room + "/aff/" + jid }
func entryKey(room string, e *muc.Entry) string {
	if e.Pos == 0 {
		return fmt.Sprintf("room/%s/wait/%08x.%016x", room, e.Inc, e.Num)
	}
	return fmt.Sprintf("room/%s/entry/%016x", room, e.Pos)
}

func (r *Replica) saveMeta(rm *room) {
	el := xmltree.New("", "room").Add(rm.Config.Wire())
	if rm.known {
		el.Set("known", "1")
	}
	if rm.subscribed {
		el.Set("subscribed", "1")
	}
	el.Add(subjectElement("subject", rm.Subject), subjectElement("given", rm.Given))
	r.persist(metaKey(rm.JID), []byte(el.String()))
}

// saveSubject writes the subject down if a message may have changed it.
func (r *Replica) saveSubject(rm *room, e *muc.Entry) {
	if _, subject := e.Subject(); subject {
		r.saveMeta(rm)
	}
}

func subjectElement(name string, s muc.Subject) *xmltree.Element {
	return xmltree.NewText("", name, s.Text).Set("nick", s.Nick).Set("stamp", s.Stamp.UTC().Format(time.RFC3339Nano))
}

func subjectOf(el *xmltree.Element) muc.Subject {
	if el == nil {
		return muc.Subject{}
	}
	stamp, _ := time.Parse(time.RFC3339Nano, el.Get("stamp"))
	return muc.Subject{Text: el.Text(), Nick: el.Get("nick"), Stamp: stamp}
}

func (r *Replica) saveMark(rm *room) {
	r.persist(markKey(rm.JID), fmt.Appendf(nil, "%d %d %d", rm.inc, rm.num, rm.pos))
}

func (r *Replica) saveEntry(rm *room, e *muc.Entry, trimmed []*muc.Entry) {
	r.persist(entryKey(rm.JID, e), []byte(e.Element().String()))
	for _, t := range trimmed {
		r.persist(entryKey(rm.JID, t), nil)
	}
}

// Restore takes the journal's records (mirror.Machine).
func (r *Replica) Restore(now time.Time, records []mirror.Record) error {
	r.begin(now)
	for _, rec := range records {
		parts := strings.SplitN(rec.Key, "/", 4)
		if len(parts) < 3 || parts[0] != "room" {
			return fmt.Errorf("replica: journal: unknown key %q", rec.Key)
		}
		rm := r.rooms[parts[1]]
		if rm == nil {
			rm = r.newRoom(parts[1])
		}
		if err := rm.restore(parts[2:], rec.Value); err != nil {
			return fmt.Errorf("replica: journal: %s: %w", rec.Key, err)
		}
	}
	for _, rm := range r.rooms {
		rm.held[configKey] = configHash(&rm.Config)
		for jid, a := range rm.Affiliations {
			rm.held[standingKey(jid)] = standingHash(jid, a.String())
		}
		rm.Take()
	}
	return nil
}

func (rm *room) restore(path []string, value []byte) error {
	switch path[0] {
	case "meta":
		el, err := xmltree.Parse(value)
		if err != nil {
			return err
		}
		rm.known, rm.subscribed = el.Get("known") != "", el.Get("subscribed") != ""
		rm.Subject, rm.Given = subjectOf(el.Child("", "subject")), subjectOf(el.Child("", "given"))
		return rm.Config.Apply(el.Child(ns.Form, "x"))
	case "mark":
		_, err := fmt.Sscanf(string(value), "%d %d %d", &rm.inc, &rm.num, &rm.pos)
		return err
	case "aff":
		a, ok := muc.ParseAffiliation(string(value))
		if !ok || len(path) < 2 {
			return fmt.Errorf("%q is no affiliation", value)
		}
		rm.SetAffiliation(path[1], a)
	case "entry", "wait":
		e, err := muc.ParseEntry(value)
		if err != nil {
			return err
		}
		rm.Archive.Add(e)
	default:
		return fmt.Errorf("unknown kind of record")
	}
	return nil
}

func configHash(c *muc.Config) delta.Hash { return delta.HashOf(c.Wire().Canonical()) }

func standingHash(jid, affiliation string) delta.Hash { return delta.HashOf(jid, affiliation) }
