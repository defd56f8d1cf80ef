package c2s_test

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/c2s"
	"picket/mirror/c2s/account"
	"picket/mirror/c2s/cert"
	"picket/tools/rig/profanity"
	"picket/tools/rig/slixmpp"
)

const (
	domain = "raleigh.tridsys.com"
	rooms  = "conference.fairfax.tridsys.com"
	room   = "chatroom@" + rooms
)

// echoRoom is a room without rules: it lets everybody in, in the order that
// XEP-0045 §7.1 wants, and gives every message to all.
type echoRoom struct {
	srv  *c2s.Server
	work chan func()
	in   map[string]string // nick by full JID
}

func newEchoRoom(ctx context.Context) *echoRoom {
	r := &echoRoom{work: make(chan func(), 100), in: map[string]string{}}
	go func() {
		for {
			select {
			case f := <-r.work:
				f()
			case <-ctx.Done():
				return
			}
		}
	}()
	return r
}

func (r *echoRoom) Gone(jid string) { r.work <- func() { delete(r.in, jid) } }

func (r *echoRoom) Stanza(from string, el *xmltree.Element) {
	r.work <- func() {
		_, nick, _ := strings.Cut(el.Get("to"), "/")
		switch {
		case el.Local == "iq":
			e := xmltree.New(ns.Client, "error", xmltree.New(ns.Stanzas, "service-unavailable")).Set("type", "cancel")
			r.srv.Send(xmltree.New(ns.Client, "iq", e).Set("type", "error").Set("id", el.Get("id")).Set("from", el.Get("to")).Set("to", from))
		case el.Local == "presence" && el.Get("type") == "unavailable":
			delete(r.in, from)
		case el.Local == "presence":
			r.in[from] = nick
			x := xmltree.New(ns.MUCUser, "x", xmltree.New(ns.MUCUser, "item").Set("affiliation", "none").Set("role", "participant"),
				xmltree.New(ns.MUCUser, "status").Set("code", "110"))
			r.srv.Send(xmltree.New(ns.Client, "presence", x).Set("from", el.Get("to")).Set("to", from))
			r.srv.Send(xmltree.New(ns.Client, "message", xmltree.New(ns.Client, "subject")).Set("type", "groupchat").Set("from", room).Set("to", from))
		case el.Local == "message":
			for to := range r.in {
				r.srv.Send(el.Shallow().Set("from", room+"/"+r.in[from]).Set("to", to))
			}
		}
	}
}

// TestClients lets a real Profanity and a real slixmpp talk in a room through
// the server.
func TestClients(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("a real Profanity and slixmpp: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	for _, err := range []error{profanity.Ensure(ctx), slixmpp.Ensure(ctx)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ports, ca := serve(t, newEchoRoom(ctx))
	keith, err := slixmpp.Start(ctx, slixmpp.Config{JID: "keith@" + domain, Password: "pass of keith", Host: "127.0.0.1", Port: ports[0], CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	defer keith.Close()
	if err := keith.Joined(ctx, room, "Keith"); err != nil {
		t.Fatal(err)
	}
	for i, direct := range []bool{false, true} {
		wayne, err := profanity.Start(ctx, profanity.Config{JID: "wayne@" + domain, Password: "pass of wayne", Host: "127.0.0.1", Port: ports[i], Direct: direct})
		if err != nil {
			t.Fatal(err)
		}
		defer wayne.Close()
		body := "convoy at ford " + []string{"one", "two"}[i]
		for _, step := range []func() error{
			func() error { return wayne.Join(ctx, room, "Wayne") },
			func() error { _, err := wayne.See(ctx, "You have joined the room"); return err },
			func() error { return wayne.Say(ctx, body) },
			func() error { _, err := wayne.See(ctx, "Wayne: "+body); return err },
			func() error {
				_, err := keith.Wait(ctx, func(e slixmpp.Event) bool { return e.Body == body && e.From == room+"/Wayne" })
				return err
			},
			func() error { return keith.Say(ctx, room, "copied "+body) },
			func() error { _, err := wayne.See(ctx, "Keith: copied "+body); return err },
			func() error { return wayne.Quit(ctx) },
		} {
			if err := step(); err != nil {
				screen, _ := wayne.Screen(context.WithoutCancel(ctx))
				t.Fatalf("direct TLS %v: %v; the screen:\n%s", direct, err, screen)
			}
		}
	}
}

// serve runs a server with the users wayne and keith; it gives the ports for
// STARTTLS and direct TLS, and the CA's file.
func serve(t *testing.T, r *echoRoom) (ports [2]int, ca string) {
	t.Helper()
	dir := t.TempDir()
	authority, err := cert.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(time.Now(), domain)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(dir, "ca.pem")
	if err := authority.Save(ca, filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	accounts, err := account.Open(filepath.Join(dir, "accounts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"wayne", "keith"} {
		a, err := account.New(user, "pass of "+user)
		if err != nil {
			t.Fatal(err)
		}
		if err := accounts.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if r.srv, err = c2s.New(c2s.Config{Domains: []string{domain}, Accounts: accounts, Handler: r,
		TLS:      &tls.Config{Certificates: []tls.Certificate{pair.TLS()}},
		Services: []c2s.Service{{JID: rooms, Name: "Rooms"}},
		Remote:   func(d string) bool { return d == rooms }}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	for i, f := range []func(context.Context, net.Listener) error{r.srv.Serve, r.srv.ServeTLS} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		go func() { done <- f(ctx, l) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Errorf("serve: %v", err)
			}
		}
	})
	return ports, ca
}
