package codec

import (
	"math/rand"
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// FuzzDecode: no bytes make a decoder panic or go beyond its budget, whatever
// its tables hold; and what decodes is XML that crosses again as an equal element.
func FuzzDecode(f *testing.F) {
	m := newMaker(1)
	for range 200 {
		if el, err := xmltree.ParseIn(ns.Client, []byte(m.stanza())); err == nil {
			b, _, err := NewEncoder(Config{Text: sixBit{}}).Encode(nil, el)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []*pair{newPair(Config{Text: sixBit{}}), warmPair(t)} {
			el, err := p.dec.Decode(b)
			if err != nil {
				continue
			}
			if err := check(el, DefaultLimits); err != nil {
				t.Fatalf("%x decodes to what may not be: %v", b, err)
			}
			newPair(Config{Text: sixBit{}}).cross(t, el)
			warmPair(t).cross(t, el)
		}
	})
}

func warmPair(t testing.TB) *pair {
	p := newPair(Config{Text: sixBit{}})
	m := newMaker(2)
	for range 20 {
		if el, err := xmltree.ParseIn(ns.Client, []byte(m.stanza())); err == nil {
			p.cross(t, el)
		}
	}
	return p
}

// FuzzRoundTrip: any XML comes back equal, twice over the same tables.
func FuzzRoundTrip(f *testing.F) {
	m := newMaker(3)
	for range 100 {
		f.Add(m.stanza())
	}
	f.Fuzz(func(t *testing.T, s string) {
		el, err := xmltree.ParseIn(ns.Client, []byte(s))
		if err != nil || check(el, DefaultLimits) != nil {
			return
		}
		p := newPair(Config{Text: sixBit{}})
		cold := len(p.cross(t, el))
		p.cross(t, el)
		if warm := len(p.cross(t, el)); warm > cold+16 { // numbers that do not count up cost a little
			t.Errorf("%d bytes at first, %d once known: %s", cold, warm, s)
		}
	})
}

// FuzzTables drives encoder and decoder by a script of deliveries in any order,
// losses and acknowledgements, against an oracle that keeps every element: what
// decodes is equal, and everything that is delivered decodes.
func FuzzTables(f *testing.F) {
	for seed := range int64(40) {
		f.Add(seed, uint8(seed*7))
	}
	f.Fuzz(runTables)
}

type flying struct {
	b    []byte
	ref  Ref
	want *xmltree.Element
}

func runTables(t *testing.T, seed int64, mood uint8) {
	r := rand.New(rand.NewSource(seed))
	m := newMaker(seed)
	p := newPair(Config{Text: sixBit{}})
	steps := 300
	if m.crowd = mood%4 == 0; m.crowd {
		steps = 1500
	} else {
		shrink(p, r)
	}
	var air, heard []flying
	deliver := func(i int) {
		x := air[i]
		air = append(air[:i], air[i+1:]...)
		got, err := p.dec.Decode(x.b)
		if err != nil || !xmltree.Equal(got, x.want) {
			t.Fatalf("seed %d mood %d: decode of %x\n got %v, %v\nwant %v", seed, mood, x.b, got, err, x.want)
		}
		heard = append(heard, x)
	}
	ack := func(i int) {
		p.enc.Acked(heard[i].ref)
		heard = append(heard[:i], heard[i+1:]...)
	}
	for range steps {
		k := r.Intn(8)
		if mood%7 == 0 && len(air) < 30 && k < 6 { // much on its way at once
			k = 0
		}
		switch {
		case k < 3:
			el, err := xmltree.ParseIn(ns.Client, []byte(m.stanza()))
			if err != nil {
				continue
			}
			b, ref, err := p.enc.Encode(nil, el)
			if err != nil {
				t.Fatalf("encode: %v: %s", err, el)
			}
			air = append(air, flying{b, ref, el})
		case k < 5 && len(air) > 0: // in order, or not
			i := 0
			if mood%3 == 0 {
				i = r.Intn(len(air))
			}
			deliver(i)
		case k < 7 && len(heard) > 0:
			i := 0
			if mood%2 == 0 {
				i = r.Intn(len(heard))
			}
			ack(i)
		case k == 7 && mood%5 == 0 && len(air) > 0: // replaced before it was sent
			i := r.Intn(len(air))
			p.enc.Dropped(air[i].ref)
			air = append(air[:i], air[i+1:]...)
		case k == 7 && r.Intn(20) == 0: // a new session
			p = newPair(Config{Text: sixBit{}})
			shrink(p, r)
			air, heard = nil, nil
		}
	}
	for len(air) > 0 {
		deliver(r.Intn(len(air)))
	}
	for len(heard) > 0 {
		ack(0)
	}
	if n := len(p.enc.inflight); n != 0 {
		t.Errorf("%d messages are still in flight", n)
	}
	for _, s := range p.enc.tables.occupants.slots {
		if s.inflight != 0 {
			t.Errorf("slot %d is held by %d messages", s.number, s.inflight)
		}
	}
}

// shrink makes tables small, so that slots are used again and run out.
func shrink(p *pair, r *rand.Rand) {
	if r.Intn(2) == 0 {
		p.enc.tables.occupants.max = 1 + r.Intn(6)
		p.enc.tables.strings.max = r.Intn(3)
		p.enc.tables.rooms.max = r.Intn(4)
	}
}
