package policy

import (
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

func parse(s string) *xmltree.Element {
	el, err := xmltree.ParseIn(ns.Client, []byte(s))
	if err != nil {
		panic(err)
	}
	return el
}

func TestMessage(t *testing.T) {
	for _, tt := range []struct {
		payload string
		want    Fate
	}{
		{`<body>a</body>`, Keep},
		{`<body>a</body><active xmlns="http://jabber.org/protocol/chatstates"/>`, Keep},
		{`<subject/>`, Keep},
		{`<reactions xmlns="urn:xmpp:reactions:0" id="x"/>`, Keep},
		{`<displayed xmlns="urn:xmpp:chat-markers:0" id="x"/>`, Pass},
		{`<composing xmlns="http://jabber.org/protocol/chatstates"/>`, Stay},
		{`<thing xmlns="urn:of:tomorrow"/>`, Pass},
		{`<thing xmlns="urn:of:tomorrow"/><store xmlns="urn:xmpp:hints"/>`, Keep},
		{``, Stay},
	} {
		if got := Message(parse("<message>" + tt.payload + "</message>")); got != tt.want {
			t.Errorf("%s: fate %d, want %d", tt.payload, got, tt.want)
		}
	}
}

func TestTrim(t *testing.T) {
	m := Trim(parse(`<message><body>a</body><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/>` +
		`<active xmlns="http://jabber.org/protocol/chatstates"/><store xmlns="urn:xmpp:hints"/><replace xmlns="urn:xmpp:message-correct:0" id="1"/></message>`))
	if want := parse(`<message><body>a</body><replace xmlns="urn:xmpp:message-correct:0" id="1"/></message>`); !xmltree.Equal(m, want) {
		t.Errorf("left %s", m)
	}
}

func TestPresence(t *testing.T) {
	p := parse(`<presence><show>away</show><priority>5</priority><status>at the ford</status><c xmlns="http://jabber.org/protocol/caps" node="n" ver="v" hash="h"/>` +
		`<x xmlns="vcard-temp:x:update"/><hat xmlns="urn:xmpp:hats:0"/></presence>`)
	got := xmltree.New(ns.Client, "presence", Presence(p.Children())...)
	if want := parse(`<presence><show>away</show><status>at the ford</status><hat xmlns="urn:xmpp:hats:0"/></presence>`); !xmltree.Equal(got, want) {
		t.Errorf("left %s", got)
	}
}
