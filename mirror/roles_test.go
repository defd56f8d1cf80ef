package mirror_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/master"
	"picket/mirror/muc"
	"picket/mirror/replica"
)

// A pair is a master and one replica on a link that loses nothing: stanzas go
// over at once and count as delivered. What clients see is collected.
type pair struct {
	t       *testing.T
	now     time.Time
	master  *master.Master
	replica *replica.Replica
	up      bool
	age     time.Duration                 // what the link says of what crosses
	seen    map[string][]*xmltree.Element // by full JID
	hostile bool                          // peers break rules: notices of it are no fault
	disks   [2]map[string][]byte          // the master's and the replica's journal
	crossed []string                      // stanzas on the link, in order
}

const (
	confDomain = "conference.fairfax.tridsys.com"
	mirrorName = "mirror.raleigh.tridsys.com"
	roomJID    = "chatroom@" + confDomain
	wayne      = "wayne@raleigh.tridsys.com/TransVerse"
	keith      = "keith@raleigh.tridsys.com/TransVerse"
	scott      = "scott@fairfax.tridsys.com/TransVerse"
	kevin      = "kevin@fairfax.tridsys.com/TransVerse"
)

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, now: time.Unix(1e9, 0), seen: map[string][]*xmltree.Element{}}
	p.disks = [2]map[string][]byte{{}, {}}
	p.startMaster()
	p.startReplica()
	p.link(true)
	return p
}

