package codec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"picket/codec/xmltree"
)

// Nothing may lean on a message that is not acknowledged: each of a burst
// decodes alone.
func TestEachOfABurstStandsAlone(t *testing.T) {
	enc := NewEncoder(Config{})
	for n := 1; n <= 40; n++ {
		el := stanza(t, fmt.Sprintf("<message from='w@b.example/T' to='r@c.example' type='groupchat'><body>ok</body><item xmlns='urn:xmpp:dmuc:0' n='%d'/></message>", n))
		b, _, err := enc.Encode(nil, el)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := NewDecoder(Config{}).Decode(b); err != nil || !xmltree.Equal(got, el) {
			t.Fatalf("message %d alone: %v, %v", n, got, err)
		}
	}
}

// A slot is used again only when no message on its way can name it.
func TestSlotsAreUsedAgain(t *testing.T) {
	p := newPair(Config{})
	p.enc.tables.occupants.max = 2
	say := func(who string) ([]byte, Ref, *xmltree.Element) {
		el := stanza(t, "<message from='"+who+"@b.example/T' to='r@c.example' type='groupchat'><body>ok</body></message>")
		b, ref, err := p.enc.Encode(nil, el)
		if err != nil {
			t.Fatal(err)
		}
		return b, ref, el
	}
	a1, ra1, elA := say("a")
	_, rb1, _ := say("b")
	c1, _, elC := say("c") // both slots are on their way: c is spelled out
	for _, x := range []struct {
		b  []byte
		el *xmltree.Element
	}{{c1, elC}, {a1, elA}} {
		if got, err := p.dec.Decode(x.b); err != nil || !xmltree.Equal(got, x.el) {
			t.Fatalf("%v, %v, want %v", got, err, x.el)
		}
	}
	p.enc.Acked(ra1)
	p.enc.Dropped(rb1)
	c2, rc2, _ := say("c") // takes a's slot, which is the oldest that is free
	if got, err := p.dec.Decode(c2); err != nil || !xmltree.Equal(got, elC) {
		t.Fatalf("%v, %v, want %v", got, err, elC)
	}
	p.enc.Acked(rc2)
	c3, _, _ := say("c")
	if len(c3) >= len(c2) {
		t.Errorf("c costs %d bytes once known, %d before", len(c3), len(c2))
	}
	p.enc.Acked(rc2) // again, and foreign ones: no effect
	p.enc.Dropped(rc2)
	p.enc.Acked(0)
	p.enc.Acked(9999)
}

// A definition that leans on another entry holds that one, too.
func TestALeaningDefinitionHolds(t *testing.T) {
	for _, jid := range []string{"b@b.example/T", "b@b.example/V"} {
		leaning(t, jid)
	}
}

func leaning(t *testing.T, jid string) {
	p := newPair(Config{})
	p.enc.tables.occupants.max = 2
	join := func(jid string) *xmltree.Element {
		nick, _, _ := strings.Cut(jid, "@")
		return stanza(t, "<presence from='"+jid+"' to='r@c.example/"+nick+"'/>")
	}
	p.cross(t, join("a@b.example/T"))
	likeA, other := join(jid), join("c@d.example/U")
	first, _, err := p.enc.Encode(nil, likeA)
	if err != nil {
		t.Fatal(err)
	}
	p.cross(t, other) // arrives before, and is acknowledged
	p.cross(t, other)
	if got, err := p.dec.Decode(first); err != nil || !xmltree.Equal(got, likeA) {
		t.Errorf("%x gives %v, %v, want %v", first, got, err, likeA)
	}
}

