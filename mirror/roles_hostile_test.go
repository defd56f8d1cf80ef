package mirror_test

import (
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
)

// TestProtocolElementsStayInside: what only mirrors and masters say to each
// other reaches no client, not even from another client.
func TestProtocolElementsStayInside(t *testing.T) {
	p := newPair(t)
	for jid, nick := range map[string]string{scott: "Scott", kevin: "Kevin", wayne: "Wayne", keith: "Keith"} {
		p.join(jid, nick)
	}
	p.hostile = true // a join tagged by one who is no mirror is refused, and noted
	inside := `<body>x</body><dmuc xmlns="http://tridsys.com/protocol/dmuc" from="` + mirrorName + `"/><item xmlns="urn:xmpp:dmuc:0" n="9" pos="99"/>`
	for _, from := range []string{wayne, scott} {
		p.says(from, `<message type="groupchat" to="`+roomJID+`">`+inside+`</message>`)
		p.says(from, `<message type="chat" to="`+roomJID+`/Keith">`+inside+`</message>`)
		p.says(from, `<presence to="`+roomJID+`/`+map[string]string{wayne: "Wayne", scott: "Scott"}[from]+`">`+strings.TrimPrefix(inside, "<body>x</body>")+`</presence>`)
	}
	p.says(wayne, `<message type="chat" to="scott@fairfax.tridsys.com">`+inside+`</message>`)
	for jid, seen := range p.seen {
		for _, el := range seen {
			if s := el.String(); strings.Contains(s, ns.DMUC) || strings.Contains(s, ns.DMUC0) {
				t.Errorf("%s saw %s", jid, s)
			}
		}
	}
	if got := p.view(keith); strings.Count(got, "Wayne: x") != 2 || strings.Count(got, "Scott: x") != 2 {
		t.Errorf("keith saw %s", got)
	}
	p.same()
}

// TestNoFlapOnReturn: a link that is back before anybody was shown as left, but
// whose rooms are not yet, does not show them as left in between.
func TestNoFlapOnReturn(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.view(scott)
	p.link(false)
	p.wait(29 * time.Second)
	p.link(true)
	p.wait(10 * time.Second)
	p.expect(wayne, "")
	p.expect(scott, "")
}

// TestOverLongAtHeadquarters: what no link carries in a decent time is refused
// at either end.
func TestOverLongAtHeadquarters(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(scott)
	p.view(wayne)
	p.say(scott, strings.Repeat("x", 11<<10))
	p.expect(scott, "error policy-violation")
	p.say(wayne, strings.Repeat("x", 11<<10))
	p.expect(wayne, "error policy-violation")
}

// TestXMLMirrorGoes: a mirror that speaks XML ends its part with its last user,
// and is taken for gone when a stanza to it comes back.
func TestXMLMirrorGoes(t *testing.T) {
	p := newPair(t)
	p.link(false)
	join := func(user, nick string) {
		p.atHQ(`<presence from="` + user + `" to="` + roomJID + `/` + nick + `"><dmuc xmlns="http://tridsys.com/protocol/dmuc" from="` + mirrorName + `"/></presence>`)
	}
	p.join(scott, "Scott")
	join(wayne, "Wayne")
	p.wait(5 * time.Second)
	p.view(scott)
	p.say(scott, "one")
	if got := p.view(mirrorName); !strings.HasSuffix(got, "Scott: one") {
		t.Errorf("the mirror got %s", got)
	}
	p.atHQ(`<presence from="` + wayne + `" to="` + roomJID + `/Wayne" type="unavailable"/>`)
	p.view(mirrorName)
	p.expect(scott, "Scott: one, -Wayne")
	p.say(scott, "two")
	p.expect(mirrorName, "")
	join(keith, "Keith")
	p.wait(5 * time.Second)
	p.view(scott)
	p.say(scott, "three")
	p.atHQ(`<message from="` + mirrorName + `" to="` + roomJID + `/Scott" type="error"><error type="cancel"><remote-server-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`)
	p.wait(time.Minute)
	p.expect(scott, "Scott: three, -Keith")
}

// FuzzFromPeer gives both roles, in the middle of a room's life, whatever a
// paired peer may send: neither panics, and the link's life goes on.
func FuzzFromPeer(f *testing.F) {
	for _, s := range []string{
		`<presence from="` + wayne + `" to="` + roomJID + `/Wayne" type="unavailable"><item xmlns="urn:xmpp:dmuc:0" n="7"/></presence>`,
		`<message from="` + wayne + `" to="` + roomJID + `" type="groupchat"><body>x</body><item xmlns="urn:xmpp:dmuc:0" n="2"/></message>`,
		`<iq type="get" from="` + mirrorName + `" to="` + roomJID + `" id="s"><resume xmlns="urn:xmpp:dmuc:0" n="9" pos="4" have="1" up="2"/></iq>`,
		`<iq type="set" from="` + mirrorName + `" to="` + roomJID + `" id="s"><roster xmlns="urn:xmpp:dmuc:0"><item name="Wayne" jid="` + keith + `"/></roster></iq>`,
		`<iq type="set" from="` + roomJID + `" to="` + mirrorName + `" id="r"><roster xmlns="urn:xmpp:dmuc:0"><item affiliation="x" jid="a" name="Wayne" role="y"/><item/></roster></iq>`,
		`<iq type="set" from="` + roomJID + `" to="` + mirrorName + `" id="c"><config xmlns="urn:xmpp:dmuc:0"/></iq>`,
		`<iq type="result" from="` + roomJID + `" to="` + mirrorName + `" id="2"><resume xmlns="urn:xmpp:dmuc:0" n="1" inc="9"/></iq>`,
		`<iq type="result" from="` + roomJID + `" to="` + mirrorName + `" id="2"><history xmlns="http://jabber.org/protocol/muc"><message/></history></iq>`,
		`<presence from="` + roomJID + `" to="` + mirrorName + `" type="unavailable"/>`,
		`<presence from="` + roomJID + `/Wayne" to="` + mirrorName + `" type="unavailable"/>`,
		`<presence from="` + roomJID + `" to="wayne\40raleigh.tridsys.com\2fTransVerse@` + mirrorName + `" type="error"/>`,
		`<message from="` + roomJID + `" to="wayne\40raleigh.tridsys.com\2fTransVerse@` + mirrorName + `" type="error"><item xmlns="urn:xmpp:dmuc:0" n="1"/></message>`,
		`<message from="` + roomJID + `/Scott" to="` + mirrorName + `" type="groupchat"><body>x</body><item xmlns="urn:xmpp:dmuc:0" pos="18446744073709551615" age="99999999999"/></message>`,
		`<iq type="set" from="` + wayne + `" to="` + roomJID + `" id="a"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Scott" role="none"/></query></iq>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		el, err := xmltree.ParseIn(ns.Client, []byte(s))
		if err != nil {
			return
		}
		p := newPair(t)
		p.hostile = true
		p.join(scott, "Scott")
		p.join(wayne, "Wayne")
		p.say(wayne, "one")
		p.say(scott, "two")
		p.toMaster(mirror.FromPeer{Peer: mirrorName, Stanza: el.Clone()})
		p.toReplica(mirror.FromPeer{Peer: confDomain, Stanza: el.Clone()})
		p.link(false)
		p.say(wayne, "three")
		p.toReplica(mirror.FromPeer{Peer: confDomain, Stanza: el.Clone()})
		p.link(true)
		p.toMaster(mirror.FromPeer{Peer: mirrorName, Stanza: el.Clone()})
		p.wait(time.Hour)
		p.startMaster()
		p.startReplica()
	})
}
