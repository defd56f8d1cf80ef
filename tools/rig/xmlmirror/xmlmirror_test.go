package xmlmirror

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/tools/lab"
	"picket/tools/rig/ejabberd"
	"picket/tools/rig/prosody"
	"picket/tools/rig/slixmpp"
)

const (
	fairfax  = "fairfax.tridsys.com"
	muc      = "conference." + fairfax
	room     = "chatroom@" + muc
	raleigh  = "raleigh.tridsys.com"
	durham   = "durham.tridsys.com" // a domain that nobody has authorised
	wayne    = "wayne@" + raleigh + "/TransVerse"
	keith    = "keith@" + raleigh + "/TransVerse"
	patience = 30 * time.Second
)

// A world is a real server with a headquarters as its component, and the users
// scott and kevin.
type world struct {
	t            *testing.T
	addr, secret string // for components
	scott, kevin *slixmpp.Client
}

// TestMirror lets a mirror that is no picket join, hear, speak and leave.
func TestMirror(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("real Prosody and ejabberd: set PICKET_RIG=1")
	}
	for _, server := range []string{"prosody", "ejabberd"} {
		t.Run(server, func(t *testing.T) { play(t, server) })
	}
}

func play(t *testing.T, server string) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	w := open(t, ctx, server)
	m, err := Start(ctx, w.addr, w.secret, raleigh)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Stop()
	strangers(t, ctx, w)

	m.Say(`<iq xmlns='jabber:client' type='get' from='` + raleigh + `' to='` + muc + `' id='info1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`)
	info := w.await(m, "the answer to disco#info", 0, func(el *xmltree.Element) bool { return el.Get("id") == "info1" })
	if !strings.Contains(info.String(), `var="`+ns.DMUC+`"`) {
		t.Errorf("the service does not tell that it supports mirrors: %s", info)
	}
	join(w, ctx, m)
	talk(w, ctx, m)
	refusal(w, m)
	direct(w, ctx, m)
	leave(w, ctx, m)
	for _, el := range m.Seen() {
		if strings.Contains(el.String(), ns.DMUC0) && el.Local != "iq" {
			t.Errorf("the mirror is told what only a picket needs: %s", el)
		}
	}
}

// open starts the server and the headquarters; scott has a room with one message.
func open(t *testing.T, ctx context.Context, server string) *world {
	components := []string{muc, raleigh, "mirror." + raleigh, durham, "mirror." + durham}
	w := &world{t: t}
	login := slixmpp.Config{Host: "127.0.0.1", Password: "a password"}
	var account func(ctx context.Context, name, password string) error
	if err := slixmpp.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	if server == "prosody" {
		if err := prosody.Ensure(ctx); err != nil {
			t.Fatal(err)
		}
		s, err := prosody.Start(ctx, prosody.Config{Domain: fairfax, Components: components})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		w.addr, w.secret, login.Port, login.CA, account = s.ComponentAddr(), s.Secret, s.Port, s.CA, s.Account
	} else {
		if err := ejabberd.Ensure(ctx); err != nil {
			t.Fatal(err)
		}
		s, err := ejabberd.Start(ctx, ejabberd.Config{Domain: fairfax, Components: components})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		w.addr, w.secret, login.Port, login.CA, account = s.ComponentAddr(), s.Secret, s.Port, s.CA, s.Account
	}
	headquarters(t, ctx, w.addr, w.secret)
	for _, u := range []struct {
		name string
		c    **slixmpp.Client
	}{{"scott", &w.scott}, {"kevin", &w.kevin}} {
		if err := account(ctx, u.name, login.Password); err != nil {
			t.Fatal(err)
		}
		login.JID = u.name + "@" + fairfax + "/TransVerse"
		c, err := slixmpp.Start(ctx, login)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		*u.c = c
	}
	w.must(w.scott.Joined(ctx, room, "Scott"))
	if e, err := w.scott.IQ(ctx, "set", room, `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>`); err != nil || e.Type != "result" {
		t.Fatalf("the room is not opened: %s %v", e.XML, err)
	}
	w.must(w.scott.Say(ctx, room, "first words"))
	w.hear(ctx, w.scott, "Scott", "first words")
	return w
}

