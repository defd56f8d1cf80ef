// Package story plays the specification's story with real programs: picket and
// picket-hq over a lab's line, unmodified slixmpp clients on both sides, the
// headquarters' face embedded or a component of Prosody or ejabberd. It also
// measures what is promised of a slow line.
//
// The tests are the story; Stage here is what they, and other rigs, stand on.
// All of it wants PICKET_RIG=1.
package story

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
)

// patience is how long a test waits for one thing.
const patience = 90 * time.Second

// A Stage is a lab that is up for one test.
type Stage struct {
	T     testing.TB
	Dir   string
	World *lab.World
}

// bin is where the programs are built, once for all tests of a process.
var bin = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "picket-rig-")
	if err != nil {
		return "", err
	}
	return lab.Build(dir)
})

// Open brings a lab up, and down at the test's end. It skips the test where no
// real programs are wanted.
func Open(t testing.TB, opt lab.Options) *Stage {
	t.Helper()
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("real programs: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := slixmpp.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	programs, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	opt.Bin, opt.Bearer = programs, "serial"
	if opt.HQ == "" {
		opt.HQ = "embedded"
	}
	if opt.Gateways == 0 {
		opt.Gateways = 1
	}
	dir, err := lab.Up(filepath.Join(t.TempDir(), "lab"), opt, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tellLogs(t, dir)
		}
		if err := lab.Down(dir); err != nil {
			t.Errorf("down: %v", err)
		}
	})
	w, err := lab.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &Stage{T: t, Dir: dir, World: w}
}

// tellLogs shows the end of each program's log.
func tellLogs(t testing.TB, dir string) {
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, path := range logs {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		t.Logf("%s:\n%s", filepath.Base(path), strings.Join(lines[max(0, len(lines)-12):], "\n"))
	}
}

// Do cuts, heals, kills or starts.
func (s *Stage) Do(what, site string) {
	s.T.Helper()
	if err := lab.Do(s.Dir, what, site); err != nil {
		s.T.Fatal(err)
	}
}

// Bytes is what the gateway's line has carried so far.
func (s *Stage) Bytes(site string) (up, down int) {
	s.T.Helper()
	st, err := lab.State(s.Dir)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, one := range st.Sites {
		if one.Name == site && one.Line != nil {
			return one.Line.BytesUp, one.Line.BytesDown
		}
	}
	s.T.Fatalf("%s has no line", site)
	return 0, 0
}

// Quiet waits until the line has carried nothing for a while, and gives what it
// has carried so far.
func (s *Stage) Quiet(site string) (up, down int) {
	s.T.Helper()
	const quiet = 1500 * time.Millisecond // longer than an acknowledgement may wait at 1200 bit/s
	up, down = s.Bytes(site)
	since, begin := time.Now(), time.Now()
	for time.Since(since) < quiet {
		time.Sleep(50 * time.Millisecond)
		if u, d := s.Bytes(site); u != up || d != down {
			up, down, since = u, d, time.Now()
		}
		if time.Since(begin) > patience {
			s.T.Fatalf("the line of %s does not become quiet", site)
		}
	}
	return up, down
}

// A Person is a user's client in the world's room.
type Person struct {
	*slixmpp.Client
	Nick  string
	stage *Stage
	room  string

	mu   sync.Mutex
	seen []slixmpp.Event
	news chan struct{}
}

// LogIn logs a user of a site in; its client ends with the test.
func (s *Stage) LogIn(site, name string) *Person {
	s.T.Helper()
	at := s.World.Site(site)
	account := at.Account(name)
	if account == nil {
		s.T.Fatalf("%s has no account at %s", name, site)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := slixmpp.Start(ctx, slixmpp.Config{JID: account.JID, Password: account.Password, Host: at.Host, Port: at.Port, CA: at.CA})
	if err != nil {
		s.T.Fatal(err)
	}
	p := &Person{Client: c, Nick: strings.ToUpper(name[:1]) + name[1:], stage: s, room: s.World.Room, news: make(chan struct{})}
	follow, stop := context.WithCancel(context.Background())
	s.T.Cleanup(func() { stop(); c.Close() })
	go p.follow(follow)
	return p
}

// follow keeps all that comes from the room.
func (p *Person) follow(ctx context.Context) {
	for {
		e, err := p.Client.Wait(ctx, func(e slixmpp.Event) bool {
			return e.Event == "stanza" && e.Kind != "iq" && strings.HasPrefix(e.From, p.room)
		})
		if err != nil {
			return
		}
		p.mu.Lock()
		p.seen = append(p.seen, e)
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
	}
}

// Seen gives all stanzas of the room so far.
func (p *Person) Seen() []slixmpp.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// Mark is a place in what a person has seen: waits for what is new begin there.
func (p *Person) Mark() int { return len(p.Seen()) }

// Await waits for a stanza that fits, at or after a mark.
func (p *Person) Await(what string, from int, fits func(slixmpp.Event) bool) slixmpp.Event {
	p.stage.T.Helper()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		news, seen := p.news, p.seen[from:]
		p.mu.Unlock()
		if i := slices.IndexFunc(seen, fits); i >= 0 {
			return seen[i]
		}
		select {
		case <-news:
		case <-timeout:
			p.stage.T.Fatalf("%s waits in vain for %s", p.Nick, what)
		}
	}
}

