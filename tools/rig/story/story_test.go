package story

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"picket/mirror/muc"
	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
)

// The story at each face of the headquarters.
func TestStoryEmbedded(t *testing.T) { story(t, "embedded") }
func TestStoryProsody(t *testing.T)  { story(t, "prosody") }
func TestStoryEjabberd(t *testing.T) { story(t, "ejabberd") }

func story(t *testing.T, hq string) {
	s := Open(t, lab.Options{HQ: hq, Gateways: 2, Rate: 9600, Hold: 2 * time.Second, Tries: 3})
	scott, kevin := s.LogIn("fairfax", "scott"), s.LogIn("fairfax", "kevin")
	wayne, keith := s.LogIn("raleigh", "wayne"), s.LogIn("raleigh", "keith")
	ruth := s.LogIn("norfolk", "ruth")
	all := []*Person{scott, kevin, wayne, keith, ruth}

	scott.OpenRoom()
	scott.Tell("first words")
	scott.Hears("first words")
	kevin.Enter()
	kevin.Tell("second words")
	scott.Hears("second words")

	joinOrder(t, wayne.Enter(), []string{"Kevin", "Scott"}, []string{"Scott: first words", "Kevin: second words"})
	for _, p := range []*Person{scott, kevin} {
		p.Sees("Wayne", "")
	}
	joinOrder(t, keith.Enter(), []string{"Kevin", "Scott", "Wayne"}, []string{"Scott: first words", "Kevin: second words"})
	ruth.Enter()
	for _, p := range []*Person{scott, kevin, wayne} {
		p.Sees("Keith", "")
		p.Sees("Ruth", "")
	}

	for _, said := range []struct {
		who  *Person
		body string
	}{{wayne, "from the field & back <ok>"}, {scott, "from headquarters: Grüße ☂"}, {ruth, "from the other gateway"}, {keith, "two\nlines"}} {
		said.who.Tell(said.body)
		for _, p := range all {
			p.Hears(said.body)
		}
	}

	keith.Do(func(ctx context.Context) error {
		return keith.Presence(ctx, s.World.Room+"/Keith", "", "away", "on watch")
	})
	for _, p := range []*Person{scott, wayne, ruth} {
		e := p.Await("Keith's status", 0, func(e slixmpp.Event) bool { return e.Show == "away" })
		if e.Status != "on watch" {
			t.Errorf("%s sees Keith's status as %q", p.Nick, e.Status)
		}
	}
	refusals(t, s, wayne)
	oneToOne(t, s, scott, wayne, ruth)
	outage(t, s, scott, kevin, wayne, keith, ruth)

	keith.Do(func(ctx context.Context) error { return keith.Leave(ctx, s.World.Room, "Keith") })
	for _, p := range []*Person{scott, wayne, ruth} {
		p.Sees("Keith", "unavailable")
	}
	wayne.Close() // a laptop that loses power
	for _, p := range []*Person{scott, ruth} {
		p.Sees("Wayne", "unavailable")
	}
	s.Once(all...)
	oneHistory(t, s)
	oneArchive(t, s, scott, ruth)
}

// joinOrder holds a join to XEP-0045 §7.1: the others' presence, one's own with
// 110, the history, the subject.
func joinOrder(t *testing.T, got []slixmpp.Event, others, history []string) {
	t.Helper()
	var nicks []string
	for _, e := range got {
		_, nick, _ := strings.Cut(e.From, "/")
		switch {
		case e.Kind == "presence" && slices.Contains(e.Codes, "110"):
			slices.Sort(nicks)
			if !slices.Equal(nicks, others) {
				t.Errorf("presence before one's own: %v, want %v", nicks, others)
			}
		case e.Kind == "presence":
			nicks = append(nicks, nick)
		case e.Body != "" && !e.Delayed:
			t.Errorf("history without a stamp: %s", e.XML)
		}
	}
	if b := Bodies(got); !slices.Equal(b, history) {
		t.Errorf("history %q, want %q", b, history)
	}
}

// refusals are answers of the mirror and of the master to one user alone.
func refusals(t *testing.T, s *Stage, wayne *Person) {
	t.Helper()
	from := wayne.Mark()
	wayne.Do(func(ctx context.Context) error { return wayne.Client.Nick(ctx, s.World.Room, "Duke") })
	wayne.Await("the refusal of a nick", from, func(e slixmpp.Event) bool { return e.Type == "error" && e.Error == "not-acceptable" })

	peter := s.LogIn("norfolk", "peter")
	peter.Nick = "Scott"
	peter.Do(func(ctx context.Context) error { return peter.Join(ctx, s.World.Room, "Scott", "", -1) })
	e := peter.Await("the conflict", 0, func(e slixmpp.Event) bool { return e.Type == "error" })
	if e.Error != "conflict" {
		t.Errorf("joining under a taken nick: %s", e.XML)
	}
	peter.Close()
}

// oneToOne is chat beside the rooms, from the field to headquarters and back: it
// is relayed while the link is up. To a third place it does not go.
func oneToOne(t *testing.T, s *Stage, scott, wayne, ruth *Person) {
	t.Helper()
	for _, way := range []struct{ from, to *Person }{{wayne, scott}, {scott, wayne}} {
		body := "for " + way.to.Nick + " alone & nobody else"
		way.from.Do(func(ctx context.Context) error { return way.from.Chat(ctx, slixmpp.Bare(way.to.JID), body) })
		way.to.Do(func(ctx context.Context) error {
			e, err := way.to.Wait(ctx, func(e slixmpp.Event) bool { return e.Kind == "message" && e.Body == body })
			if err != nil {
				return fmt.Errorf("no message of %s: %w", way.from.Nick, err)
			}
			if e.From != way.from.JID || e.Type != "chat" {
				t.Errorf("%s gets %s", way.to.Nick, e.XML)
			}
			return nil
		})
	}
	bounced(t, ruth, wayne, "remote-server-not-found")
}

