package slixmpp_test

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"picket/codec/xmltree"
	"picket/mirror/c2s"
	"picket/mirror/c2s/account"
	"picket/mirror/c2s/cert"
	"picket/tools/rig/slixmpp"
)

const domain = "raleigh.tridsys.com"

type handler chan string

func (h handler) Stanza(from string, el *xmltree.Element) { h <- from + " " + el.Get("to") }
func (h handler) Gone(jid string)                         { h <- "gone " + jid }

// server runs a c2s with the users wayne and keith; it gives the ports for
// STARTTLS and direct TLS, and the CA's file.
func server(t *testing.T) (ports [2]int, ca string, events handler) {
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
	events = make(handler, 100)
	s, err := c2s.New(c2s.Config{Domains: []string{domain}, Accounts: accounts, Handler: events,
		TLS:    &tls.Config{Certificates: []tls.Certificate{pair.TLS()}},
		Remote: func(d string) bool { return strings.HasPrefix(d, "conference.") }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	for i, serve := range []func(context.Context, net.Listener) error{s.Serve, s.ServeTLS} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		go func() { done <- serve(ctx, l) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Errorf("serve: %v", err)
			}
		}
	})
	return ports, ca, events
}

// TestSlixmpp logs a real slixmpp in in each way, and lets two talk.
func TestSlixmpp(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("a real slixmpp: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := slixmpp.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	ports, ca, events := server(t)
	config := func(user string, direct bool, mechanism string) slixmpp.Config {
		cfg := slixmpp.Config{JID: user + "@" + domain + "/TransVerse", Password: "pass of " + user,
			Host: "127.0.0.1", Port: ports[0], CA: ca, Mechanism: mechanism}
		if direct {
			cfg.DirectTLS, cfg.Port = true, ports[1]
		}
		return cfg
	}
	for _, direct := range []bool{false, true} {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1", ""} {
			t.Run(mechanism+" direct="+strconv.FormatBool(direct), func(t *testing.T) {
				c, err := slixmpp.Start(ctx, config("wayne", direct, mechanism))
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Quit(ctx); err != nil {
					t.Error(err)
				}
				if e := <-events; e != "gone wayne@raleigh.tridsys.com/TransVerse" {
					t.Errorf("the handler got %q", e)
				}
			})
		}
	}
	t.Run("a wrong password", func(t *testing.T) {
		cfg := config("wayne", false, "")
		cfg.Password = "wrong"
		if _, err := slixmpp.Start(ctx, cfg); err == nil || !strings.Contains(err.Error(), "failed") {
			t.Errorf("login with a wrong password: %v", err)
		}
	})
	t.Run("two talk", func(t *testing.T) {
		wayne, err := slixmpp.Start(ctx, config("wayne", false, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer wayne.Close()
		keith, err := slixmpp.Start(ctx, config("keith", true, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer keith.Close()
		talk(t, ctx, wayne, keith)
		if err := wayne.Join(ctx, "chatroom@conference.fairfax.tridsys.com", "Wayne", "", -1); err != nil {
			t.Fatal(err)
		}
		if e := <-events; e != wayne.JID+" chatroom@conference.fairfax.tridsys.com/Wayne" {
			t.Errorf("the handler got %q", e)
		}
		keith.Close()
		if e := <-events; e != "gone "+keith.JID {
			t.Errorf("the handler got %q", e)
		}
	})
}

func talk(t *testing.T, ctx context.Context, wayne, keith *slixmpp.Client) {
	t.Helper()
	if err := wayne.Chat(ctx, "keith@"+domain, "Grüße & <tags> ☂\nzwei"); err != nil {
		t.Fatal(err)
	}
	e, err := keith.Wait(ctx, func(e slixmpp.Event) bool { return e.Kind == "message" })
	if err != nil || e.Body != "Grüße & <tags> ☂\nzwei" || e.From != wayne.JID {
		t.Errorf("keith got %+v, %v", e, err)
	}
	if _, err := keith.Wait(ctx, func(e slixmpp.Event) bool { return e.Kind == "presence" && e.From == wayne.JID }); err != nil {
		t.Errorf("keith does not see wayne's presence: %v", err)
	}
	info, err := wayne.IQ(ctx, "get", domain, "<query xmlns='http://jabber.org/protocol/disco#info'/>")
	if err != nil || info.Type != "result" || !strings.Contains(info.XML, "urn:xmpp:ping") {
		t.Errorf("disco#info: %+v, %v", info, err)
	}
	odd, err := wayne.IQ(ctx, "get", domain, "<odd xmlns='urn:nobody'/>")
	if err != nil || odd.Error != "service-unavailable" {
		t.Errorf("a question that nobody knows: %+v, %v", odd, err)
	}
}
