package component_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/component"
	"picket/tools/rig/ejabberd"
	"picket/tools/rig/prosody"
	"picket/tools/rig/slixmpp"
)

const (
	users = "fairfax.tridsys.com"
	rooms = "conference.fairfax.tridsys.com"
	field = "raleigh.tridsys.com"
)

// TestServers serves a room's address as a component of real servers: a real
// client writes to it and is answered; a wrong secret and a second instance are
// told apart.
func TestServers(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("real Prosody and ejabberd: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := errors.Join(prosody.Ensure(ctx), ejabberd.Ensure(ctx), slixmpp.Ensure(ctx)); err != nil {
		t.Fatal(err)
	}
	t.Run("prosody", func(t *testing.T) {
		s, err := prosody.Start(ctx, prosody.Config{Domain: users, Components: []string{rooms, field}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		if err := s.Account(ctx, "scott", "a password"); err != nil {
			t.Fatal(err)
		}
		login := slixmpp.Config{JID: "scott@" + users + "/TransVerse", Password: "a password", Host: s.Host, Port: s.Port, CA: s.CA}
		play(t, ctx, s.ComponentAddr(), s.Secret, login, s.Log)
		conflict(t, ctx, s.ComponentAddr(), s.Secret)
	})
	t.Run("ejabberd", func(t *testing.T) {
		s, err := ejabberd.Start(ctx, ejabberd.Config{Domain: users, Components: []string{rooms, field}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		if err := s.Account(ctx, "scott", "a password"); err != nil {
			t.Fatal(err)
		}
		login := slixmpp.Config{JID: "scott@" + users + "/TransVerse", Password: "a password", Host: s.Host, Port: s.Port, CA: s.CA}
		play(t, ctx, s.ComponentAddr(), s.Secret, login, s.Log)
	})
}

// start runs a component; it answers each groupchat message by its reflection.
func start(ctx context.Context, addr, domain, secret string) (up chan bool, ended chan error) {
	up, ended = make(chan bool, 10), make(chan error, 1)
	var c *component.Client
	c, err := component.New(component.Config{Addr: addr, Domain: domain, Secret: secret, Limits: component.Limits{Conflict: 2 * time.Second},
		State: func(is bool) { up <- is },
		Handler: func(el *xmltree.Element) {
			if el.Is(ns.Client, "message") {
				c.Send(el.Clone().Set("from", el.Get("to")+"/Scott").Set("to", el.Get("from")))
			}
		}})
	if err != nil {
		ended <- err
		return up, ended
	}
	go func() { ended <- c.Run(ctx) }()
	return up, ended
}

func play(t *testing.T, ctx context.Context, addr, secret string, login slixmpp.Config, log func() string) {
	t.Helper()
	_, refused := start(ctx, addr, rooms, "a wrong secret")
	if err := <-refused; err == nil || !strings.Contains(err.Error(), "refused our secret") {
		t.Errorf("a wrong secret: %v", err)
	}
	mine, stop := context.WithCancel(ctx)
	up, ended := start(mine, addr, rooms, secret)
	fieldUp, fieldEnded := start(mine, addr, field, secret) // a second domain beside it
	if !<-up || !<-fieldUp {
		t.Error("a component was not let in")
	}
	scott, err := slixmpp.Start(ctx, login)
	if err != nil {
		t.Fatal(err)
	}
	defer scott.Close()
	for _, body := range []string{"Grüße & <tags> ☂\nzwei", strings.Repeat("long ", 2000)} {
		if err := scott.Say(ctx, "chatroom@"+rooms, body); err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(ctx, 15*time.Second)
		e, err := scott.Wait(soon, func(e slixmpp.Event) bool { return e.Kind == "message" })
		cancel()
		if err != nil || e.Body != body || e.From != "chatroom@"+rooms+"/Scott" || e.Type != "groupchat" {
			t.Errorf("scott got %.300v, %v; the server's log:\n%s", e, err, log())
		}
	}
	stop()
	if err := errors.Join(<-ended, <-fieldEnded); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// conflict starts a second instance; Prosody refuses it.
func conflict(t *testing.T, ctx context.Context, addr, secret string) {
	t.Helper()
	mine, stop := context.WithCancel(ctx)
	up, ended := start(mine, addr, rooms, secret)
	if !<-up {
		t.Error("the component was not let in")
	}
	_, second := start(ctx, addr, rooms, secret)
	var fatal *component.FatalError
	if err := <-second; !errors.As(err, &fatal) || !strings.Contains(fatal.Hint, "second instance") {
		t.Errorf("a second instance: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