// Do lets the client do something.
func (p *Person) Do(what func(context.Context) error) {
	p.stage.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := what(ctx); err != nil {
		p.stage.T.Fatalf("%s: %v", p.Nick, err)
	}
}

// Enter joins the room and waits for the end of the join; it gives what came.
func (p *Person) Enter() []slixmpp.Event {
	p.stage.T.Helper()
	from := p.Mark()
	p.Do(func(ctx context.Context) error { return p.Join(ctx, p.room, p.Nick, "", -1) })
	p.Await("the subject", from, isSubject)
	return p.Seen()[from:]
}

// OpenRoom enters as the first and accepts the room's settings: until then a
// new room is locked (XEP-0045 §10.1.2).
func (p *Person) OpenRoom() {
	p.stage.T.Helper()
	p.Enter()
	p.Do(func(ctx context.Context) error {
		e, err := p.IQ(ctx, "set", p.room, `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>`)
		if err == nil && e.Type == "error" {
			err = fmt.Errorf("the settings are refused: %s", e.Error)
		}
		return err
	})
}

// Tell says something in the room.
func (p *Person) Tell(body string) {
	p.stage.T.Helper()
	p.Do(func(ctx context.Context) error { return p.Say(ctx, p.room, body) })
}

// Hears waits for a message.
func (p *Person) Hears(body string) slixmpp.Event {
	p.stage.T.Helper()
	return p.Await(fmt.Sprintf("%q", body), 0, func(e slixmpp.Event) bool { return e.Kind == "message" && e.Body == body })
}

// Sees waits until the newest presence of a nick is of this type: "" for there,
// "unavailable" for gone.
func (p *Person) Sees(nick, kind string) {
	p.stage.T.Helper()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		news, last := p.news, "never seen"
		for _, e := range p.seen {
			if e.Kind == "presence" && e.From == p.room+"/"+nick {
				last = e.Type
			}
		}
		p.mu.Unlock()
		if last == kind {
			return
		}
		select {
		case <-news:
		case <-timeout:
			p.stage.T.Fatalf("%s waits in vain for presence %q of %s: the last is %q", p.Nick, kind, nick, last)
		}
	}
}

// Once holds what people have seen to the promises: each message once, no word
// of the protocol between mirror and master.
func (s *Stage) Once(people ...*Person) {
	s.T.Helper()
	for _, p := range people {
		n := map[string]int{}
		for _, e := range p.Seen() {
			for _, word := range []string{"tridsys.com/protocol/dmuc", "urn:xmpp:dmuc:0", `\40`, "mirror."} {
				if strings.Contains(e.XML, word) {
					s.T.Errorf("%s sees %q: %s", p.Nick, word, e.XML)
				}
			}
			if e.Kind == "message" && e.Body != "" && e.Type != "error" {
				n[e.From+" "+e.Body]++
			}
		}
		for what, times := range n {
			if times != 1 {
				s.T.Errorf("%s hears %d times: %s", p.Nick, times, what)
			}
		}
	}
}

func isSubject(e slixmpp.Event) bool { return e.Kind == "message" && e.Subject != nil && e.Body == "" }

// Bodies gives the messages among stanzas, as "Nick: text".
func Bodies(events []slixmpp.Event) []string {
	var out []string
	for _, e := range events {
		if e.Kind == "message" && e.Body != "" {
			_, nick, _ := strings.Cut(e.From, "/")
			out = append(out, nick+": "+e.Body)
		}
	}
	return out
}