// startMaster starts the master from its journal; what it had in memory is gone.
func (p *pair) startMaster() {
	p.t.Helper()
	var err error
	p.master, err = master.New(master.Config{Domain: confDomain, OpenCreation: true,
		Mirrors: []master.Mirror{{Name: mirrorName, Domains: []string{"raleigh.tridsys.com"}, Origin: 1}}})
	if err == nil {
		err = p.master.Restore(p.now, records(p.disks[0]))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) startReplica() {
	p.t.Helper()
	var err error
	p.replica, err = replica.New(replica.Config{Mirror: mirrorName, Domain: "raleigh.tridsys.com", Master: confDomain, Origin: 1})
	if err == nil {
		err = p.replica.Restore(p.now, records(p.disks[1]))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func records(disk map[string][]byte) []mirror.Record {
	var out []mirror.Record
	for _, k := range slices.Sorted(maps.Keys(disk)) {
		out = append(out, mirror.Record{Key: k, Value: disk[k]})
	}
	return out
}

func (p *pair) keep(disk map[string][]byte, b mirror.Batch) {
	for _, r := range b.Persist {
		if r.Value == nil {
			delete(disk, r.Key)
		} else {
			disk[r.Key] = r.Value
		}
	}
}

func (p *pair) link(up bool) {
	p.up = up
	if up {
		p.toMaster(mirror.PeerUp{Peer: mirrorName})
		p.toReplica(mirror.PeerUp{Peer: confDomain})
	} else {
		p.toMaster(mirror.PeerDown{Peer: mirrorName})
		p.toReplica(mirror.PeerDown{Peer: confDomain})
	}
}

func (p *pair) toMaster(in mirror.Input) {
	b := p.master.Step(p.now, in)
	p.keep(p.disks[0], b)
	p.show(b)
	for _, tr := range b.ToPeer {
		p.crossed = append(p.crossed, "down "+tr.Stanza.String())
		p.toReplica(mirror.FromPeer{Peer: confDomain, Stanza: tr.Stanza, Age: p.age})
		if tr.Token != 0 {
			p.toMaster(mirror.Delivered{Peer: mirrorName, Token: tr.Token})
		}
	}
}

func (p *pair) toReplica(in mirror.Input) {
	b := p.replica.Step(p.now, in)
	p.keep(p.disks[1], b)
	p.show(b)
	for _, tr := range b.ToPeer {
		p.crossed = append(p.crossed, "up "+tr.Stanza.String())
		p.toMaster(mirror.FromPeer{Peer: mirrorName, Stanza: tr.Stanza, Age: p.age})
		if tr.Token != 0 {
			p.toReplica(mirror.Delivered{Peer: confDomain, Token: tr.Token})
		}
	}
}

func (p *pair) show(b mirror.Batch) {
	for _, el := range b.ToClient {
		p.seen[el.Get("to")] = append(p.seen[el.Get("to")], el)
	}
	for _, n := range b.Notices {
		if p.hostile {
			continue
		}
		if n.Kind == mirror.BadStanza || n.Kind == mirror.RuleBroken {
			p.t.Errorf("notice %+v", n)
		}
	}
}

// says sends a client's stanza to its own side.
func (p *pair) says(from, stanza string) {
	p.t.Helper()
	el, err := xmltree.ParseIn(ns.Client, []byte(stanza))
	if err != nil {
		p.t.Fatal(err)
	}
	el.Set("from", from)
	if strings.Contains(from, "raleigh") {
		p.toReplica(mirror.FromClient{Stanza: el})
	} else {
		p.toMaster(mirror.FromClient{Stanza: el})
	}
}

// atHQ sends a stanza that reaches headquarters by ordinary XMPP.
func (p *pair) atHQ(stanza string) {
	p.t.Helper()
	el, err := xmltree.ParseIn(ns.Client, []byte(stanza))
	if err != nil {
		p.t.Fatal(err)
	}
	p.toMaster(mirror.FromClient{Stanza: el})
}

func (p *pair) join(jid, nick string) {
	p.t.Helper()
	p.says(jid, `<presence to="`+roomJID+`/`+nick+`"><x xmlns="http://jabber.org/protocol/muc"/></presence>`)
}

func (p *pair) say(jid, body string) {
	p.t.Helper()
	p.says(jid, `<message to="`+roomJID+`" type="groupchat" id="id-`+body+`"><body>`+body+`</body></message>`)
}

// wait lets time pass, with all timeouts on the way.
func (p *pair) wait(d time.Duration) {
	end := p.now.Add(d)
	for {
		next := end
		for _, m := range []mirror.Machine{p.master, p.replica} {
			if t, ok := m.NextTimeout(); ok && t.Before(next) {
				next = t
			}
		}
		if next.After(p.now) {
			p.now = next
		}
		p.toMaster(mirror.Timeout{})
		p.toReplica(mirror.Timeout{})
		if !p.now.Before(end) {
			return
		}
	}
}

// view tells in words what a client has seen since the last call.
func (p *pair) view(jid string) string {
	var out []string
	for _, el := range p.seen[jid] {
		nick := muc.Resource(el.Get("from"))
		var codes []string
		for _, s := range el.Child(ns.MUCUser, "x").Named(ns.MUCUser, "status") {
			codes = append(codes, s.Get("code"))
		}
		s := nick
		switch {
		case el.Get("type") == "error":
			s = "error " + el.Child(ns.Client, "error").Children()[0].Local
		case el.Local == "presence" && el.Get("type") == "unavailable":
			s = "-" + nick
		case el.Local == "presence":
			s = "+" + nick
			if sh := el.Child(ns.Client, "show"); sh != nil {
				s += "(" + sh.Text() + ")"
			}
		case el.Local == "message" && el.Child(ns.Client, "subject") != nil:
			s += "# " + el.Child(ns.Client, "subject").Text()
		case el.Local == "message":
			s += ": " + el.Child(ns.Client, "body").Text()
			if el.Child(ns.Delay, "delay") != nil {
				s += " late"
			}
		case el.Local == "iq":
			s = "iq " + el.Get("type")
		}
		if len(codes) > 0 {
			s += fmt.Sprint(codes)
		}
		out = append(out, s)
	}
	delete(p.seen, jid)
	return strings.Join(out, ", ")
}

func (p *pair) expect(jid, want string) {
	p.t.Helper()
	if got := p.view(jid); got != want {
		p.t.Errorf("%s at %s\n saw  %s\n want %s\ncrossed:\n%s", muc.Local(jid), p.now.Format("15:04:05"), got, want, strings.Join(p.crossed, "\n"))
	}
	p.crossed = nil
}

// TestStory plays the seed's story on a perfect link, with an outage.
func TestStory(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.expect(scott, "+Scott[110 100 201], # ")
	p.say(scott, "first")
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Scott, +Wayne[110 100], Scott: first late, # ")
	p.expect(scott, "Scott: first, +Wayne")
	before := len(p.crossed)
	p.join(keith, "Keith")
	p.expect(keith, "+Scott, +Wayne, +Keith[110 100], Scott: first late, # ")
	p.expect(wayne, "+Keith")
	_ = before
	p.join(kevin, "Kevin")
	p.expect(kevin, "+Keith, +Scott, +Wayne, +Kevin[110 100], Scott: first late, # ")
	p.expect(scott, "+Keith, +Kevin")
	p.expect(wayne, "+Kevin")
	p.crossed = nil
	p.say(wayne, "dull boy")
	if len(p.crossed) != 1 {
		t.Errorf("one message crossed as %q", p.crossed)
	}
	p.expect(wayne, "Wayne: dull boy")
	p.expect(kevin, "Wayne: dull boy")
	p.say(kevin, "so")
	p.expect(wayne, "Kevin: so")
	p.says(wayne, `<presence to="`+roomJID+`/Wayne"><show>away</show></presence>`)
	p.expect(kevin, "Kevin: so, +Wayne(away)")
	p.expect(wayne, "+Wayne(away)[110]")
	p.says(wayne, `<presence to="`+roomJID+`/Other"/>`)
	p.expect(wayne, "error not-acceptable")
	p.view(scott)
	p.view(keith)

	p.link(false)
	p.wait(time.Minute)
	p.expect(wayne, "-Kevin, -Scott")
	p.expect(scott, "-Keith, -Wayne")
	p.say(wayne, "local life")
	p.say(scott, "at hq")
	p.expect(wayne, "Wayne: local life")
	p.expect(scott, "Scott: at hq")
	p.says(keith, `<presence to="`+roomJID+`/Keith" type="unavailable"/>`)
	p.expect(wayne, "-Keith")
	p.wait(time.Minute)
	p.crossed = nil
	p.link(true)
	t.Logf("crossed on the return:\n%s", strings.Join(p.crossed, "\n"))
	p.expect(wayne, "+Kevin, +Scott, Scott: at hq late")
	p.expect(scott, "+Wayne(away), Wayne: local life late")
	p.same()

	p.crossed = nil
	p.says(wayne, `<presence to="`+roomJID+`/Wayne" type="unavailable"/>`)
	p.expect(scott, "-Wayne")
	p.expect(wayne, "-Wayne[110]")
	p.wait(time.Hour)
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.say(scott, "again")
	p.expect(wayne, "Scott: again")
	p.same()
}

// same compares what both sides hold.
func (p *pair) same() {
	p.t.Helper()
	a, _ := p.master.Snapshot(roomJID)
	b, _ := p.replica.Snapshot(roomJID)
	var left, right []string
	for _, s := range []struct {
		snap muc.Snapshot
		to   *[]string
	}{{a, &left}, {b, &right}} {
		for _, o := range s.snap.Occupants {
			*s.to = append(*s.to, fmt.Sprint(o.Nick, " ", o.Role, " ", o.Affiliation, " ", o.Show, " ", muc.Bare(o.JID)))
		}
		for _, e := range s.snap.Archive {
			*s.to = append(*s.to, e.ID+" "+e.Nick+": "+e.Body)
		}
	}
	if l, r := strings.Join(left, "\n"), strings.Join(right, "\n"); l != r {
		p.t.Errorf("master holds\n%s\nreplica holds\n%s", l, r)
	}
}
