package sim

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/master"
	"picket/mirror/muc"
	"picket/mirror/replica"
)

// An xmlStage holds one master and one replica that know nothing of each
// other and are driven in XML: the master as a mirror drives it that is not
// picket, through the server of headquarters (its component face); the replica
// by what such a master would send. The seed's transcripts are played on it.
type xmlStage struct {
	now     time.Time
	players map[string]*player // "master", "replica"
}

// A player is one role on the stage, with what it has said and nobody has
// looked at yet.
type player struct {
	machine mirror.Machine
	out     []*xmltree.Element
}

var stageVerbs = map[string]verb{
	"stage":   {"", "one master and one replica, in XML", (*scenario).stage},
	"master":  {"[caption=T]", "the master gets the stanzas, by the server of headquarters", (*scenario).toMaster},
	"replica": {"[caption=T]", "the replica gets the stanzas", (*scenario).toReplica},
	"expect":  {"of=ROLE caption=T [ids=any]", "what the role said holds all that the input has", (*scenario).expect},
	"rest":    {"of=ROLE", "prints what else it said", (*scenario).rest},
	"clear":   {"of=ROLE", "forgets what else it said", (*scenario).clear},
	"wall":    {"to=TIME", "sets both wall clocks", (*scenario).wall},
	"link":    {"of=ROLE up|down", "tells a role of its link", (*scenario).link},
	"wait":    {"for=T", "lets time pass", (*scenario).wait},
}

// Domains of the seed ("Actors").
const (
	seedMaster = "conference.fairfax.tridsys.com"
	seedHQ     = "fairfax.tridsys.com"
	seedMirror = "mirror.raleigh.tridsys.com"
	seedField  = "raleigh.tridsys.com"
)

func (s *scenario) stage(*directive) error {
	m, err := master.New(master.Config{Domain: seedMaster, OpenCreation: true, Admins: []string{"scott@" + seedHQ}, Wall: wallStart,
		Mirrors: []master.Mirror{{Name: seedMirror, Domains: []string{seedField}, Origin: 1}}})
	if err != nil {
		return err
	}
	r, err := replica.New(replica.Config{Mirror: seedMirror, Domain: seedField, Master: seedMaster, Origin: 1, Wall: wallStart})
	if err != nil {
		return err
	}
	s.w = nil
	s.xml = &xmlStage{now: epoch, players: map[string]*player{
		"master":  {machine: m},
		"replica": {machine: r},
	}}
	s.xml.step(s.xml.players["replica"], mirror.PeerUp{Peer: seedMaster})
	return nil
}

// step gives a role an input. What it sends counts as delivered at once: a
// server's stream is as good as a disk to the one who writes to it.
func (x *xmlStage) step(p *player, in mirror.Input) {
	b := p.machine.Step(x.now, in)
	p.out = append(p.out, b.ToClient...)
	for _, t := range b.ToPeer {
		p.out = append(p.out, t.Stanza)
	}
	for _, t := range b.ToPeer {
		if t.Token != 0 {
			x.step(p, mirror.Delivered{Peer: t.Peer, Token: t.Token})
		}
	}
}

// feed gives a role the stanzas of a directive.
func (s *scenario) feed(role string, d *directive) error {
	stanzas, err := parseStanzas(d.input)
	if err != nil {
		return err
	}
	p, err := s.player(role)
	if err != nil {
		return err
	}
	for _, el := range stanzas {
		if domain := muc.Domain(el.Get("from")); role == "replica" && domain != seedField {
			s.xml.step(p, mirror.FromPeer{Peer: seedMaster, Stanza: el})
		} else {
			s.xml.step(p, mirror.FromClient{Stanza: el})
		}
	}
	return nil
}

func (s *scenario) toMaster(d *directive) error  { return s.feed("master", d) }
func (s *scenario) toReplica(d *directive) error { return s.feed("replica", d) }

func (s *scenario) player(role string) (*player, error) {
	if p := s.xml.players[role]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("of=%q is neither master nor replica", role)
}

// parseStanzas reads the stanzas of an input, as they stand in a stream.
func parseStanzas(input string) ([]*xmltree.Element, error) {
	d := xml.NewDecoder(strings.NewReader(input))
	d.DefaultSpace = ns.Client
	var out []*xmltree.Element
	for {
		el, err := xmltree.Next(d, xmltree.DefaultLimits)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, el)
	}
}

