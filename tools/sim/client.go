package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/muc"
)

// A client is an unmodified XMPP client of the strict kind: it keeps what
// XEP-0045 lets it keep, believes nothing else, and says so when the service
// breaks the order that it relies on.
type client struct {
	w    *World
	site *site
	user string // localpart, and the nick in every room

	connected bool
	name      string // bare JID
	full      string // JID of the present login
	resource  int    // raised with every login: a new full JID
	views     map[string]*view
	iqs       int // requests sent
}

// A view is what a client knows of a room: one join, from its request to its
// end.
type view struct {
	before     *view // of a rejoin: the stay that lasts until the answer comes
	room, nick string
	session    int // number of this join, unique in the world
	phase      phase
	asked      time.Time // the join was sent
	entered    time.Time // own presence came
	occupants  map[string]occupant
	heard      []string            // bodies in the order in which they came
	times      map[string]int      // body -> how often it came
	subject    string              // newest
	ended      string              // why, once phase is out
	delayed    map[string]bool     // bodies that came with <delay/>
	seen       []sighting          // the newest messages, for who refers to one
	names      map[string]sighting // by text: under which ids it came
}

// A phase is how far a join has come (XEP-0045 §7.1: presence of the others,
// own presence, history, subject, then live).
type phase int

const (
	joining phase = iota // waits for own presence
	history              // own presence came, the subject did not
	live                 // all is there
	leaving              // said so, no answer yet
	out                  // left, refused or removed
)

// An occupant is one line of a client's roster of a room.
type occupant struct{ role, affiliation, jid, show, status string }

// jid is the full JID of the present login.
func (c *client) jid() string { return c.full }

func (c *client) bare() string { return c.name }

// login connects to the client's own server; false: it is down.
func (c *client) login() bool {
	if c.connected || c.site.node == nil {
		return c.connected
	}
	c.connected = true
	c.resource++
	c.full = c.name + "/TransVerse"
	if c.resource > 1 {
		c.full += strconv.Itoa(c.resource)
	}
	c.views = map[string]*view{}
	return true
}

// drop ends the session without a word: the phone went out of reach, or the
// server died.
func (c *client) drop() {
	if !c.connected {
		return
	}
	c.connected = false
	for _, room := range slices.Sorted(maps.Keys(c.views)) {
		c.views[room].end("session ended")
	}
	c.w.emit(sessionEnded{c})
}

// vanish is a phone out of reach: the session ends, and its server sees that.
func (c *client) vanish() {
	jid := c.jid()
	c.drop()
	c.site.gone(jid)
}

func (v *view) end(why string) {
	if v.phase != out {
		v.phase, v.ended = out, why
	}
}

// in reports whether the client is in the room, by what it was told.
func (c *client) in(room string) bool {
	v := c.views[room]
	return v != nil && (v.phase == history || v.phase == live)
}

// hearing gives the view that messages of a room belong to now.
func (c *client) hearing(room string) *view {
	v := c.views[room]
	if v != nil && v.phase == joining && v.before != nil {
		return v.before
	}
	return v
}

// send hands a stanza to the client's server.
func (c *client) send(el *xmltree.Element) {
	if !c.connected {
		return
	}
	el.Set("from", c.jid())
	c.w.emit(clientSent{c, el})
	c.site.fromClient(el)
}

// join asks for a room; a client that is in it already only repeats itself
// (XEP-0045 §7.2, a rejoin by the same full JID re-sends all).
func (c *client) join(room, nick string, password ...string) {
	if !c.connected {
		return
	}
	old := c.views[room]
	if c.in(room) && old.nick != nick {
		c.changeNick(room, nick)
		return
	}
	if !c.in(room) {
		old = nil
	}
	c.w.sessions++
	c.views[room] = &view{before: old, room: room, nick: nick, session: c.w.sessions, asked: c.w.now,
		occupants: map[string]occupant{}, times: map[string]int{}, delayed: map[string]bool{}, names: map[string]sighting{}}
	x := xmltree.New(ns.MUC, "x")
	for _, p := range password {
		if p != "" {
			x.Add(xmltree.NewText(ns.MUC, "password", p))
		}
	}
	c.send(presence(room+"/"+nick, "").Add(x))
}

func (c *client) leave(room string) {
	if v := c.views[room]; c.connected && v != nil && v.phase < leaving {
		v.phase = leaving
		c.send(presence(room+"/"+v.nick, "unavailable"))
	}
}

func (c *client) status(room, show, status string) {
	if v := c.views[room]; v != nil && c.in(room) {
		p := presence(room+"/"+v.nick, "")
		if show != "" {
			p.Add(xmltree.NewText(ns.Client, "show", show))
		}
		if status != "" {
			p.Add(xmltree.NewText(ns.Client, "status", status))
		}
		c.send(p)
	}
}

// say sends a groupchat message; real clients put a random id on it.
func (c *client) say(room, body string) {
	id := fmt.Sprintf("%016x", c.w.rand("ids").Uint64())
	c.send(message(room, "groupchat").Set("id", id).Add(xmltree.NewText(ns.Client, "body", body)))
}

func (c *client) setSubject(room, subject string) {
	c.send(message(room, "groupchat").Add(xmltree.NewText(ns.Client, "subject", subject)))
}

func (c *client) whisper(room, nick, body string) {
	id := fmt.Sprintf("%016x", c.w.rand("ids").Uint64())
	c.send(message(room+"/"+nick, "chat").Set("id", id).
		Add(xmltree.NewText(ns.Client, "body", body), xmltree.New(ns.MUCUser, "x")))
}

// changeNick tries to; whether it did shows in the answer.
func (c *client) changeNick(room, nick string) { c.send(presence(room+"/"+nick, "")) }

