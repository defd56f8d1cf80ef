package muc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

const roomJID = "chatroom@conference.fairfax.tridsys.com"

func stanza(s string) *xmltree.Element {
	el, err := xmltree.ParseIn(ns.Client, []byte(s))
	if err != nil {
		panic(err)
	}
	return el
}

// enter puts somebody into the room with one session.
func enter(r *Room, nick, jid string, a Affiliation) *Occupant {
	o := &Occupant{Nick: nick, JID: jid, Affiliation: a, Role: r.Config.DefaultRole(a)}
	r.SetAffiliation(Bare(jid), a)
	r.Enter(o, jid)
	return o
}

func say(r *Room, o *Occupant, pos uint64, body string) *Entry {
	e := &Entry{Pos: pos, Num: pos, Nick: o.Nick, JID: o.JID, Stamp: time.Unix(int64(pos), 0), ID: "id" + body,
		Msg: stanza("<message><body>" + body + "</body></message>")}
	r.Post(e, nil, false)
	return e
}

func TestBurstOrder(t *testing.T) {
	r := NewRoom(roomJID)
	scott := enter(r, "Scott", "scott@f/1", Owner)
	say(r, scott, 1, "one")
	say(r, scott, 2, "two")
	r.Replace(Subject{Text: "ford", Nick: "Scott"})
	enter(r, "Wayne", "wayne@f/1", Unaffiliated)
	r.Take()
	r.Burst("wayne@f/1", stanza(`<x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="1"/></x>`), time.Unix(100, 0))
	var got []string
	for _, el := range r.Take() {
		got = append(got, el.Local+" "+Resource(el.Get("from"))+el.Child(ns.Client, "body").Text()+el.Child(ns.Client, "subject").Text())
	}
	// XEP-0045 §7.2: the others, oneself, history, subject.
	if want := "presence Scott|presence Wayne|message Scotttwo|message Scottford"; strings.Join(got, "|") != want {
		t.Errorf("burst %q, want %q", strings.Join(got, "|"), want)
	}
}

func TestWhoSeesJIDs(t *testing.T) {
	r := NewRoom(roomJID)
	r.Config.AnyoneSeesJIDs = false
	enter(r, "Scott", "scott@f/1", Owner)
	enter(r, "Kevin", "kevin@f/1", Unaffiliated)
	r.Take()
	enter(r, "Wayne", "wayne@f/1", Unaffiliated)
	for _, el := range r.Take() {
		jid := el.Child(ns.MUCUser, "x").Child(ns.MUCUser, "item").Get("jid")
		if shown := jid != ""; shown != (el.Get("to") == "scott@f/1") {
			t.Errorf("%s is shown jid %q", el.Get("to"), jid)
		}
	}
}