// A peer that gives a room's slot to another room breaks a rule.
func TestARoomKeepsItsSlot(t *testing.T) {
	d := NewDecoder(Config{})
	for i, b := range [][]byte{
		{0x12, 0x86, 0, 0x85, 0, 0x61, 'r', 0x61, 'c', 0x61, 'm', 0, 0x61, 'N', 0, 0x61, 'h', 0x61, 'R', 0x80},
		{0x12, 0x86, 1, 0x85, 0, 0x61, 'q', 0x61, 'c', 0x61, 'm', 0, 0x61, 'N', 0, 0x61, 'h', 0x61, 'R', 0x80},
	} {
		_, err := d.Decode(b)
		var corrupt *CorruptError
		if i == 0 && err != nil || i == 1 && !errors.As(err, &corrupt) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	if len(d.tables.occupants) != 1 || d.tables.rooms[0].jid != "r@c" {
		t.Error("the refused message changed a table")
	}
}

// Who talks much gets a slot that one byte names, from one who does not; sixteen
// who talk in turn keep theirs.
func TestTheBusyAreHot(t *testing.T) {
	p := newPair(testDomains)
	p.cross(t, roster200(t))
	say := func(slot int) int {
		o := p.enc.tables.occupants.slots[slot].value
		return len(p.cross(t, stanza(t, "<message from='chatroom@conference.fairfax.tridsys.com/"+o.nick+
			"' to='mirror.raleigh.tridsys.com' type='groupchat'><body>ok</body></message>")))
	}
	// The seventeen first talk from slots 100 to 116.
	var names []occupant
	for n := 100; n < 117; n++ {
		names = append(names, p.enc.tables.occupants.slots[n].value)
	}
	total := 0
	for range 20 {
		total = 0
		for n := 100; n < 117; n++ {
			total += say(n)
		}
	}
	// One byte less where the slot is hot: shape, slot in two; numbers; text.
	if want := 16*(1+1+3) + (1 + 2 + 1 + 3); total != want {
		t.Errorf("seventeen who talk cost %d bytes a round, want %d", total, want)
	}
	for _, o := range names {
		if o != p.enc.tables.findOccupant(o, 0).value {
			t.Errorf("%s is lost", o.nick)
		}
	}
}

// Messages beyond what an encoder keeps account of are spelled out.
func TestNobodyAcknowledges(t *testing.T) {
	p := newPair(testDomains)
	v := readVector(t, "groupchat")
	el := stanza(t, v.xml)
	for n := range inflightMax + 10 {
		b, ref, err := p.enc.Encode(nil, el)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.dec.Decode(b); err != nil || !xmltree.Equal(got, el) {
			t.Fatalf("message %d: %v, %v", n, got, err)
		}
		if (ref == 0) != (n >= inflightMax) {
			t.Fatalf("message %d has the ref %d", n, ref)
		}
	}
}

// An entry whose definition is on its way is defined again as it is, though
// meanwhile another entry of the nick would do as its base: seed 24 of the
// simulator lost a presence by it.
func TestADefinitionOnItsWayKeepsItsValue(t *testing.T) {
	p := newPair(Config{})
	chat := func(n int, origin string) *xmltree.Element {
		return stanza(t, fmt.Sprintf("<message from='r@c.example/Maria' to='m.b.example' type='groupchat'><body>ok</body><item xmlns='urn:xmpp:dmuc:0' n='%d' %s pos='%d'/></message>", n, origin, n))
	}
	presence := stanza(t, "<presence from='r@c.example/Maria' to='m.b.example'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant' jid='maria@w.example'/></x></presence>")
	var refs []Ref
	send := func(el *xmltree.Element) {
		t.Helper()
		b, ref, err := p.enc.Encode(nil, el)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref)
		if got, err := p.dec.Decode(b); err != nil || !xmltree.Equal(got, el) {
			t.Fatalf("%v, %v, want %v", got, err, el)
		}
	}
	send(chat(1, ""))      // the nick alone
	send(presence)         // the nick with its JID
	p.enc.Acked(refs[1])   // only that is known to be there
	send(chat(2, "o='4'")) // a copy of it with an origin
	p.enc.Acked(refs[0])   // now the nick alone would do as a base
	send(chat(3, "o='4'"))
	for _, r := range refs {
		p.enc.Acked(r)
	}
	for _, slot := range p.enc.tables.occupants.slots {
		if got := p.dec.tables.occupants[slot.number].occupant; got != slot.value {
			t.Errorf("slot %d: the decoder has %+v, the encoder believes %+v", slot.number, got, slot.value)
		}
	}
}
