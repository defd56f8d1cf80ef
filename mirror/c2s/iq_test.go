package c2s

import (
	"strings"
	"testing"
)

// TestIQ asks what ordinary clients ask at login (design, captures of slixmpp,
// Profanity and Converse.js).
func TestIQ(t *testing.T) {
	w := newWorld(t, nil)
	c := w.login("wayne", "r")
	other := w.login("keith", "r")
	const me, them = "wayne@raleigh.tridsys.com", "keith@raleigh.tridsys.com"
	answer := func(from, payload string) string {
		if from != "" {
			from = " from='" + from + "'"
		}
		return "<iq xmlns='jabber:client' type='result' id='1'" + from + " to='" + c.jid + "'>" + payload + "</iq>"
	}
	refused := func(from, kind, condition string) string {
		return strings.Replace(answer(from, "<error type='"+kind+"'><"+condition+" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"), "'result'", "'error'", 1)
	}
	// In order: later rows see what earlier ones stored.
	for _, tt := range []struct{ name, kind, to, payload, want string }{
		{"session", "set", "", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", answer("", "")},
		{"ping", "get", testDomain, "<ping xmlns='urn:xmpp:ping'/>", answer(testDomain, "")},
		{"ping of the account", "get", "", "<ping xmlns='urn:xmpp:ping'/>", answer("", "")},
		{"version", "get", testDomain, "<query xmlns='jabber:iq:version'/>", answer(testDomain, "<query xmlns='jabber:iq:version'><name>picket</name><version>1</version></query>")},
		{"time", "get", testDomain, "<time xmlns='urn:xmpp:time'/>", answer(testDomain, "<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>1970-01-01T00:00:00Z</utc></time>")},
		{"services", "get", testDomain, "<query xmlns='http://jabber.org/protocol/disco#items'/>", answer(testDomain, "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='conference.fairfax.tridsys.com' name='Rooms'/></query>")},
		{"items of an account", "get", me, "<query xmlns='http://jabber.org/protocol/disco#items'/>", answer(me, "<query xmlns='http://jabber.org/protocol/disco#items'/>")},
		{"a node of nobody", "get", testDomain, "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>", refused(testDomain, "cancel", "item-not-found")},
		{"disco of a user", "get", them, "<query xmlns='http://jabber.org/protocol/disco#info'/>", answer(them, "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='vcard-temp'/></query>")},
		{"disco of nobody", "get", "x@raleigh.tridsys.com", "<query xmlns='http://jabber.org/protocol/disco#info'/>", refused("x@raleigh.tridsys.com", "cancel", "service-unavailable")},
		{"carbons", "set", "", "<enable xmlns='urn:xmpp:carbons:2'/>", answer("", "")},
		{"blocklist", "get", "", "<blocklist xmlns='urn:xmpp:blocking'/>", answer("", "<blocklist xmlns='urn:xmpp:blocking'/>")},
		{"block", "set", "", "<block xmlns='urn:xmpp:blocking'><item jid='x@y'/></block>", refused("", "cancel", "service-unavailable")},
		{"archive", "set", "", "<query xmlns='urn:xmpp:mam:2'/>", refused("", "cancel", "service-unavailable")},
		{"register", "get", testDomain, "<query xmlns='jabber:iq:register'/>", refused(testDomain, "cancel", "service-unavailable")},

		{"vCard, none yet", "get", "", "<vCard xmlns='vcard-temp'/>", answer("", "<vCard xmlns='vcard-temp'/>")},
		{"vCard set", "set", "", "<vCard xmlns='vcard-temp'><FN>Wayne</FN></vCard>", answer("", "")},
		{"vCard got", "get", me, "<vCard xmlns='vcard-temp'/>", answer(me, "<vCard xmlns='vcard-temp'><FN>Wayne</FN></vCard>")},
		{"vCard of another", "get", them, "<vCard xmlns='vcard-temp'/>", refused(them, "cancel", "item-not-found")},
		{"vCard of another set", "set", them, "<vCard xmlns='vcard-temp'/>", refused(them, "cancel", "service-unavailable")},
		{"a vCard of 60 kB", "set", "", "<vCard xmlns='vcard-temp'><FN>" + strings.Repeat("x", 60<<10) + "</FN></vCard>", answer("", "")},

		{"private, none yet", "get", "", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>", answer("", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")},
		{"private set", "set", "", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='r@s'/></storage></query>", answer("", "")},
		{"private got", "get", "", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>", answer("", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='r@s'/></storage></query>")},
		{"private of another", "get", them, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>", refused(them, "cancel", "service-unavailable")},
		{"private of nothing", "get", "", "<query xmlns='jabber:iq:private'/>", refused("", "modify", "bad-request")},
		{"too much in all", "set", "", "<query xmlns='jabber:iq:private'><a xmlns='a'>" + strings.Repeat("x", 60<<10) + "</a></query>", answer("", "")},
		{"more than that", "set", "", "<query xmlns='jabber:iq:private'><b xmlns='b'>" + strings.Repeat("x", 60<<10) + "</b></query>", refused("", "wait", "resource-constraint")},

		{"bookmarks, none yet", "get", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>", answer("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>")},
		{"a bookmark", "set", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'><item id='r@s'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item></publish></pubsub>", answer("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'><item id='r@s'/></publish></pubsub>")},
		{"bookmarks", "get", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>", answer("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'><item id='r@s'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item></items></pubsub>")},
		{"a bookmark less", "set", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='urn:xmpp:bookmarks:1'><item id='r@s'/></retract></pubsub>", answer("", "")},
		{"no bookmarks again", "get", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>", answer("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>")},
		{"another node", "get", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:omemo:2:devices'/></pubsub>", refused("", "cancel", "item-not-found")},
		{"another node published", "set", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:omemo:2:devices'><item/></publish></pubsub>", refused("", "cancel", "service-unavailable")},

		{"roster", "get", "", "<query xmlns='jabber:iq:roster'/>", answer("", "<query xmlns='jabber:iq:roster'><item jid='keith@raleigh.tridsys.com' name='keith' subscription='both'/></query>")},
		{"roster of another", "get", them, "<query xmlns='jabber:iq:roster'/>", refused(them, "cancel", "service-unavailable")},
		{"roster of two", "set", "", "<query xmlns='jabber:iq:roster'><item jid='a@b'/><item jid='c@d'/></query>", refused("", "modify", "bad-request")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			to := ""
			if tt.to != "" {
				to = " to='" + tt.to + "'"
			}
			c.ask("<iq type='"+tt.kind+"' id='1'"+to+">"+tt.payload+"</iq>", tt.want)
		})
	}
	c.send("<iq type='get' id='1' to='" + testDomain + "'><query xmlns='jabber:iq:last'/></iq>")
	if got := c.next(); got.Child(nsLast, "query").Get("seconds") == "" {
		t.Errorf("uptime: %s", got)
	}
	other.sync() // nothing of it went there
}

// TestRosterPush is RFC 6121 §2.1.6 and §2.3: who asked for the roster is told
// of its changes.
func TestRosterPush(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.HideUsers = true })
	a, b, deaf := w.login("wayne", "a"), w.login("wayne", "b"), w.login("wayne", "c")
	for _, c := range []*client{a, b} {
		c.ask("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", "<iq xmlns='jabber:client' type='result' id='1' to='"+c.jid+"'><query xmlns='jabber:iq:roster'/></iq>")
	}
	for _, change := range []struct{ set, push string }{
		{"<item jid='keith@raleigh.tridsys.com/r' name='K'><group>Field</group></item>", `<item jid="keith@raleigh.tridsys.com" name="K" subscription="none"><group>Field</group></item>`},
		{"<item jid='keith@raleigh.tridsys.com' subscription='remove'/>", `<item jid="keith@raleigh.tridsys.com" subscription="remove"/>`},
	} {
		a.send("<iq type='set' id='2'><query xmlns='jabber:iq:roster'>" + change.set + "</query></iq>")
		for _, c := range []*client{a, b} {
			if got := c.next(); got.Get("type") != "set" || !strings.Contains(got.String(), change.push) {
				t.Errorf("%s got %s\nwant %s", c.jid, got, change.push)
			}
		}
		a.want("<iq xmlns='jabber:client' type='result' id='2' to='" + a.jid + "'/>")
	}
	deaf.sync()
}

// TestStores holds both stores to the same.
func TestStores(t *testing.T) {
	dir := t.TempDir()
	onDisk, err := NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Store{"memory": NewMemory(), "dir": onDisk} {
		put := func(user, key, value string) error {
			if value == "" {
				return s.Put(user, key, nil)
			}
			return s.Put(user, key, []byte(value))
		}
		for _, kv := range [][3]string{{"wayne", "a:1", "x"}, {"wayne", "a:2", "y"}, {"wayne", "b:", "z"}, {"../keith", "a:1", "k"}, {"wayne", "a:1", "new"}, {"wayne", "a:2", ""}} {
			if err := put(kv[0], kv[1], kv[2]); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if name == "dir" { // and after a restart
			if s, err = NewDir(dir); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := s.Get("wayne", "a:1"); string(v) != "new" || err != nil {
			t.Errorf("%s: a:1 is %q, %v", name, v, err)
		}
		if v, err := s.Get("wayne", "a:2"); v != nil || err != nil {
			t.Errorf("%s: a removed value is %q, %v", name, v, err)
		}
		if keys, err := s.Keys("wayne", "a:"); strings.Join(keys, " ") != "a:1" || err != nil {
			t.Errorf("%s: keys %q, %v", name, keys, err)
		}
		if err := put("wayne", "large", strings.Repeat("x", storeBytes)); err != ErrStoreFull {
			t.Errorf("%s: a value beyond the limit: %v", name, err)
		}
		for i := 0; err == nil && i < storeEntries+1; i++ {
			err = put("wayne", strings.Repeat("k", i+1), "v")
		}
		if err != ErrStoreFull {
			t.Errorf("%s: values beyond the limit: %v", name, err)
		}
		err = nil
	}
}
