package hostile

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
	"picket/tools/rig/story"
)

// rate of the lines: the fastest that a lab has, since a megabyte has to cross.
const rate = 921600

// open brings up a room with two people on each side of a link.
func open(t *testing.T, gateways int) (s *story.Stage, scott, kevin, wayne, keith *story.Person) {
	s = story.Open(t, lab.Options{Rate: rate, Gateways: gateways})
	scott, kevin = s.LogIn("fairfax", "scott"), s.LogIn("fairfax", "kevin")
	wayne, keith = s.LogIn("raleigh", "wayne"), s.LogIn("raleigh", "keith")
	scott.OpenRoom()
	for _, p := range []*story.Person{kevin, wayne, keith} {
		p.Enter()
	}
	return s, scott, kevin, wayne, keith
}

// TestClients sends what no client should, at the gateway and at headquarters.
func TestClients(t *testing.T) {
	s, scott, kevin, wayne, keith := open(t, 1)
	for _, site := range []string{"raleigh", "fairfax"} {
		t.Run("a wrong password at "+site, func(t *testing.T) { wrongPasswords(t, s, site) })
		for _, tt := range []struct{ name, send, want string }{
			{"tags that do not match", "<message><body></message>", "not-well-formed"},
			{"bytes that are no XML", "\x01\x02\x03<<<>>>", "not-well-formed"},
			{"a DTD", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "restricted-xml"},
			{"no stanza", "<hello/>", "unsupported-stanza-type"},
			{"a stanza of more than 64 KiB", "<message to='" + s.World.Room + "' type='groupchat'><body>" + strings.Repeat("x", 70_000) + "</body></message>", "policy-violation"},
		} {
			t.Run(tt.name+" at "+site, func(t *testing.T) { streamEnds(t, s, site, tt.send, tt.want) })
		}
	}
	t.Run("more than the link's limit", func(t *testing.T) {
		from := wayne.Mark()
		wayne.Tell(strings.Repeat("long ", 3000))
		e := wayne.Await("the refusal of a long message", from, func(e slixmpp.Event) bool { return e.Type == "error" })
		if e.Error != "policy-violation" {
			t.Errorf("got %s", e.XML)
		}
	})
	t.Run("unknown queries", func(t *testing.T) { unknownQueries(t, s, scott, wayne) })
	t.Run("unknown payloads", func(t *testing.T) {
		unknownPayloads(t, s, "up", wayne, scott)
		unknownPayloads(t, s, "down", scott, wayne)
	})
	calm(t, s, scott, kevin, wayne, keith)
}

// wrongPasswords tries some, then the right one. More of them would take longer:
// the server lets an address wait that goes on.
func wrongPasswords(t *testing.T, s *story.Stage, site string) {
	at := s.World.Site(site)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	login := slixmpp.Config{JID: at.Accounts[0].JID + "/other", Host: at.Host, Port: at.Port, CA: at.CA}
	for _, password := range []string{strings.Repeat("long", 500), at.Accounts[1].Password} {
		login.Password = password
		if c, err := slixmpp.Start(ctx, login); err == nil || !strings.Contains(err.Error(), "failed") {
			t.Errorf("a wrong password of %d characters: %v", len(password), err)
			if c != nil {
				c.Close()
			}
		}
	}
	login.JID, login.Password = "nobody@"+at.Domain, at.Accounts[0].Password
	if _, err := slixmpp.Start(ctx, login); err == nil || !strings.Contains(err.Error(), "failed") {
		t.Errorf("an account that there is not: %v", err)
	}
	login.JID = at.Accounts[0].JID + "/other"
	c, err := slixmpp.Start(ctx, login)
	if err != nil {
		t.Fatalf("the right password afterwards: %v", err)
	}
	c.Close()
}

