package kill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/service"
	"picket/mirror/site"
	"picket/tools/lab/line"
)

// The size of a run: the history that a joiner may get has 500 messages.
const (
	runFor   = 45 * time.Second
	sayEvery = 500 * time.Millisecond // each of two, at the most
	killGap  = 3 * time.Second        // on the average
	baud     = 57600
	password = "a password for tests"
)

// TestKill lets two people talk, one at each site, while one program after the
// other is killed and started again.
func TestKill(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("the real programs are killed for a minute: set PICKET_RIG=1")
	}
	w := newWorld(t)
	hq, gateway := w.site("picket-hq", "fairfax"), w.site("picket", "raleigh")
	w.setUp(hq, gateway)
	hq.start()
	gateway.start()
	scott := &person{t: t, site: hq, jid: "scott@fairfax.tridsys.com", room: w.said}
	wayne := &person{t: t, site: gateway, jid: "wayne@raleigh.tridsys.com", room: w.said}
	scott.openRoom()

	ctx, stop := context.WithTimeout(t.Context(), runFor)
	defer stop()
	var talking sync.WaitGroup
	for _, p := range []*person{scott, wayne} {
		talking.Go(func() { p.talk(ctx) })
	}
	kills := w.killAtRandom(ctx, hq, gateway)
	talking.Wait()

	atHQ, atGateway := w.settled(scott, wayne)
	for _, line := range Judge(w.said.all(), atHQ, atGateway) {
		t.Error(line)
	}
	for _, p := range []*person{scott, wayne} {
		for body, n := range p.live {
			if n > 1 {
				t.Errorf("%s was shown %q %d times", p.jid, body, n)
			}
		}
	}
	echoed := w.said.echoed()
	t.Logf("%d kills; %d said, %d echoed, %d in the history; %d and %d sessions", kills, len(w.said.all()), echoed, len(atHQ), scott.sessions, wayne.sessions)
	if kills < 5 || echoed < 40 {
		t.Error("too little happened: the test shows nothing")
	}
	if t.Failed() {
		t.Logf("logs and journals are in %s", w.keep())
	}
}

// A world is two sites and a line.
type world struct {
	t    *testing.T
	dir  string
	bin  string
	said *record
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), said: &record{}}
	w.bin = filepath.Join(w.dir, "bin")
	for _, pkg := range []string{"picket/firmware/picket", "picket/tools/picket-hq", "picket/tools/picketctl"} {
		cmd := exec.Command("go", "build", "-o", w.bin+"/", pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
	}
	return w
}

func (w *world) run(program string, args ...string) {
	w.t.Helper()
	cmd := exec.Command(filepath.Join(w.bin, program), args...)
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// setUp makes both folders with the programs' own commands, and the line.
func (w *world) setUp(hq, gateway *siteProc) {
	a, b := filepath.Join(w.dir, "a"), filepath.Join(w.dir, "b")
	l, err := line.New(line.Config{Paths: [2]string{a, b}, Baud: baud})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	w.run("picket-hq", "init", "-config", hq.dir, "-domain", "fairfax.tridsys.com", "-starttls", "127.0.0.1:0", "-tls", "")
	w.run("picket", "init", "-config", gateway.dir, "-domain", "raleigh.tridsys.com", "-starttls", "127.0.0.1:0", "-tls", "")
	w.run("picketctl", "pair", "-hq", hq.dir, "-gateway", gateway.dir, "-hq-port", a, "-gateway-port", b, "-rate", fmt.Sprint(baud))
	w.run("picket-hq", "user", "add", "-config", hq.dir, "-stdin", "scott")
	w.run("picket", "user", "add", "-config", gateway.dir, "-stdin", "wayne")
}

// killAtRandom kills one of the programs now and then, and starts it again
// after a while, until ctx ends. Sometimes both are down.
func (w *world) killAtRandom(ctx context.Context, sites ...*siteProc) (kills int) {
	for {
		select {
		case <-ctx.Done():
			return kills
		case <-time.After(killGap/2 + rand.N(killGap)):
		}
		victim := sites[rand.IntN(len(sites))]
		w.t.Logf("%s is killed", victim.name)
		victim.kill()
		kills++
		time.Sleep(rand.N(1500 * time.Millisecond))
		victim.start()
	}
}

// settled waits until both histories are the same and complete, and gives them.
func (w *world) settled(scott, wayne *person) (atHQ, atGateway []string) {
	deadline := time.Now().Add(60 * time.Second)
	for {
		atHQ, atGateway = scott.history(), wayne.history()
		if len(Judge(w.said.all(), atHQ, atGateway)) == 0 || time.Now().After(deadline) {
			return atHQ, atGateway
		}
		time.Sleep(time.Second)
	}
}

// keep copies logs, configurations and journals to where they outlive the test.
func (w *world) keep() string {
	to := filepath.Join(os.TempDir(), fmt.Sprintf("picket-kill-%d", os.Getpid()))
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Dir(path) == w.bin {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		return site.Write(filepath.Join(to, rel), b, site.SecretMode)
	})
	if err != nil {
		return err.Error()
	}
	return to
}

