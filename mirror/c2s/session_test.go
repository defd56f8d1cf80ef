package c2s

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"mellium.im/sasl"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

func message(body string) *xmltree.Element {
	return xmltree.New(ns.Client, "message", xmltree.NewText(ns.Client, "body", body)).
		Set("from", "room@"+testRooms+"/Scott").Set("type", "groupchat")
}

// TestRemote shows what the Handler gets, and that it can answer.
func TestRemote(t *testing.T) {
	w := newWorld(t, nil)
	c := w.login("wayne", "TransVerse")
	c.send("<presence to='ChatRoom@" + testRooms + "/Wayne' from='scott@fairfax.tridsys.com'/>")
	c.send("<message type='groupchat' to='chatroom@" + testRooms + "'><body>1 &lt; 2</body></message>")
	events := w.rec.wait(t, 2)
	for i, want := range []string{
		`wayne@raleigh.tridsys.com/TransVerse: <presence xmlns="jabber:client" to="chatroom@conference.fairfax.tridsys.com/Wayne" from="wayne@raleigh.tridsys.com/TransVerse"/>`,
		`wayne@raleigh.tridsys.com/TransVerse: <message xmlns="jabber:client" type="groupchat" to="chatroom@conference.fairfax.tridsys.com" from="wayne@raleigh.tridsys.com/TransVerse"><body>1 &lt; 2</body></message>`,
	} {
		if events[i] != want {
			t.Errorf("the handler\n got %s\nwant %s", events[i], want)
		}
	}
	if !w.srv.Send(message("hello").Set("to", c.jid)) {
		t.Error("nobody took a message for " + c.jid)
	}
	c.want("<message xmlns='jabber:client' from='room@" + testRooms + "/Scott' type='groupchat' to='" + c.jid + "'><body>hello</body></message>")
	for _, to := range []string{"wayne@raleigh.tridsys.com/other", "wayne@raleigh.tridsys.com", "nobody@raleigh.tridsys.com", testDomain, "x@example.com/y", ""} {
		if w.srv.Send(message("hello").Set("to", to)) {
			t.Errorf("somebody took a groupchat message for %q", to)
		}
	}
	// Unavailable for all: those that were written to are told by the server.
	c.send("<presence type='unavailable'/>")
	if e := w.rec.wait(t, 3)[2]; !strings.Contains(e, `type="unavailable"`) || !strings.Contains(e, `to="chatroom@`+testRooms+`/Wayne"`) {
		t.Errorf("the handler got %s", e)
	}
	c.conn.Close() // no word of farewell
	if e := w.rec.wait(t, 4); e[3] != "gone wayne@raleigh.tridsys.com/TransVerse" || len(e) != 4 {
		t.Errorf("events %q", e)
	}
}

// TestRoute holds the rules of RFC 6120 §10 and RFC 6121 §8 for what stays here.
func TestRoute(t *testing.T) {
	w := newWorld(t, nil)
	wayne, keith := w.login("wayne", "r"), w.login("keith", "r")
	refused := func(stanza, id, from, kind, condition string) string {
		if from != "" {
			from = " from='" + from + "'"
		}
		return fmt.Sprintf("<%s xmlns='jabber:client' type='error' id='%s'%s to='%s'><error type='%s'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></%s>",
			stanza, id, from, wayne.jid, kind, condition, stanza)
	}
	for _, tt := range []struct{ name, send, want string }{
		{"a stranger's domain", "<message id='1' to='x@example.com'/>", refused("message", "1", "x@example.com", "cancel", "remote-server-not-found")},
		{"a request to it", "<iq id='1' type='get' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>", refused("iq", "1", "example.com", "cancel", "remote-server-not-found")},
		{"no address", "<message id='1' to='@'/>", refused("message", "1", "", "modify", "jid-malformed")},
		{"a user who is not there", "<message id='1' type='chat' to='nobody@raleigh.tridsys.com'><body>x</body></message>", refused("message", "1", "nobody@raleigh.tridsys.com", "cancel", "service-unavailable")},
		{"a user without presence", "<message id='1' to='keith@raleigh.tridsys.com'><body>x</body></message>", refused("message", "1", "keith@raleigh.tridsys.com", "cancel", "service-unavailable")},
		{"a room of a user", "<message id='1' type='groupchat' to='keith@raleigh.tridsys.com'/>", refused("message", "1", "keith@raleigh.tridsys.com", "cancel", "service-unavailable")},
		{"a request to nobody", "<iq id='1' type='get' to='keith@raleigh.tridsys.com/x'><ping xmlns='urn:xmpp:ping'/></iq>", refused("iq", "1", "keith@raleigh.tridsys.com/x", "cancel", "service-unavailable")},
		{"a request of no type", "<iq id='1' to='raleigh.tridsys.com'/>", refused("iq", "1", "raleigh.tridsys.com", "modify", "bad-request")},
		{"a request of two", "<iq id='1' type='get'><a xmlns='a'/><b xmlns='b'/></iq>", refused("iq", "1", "", "modify", "bad-request")},
		{"an empty request", "<iq id='1' type='set'/>", refused("iq", "1", "", "modify", "bad-request")},
		{"a question of nobody", "<iq id='1' type='get'><a xmlns='a'/></iq>", refused("iq", "1", "", "cancel", "service-unavailable")},
		{"odd presence", "<presence id='1' type='odd'/>", refused("presence", "1", "", "modify", "bad-request")},
		{"odd priority", "<presence id='1'><priority>200</priority></presence>", refused("presence", "1", "", "modify", "bad-request")},
	} {
		t.Run(tt.name, func(t *testing.T) { wayne.ask(tt.send, tt.want) })
	}
	t.Run("no answers to answers", func(t *testing.T) {
		wayne.send("<iq id='1' type='result' to='example.com'/><iq id='2' type='error'/><message type='error' to='keith@raleigh.tridsys.com/x'/><message type='headline' to='keith@raleigh.tridsys.com'/>")
		wayne.sync()
	})
	t.Run("a full address", func(t *testing.T) {
		wayne.send("<message to='keith@raleigh.tridsys.com/r' id='7'><body>x</body></message><iq id='8' type='get' to='keith@raleigh.tridsys.com/r'><ping xmlns='urn:xmpp:ping'/></iq>")
		keith.want("<message xmlns='jabber:client' to='keith@raleigh.tridsys.com/r' id='7' from='" + wayne.jid + "'><body>x</body></message>")
		keith.want("<iq xmlns='jabber:client' id='8' type='get' to='keith@raleigh.tridsys.com/r' from='" + wayne.jid + "'><ping xmlns='urn:xmpp:ping'/></iq>")
		keith.send("<iq id='8' type='result' to='" + wayne.jid + "'/>")
		wayne.want("<iq xmlns='jabber:client' id='8' type='result' to='" + wayne.jid + "' from='" + keith.jid + "'/>")
	})
}