// set sends an IQ to a room: the owner's and the moderators' doings.
func (c *client) set(room string, query *xmltree.Element) {
	c.iqs++
	iq := xmltree.New(ns.Client, "iq").Set("to", room).Set("type", "set").Set("id", fmt.Sprintf("q%d", c.iqs))
	c.send(iq.Add(query))
}

// administer gives somebody a role or an affiliation (XEP-0045 §8, §9).
func (c *client) administer(room, key, who, what, value string) {
	item := xmltree.New(ns.MUCAdmin, "item").Set(key, who).Set(what, value)
	c.set(room, xmltree.New(ns.MUCAdmin, "query").Add(item))
}

// configure makes a room with a configuration (XEP-0045 §10.1).
func (c *client) configure(room string, cfg *muc.Config) {
	c.set(room, xmltree.New(ns.MUCOwner, "query").Add(cfg.Form("submit")))
}

func presence(to, kind string) *xmltree.Element {
	return xmltree.New(ns.Client, "presence").Set("to", to).Set("type", kind)
}

func message(to, kind string) *xmltree.Element {
	return xmltree.New(ns.Client, "message").Set("to", to).Set("type", kind)
}

// receive takes a stanza as a strict client does. The answer is what it has to
// complain about, "" for nothing.
func (c *client) receive(el *xmltree.Element) string {
	from := el.Get("from")
	v := c.views[muc.Bare(from)]
	if el.Local == "message" {
		v = c.hearing(muc.Bare(from))
	}
	switch {
	case el.Local == "iq":
		return ""
	case el.Get("type") == "error":
		return c.refused(v, el)
	case v == nil:
		return "from a room that it never joined"
	case el.Local == "presence":
		return v.presence(c.w.now, muc.Resource(from), el)
	case el.Get("type") == "groupchat":
		return v.groupchat(muc.Resource(from), el)
	}
	return ""
}

// refused takes an error: only that of a join ends anything.
func (c *client) refused(v *view, el *xmltree.Element) string {
	if el.Local == "presence" && v != nil && v.phase == joining {
		v.end("refused: " + condition(el))
	}
	return ""
}

// condition gives the name of an error's condition (RFC 6120 §8.3.3).
func condition(el *xmltree.Element) string {
	for _, e := range el.Child(ns.Client, "error").Children() {
		if e.Space == ns.Stanzas && e.Local != "text" {
			return e.Local
		}
	}
	return "no condition"
}

func (v *view) presence(now time.Time, nick string, el *xmltree.Element) string {
	x := el.Child(ns.MUCUser, "x")
	codes := statusCodes(x)
	self := slices.Contains(codes, "110") || nick == v.nick
	if v.phase == out {
		return "presence of " + nick + " after the end of its own presence"
	}
	if el.Get("type") == "unavailable" {
		return v.gone(nick, self, codes, newNick(x))
	}
	if nick == "" {
		return "presence of a room without a nick"
	}
	item := x.Child(ns.MUCUser, "item")
	if item == nil {
		return "presence of " + nick + " without an item"
	}
	v.occupants[nick] = occupant{role: item.Get("role"), affiliation: item.Get("affiliation"), jid: item.Get("jid"),
		show: el.Child(ns.Client, "show").Text(), status: el.Child(ns.Client, "status").Text()}
	if self && !slices.Contains(codes, "110") {
		return "own presence without status 110"
	}
	if self && nick != v.nick {
		return "status 110 on the presence of " + nick
	}
	if self && v.phase == joining {
		v.phase, v.entered, v.before = history, now, nil
	}
	return ""
}

// newNick gives the nick that an occupant changes to (XEP-0045 §7.6).
func newNick(x *xmltree.Element) string {
	if item := x.Child(ns.MUCUser, "item"); item != nil {
		return item.Get("nick")
	}
	return ""
}

func (v *view) gone(nick string, self bool, codes []string, newNick string) string {
	_, known := v.occupants[nick]
	delete(v.occupants, nick)
	if self && slices.Contains(codes, "303") {
		v.nick = newNick
		return ""
	}
	if self {
		v.end("left " + strings.Join(codes, " "))
		if !slices.Contains(codes, "110") {
			return "own unavailable presence without status 110"
		}
		return ""
	}
	if !known && v.phase == live {
		return "unavailable presence of " + nick + ", who was not there"
	}
	return ""
}

func (v *view) groupchat(nick string, el *xmltree.Element) string {
	body, subject := el.Child(ns.Client, "body"), el.Child(ns.Client, "subject")
	delay := el.Child(ns.Delay, "delay")
	switch {
	case v.phase == out:
		return "a message after the end of its own presence"
	case v.phase == joining:
		return "a message before its own presence"
	}
	if subject != nil && body == nil {
		v.subject = subject.Text()
		if v.phase == history {
			v.phase = live
		}
		return ""
	}
	if body == nil {
		if textOf(el) != "" {
			v.sight(nick, el)
		}
		return ""
	}
	v.heard = append(v.heard, body.Text())
	v.times[body.Text()]++
	v.sight(nick, el)
	if delay != nil {
		v.delayed[body.Text()] = true
	}
	if v.phase == history && delay == nil {
		return "a live message before the subject"
	}
	return ""
}

func statusCodes(x *xmltree.Element) []string {
	var codes []string
	for _, s := range x.Named(ns.MUCUser, "status") {
		codes = append(codes, s.Get("code"))
	}
	return codes
}

// nicks gives everyone that the client sees in the room, sorted.
func (v *view) nicks() []string { return slices.Sorted(maps.Keys(v.occupants)) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
