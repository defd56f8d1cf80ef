package ejabberd_test

import (
	"context"
	"os"
	"testing"
	"time"

	"picket/tools/rig/ejabberd"
	"picket/tools/rig/slixmpp"
)

// TestStart shows that the script brings a server up whose users can log in, and
// takes it down again.
func TestStart(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("a real ejabberd: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := ejabberd.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	if err := slixmpp.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	s, err := ejabberd.Start(ctx, ejabberd.Config{Domain: "fairfax.tridsys.com", Components: []string{"conference.fairfax.tridsys.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Account(ctx, "scott", "a password"); err != nil {
		t.Error(err)
	}
	for _, direct := range []bool{false, true} {
		port := s.Port
		if direct {
			port = s.TLSPort
		}
		c, err := slixmpp.Start(ctx, slixmpp.Config{JID: "scott@fairfax.tridsys.com", Password: "a password",
			Host: s.Host, Port: port, DirectTLS: direct, CA: s.CA})
		if err != nil {
			t.Fatalf("%v\n%s", err, s.Log())
		}
		c.Close()
	}
	s.Stop()
	if err := s.Account(ctx, "kevin", "x"); err == nil {
		t.Error("the server's files are still there")
	}
}
