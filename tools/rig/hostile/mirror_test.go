package hostile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"picket/mirror"
	"picket/tools/rig/story"
)

// TestMirror lets a gateway that is paired speak for others, make no sense and
// flood, over its own line with its own keys.
func TestMirror(t *testing.T) {
	s, scott, kevin, wayne, keith := open(t, 2)
	ruth := s.LogIn("norfolk", "ruth")
	ruth.Enter()
	honest := []*story.Person{scott, kevin, ruth}
	wayne.Close()
	keith.Close()
	for _, p := range honest {
		p.Sees("Wayne", "unavailable")
		p.Sees("Keith", "unavailable")
	}
	s.Quiet("raleigh")
	s.Do("kill", "raleigh")
	bad, err := Impersonate(filepath.Join(s.Dir, "raleigh"), "mirror.raleigh.tridsys.com")
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			bad.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := bad.Up(ctx); err != nil {
		t.Fatal(err)
	}

	marks := map[*story.Person]int{}
	for _, p := range honest {
		marks[p] = p.Mark()
	}
	before := status(t, s, "fairfax").Notices[string(mirror.RuleBroken)]
	lies := forOthers(s.World.Room)
	bad.Say(lies...)
	settle(t, ctx, bad)
	if got := status(t, s, "fairfax").Notices[string(mirror.RuleBroken)] - before; got != uint64(len(lies)) {
		t.Errorf("%d of %d stanzas in the name of others are counted", got, len(lies))
	}
	spoken(t, s)
	bad.Say(senseless(s.World.Room)...)
	settle(t, ctx, bad)

	scott.Tell("during it all")
	for _, p := range honest {
		p.Hears("during it all")
	}
	flood(t, ctx, s, bad, scott, ruth)
	for _, p := range honest {
		for _, e := range p.Seen()[marks[p]:] {
			if strings.Contains(e.XML, "LIE") {
				t.Errorf("%s was lied to: %s", p.Nick, e.XML)
			}
		}
	}
	closed = true
	if err := bad.Close(); err != nil {
		t.Error(err)
	}
	s.Do("start", "raleigh")
	wayne, keith = s.LogIn("raleigh", "wayne"), s.LogIn("raleigh", "keith")
	wayne.Enter()
	keith.Enter()
	calm(t, s, scott, kevin, ruth, wayne, keith)
}

// forOthers are stanzas in names that the mirror does not speak for.
func forOthers(room string) (all []string) {
	for _, who := range []string{
		"scott@fairfax.tridsys.com/TransVerse", // a user of headquarters
		"ruth@norfolk.tridsys.com/TransVerse",  // of another gateway
		"mirror.norfolk.tridsys.com",           // another gateway
		room, room + "/Scott",                  // the room and an occupant
		"conference.fairfax.tridsys.com",         // the service
		"wayne@raleigh.tridsys.com.evil.example", // a domain that only begins alike
		"x@evil.example/raleigh.tridsys.com",
		"scott\\40fairfax.tridsys.com@mirror.norfolk.tridsys.com",
		"", // nobody
	} {
		for _, stanza := range []string{
			`<message xmlns='jabber:client' from='%s' to='%s' type='groupchat'><body>LIE</body><item xmlns='urn:xmpp:dmuc:0' n='900' inc='9'/></message>`,
			`<presence xmlns='jabber:client' from='%s' to='%s/LIE'><dmuc xmlns='http://tridsys.com/protocol/dmuc' from='mirror.raleigh.tridsys.com'/></presence>`,
			`<presence xmlns='jabber:client' from='%s' to='%s/Scott' type='unavailable'/>`,
			`<iq xmlns='jabber:client' from='%s' to='%s' type='set' id='LIE'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`,
		} {
			all = append(all, fmt.Sprintf(stanza, who, room))
		}
	}
	return all
}

