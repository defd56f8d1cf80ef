package component

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

const (
	domain = "conference.fairfax.tridsys.com"
	secret = "between us"
	head   = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='" + domain + "' id='s1'>"
)

// server is a fake one: accept gives the next connection, after its side of the
// handshake.
type server struct {
	t *testing.T
	l net.Listener
}

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &server{t, l}
}

type peer struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (s *server) accept(answer string) *peer {
	s.t.Helper()
	c, err := s.l.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(5 * time.Second))
	p := &peer{s.t, c, bufio.NewReader(c)}
	p.read(">") // the client's header
	io.WriteString(c, head)
	sum := sha1.Sum([]byte("s1" + secret))
	if got, want := p.read("</handshake>"), "<handshake>"+hex.EncodeToString(sum[:])+"</handshake>"; got != want {
		s.t.Errorf("handshake\n got %s\nwant %s", got, want)
	}
	io.WriteString(c, answer)
	return p
}

// read gives what comes up to and including the end.
func (p *peer) read(end string) string {
	p.t.Helper()
	var got []byte
	for !strings.HasSuffix(string(got), end) {
		b, err := p.r.ReadByte()
		if err != nil {
			p.t.Fatalf("read %q, then %v; want %q", got, err, end)
		}
		got = append(got, b)
	}
	return string(got)
}

// start runs a client of the server; the channels give its stanzas, its states
// and how Run ended.
func (s *server) start(lim Limits) (c *Client, stanzas chan string, states chan bool, ended chan error, stop func()) {
	s.t.Helper()
	stanzas, states, ended = make(chan string, 10), make(chan bool, 10), make(chan error, 1)
	lim.BackoffMin, lim.BackoffMax, lim.Conflict = 10*time.Millisecond, 20*time.Millisecond, 5*time.Millisecond
	c, err := New(Config{Addr: s.l.Addr().String(), Domain: domain, Secret: secret, Limits: lim,
		Handler: func(el *xmltree.Element) { stanzas <- el.String() }, State: func(up bool) { states <- up }})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- c.Run(ctx) }()
	s.t.Cleanup(cancel)
	return c, stanzas, states, ended, cancel
}

func message(body string) *xmltree.Element {
	return xmltree.New(ns.Client, "message", xmltree.NewText(ns.Client, "body", body)).
		Set("from", "chatroom@"+domain+"/Scott").Set("to", "kevin@fairfax.tridsys.com")
}

func TestClient(t *testing.T) {
	s := newServer(t)
	c, stanzas, states, ended, stop := s.start(Limits{})
	// A stanza in the same packet as the handshake's end is not lost.
	p := s.accept("<handshake/><presence from='scott@fairfax.tridsys.com/x' to='chatroom@" + domain + "/Scott'><show>away</show><f xmlns='urn:f'><message xmlns='jabber:client'/></f></presence>")
	if got, want := <-stanzas, `<presence xmlns="jabber:client" from="scott@fairfax.tridsys.com/x" to="chatroom@`+domain+`/Scott"><show>away</show><f xmlns="urn:f"><message xmlns="jabber:client"/></f></presence>`; got != want {
		t.Errorf("in\n got %s\nwant %s", got, want)
	}
	if !<-states {
		t.Error("the first state is down")
	}
	if !c.Send(message("1 < 2").Add(xmltree.New("urn:f", "f", xmltree.New(ns.Client, "body")))) {
		t.Error("a stanza was not taken")
	}
	if got, want := p.read("</message>"), `<message from="chatroom@`+domain+`/Scott" to="kevin@fairfax.tridsys.com"><body>1 &lt; 2</body><f xmlns="urn:f"><body xmlns="jabber:client"/></f></message>`; got != want {
		t.Errorf("out\n got %s\nwant %s", got, want)
	}
	if c.Send(message("x").Set("from", "kevin@fairfax.tridsys.com")) {
		t.Error("a stanza of a foreign address was taken")
	}

	p.Close()
	if <-states {
		t.Error("the connection is gone, the state is up")
	}
	if !c.Send(message("kept")) {
		t.Error("a stanza was not taken while the connection was down")
	}
	p = s.accept("<handshake/>")
	if got := p.read("</message>"); !strings.Contains(got, "kept") {
		t.Errorf("after the reconnect: %s", got)
	}
	stop()
	if rest, err := io.ReadAll(p.r); err != nil || string(rest) != "</stream:stream>" {
		t.Errorf("at the end: %q, %v", rest, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestQueue(t *testing.T) {
	c, err := New(Config{Addr: "localhost:1", Domain: domain, Secret: secret, Handler: func(*xmltree.Element) {}, Limits: Limits{Queue: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if got, want := c.Send(message("x")), i < 3; got != want {
			t.Errorf("stanza %d taken: %v", i, got)
		}
	}
}

func TestRefused(t *testing.T) {
	refusal := func(condition string) string {
		return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
	}
	for _, tt := range []struct{ name, first, then, want string }{
		{"wrong secret", refusal("not-authorized"), "", "refused our secret"},
		{"no such component", refusal("host-unknown"), "", "the server's side is missing"},
		{"another instance at our start", refusal("conflict"), refusal("conflict"), "a second instance is running"},
		{"our own last connection at our start", refusal("conflict"), "<handshake/>", ""},
		{"another instance later", "<handshake/>" + refusal("conflict"), "", "a second instance is running"},
		{"wrong secret after it was right", "<handshake/>" + refusal("reset"), refusal("not-authorized"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			_, _, states, ended, stop := s.start(Limits{})
			s.accept(tt.first)
			if tt.then != "" {
				s.accept(tt.then)
			}
			if tt.want == "" {
				if !strings.Contains(tt.then, "<handshake/>") {
					s.accept("<handshake/>") // it tries again
				}
				<-states
				stop()
			}
			err := <-ended
			var fatal *FatalError
			if errors.As(err, &fatal) != (tt.want != "") || !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("Run: %v, want %q", err, tt.want)
			}
		})
	}
}

// TestHostile shows that what a server sends beyond reason ends the connection
// and not the process; then we dial again.
func TestHostile(t *testing.T) {
	for _, in := range []string{"<message><body></message>", "<a>" + strings.Repeat("x", 2000), "hello", "<!DOCTYPE x>"} {
		s := newServer(t)
		s.start(Limits{StanzaBytes: 1000})
		s.accept("<handshake/>" + in)
		s.accept("<handshake/>")
	}
}

func TestValidate(t *testing.T) {
	good := Config{Addr: "localhost:5347", Domain: domain, Secret: secret, Handler: func(*xmltree.Element) {}}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"good", func(*Config) {}, "<nil>"},
		{"no port", func(c *Config) { c.Addr = "localhost" }, "component: address: address localhost: missing port in address"},
		{"a user for a domain", func(c *Config) { c.Domain = "a@b" }, `component: "a@b" is no normalized domain`},
		{"no secret", func(c *Config) { c.Secret = "" }, "component: no secret"},
		{"no handler", func(c *Config) { c.Handler = nil }, "component: no handler"},
	} {
		cfg := good
		tt.change(&cfg)
		if _, err := New(cfg); fmt.Sprint(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