// streamEnds lets a user of the site send something, and wants its stream to end
// with an error.
func streamEnds(t *testing.T, s *story.Stage, site, send, want string) {
	at := s.World.Site(site)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := slixmpp.Start(ctx, slixmpp.Config{JID: at.Accounts[0].JID + "/bad", Password: at.Accounts[0].Password, Host: at.Host, Port: at.Port, CA: at.CA})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Raw(ctx, send); err != nil {
		t.Fatal(err)
	}
	e, err := c.Wait(ctx, func(e slixmpp.Event) bool { return e.Event == "stream_error" })
	if err != nil || !strings.Contains(e.Text, want) {
		t.Errorf("got %v %s, want a stream error %s", err, e.Text, want)
	}
	if _, err := c.Wait(ctx, func(e slixmpp.Event) bool { return e.Event == "disconnected" }); err != nil {
		t.Errorf("the stream is not closed: %v", err)
	}
}

// unknownQueries are answered with an error, wherever they go.
func unknownQueries(t *testing.T, s *story.Stage, scott, wayne *story.Person) {
	for _, tt := range []struct {
		who *story.Person
		to  []string
	}{
		{wayne, []string{"", "raleigh.tridsys.com", "mirror.raleigh.tridsys.com", s.World.MUC, s.World.Room, s.World.Room + "/Keith", "scott@fairfax.tridsys.com", "nobody@" + s.World.MUC}},
		{scott, []string{"", "fairfax.tridsys.com", "mirror.raleigh.tridsys.com", s.World.MUC, s.World.Room, s.World.Room + "/Wayne", "wayne@raleigh.tridsys.com", "nobody@" + s.World.MUC}},
	} {
		for _, to := range tt.to {
			for _, kind := range []string{"get", "set"} {
				tt.who.Do(func(ctx context.Context) error {
					e, err := tt.who.IQ(ctx, kind, to, "<odd xmlns='urn:nobody:0'><a/></odd>")
					if err != nil {
						return fmt.Errorf("an unknown %s to %q: %w", kind, to, err)
					}
					if e.Type != "error" || e.Error == "" {
						t.Errorf("%s: an unknown %s to %q: %s", tt.who.Nick, kind, to, e.XML)
					}
					return nil
				})
			}
		}
	}
}

// odd is content that no part of picket knows.
const odd = `<x xmlns='urn:nobody:0' a='1' b='&lt;&quot;'><y xmlns='urn:nobody:1'>  text &amp; <z/> tail </y><empty/></x>`

// unknownPayloads crosses a link in messages, with and without a body, and in
// presence, and comes out equal.
func unknownPayloads(t *testing.T, s *story.Stage, way string, from, to *story.Person) {
	want := xmltree.MustParse(odd)
	for _, stanza := range []string{
		"<message to='" + s.World.Room + "' type='groupchat' id='" + way + "1'><body>odd, " + way + "</body>" + odd + "</message>",
		"<message to='" + s.World.Room + "' type='groupchat' id='" + way + "2'>" + odd + "</message>",
		"<presence to='" + s.World.Room + "/" + from.Nick + "'><show>xa</show>" + odd + "</presence>",
	} {
		mark := to.Mark()
		from.Do(func(ctx context.Context) error { return from.Raw(ctx, stanza) })
		kind := xmltree.MustParse(stanza).Local
		got := to.Await("an unknown payload in a "+kind, mark, func(e slixmpp.Event) bool {
			return e.Kind == kind && e.From == s.World.Room+"/"+from.Nick && strings.Contains(e.XML, "urn:nobody:0")
		})
		el, err := xmltree.ParseIn(ns.Client, []byte(got.XML))
		if err != nil {
			t.Fatal(err)
		}
		if x := el.Child("urn:nobody:0", "x"); x == nil || !xmltree.Equal(x, want) {
			t.Errorf("%s: sent %s\nbut came %s", way, want, got.XML)
		}
	}
}

// calm is how each test ends: what people say still arrives, once, and nobody is
// there who should not.
func calm(t *testing.T, s *story.Stage, people ...*story.Person) {
	t.Helper()
	for _, p := range people {
		body := "all is well, says " + p.Nick
		p.Tell(body)
		for _, other := range people {
			other.Hears(body)
		}
	}
	s.Once(people...)
	nicks := map[string]bool{}
	for _, p := range people {
		nicks[s.World.Room+"/"+p.Nick] = true
	}
	for _, p := range people {
		for _, e := range p.Seen() {
			if e.From != s.World.Room && !nicks[e.From] && e.Type != "error" {
				t.Errorf("%s sees a stranger: %s", p.Nick, e.XML)
			}
		}
	}
}