// A siteProc is one program and its folder.
type siteProc struct {
	t              *testing.T
	name, dir, bin string
	cmd            *exec.Cmd
}

func (w *world) site(program, name string) *siteProc {
	s := &siteProc{t: w.t, name: name, dir: filepath.Join(w.dir, name), bin: filepath.Join(w.bin, program)}
	w.t.Cleanup(s.kill)
	return s
}

func (s *siteProc) start() {
	os.Remove(filepath.Join(s.dir, "state", "ports.json"))
	s.cmd = exec.Command(s.bin, "run", "-config", s.dir)
	log, err := os.OpenFile(s.dir+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd := s.cmd
	go cmd.Wait()
}

func (s *siteProc) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
	}
}

// addr is where clients connect; it changes with each start.
func (s *siteProc) addr() (string, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, "state", "ports.json"))
	if err != nil {
		return "", err
	}
	var ports service.Ports
	if err := json.Unmarshal(b, &ports); err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", ports.StartTLS), nil
}

// A record is what was said, in one order.
type record struct {
	mu    sync.Mutex
	lines []Said
}

func (r *record) say(sender, body string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, Said{Body: body, Sender: sender})
	return len(r.lines) - 1
}

func (r *record) echo(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[i].Echoed = true
}

func (r *record) all() []Said {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Said(nil), r.lines...)
}

func (r *record) echoed() (n int) {
	for _, s := range r.all() {
		if s.Echoed {
			n++
		}
	}
	return n
}

// A person talks at one site, and comes back when the connection is lost.
type person struct {
	t        *testing.T
	site     *siteProc
	jid      string
	room     *record
	live     map[string]int // bodies shown as new, however often
	n        int
	sessions int
}

// connect logs in, however long it takes; nil: ctx ended.
func (p *person) connect(ctx context.Context) *client {
	for ctx.Err() == nil {
		addr, err := p.site.addr()
		if err == nil {
			var c *client
			if c, err = dial(ctx, addr, p.jid, password, filepath.Join(p.site.dir, "ca.pem")); err == nil {
				p.sessions++
				return c
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

// openRoom makes the room, with a history that holds the whole run.
func (p *person) openRoom() {
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	c := p.connect(ctx)
	if c == nil {
		p.t.Fatal("nobody could log in at the headquarters")
	}
	defer c.close()
	if _, err := c.join(5*time.Second, 0, func(*xmltree.Element) {}); err != nil {
		p.t.Fatal(err)
	}
	c.send(`<iq type='set' id='open' to='%s'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>`+
		`<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>`+
		`<field var='muc#roomconfig_persistentroom'><value>1</value></field>`+
		`<field var='muc#maxhistoryfetch'><value>500</value></field></x></query></iq>`, room)
	if !c.next(5*time.Second, func(el *xmltree.Element) bool { return el.Get("id") == "open" && el.Get("type") == "result" }) {
		p.t.Fatal("the room could not be configured")
	}
}

// talk says one thing after another and marks what came back.
func (p *person) talk(ctx context.Context) {
	p.live = map[string]int{}
	for ctx.Err() == nil {
		c := p.connect(ctx)
		if c == nil {
			return
		}
		p.session(ctx, c)
		c.close()
	}
}

// session talks until the connection or ctx ends.
func (p *person) session(ctx context.Context, c *client) {
	if _, err := c.join(10*time.Second, 0, p.hear); err != nil {
		p.t.Logf("%s: %v", p.jid, err)
		time.Sleep(200 * time.Millisecond)
		return
	}
	for ctx.Err() == nil {
		p.n++
		body := fmt.Sprintf("%s %04d", c.nick, p.n)
		i := p.room.say(c.nick, body)
		if err := c.send(`<message type='groupchat' to='%s' id='m%d'><body>%s</body></message>`, room, p.n, body); err != nil {
			return
		}
		came := c.next(3*time.Second, func(el *xmltree.Element) bool {
			p.hear(el)
			return el.Local == "message" && el.Get("type") == "groupchat" && el.Get("from") == room+"/"+c.nick && el.Child(ns.Client, "body").Text() == body
		})
		if !came {
			return
		}
		p.room.echo(i)
		c.next(rand.N(sayEvery), func(el *xmltree.Element) bool { p.hear(el); return false })
	}
	c.next(time.Second, func(el *xmltree.Element) bool { p.hear(el); return false })
}

// hear counts what is shown as new.
func (p *person) hear(el *xmltree.Element) {
	if body := el.Child(ns.Client, "body"); body != nil && el.Get("type") == "groupchat" && el.Child(ns.Delay, "delay") == nil {
		p.live[body.Text()]++
	}
}

// history is what a newcomer is shown at the person's site.
func (p *person) history() []string {
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	c := p.connect(ctx)
	if c == nil {
		p.t.Fatalf("%s cannot log in any more", p.jid)
	}
	defer c.close()
	bodies, err := c.join(15*time.Second, 500, func(*xmltree.Element) {})
	if err != nil {
		p.t.Logf("%s: %v", p.jid, err)
	}
	io.WriteString(c.xmpp.Conn(), `<presence type='unavailable'/>`)
	return bodies
}
