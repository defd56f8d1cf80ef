package sim

import (
	"strconv"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// spoiled is a role with a fault: step may change what goes in and what comes
// out of the true one.
type spoiled struct {
	mirror.Machine
	step func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch
}

func (s *spoiled) Step(now time.Time, in mirror.Input) mirror.Batch {
	return s.step(s.Machine, now, in)
}

// at wraps the role of the headquarters, or of every gateway.
func at(hq bool, step func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch) sabotage {
	return sabotage{wrap: func(s *site, m mirror.Machine) mirror.Machine {
		if s.hq != hq {
			return m
		}
		return &spoiled{m, step}
	}}
}

// small is a world that runs in a tenth of a second.
func small(seed uint64, faults Faults) Config {
	return Config{Seed: seed, Gateways: 2, Rooms: 2, Users: 9, Storm: 30 * time.Minute, Rate: 9600, Loss: -1, Faults: faults}
}

// caught runs worlds until a checker complains of the invariant.
func caught(t *testing.T, invariant string, faults Faults, sab func() sabotage) {
	t.Helper()
	const seeds = 8
	for seed := uint64(1); seed <= seeds; seed++ {
		res, err := run(small(seed, faults), sab(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range res.Violations {
			if v.Invariant == invariant {
				t.Logf("seed %d: %s: %s", seed, v.Invariant, v.What)
				return
			}
		}
	}
	t.Errorf("%d worlds with the rule broken, and %q was never violated", seeds, invariant)
}

func once(s sabotage) func() sabotage { return func() sabotage { return s } }

func TestUnspoiledWorldsAreClean(t *testing.T) {
	for seed := uint64(1); seed <= 4; seed++ {
		res, err := run(small(seed, AllFaults), sabotage{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range res.Violations {
			t.Errorf("%s: %s\n%s", v.Invariant, v.What, v.Repeat)
		}
	}
}

func TestTransparentCatchesTheTagOfAMirror(t *testing.T) {
	caught(t, "transparent", 0, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, el := range b.ToClient {
			if el.Local == "presence" {
				b.ToClient[i] = el.Clone().Add(dmuc.Tag("mirror.raleigh.tridsys.com"))
			}
		}
		return b
	})))
}

func TestTransparentCatchesAnEscapedJID(t *testing.T) {
	caught(t, "transparent", 0, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, el := range b.ToClient {
			if el.Local == "message" {
				b.ToClient[i] = el.Clone().Set("from", `wayne\40raleigh.tridsys.com@conference.fairfax.tridsys.com/Wayne`)
			}
		}
		return b
	})))
}

func TestTransparentCatchesAMissingSelfPresence(t *testing.T) {
	caught(t, "transparent", 0, once(at(true, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, el := range b.ToClient {
			if x := el.Child(ns.MUCUser, "x"); x != nil && el.Local == "presence" {
				el = el.Clone()
				el.Child(ns.MUCUser, "x").Remove(func(c *xmltree.Element) bool { return c.Get("code") == "110" })
				b.ToClient[i] = el
			}
		}
		return b
	})))
}

func TestOneCopyCatchesAnEchoToTheOrigin(t *testing.T) {
	caught(t, "one copy", 0, once(at(true, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		if p, ok := in.(mirror.FromPeer); ok && chatBody(p.Stanza) != "" {
			back := p.Stanza.Clone().Set("from", muc.Bare(p.Stanza.Get("to"))+"/Wayne").Set("to", p.Peer)
			b.ToPeer = append(b.ToPeer, mirror.Transfer{Peer: p.Peer, Class: mirror.Chat, Stanza: back})
		}
		return b
	})))
}

func TestOneCopyCatchesACopyForEachOccupant(t *testing.T) {
	caught(t, "one copy", 0, once(at(true, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		b.ToPeer = append(b.ToPeer, b.ToPeer...)
		return b
	})))
}

func TestSilenceCatchesAnIdleRoomThatCosts(t *testing.T) {
	// The headquarters tells every mirror of every direct presence, whoever is there.
	caught(t, "silence", 0, once(at(true, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		if c, ok := in.(mirror.FromClient); ok && c.Stanza.Local == "presence" {
			p := presence("mirror.raleigh.tridsys.com", "").Set("from", c.Stanza.Get("to"))
			b.ToPeer = append(b.ToPeer, mirror.Transfer{Peer: "mirror.raleigh.tridsys.com", Stanza: p})
		}
		return b
	})))
}

func TestDeliveryCatchesAnEchoBeforeTheSync(t *testing.T) {
	caught(t, "delivery", Crash, once(sabotage{echoBeforeSync: true}))
}

