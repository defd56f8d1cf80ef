package profanity_test

import (
	"context"
	"os"
	"testing"
	"time"

	"picket/tools/rig/profanity"
	"picket/tools/rig/prosody"
)

// TestProfanity logs two people in to a Prosody, which has direct chat alone:
// the script works with a server that is not ours.
func TestProfanity(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("a real Profanity: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := profanity.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	if err := prosody.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	s, err := prosody.Start(ctx, prosody.Config{Domain: "fairfax.tridsys.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	var clients []*profanity.Client
	for i, user := range []string{"scott", "kevin"} {
		if err := s.Account(ctx, user, "a password"); err != nil {
			t.Fatal(err)
		}
		port := []int{s.Port, s.TLSPort}[i]
		c, err := profanity.Start(ctx, profanity.Config{JID: user + "@fairfax.tridsys.com", Password: "a password", Host: s.Host, Port: port, Direct: i == 1})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	if err := clients[0].Type(ctx, "/msg kevin@fairfax.tridsys.com convoy at ford"); err != nil {
		t.Fatal(err)
	}
	if err := clients[1].Type(ctx, "/win 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := clients[1].See(ctx, "convoy at ford"); err != nil {
		screen, _ := clients[1].Screen(ctx)
		t.Errorf("%v:\n%s", err, screen)
	}
	for _, c := range clients {
		if err := c.Quit(ctx); err != nil {
			t.Error(err)
		}
	}
}