// expect looks for each stanza of the input among what the role has said.
func (s *scenario) expect(d *directive) error {
	stanzas, err := parseStanzas(d.input)
	if err != nil {
		return err
	}
	p, err := s.player(d.keys["of"])
	if err != nil {
		return err
	}
	for _, want := range stanzas {
		if d.keys["ids"] == "any" {
			want.Set("id", "")
		}
		i := slices.IndexFunc(p.out, func(got *xmltree.Element) bool { return holds(got, want) })
		if i < 0 {
			s.print("MISSING, to %s; there is:", want.Get("to"))
			for _, el := range p.out {
				s.print("  %s", trimmed(el).Append(nil, ns.Client))
			}
			continue
		}
		got := p.out[i]
		p.out = slices.Delete(p.out, i, i+1)
		if xmltree.Equal(trimmed(got), trimmed(want)) {
			s.print("to %s: the same", want.Get("to"))
		} else {
			s.print("to %s: held by %s", want.Get("to"), trimmed(got).Append(nil, ns.Client))
		}
	}
	return nil
}

// holds reports whether got has all that want has: attributes, text, and
// children in any order, each of its own. "..." as text stands for anything; a
// bare JID for itself with a resource.
func holds(got, want *xmltree.Element) bool {
	if got.Space != want.Space || got.Local != want.Local {
		return false
	}
	for _, a := range want.Attr {
		v, ok := got.Lookup(a.Space, a.Local)
		if !ok || v != a.Value && !(a.Local == "jid" && muc.Bare(v) == a.Value) {
			return false
		}
	}
	wantText := strings.TrimSpace(strings.ReplaceAll(want.Text(), "...", ""))
	if wantText != "" && strings.TrimSpace(got.Text()) != wantText {
		return false
	}
	used := map[*xmltree.Element]bool{}
	for _, w := range want.Children() {
		found := false
		for _, g := range got.Children() {
			if !used[g] && holds(g, w) {
				used[g], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// trimmed is an element without the space that only lays it out.
func trimmed(el *xmltree.Element) *xmltree.Element {
	c := el.Shallow()
	c.Nodes = nil
	for _, n := range el.Nodes {
		if n.Element != nil {
			c.Add(trimmed(n.Element))
		} else if t := strings.TrimSpace(n.Text); t != "" {
			c.AddText(t)
		}
	}
	return c
}

func (s *scenario) rest(d *directive) error {
	p, err := s.player(d.keys["of"])
	if err != nil {
		return err
	}
	for _, el := range p.out {
		s.print("%s", trimmed(el).Append(nil, ns.Client))
	}
	if len(p.out) == 0 {
		s.print("nothing")
	}
	p.out = nil
	return nil
}

func (s *scenario) clear(d *directive) error {
	p, err := s.player(d.keys["of"])
	if err == nil {
		p.out = nil
	}
	return err
}

func (s *scenario) wall(d *directive) error {
	t, err := time.Parse(time.RFC3339, d.keys["to"])
	if err != nil {
		return err
	}
	for _, name := range []string{"master", "replica"} {
		p, err := s.player(name)
		if err != nil {
			return err
		}
		s.xml.step(p, mirror.ClockSet{Wall: t})
	}
	return nil
}

func (s *scenario) link(d *directive) error {
	p, err := s.player(d.keys["of"])
	if err != nil {
		return err
	}
	peer := seedMaster
	if d.keys["of"] == "master" {
		peer = seedMirror
	}
	if slices.Contains(d.args, "up") {
		s.xml.step(p, mirror.PeerUp{Peer: peer})
	} else {
		s.xml.step(p, mirror.PeerDown{Peer: peer})
	}
	return nil
}

// wait lets time pass for both roles.
func (s *scenario) wait(d *directive) error {
	end := s.xml.now.Add(duration(d, "for", time.Second))
	for _, name := range []string{"master", "replica"} {
		p := s.xml.players[name]
		for {
			at, ok := p.machine.NextTimeout()
			if !ok || at.After(end) {
				break
			}
			if at.After(s.xml.now) {
				s.xml.now = at
			}
			s.xml.step(p, mirror.Timeout{})
		}
	}
	s.xml.now = end
	return nil
}