// bounced sends a message that cannot arrive; its sender is told why.
func bounced(t *testing.T, from, to *Person, condition string) {
	t.Helper()
	from.Do(func(ctx context.Context) error {
		if err := from.Chat(ctx, slixmpp.Bare(to.JID), "across the cut"); err != nil {
			return err
		}
		e, err := from.Wait(ctx, func(e slixmpp.Event) bool { return e.Kind == "message" && e.Type == "error" })
		if err == nil && (e.Error != condition || e.From != slixmpp.Bare(to.JID)) {
			t.Errorf("%s is told %s", from.Nick, e.XML)
		}
		return err
	})
}

// notKept looks at the end of an outage whether a message that bounced came after
// all.
func notKept(t *testing.T, scott, wayne *Person) {
	t.Helper()
	for _, p := range []*Person{scott, wayne} {
		for _, e := range p.Take() {
			if e.Kind == "message" && e.Type == "chat" {
				t.Errorf("%s gets %s", p.Nick, e.XML)
			}
		}
	}
}

// oneArchive compares what the rooms' archive (XEP-0313) gives on both sides of
// a link.
func oneArchive(t *testing.T, s *Stage, scott, ruth *Person) {
	t.Helper()
	var first []string
	for _, p := range []*Person{scott, ruth} {
		from := p.Mark()
		var fin string
		p.Do(func(ctx context.Context) error {
			e, err := p.IQ(ctx, "set", s.World.Room, `<query xmlns='urn:xmpp:mam:2' queryid='q1'/>`)
			if err == nil && e.Type != "result" {
				err = fmt.Errorf("the archive answers %s", e.XML)
			}
			fin = e.XML
			return err
		})
		last := regexp.MustCompile(`last>([^<]+)<`).FindStringSubmatch(fin)
		if len(last) == 0 {
			t.Fatalf("%s: no last message in %s", p.Nick, fin)
		}
		p.Await("the archive's last message", from, func(e slixmpp.Event) bool { return strings.Contains(e.XML, `id="`+last[1]+`"`) })
		var got []string
		for _, e := range p.Seen()[from:] {
			if body := regexp.MustCompile(`body>([^<]+)<`).FindStringSubmatch(e.XML); strings.Contains(e.XML, "urn:xmpp:mam:2") && len(body) > 0 {
				got = append(got, body[1])
			}
		}
		if first == nil {
			first = got
		}
		if len(got) < 9 || !slices.Equal(got, first) {
			t.Errorf("the archive of %s: %q\nof %s: %q", p.Nick, got, scott.Nick, first)
		}
	}
}

// outage cuts one gateway off, lets all talk, and heals.
func outage(t *testing.T, s *Stage, scott, kevin, wayne, keith, ruth *Person) {
	t.Helper()
	s.Do("cut", "raleigh")
	said := time.Now()
	defer notKept(t, scott, wayne)
	wayne.Tell("alone in the field")
	keith.Hears("alone in the field")
	scott.Tell("alone at headquarters")
	for _, p := range []*Person{kevin, ruth} {
		p.Hears("alone at headquarters")
	}
	for _, p := range []*Person{wayne, keith} {
		for _, nick := range []string{"Scott", "Kevin", "Ruth"} {
			p.Sees(nick, "unavailable")
		}
	}
	for _, p := range []*Person{scott, kevin, ruth} {
		for _, nick := range []string{"Wayne", "Keith"} {
			p.Sees(nick, "unavailable")
		}
	}
	bounced(t, wayne, scott, "remote-server-timeout")
	bounced(t, scott, wayne, "remote-server-timeout")
	keith.Tell("still alone")
	time.Sleep(time.Until(said.Add(muc.JustNow + 2*time.Second))) // so that the first one is late enough for a stamp
	s.Do("heal", "raleigh")
	for _, p := range []*Person{wayne, keith} {
		p.Hears("alone at headquarters")
		for _, nick := range []string{"Scott", "Kevin", "Ruth"} {
			p.Sees(nick, "")
		}
	}
	for _, p := range []*Person{scott, kevin, ruth} {
		if e := p.Hears("alone in the field"); !e.Delayed {
			t.Errorf("%s hears a late message without a stamp: %s", p.Nick, e.XML)
		}
		p.Hears("still alone")
		for _, nick := range []string{"Wayne", "Keith"} {
			p.Sees(nick, "")
		}
	}
}

// oneHistory compares what newcomers at each site are told.
func oneHistory(t *testing.T, s *Stage) {
	t.Helper()
	var first []string
	for i, site := range []string{"fairfax", "raleigh", "norfolk"} {
		name := fmt.Sprintf("new%d", i)
		if _, err := lab.NewAccount(s.Dir, site, name, false); err != nil {
			t.Fatal(err)
		}
		w, err := lab.Load(s.Dir)
		if err != nil {
			t.Fatal(err)
		}
		s.World = w
		got := Bodies(s.LogIn(site, name).Enter())
		if i == 0 {
			first = got
		}
		if len(got) < 9 || !slices.Equal(got, first) {
			t.Errorf("the history at %s:\n%q\nat headquarters:\n%q", site, got, first)
		}
	}
}