// TestPresence shows local users seeing each other come, change and go.
func TestPresence(t *testing.T) {
	w := newWorld(t, nil)
	wayne, keith := w.login("wayne", "r"), w.login("keith", "r")
	seen := func(from, to, inner string) string {
		return "<presence xmlns='jabber:client' from='" + from + "' to='" + to + "'>" + inner + "</presence>"
	}
	gone := func(from, to string) string {
		return "<presence xmlns='jabber:client' type='unavailable' from='" + from + "' to='" + to + "'/>"
	}
	wayneBare, keithBare := "wayne@raleigh.tridsys.com", "keith@raleigh.tridsys.com"
	wayne.ask("<presence/>", seen(wayne.jid, wayneBare, ""))
	keith.ask("<presence><show>away</show></presence>", seen(keith.jid, keithBare, "<show>away</show>"))
	keith.want(seen(wayne.jid, keith.jid, ""))
	wayne.want(seen(keith.jid, wayneBare, "<show>away</show>"))

	wayne.send("<message to='" + keithBare + "' type='chat'><body>hello</body></message>")
	keith.want("<message xmlns='jabber:client' to='" + keithBare + "' type='chat' from='" + wayne.jid + "'><body>hello</body></message>")
	wayne.ask("<presence type='subscribe' to='"+keithBare+"'/>", "<presence xmlns='jabber:client' type='subscribed' from='"+keithBare+"' to='"+wayneBare+"'/>")
	wayne.ask("<presence type='subscribe' to='nobody@raleigh.tridsys.com'/>", "<presence xmlns='jabber:client' type='unsubscribed' from='nobody@raleigh.tridsys.com' to='"+wayneBare+"'/>")

	keith.send("<presence type='unavailable'/>")
	wayne.want(gone(keith.jid, wayneBare))
}

// TestConflict is RFC 6120 §7.7.2.2: of one resource, the newest stays, and the
// Handler hears of the old one's end before the new one's first stanza.
func TestConflict(t *testing.T) {
	w := newWorld(t, nil)
	old := w.login("wayne", "r")
	fresh := w.login("wayne", "r")
	if got := old.rest(); !strings.Contains(got, "conflict") {
		t.Errorf("the old session reads %s", got)
	}
	fresh.send("<presence to='room@" + testRooms + "/Wayne'/>")
	events := w.rec.wait(t, 2)
	if events[0] != "gone "+old.jid || !strings.HasPrefix(events[1], fresh.jid+": ") {
		t.Errorf("events %q", events)
	}
	fresh.sync()
}

func TestResources(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Resources = 2 })
	w.login("wayne", "a")
	w.login("wayne", "b")
	c := w.dial(w.direct).tls()
	c.open()
	c.auth(sasl.ScramSha256, "wayne", "gravel-road")
	c.open()
	c.ask("<iq type='set' id='b'><bind xmlns='"+nsBind+"'/></iq>",
		"<iq xmlns='jabber:client' type='error' id='b'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	c.bind("a") // takes the place of the first
	c.sync()
}

// TestDoor holds the limits of connections that have not logged in.
func TestDoor(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.LoginsPerAddr, c.Limits.WaitingAddr = 1, 3 })
	first := w.dial(w.starttls)
	first.open()
	second := w.dial(w.starttls)
	second.send(openTo)
	third := w.dial(w.starttls)
	for { // until both stand in line: the fourth is refused
		fourth := w.dial(w.starttls)
		fourth.send(openTo)
		got, _ := io.ReadAll(fourth.conn)
		if strings.Contains(string(got), streamErr("policy-violation")) {
			break
		}
	}
	first.conn.Close()
	third.conn.Close()
	second.header() // its turn has come
}

// TestShutdown tells everybody, and returns when all are gone.
func TestShutdown(t *testing.T) {
	w := newWorld(t, nil)
	c := w.login("wayne", "r")
	waiting := w.dial(w.starttls)
	waiting.open()
	var reads sync.WaitGroup
	reads.Go(func() {
		if got := c.rest(); !strings.Contains(got, "system-shutdown") {
			t.Errorf("a session reads %s", got)
		}
		c.conn.Close()
	})
	reads.Go(func() { waiting.rest(); waiting.conn.Close() })
	w.stop()
	if e := w.rec.wait(t, 1); len(e) != 1 || e[0] != "gone "+c.jid {
		t.Errorf("events %q", e)
	}
	reads.Wait()
}