func TestCheckJoin(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*Room)
		nick string
		want *Failure
	}{
		{"open room", func(*Room) {}, "Wayne", nil},
		{"no nick", func(*Room) {}, "", ErrNoNick},
		{"long nick", func(*Room) {}, strings.Repeat("ñ", 65), ErrNickLong},
		{"longest nick", func(*Room) {}, strings.Repeat("ñ", 64), nil},
		{"banned", func(r *Room) { r.SetAffiliation("wayne@f", Outcast) }, "Wayne", ErrBanned},
		{"members only", func(r *Room) { r.Config.MembersOnly = true }, "Wayne", ErrMembersOnly},
		{"a member", func(r *Room) { r.Config.MembersOnly = true; r.SetAffiliation("wayne@f", Member) }, "Wayne", nil},
		{"password", func(r *Room) { r.Config.Password = "x" }, "Wayne", ErrPassword},
		{"nick taken", func(*Room) {}, "Scott", ErrNickTaken},
		{"nick of one who is shown as left", func(r *Room) { r.Hide(r.ByNick("Scott")) }, "Scott", nil},
		{"full", func(r *Room) { r.Config.MaxUsers = 1 }, "Wayne", ErrFull},
	} {
		r := NewRoom(roomJID)
		enter(r, "Scott", "scott@f/1", Owner)
		tt.set(r)
		if got := r.CheckJoin("wayne@f/1", tt.nick, ""); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestConfigForm(t *testing.T) {
	c := DefaultConfig
	submit := `<x xmlns="jabber:x:data" type="submit"><field var="muc#roomconfig_roomname"><value>Ops</value></field>` +
		`<field var="muc#roomconfig_moderatedroom"><value>true</value></field><field var="muc#roomconfig_roomsecret"><value>s</value></field>` +
		`<field var="muc#roomconfig_whois"><value>moderators</value></field><field var="of tomorrow"><value>x</value></field></x>`
	if err := c.Apply(xmltree.MustParse(submit)); err != nil {
		t.Fatal(err)
	}
	if c.Name != "Ops" || !c.Moderated || c.Password != "s" || c.AnyoneSeesJIDs || !c.Persistent {
		t.Errorf("got %+v", c)
	}
	for _, form := range []*xmltree.Element{c.Form("form"), c.Wire()} {
		back := DefaultConfig
		if err := back.Apply(form); err != nil || back != c {
			t.Errorf("%s\n gives back %+v, %v", form, back, err)
		}
	}
	for _, bad := range []string{"muc#roomconfig_whois", "muc#roomconfig_membersonly", "muc#roomconfig_maxusers"} {
		before := c
		err := c.Apply(xmltree.MustParse(`<x xmlns="jabber:x:data"><field var="muc#roomconfig_roomname"><value>no</value></field><field var="` + bad + `"><value>-x</value></field></x>`))
		if err == nil || c != before {
			t.Errorf("%s takes -x, or an error changed the configuration", bad)
		}
	}
}

func TestArchive(t *testing.T) {
	var a Archive
	a.Max = 3
	entry := func(pos uint64, origin uint8, num uint64) *Entry {
		return &Entry{Pos: pos, Origin: origin, Inc: 1, Num: num, Msg: stanza("<message/>"), ID: fmt.Sprintf("c%d%d", origin, num)}
	}
	a.Add(entry(0, 1, 2))
	a.Add(entry(0, 1, 1))
	a.Add(entry(1, 0, 1))
	if _, added := a.Add(entry(0, 1, 2)); added {
		t.Error("one entry was added twice")
	}
	ids := func() (s string) {
		for _, e := range a.All() {
			s += e.StanzaID() + " "
		}
		return s
	}
	if got, want := ids(), "0.0.1 1.1.1 1.1.2 "; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	if e := a.Place(2); e == nil || e.Num != 1 {
		t.Errorf("placed %+v, want number 1", e)
	}
	trimmed, _ := a.Add(entry(3, 0, 3))
	if len(trimmed) != 1 || trimmed[0].Pos != 1 || a.Get(Key{Num: 1}) != nil {
		t.Errorf("trimmed %v, want the oldest", trimmed)
	}
	if got, want := ids(), "1.1.1 0.0.3 1.1.2 "; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	if a.Withdraw(Key{Origin: 1, Inc: 1, Num: 1}) != nil {
		t.Error("a placed entry was withdrawn")
	}
	if e := a.Withdraw(Key{Origin: 1, Inc: 1, Num: 2}); e == nil || a.ByClientID("c12") != nil {
		t.Error("a waiting entry was not withdrawn")
	}
	if e := a.ByStanzaID("1.1.1"); e == nil || e.ID != "c11" {
		t.Error("an entry is not found by its archive id")
	}
	for _, bad := range []string{"", "1.1", "1.1.1.1", "x", "01.1.1"} {
		if a.ByStanzaID(bad) != nil {
			t.Errorf("archive id %q finds something", bad)
		}
	}
}

func TestEntryIsKept(t *testing.T) {
	e := &Entry{Pos: 7, Origin: 2, Inc: 3, Num: 4, Nick: "Wayne", JID: "wayne@r/T", Stamp: time.Unix(5, 6).UTC(), ID: "x",
		Msg: stanza(`<message xml:lang="en"><body>a &amp; b</body></message>`)}
	back, err := ParseEntry([]byte(e.Element().String()))
	if err != nil || !xmltree.Equal(back.Element(), e.Element()) || !back.Stamp.Equal(e.Stamp) {
		t.Errorf("got %+v, %v", back, err)
	}
	for _, bad := range []string{"", "<entry/>", strings.Replace(e.Element().String(), "message", "m", -1), strings.Replace(e.Element().String(), `pos="7"`, `pos="-7"`, 1)} {
		if _, err := ParseEntry([]byte(bad)); err == nil {
			t.Errorf("ParseEntry takes %q", bad)
		}
	}
}

func TestReferences(t *testing.T) {
	r := NewRoom(roomJID)
	wayne := enter(r, "Wayne", "wayne@f/1", Unaffiliated)
	e := say(r, wayne, 1, "teh")
	r.Take()
	fix := stanza(`<message><body>the</body><replace xmlns="urn:xmpp:message-correct:0" id="idteh"/></message>`)
	common := r.CommonRefs(fix.Shallow())
	if got := common.Child(ns.Correct, "replace").Get("id"); got != e.StanzaID() {
		t.Errorf("a correction crosses with reference %q, want %q", got, e.StanzaID())
	}
	r.Post(&Entry{Pos: 2, Num: 2, Nick: "Wayne", Msg: common}, nil, false)
	out := r.Take()
	if got := out[0].Child(ns.Correct, "replace").Get("id"); got != "idteh" {
		t.Errorf("the origin's clients see reference %q, want their own id", got)
	}
	if fix.Child(ns.Correct, "replace").Get("id") != "idteh" {
		t.Error("the client's own stanza was changed")
	}
}

func TestSeveralSessionsOfOneNick(t *testing.T) {
	r := NewRoom(roomJID)
	o := enter(r, "Wayne", "wayne@f/1", Unaffiliated)
	r.Attach(o, "wayne@f/2")
	if _, last := r.Detach("wayne@f/1"); last {
		t.Fatal("the first of two sessions was taken for the last")
	}
	if o.JID != "wayne@f/2" || r.BySession("wayne@f/1") != nil {
		t.Errorf("after one left, the occupant is %+v", o)
	}
	if left, last := r.Detach("wayne@f/2"); !last || left != o {
		t.Error("the last session was not the last")
	}
}

func TestRights(t *testing.T) {
	mod := &Occupant{Affiliation: Unaffiliated, Role: Moderator}
	plain := &Occupant{Affiliation: Unaffiliated, Role: Participant}
	owner := &Occupant{Affiliation: Owner, Role: Moderator}
	for _, tt := range []struct {
		name   string
		actor  Affiliation
		role   Role
		target *Occupant
		to     Role
		want   *Failure
	}{
		{"moderator kicks participant", Unaffiliated, Moderator, plain, RoleNone, nil},
		{"participant kicks", Unaffiliated, Participant, plain, RoleNone, ErrForbidden},
		{"moderator kicks owner", Unaffiliated, Moderator, owner, RoleNone, ErrNotAllowed},
		{"admin makes moderator", Admin, Moderator, plain, Moderator, nil},
		{"moderator makes moderator", Unaffiliated, Moderator, plain, Moderator, ErrForbidden},
		{"moderator takes voice", Unaffiliated, Moderator, plain, Visitor, nil},
		{"admin takes moderation of a plain one", Admin, Moderator, mod, Participant, nil},
		{"admin kicks owner", Admin, Moderator, owner, RoleNone, ErrNotAllowed},
	} {
		if got := CheckRole(tt.actor, tt.role, tt.target, tt.to); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	r := NewRoom(roomJID)
	r.SetAffiliation("o@f", Owner)
	r.SetAffiliation("m@f", Member)
	for _, tt := range []struct {
		actor Affiliation
		jid   string
		to    Affiliation
		want  *Failure
	}{
		{Admin, "m@f", Outcast, nil}, {Member, "x@f", Member, ErrForbidden}, {Admin, "m@f", Admin, ErrNotAllowed},
		{Owner, "o@f", Member, ErrLastOwner}, {Owner, "m@f", Owner, nil},
	} {
		if got := r.CheckAffiliation(tt.actor, tt.jid, tt.to); got != tt.want {
			t.Errorf("%v makes %s %v: %v, want %v", tt.actor, tt.jid, tt.to, got, tt.want)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add((&Entry{Pos: 7, Nick: "Wayne", Stamp: time.Unix(5, 6), Msg: stanza(`<message><body>a</body></message>`)}).Element().String())
	f.Add(`<entry pos="1" origin="300"/>`)
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEntry([]byte(s))
		if err != nil {
			return
		}
		back, err := ParseEntry([]byte(e.Element().String()))
		if err != nil || !xmltree.Equal(back.Element(), e.Element()) {
			t.Errorf("%q is read as %s and comes back as %v, %v", s, e.Element(), back, err)
		}
	})
}