// senseless are stanzas of its own users, or of itself, that nobody should heed.
func senseless(room string) []string {
	me, own := "mirror.raleigh.tridsys.com", "wayne@raleigh.tridsys.com/TransVerse"
	return []string{
		`<message xmlns='jabber:client' from='` + own + `' to='` + room + `' type='groupchat'/>`,
		`<message xmlns='jabber:client' from='` + own + `' to='` + room + `/Scott' type='groupchat'><body>LIE</body></message>`, // under another's nick
		`<message xmlns='jabber:client' from='` + own + `' to='nowhere@conference.fairfax.tridsys.com' type='groupchat'><body>LIE</body></message>`,
		`<message xmlns='jabber:client' from='` + own + `' to='@@@///' type='groupchat'><body>LIE</body></message>`,
		`<message xmlns='jabber:client' from='` + own + `'><body>LIE</body></message>`,
		`<message xmlns='jabber:client' from='` + own + `' to='ruth@norfolk.tridsys.com' type='error'/>`,
		`<presence xmlns='jabber:client' from='` + own + `' to='` + room + `/Scott'><dmuc xmlns='http://tridsys.com/protocol/dmuc' from='` + me + `'/></presence>`, // a nick that is taken
		`<presence xmlns='jabber:client' from='` + own + `' to='` + room + `/Scott' type='unavailable'/>`,
		`<presence xmlns='jabber:client' from='` + own + `' to='` + room + `'/>`,
		`<presence xmlns='jabber:client' from='` + own + `' to='` + room + `/LIE' type='nonsense'/>`,
		`<iq xmlns='jabber:client' from='` + own + `' to='` + room + `' type='set' id='1'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`,
		`<iq xmlns='jabber:client' from='` + own + `' to='` + room + `' type='set' id='2'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='Scott' role='none'/></query></iq>`,
		`<iq xmlns='jabber:client' from='` + me + `' to='` + room + `' type='get' id='3'><resume xmlns='urn:xmpp:dmuc:0' inc='99999999999' n='-1' pos='x' have='zz' up=''/></iq>`,
		`<iq xmlns='jabber:client' from='` + me + `' to='` + room + `' type='result' id='never-asked'/>`,
		`<hello xmlns='urn:nobody:0' from='` + me + `' to='` + room + `'/>`,
		`<message xmlns='jabber:server' from='` + own + `' to='` + room + `' type='groupchat'><body>LIE</body></message>`,
	}
}

// flood sends as fast as the line takes it; the others talk on.
func flood(t *testing.T, ctx context.Context, s *story.Stage, bad *Impostor, scott, ruth *story.Person) {
	t.Helper()
	const stanzas = 3000
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range stanzas {
			bad.Say(fmt.Sprintf(`<message xmlns='jabber:client' from='u%d@raleigh.tridsys.com/x' to='room%d@conference.fairfax.tridsys.com' type='groupchat'><body>LIE %d</body></message>`, i, i, i))
		}
	}()
	for i := range 5 {
		begin := time.Now()
		scott.Tell(fmt.Sprint("over the flood ", i))
		ruth.Hears(fmt.Sprint("over the flood ", i))
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("during a flood a message takes %v", took)
		}
	}
	<-sent
	settle(t, ctx, bad)
	errors := 0
	for {
		select {
		case el := <-bad.Heard:
			if el.Get("type") == "error" {
				errors++
			}
			continue
		default:
		}
		break
	}
	t.Logf("%d stanzas to rooms that there are not, %d errors", stanzas, errors)
	if errors < stanzas {
		t.Errorf("%d errors for %d stanzas", errors, stanzas)
	}
}

// settle waits until the headquarters has all that was sent.
func settle(t *testing.T, ctx context.Context, bad *Impostor) {
	t.Helper()
	for quiet := 0; quiet < 3; time.Sleep(100 * time.Millisecond) {
		n, err := bad.Waiting(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if quiet++; n > 0 {
			quiet = 0
		}
	}
}

// spoken looks for the rule's breaking in the headquarters' log.
func spoken(t *testing.T, s *story.Stage) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.Dir, "fairfax.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"rule-broken", "spoke for norfolk.tridsys.com", "spoke for fairfax.tridsys.com"} {
		if !strings.Contains(string(b), word) {
			t.Errorf("the headquarters' log does not say %q", word)
		}
	}
}