// headquarters runs picket-hq with the mirror authorised.
func headquarters(t *testing.T, ctx context.Context, addr, secret string) {
	t.Helper()
	bin, err := lab.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "hq")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	secretFile := filepath.Join(dir, "component.secret")
	if err := os.WriteFile(secretFile, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "picket-hq")
	if out, err := exec.CommandContext(ctx, program, "init", "-config", dir, "-domain", fairfax, "-muc", muc, "-face", "component",
		"-server", addr, "-secret-file", secretFile).CombinedOutput(); err != nil {
		t.Fatalf("init: %v: %s", err, out)
	}
	f, err := os.OpenFile(filepath.Join(dir, "picket-hq.toml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "\n[[xml_mirror]]\nname = %q\ndomains = [%q]\nid = 62\n", "mirror."+raleigh, raleigh)
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd := exec.Command(program, "run", "-config", dir)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		err := cmd.Wait()
		if t.Failed() || err != nil {
			t.Logf("picket-hq ended: %v\n%s", err, log.String())
		}
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) await(m *Mirror, what string, from int, fits func(*xmltree.Element) bool) *xmltree.Element {
	w.t.Helper()
	el := m.Await(patience, from, fits)
	if el == nil {
		for _, seen := range m.Seen()[from:] {
			w.t.Logf("it has: %s", seen)
		}
		w.t.Fatalf("the mirror waits in vain for %s", what)
	}
	return el
}

// hear waits until a client gets a message of the room, and gives it.
func (w *world) hear(ctx context.Context, c *slixmpp.Client, nick, body string) slixmpp.Event {
	w.t.Helper()
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e, err := c.Wait(soon, func(e slixmpp.Event) bool { return e.Kind == "message" && e.From == room+"/"+nick && e.Body == body })
	if err != nil {
		w.t.Fatalf("%s does not hear %q of %s: %v", c.JID, body, nick, err)
	}
	return e
}

// see waits for a presence of the room.
func (w *world) see(ctx context.Context, c *slixmpp.Client, nick, kind, show string) slixmpp.Event {
	w.t.Helper()
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e, err := c.Wait(soon, func(e slixmpp.Event) bool {
		return e.Kind == "presence" && e.From == room+"/"+nick && e.Type == kind && e.Show == show
	})
	if err != nil {
		w.t.Fatalf("%s does not see %s %q %q: %v", c.JID, nick, kind, show, err)
	}
	return e
}

func tagged(user, nick, mirror string) string {
	return `<presence xmlns='jabber:client' from='` + user + `' to='` + room + `/` + nick + `'><dmuc xmlns='` + ns.DMUC + `' from='` + mirror + `'/></presence>`
}

// strangers are a domain that is no mirror, and one that says it is another.
func strangers(t *testing.T, ctx context.Context, w *world) {
	other, err := Start(ctx, w.addr, w.secret, durham)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Stop()
	for _, mirror := range []string{other.Name, "mirror." + raleigh} {
		from := len(other.Seen())
		other.Say(tagged("luis@"+durham+"/x", "Luis", mirror))
		e := w.await(other, "a refusal", from, func(el *xmltree.Element) bool { return el.Get("type") == "error" })
		if e.Get("to") != "luis@"+durham+"/x" || e.Child(ns.Client, "error").Child(ns.Stanzas, "forbidden") == nil {
			t.Errorf("a join of %s by way of %s: %s", durham, mirror, e)
		}
	}
}

// join is the specification's "Joining": configuration, roster, history,
// confirmation; the second user costs a presence.
func join(w *world, ctx context.Context, m *Mirror) {
	w.t.Helper()
	m.Say(tagged(wayne, "Wayne", m.Name))
	config := w.await(m, "the room's configuration", 0, func(el *xmltree.Element) bool { return el.Child(ns.DMUC0, "config") != nil })
	if config.Get("type") != "set" || config.Get("to") != m.Name || !strings.Contains(config.String(), "muc#roomconfig") {
		w.t.Errorf("the configuration: %s", config)
	}
	roster := w.await(m, "the roster", 0, func(el *xmltree.Element) bool { return el.Child(ns.DMUC0, "roster") != nil })
	if !strings.Contains(roster.String(), `name="Scott"`) || !strings.Contains(roster.String(), `jid="scott@`+fairfax+`"`) {
		w.t.Errorf("the roster: %s", roster)
	}
	m.Say(`<iq xmlns='jabber:client' from='` + m.Name + `' to='` + room + `/Wayne' id='history' type='get'><room xmlns='urn:xmpp:dmuc:0' id='` + room + `'><history xmlns='http://jabber.org/protocol/muc'/></room></iq>`)
	history := w.await(m, "the history", 0, func(el *xmltree.Element) bool { return el.Get("id") == "history" })
	if history.Get("type") != "result" || !strings.Contains(history.String(), "first words") || !strings.Contains(history.String(), "urn:xmpp:delay") {
		w.t.Errorf("the history: %s", history)
	}
	confirmed := w.await(m, "the confirmation of Wayne's join", 0, func(el *xmltree.Element) bool {
		return el.Local == "presence" && el.Get("from") == room+"/Wayne" && el.Get("to") == m.Name
	})
	if confirmed.Get("type") != "" || !strings.Contains(confirmed.String(), `role="participant"`) {
		w.t.Errorf("the confirmation: %s", confirmed)
	}
	w.see(ctx, w.scott, "Wayne", "", "")

	from := len(m.Seen())
	m.Say(tagged(keith, "Keith", m.Name))
	w.see(ctx, w.scott, "Keith", "", "")
	w.await(m, "the confirmation of Keith's join", from, func(el *xmltree.Element) bool {
		return el.Local == "presence" && el.Get("from") == room+"/Keith" && el.Get("to") == m.Name
	})
}

// talk goes both ways: once to the mirror, and never back to it.
func talk(w *world, ctx context.Context, m *Mirror) {
	w.t.Helper()
	from := len(m.Seen())
	m.Say(`<message xmlns='jabber:client' from='` + wayne + `' to='` + room + `/Wayne' type='groupchat'><body>from a plain mirror</body></message>`)
	w.hear(ctx, w.scott, "Wayne", "from a plain mirror")
	w.must(w.scott.Say(ctx, room, "from headquarters"))
	w.await(m, "Scott's message", from, func(el *xmltree.Element) bool { return body(el) == "from headquarters" })
	m.Say(`<presence xmlns='jabber:client' from='` + wayne + `' to='` + room + `/Wayne'><show>away</show></presence>`)
	w.see(ctx, w.scott, "Wayne", "", "away")
	m.Say(`<message xmlns='jabber:client' from='` + keith + `' to='` + room + `/Keith' type='groupchat'><body>and of Keith</body></message>`)
	w.hear(ctx, w.scott, "Keith", "and of Keith")

	copies := map[string]int{}
	for _, el := range m.Seen()[from:] {
		copies[body(el)]++
		if el.Local == "message" && (el.Get("from") != room+"/Scott" || el.Get("to") != m.Name || el.Get("type") != "groupchat") {
			w.t.Errorf("the mirror gets %s", el)
		}
	}
	if copies["from headquarters"] != 1 || copies["from a plain mirror"] != 0 || copies["and of Keith"] != 0 {
		w.t.Errorf("copies to the mirror: %v", copies)
	}
}

func body(el *xmltree.Element) string { return el.Child(ns.Client, "body").Text() }

// refusal is told to one user alone, by XEP-0106.
func refusal(w *world, m *Mirror) {
	w.t.Helper()
	from := len(m.Seen())
	m.Say(tagged("peter@"+raleigh+"/x", "Scott", m.Name))
	e := w.await(m, "the refusal", from, func(el *xmltree.Element) bool { return el.Get("type") == "error" })
	if e.Get("to") != `peter\40`+raleigh+`\2fx@`+m.Name || e.Child(ns.Client, "error").Child(ns.Stanzas, "conflict") == nil {
		w.t.Errorf("the refusal: %s", e)
	}
}

// direct is a user of the server who comes and goes: one presence for the mirror.
func direct(w *world, ctx context.Context, m *Mirror) {
	w.t.Helper()
	from := len(m.Seen())
	w.must(w.kevin.Joined(ctx, room, "Kevin"))
	w.await(m, "Kevin's presence", from, func(el *xmltree.Element) bool { return el.Get("from") == room+"/Kevin" && el.Get("to") == m.Name })
	from = len(m.Seen())
	w.must(w.kevin.Leave(ctx, room, "Kevin"))
	w.await(m, "Kevin's leave", from, func(el *xmltree.Element) bool {
		return el.Get("from") == room+"/Kevin" && el.Get("to") == m.Name && el.Get("type") == "unavailable"
	})
}

// leave ends the mirror: the last user gone, nothing comes any more.
func leave(w *world, ctx context.Context, m *Mirror) {
	w.t.Helper()
	for _, user := range []struct{ jid, nick string }{{wayne, "Wayne"}, {keith, "Keith"}} {
		m.Say(`<presence xmlns='jabber:client' from='` + user.jid + `' to='` + room + `/` + user.nick + `' type='unavailable'/>`)
		w.see(ctx, w.scott, user.nick, "unavailable", "")
	}
	// The specification has no word for that; the mirror says in its own name that
	// it is done with the room.
	m.Say(`<presence xmlns='jabber:client' from='` + m.Name + `' to='` + room + `' type='unavailable'/>`)
	m.Say(`<iq xmlns='jabber:client' type='get' from='` + m.Name + `' to='` + muc + `' id='after'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`)
	w.await(m, "an answer", 0, func(el *xmltree.Element) bool { return el.Get("id") == "after" })
	from := len(m.Seen())
	w.must(w.scott.Say(ctx, room, "nobody there"))
	w.hear(ctx, w.scott, "Scott", "nobody there")
	time.Sleep(500 * time.Millisecond) // what should not come has no end
	if got := m.Seen()[from:]; len(got) > 0 {
		w.t.Errorf("a mirror without users is told %s", got[0])
	}
}
