package codec

import (
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

func stanza(t testing.TB, s string) *xmltree.Element {
	t.Helper()
	el, err := xmltree.ParseIn(ns.Client, []byte(s))
	if err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return el
}

// sixBit is a text model for tests: lower-case letters, space and the point in
// five bits each. Anything else it cannot code shorter.
type sixBit struct{}

const sixBitAlphabet = " abcdefghijklmnopqrstuvwxyz.,?'"

func (sixBit) ID() uint64 { return 5 }

func (sixBit) Append(dst []byte, s string) []byte {
	var acc, bits uint
	out := dst
	for _, r := range s + "\x00" {
		v := uint(strings.IndexRune(sixBitAlphabet, r)) + 1
		if r == 0 {
			v = 0
		} else if v == 0 {
			return append(dst, make([]byte, len(s)+9)...)
		}
		acc, bits = acc<<5|v, bits+5
		for bits >= 8 {
			out = append(out, byte(acc>>(bits-8)))
			bits -= 8
		}
	}
	out = append(out, byte(acc<<(8-bits)))
	for len(out) > len(dst) && out[len(out)-1] == 0 {
		out = out[:len(out)-1]
	}
	return out
}

func (sixBit) Decode(b []byte, maxBytes int) (string, error) {
	var s strings.Builder
	var acc, bits uint
	for i := 0; ; {
		for bits < 5 {
			var next byte
			if i < len(b) {
				next = b[i]
			}
			i++
			acc, bits = acc<<8|uint(next), bits+8
		}
		v := acc >> (bits - 5) & 31
		bits -= 5
		if v == 0 {
			return s.String(), nil
		}
		if s.Len() >= maxBytes {
			return "", errors.New("too long")
		}
		s.WriteByte(sixBitAlphabet[v-1])
	}
}

// A pair is both ends of one direction.
type pair struct {
	enc *Encoder
	dec *Decoder
}

func newPair(cfg Config) *pair { return &pair{NewEncoder(cfg), NewDecoder(cfg)} }

// cross encodes, decodes and acknowledges, and gives the bytes.
func (p *pair) cross(t testing.TB, el *xmltree.Element) []byte {
	t.Helper()
	b, ref, err := p.enc.Encode(nil, el)
	if err != nil {
		t.Fatalf("encode: %v: %s", err, el)
	}
	got, err := p.dec.Decode(b)
	if err != nil || !xmltree.Equal(got, el) {
		t.Fatalf("decode of %x\n got %v, %v\nwant %v", b, got, err, el)
	}
	p.enc.Acked(ref)
	return b
}

// maker draws stanzas of all kinds from a seed.
type maker struct {
	*rand.Rand
	counts map[string]int
	crowd  bool // more people than hot slots, who mostly talk
}

func newMaker(seed int64) *maker {
	return &maker{Rand: rand.New(rand.NewSource(seed)), counts: map[string]int{}}
}

func (m *maker) pick(list ...string) string { return list[m.Intn(len(list))] }

func (m *maker) next(key string) int {
	m.counts[key] += 1 + m.Intn(3)*m.Intn(3)
	if m.Intn(20) == 0 {
		m.counts[key] += m.Intn(300)
	}
	if m.Intn(6) == 0 { // an older one again
		return 1 + max(0, m.counts[key]-m.Intn(30))
	}
	return m.counts[key]
}

// stanza draws one; many share rooms and people, so tables work.
func (m *maker) stanza() string {
	mirror := m.pick("mirror.raleigh.tridsys.com", "mirror.b.example")
	room := m.pick("chatroom", "ops", "m\u00fcnchen") + "@" + m.pick("conference.fairfax.tridsys.com", "c.example")
	nick := m.pick("Wayne", "Keith", "Scott", "Kevin", "a/b", "") + m.pick("", "", fmt.Sprint(m.Intn(9)))
	jid := strings.ToLower(strings.ReplaceAll(nick, "/", "")) + m.pick("@raleigh.tridsys.com/TransVerse", "@b.example/x", "@fairfax.tridsys.com", "", "@")
	from, to, in := jid, room+m.pick("", "/"+nick), room+"/"+nick
	item := m.pick("", fmt.Sprintf("<item xmlns='urn:xmpp:dmuc:0' n='%d'/>", m.next("n"+room)),
		fmt.Sprintf("<item xmlns='urn:xmpp:dmuc:0' n='%d' age='%d'/>", m.next("n"+room), m.Intn(99)))
	standing := fmt.Sprintf("affiliation='%s' role='%s'", m.pick("none", "owner", "outcast", "king"), m.pick("none", "participant", "moderator"))
	more := m.pick("", "", "<show>away</show><status>on watch</status>", "<active xmlns='http://jabber.org/protocol/chatstates'/>",
		"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://n.example' ver='aU8gtptxi4fPJB8IPibd7tJbTLE='/>",
		"<x xmlns='urn:odd' a='1.50' b='-7' c='35.780000' d='2011-01-19T08:02:43Z'>t<y/>&lt; <z/></x>")
	body := "<body>" + m.pick("all work and no play", "ok", "7", "AFFE", "42b27aea-9f") + "</body>"
	kind := m.Intn(10)
	if m.crowd {
		room, mirror = "ops@c.example", "mirror.b.example"
		nick = fmt.Sprint("n", m.Intn(24))
		if m.Intn(2) == 0 {
			nick = fmt.Sprint("n", 16+m.Intn(8))
		}
		jid, in, kind = nick+"@b.example/x", room+"/"+nick, 4
		if m.Intn(8) == 0 {
			kind = 6
		}
	}
	switch kind {
	case 9:
		var h strings.Builder
		for range m.Intn(5) {
			fmt.Fprintf(&h, "<message from='%s' type='groupchat'>%s%s<item xmlns='urn:xmpp:dmuc:0' pos='%d'/><delay xmlns='urn:xmpp:delay' from='%s' stamp='2011-01-19T08:02:%02dZ'/></message>",
				in, body, more, m.next("p"+room), m.pick(jid, room), m.Intn(60))
		}
		return fmt.Sprintf("<iq from='%s' to='%s' id='h' type='result'><history xmlns='http://jabber.org/protocol/muc' pos='7'>%s</history></iq>", room, mirror, strings.ReplaceAll(h.String(), "<message", "<message xmlns='jabber:client'"))
	case 0:
		return fmt.Sprintf("<presence from='%s' to='%s'>%s<dmuc xmlns='http://tridsys.com/protocol/dmuc' from='%s'/></presence>", from, in, more, mirror)
	case 1:
		return fmt.Sprintf("<presence from='%s' to='%s' type='%s'>%s%s</presence>", from, in, m.pick("unavailable", "error"), more, item)
	case 2, 3:
		return fmt.Sprintf("<message from='%s' to='%s' type='groupchat'>%s%s%s</message>", from, to, body, more, item)
	case 4, 5:
		down := fmt.Sprintf("<item xmlns='urn:xmpp:dmuc:0' pos='%d'%s/>", m.next("p"+room), m.pick("", fmt.Sprintf(" o='2' n='%d'", m.next("o2"+room)), fmt.Sprintf(" o='3' i='2' n='%d'", m.next("o3"+room)), " age='7'"))
		return fmt.Sprintf("<message from='%s' to='%s' type='groupchat'>%s%s%s</message>", in, mirror, body, more, down)
	case 6:
		return fmt.Sprintf("<presence from='%s' to='%s'>%s<x xmlns='http://jabber.org/protocol/muc#user'><item %s jid='%s'/>%s</x></presence>", in, mirror, more, standing, jid,
			m.pick("", "<status code='307'/>"))
	case 7:
		return fmt.Sprintf("<iq from='%s' to='%s' id='s%d' type='set'><roster xmlns='urn:xmpp:dmuc:0'><item %s jid='%s' name='%s'>%s</item></roster></iq>", room, mirror, m.Intn(9), standing, jid, nick, more)
	}
	return fmt.Sprintf("<presence from='%s' to='%s@%s' type='error'>%s</presence>", room, escapes.Replace(jid), mirror, more)
}