func TestDeliveryCatchesACursorOffByOne(t *testing.T) {
	// The mirror claims to hold one message more than it does.
	caught(t, "delivery", Cut, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, t := range b.ToPeer {
			if res := t.Stanza.Child(ns.DMUC0, "resume"); res != nil {
				pos, _ := strconv.Atoi(res.Get("pos"))
				b.ToPeer[i].Stanza = t.Stanza.Clone()
				b.ToPeer[i].Stanza.Child(ns.DMUC0, "resume").Set("pos", strconv.Itoa(pos+1))
			}
		}
		return b
	})))
}

func TestDeliveryCatchesADoubledMessage(t *testing.T) {
	caught(t, "delivery", 0, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for _, el := range b.ToClient {
			if chatBody(el) != "" {
				b.ToClient = append(b.ToClient, el)
			}
		}
		return b
	})))
}

func TestHistoryCatchesTwoMessagesExchanged(t *testing.T) {
	// A replica puts each second message before the one that it follows.
	caught(t, "history", 0, func() sabotage {
		held := map[string]*xmltree.Element{} // by mirror and room
		return at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
			p, ok := in.(mirror.FromPeer)
			if !ok || chatBody(p.Stanza) == "" || p.Stanza.Get("type") != "groupchat" {
				return true.Step(now, in)
			}
			key := p.Stanza.Get("to") + " " + muc.Bare(p.Stanza.Get("from"))
			a, b := held[key], p.Stanza.Clone()
			if a == nil {
				held[key] = b
				return mirror.Batch{}
			}
			delete(held, key)
			x, y := a.Child(ns.DMUC0, "item"), b.Child(ns.DMUC0, "item")
			px, py := x.Get("pos"), y.Get("pos")
			x.Set("pos", py)
			y.Set("pos", px)
			out := true.Step(now, mirror.FromPeer{Peer: p.Peer, Stanza: b})
			out.Add(true.Step(now, mirror.FromPeer{Peer: p.Peer, Stanza: a}))
			return out
		})
	})
}

func TestHistoryCatchesAForgottenSubject(t *testing.T) {
	caught(t, "history", 0, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, el := range b.ToClient {
			if s := el.Child(ns.Client, "subject"); s.Text() != "" {
				b.ToClient[i] = message(el.Get("to"), "groupchat").Set("from", el.Get("from")).Add(xmltree.New(ns.Client, "subject"))
			}
		}
		return b
	})))
}

func TestReferencesCatchesAnIdOfAnotherSide(t *testing.T) {
	// A mirror passes on what a correction names as it came.
	caught(t, "references", People, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, el := range b.ToClient {
			if el.Child(ns.Correct, "replace") != nil {
				b.ToClient[i] = el.Clone()
				b.ToClient[i].Child(ns.Correct, "replace").Set("id", "1.1.1")
			}
		}
		return b
	})))
}

func TestReferencesCatchesTwoArchiveIds(t *testing.T) {
	caught(t, "references", 0, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		b := true.Step(now, in)
		for i, el := range b.ToClient {
			if el.Child(ns.SID, "stanza-id") != nil {
				b.ToClient[i] = el.Clone()
				b.ToClient[i].Child(ns.SID, "stanza-id").Set("id", "9.9.9")
			}
		}
		return b
	})))
}

func TestRostersCatchesALeaveThatIsForgotten(t *testing.T) {
	caught(t, "rosters", 0, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		if p, ok := in.(mirror.FromPeer); ok && p.Stanza.Local == "presence" && p.Stanza.Get("type") == "unavailable" {
			return mirror.Batch{}
		}
		return true.Step(now, in)
	})))
}

func TestRostersCatchesOneWhoIsShownWhileTheLinkIsDown(t *testing.T) {
	caught(t, "rosters", Cut, once(at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		if _, down := in.(mirror.PeerDown); down {
			return mirror.Batch{}
		}
		return true.Step(now, in)
	})))
}

func TestOwnDomainCatchesAMasterThatBelievesEveryone(t *testing.T) {
	// The master takes each stanza as from the mirror of its sender's domain.
	caught(t, "own domain", Hostile, once(at(true, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		if p, ok := in.(mirror.FromPeer); ok {
			if domain := muc.Domain(p.Stanza.Get("from")); domain == "durham.tridsys.com" || domain == "raleigh.tridsys.com" {
				in = mirror.FromPeer{Peer: "mirror." + domain, Stanza: p.Stanza}
			}
		}
		return true.Step(now, in)
	})))
}
