package node

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/radio"
	"picket/radio/link"
	"picket/radio/pair"
)

// A script is a role that says what its fields say and remembers what it heard.
type script struct {
	heard []mirror.Input
	reply func(mirror.Input) mirror.Batch
}

func (s *script) Step(_ time.Time, in mirror.Input) mirror.Batch {
	s.heard = append(s.heard, in)
	if s.reply != nil {
		return s.reply(in)
	}
	return mirror.Batch{}
}
func (*script) NextTimeout() (time.Time, bool)           { return time.Time{}, false }
func (*script) Restore(time.Time, []mirror.Record) error { return nil }

// two nodes on a wire that loses nothing and takes no time.
type wire struct {
	t       *testing.T
	now     time.Time
	nodes   [2]*Node
	roles   [2]*script
	seq     [2]uint64
	hold    [2]bool // its disk does not answer
	disks   [2][]mirror.Record
	cut     bool   // no frame arrives
	sent    [2]int // frames
	notices [2][]mirror.Notice
}

var names = [2]string{"conference.fairfax.tridsys.com", "mirror.raleigh.tridsys.com"}

type seedReader struct{ r *rand.Rand }

func (s seedReader) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.r.Uint32())
	}
	return len(b), nil
}

func newWire(t *testing.T) *wire {
	w := &wire{t: t, now: time.Unix(1e9, 0)}
	rnd := seedReader{rand.New(rand.NewPCG(1, 2))}
	var own [2]pair.PrivateKey
	for i := range own {
		own[i], _ = pair.NewPrivateKey(rnd)
	}
	psk, _ := pair.NewPSK(rnd)
	for i := range w.nodes {
		w.roles[i] = &script{}
		record := pair.Peer{Name: names[1-i], LinkID: 3, Public: own[1-i].Public(), PSK: psk}
		n, err := New(w.now, Config{Machine: w.roles[i], Domain: names[i], Peers: []Peer{{Name: names[1-i], Link: link.Config{
			Initiator: i == 1, LinkID: 3, Keys: record.Keys(own[i]), Rand: rnd, Jitter: rand.New(rand.NewPCG(3, uint64(i)))}}}})
		if err != nil {
			t.Fatal(err)
		}
		w.nodes[i] = n
	}
	return w
}

func (w *wire) take(i int, b Batch) {
	w.seq[i] = b.Seq
	w.notices[i] = append(w.notices[i], b.Notices...)
	if !w.hold[i] {
		w.disks[i] = append(w.disks[i], b.Persist...)
		w.nodes[i].Persisted(w.now, b.Seq)
	}
}

var can = radio.Capabilities{MTU: 255, Airtime: func(n int) time.Duration { return time.Duration(n) * time.Millisecond }}

// run lets frames and time pass.
func (w *wire) run(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(10 * time.Millisecond) {
		for i, n := range w.nodes {
			if at, ok := n.NextTimeout(); ok && !at.After(w.now) {
				w.take(i, n.HandleTimeout(w.now))
			}
			if f := n.AppendFrame(w.now, names[1-i], 0, nil, can); len(f) > 0 {
				w.sent[i]++
				if w.cut {
					continue
				}
				w.take(1-i, w.nodes[1-i].HandleFrame(w.now, names[i], 0, f))
			}
		}
	}
}

func (w *wire) up() {
	w.run(10 * time.Second)
	for i, r := range w.roles {
		if len(r.heard) == 0 || r.heard[0] != (mirror.PeerUp{Peer: names[1-i]}) {
			w.t.Fatalf("%s heard %v, want PeerUp", names[i], r.heard)
		}
		r.heard = nil
	}
}

func message(body string) *xmltree.Element {
	return xmltree.New(ns.Client, "message", xmltree.NewText(ns.Client, "body", body)).Set("to", "room@"+names[0])
}

// TestNothingLeavesBeforeTheDisk holds back one disk after the other: a stanza
// does not leave, and a stanza is not acknowledged, before its step is on disk.
func TestNothingLeavesBeforeTheDisk(t *testing.T) {
	w := newWire(t)
	w.up()
	w.roles[1].reply = func(in mirror.Input) mirror.Batch {
		if _, ok := in.(mirror.FromClient); !ok {
			return mirror.Batch{}
		}
		return mirror.Batch{Persist: []mirror.Record{{Key: "k", Value: []byte("v")}},
			ToPeer: []mirror.Transfer{{Peer: names[0], Class: mirror.Chat, Token: 7, Stanza: message("hello")}}}
	}
	w.hold[1] = true
	w.take(1, w.nodes[1].Step(w.now, mirror.FromClient{}))
	before := w.sent[1]
	w.run(5 * time.Second)
	if w.sent[1] != before || len(w.roles[0].heard) > 0 {
		t.Fatalf("%d frames left before the record was on disk", w.sent[1]-before)
	}
	w.hold[1], w.hold[0] = false, true
	w.nodes[1].Persisted(w.now, w.seq[1])
	w.roles[1].heard = nil
	w.run(5 * time.Second)
	if len(w.roles[0].heard) != 1 {
		t.Fatalf("headquarters heard %v, want the message once", w.roles[0].heard)
	}
	got := w.roles[0].heard[0].(mirror.FromPeer)
	if got.Peer != names[1] || !xmltree.Equal(got.Stanza, message("hello")) {
		t.Errorf("heard %s from %s", got.Stanza, got.Peer)
	}
	if len(w.roles[1].heard) > 0 {
		t.Fatalf("the gateway heard %v before headquarters had it on disk", w.roles[1].heard)
	}
	w.hold[0] = false
	w.nodes[0].Persisted(w.now, w.seq[0])
	w.run(30 * time.Second)
	if len(w.roles[1].heard) != 1 || w.roles[1].heard[0] != (mirror.Delivered{Peer: names[0], Token: 7}) {
		t.Errorf("the gateway heard %v, want Delivered once", w.roles[1].heard)
	}
}

// TestAge: what waited for the disk and for the channel has an age at the other
// end, and what did not has none.
func TestAge(t *testing.T) {
	w := newWire(t)
	w.up()
	w.roles[1].reply = func(in mirror.Input) mirror.Batch {
		if _, ok := in.(mirror.FromClient); !ok {
			return mirror.Batch{}
		}
		return mirror.Batch{ToPeer: []mirror.Transfer{{Peer: names[0], Class: mirror.Chat, Token: 7, Stanza: message("hello")}}}
	}
	say := func() (age time.Duration) {
		t.Helper()
		w.take(1, w.nodes[1].Step(w.now, mirror.FromClient{}))
		w.run(5 * time.Second)
		if len(w.roles[0].heard) == 0 {
			return -1
		}
		age = w.roles[0].heard[0].(mirror.FromPeer).Age
		w.roles[0].heard = nil
		return age
	}
	if age := say(); age != 0 {
		t.Errorf("at once: age %s", age)
	}
	w.hold[1] = true
	if age := say(); age != -1 {
		t.Errorf("the disk does not answer, and it came, %s old", age)
	}
	w.run(20 * time.Second)
	w.hold[1], w.cut = false, true
	w.nodes[1].Persisted(w.now, w.seq[1])
	w.run(5 * time.Second)
	w.cut = false
	w.run(20 * time.Second)
	if len(w.roles[0].heard) != 1 {
		t.Fatalf("heard %v", w.roles[0].heard)
	}
	if age := w.roles[0].heard[0].(mirror.FromPeer).Age; age < 30*time.Second || age > 40*time.Second {
		t.Errorf("after 25 s at the disk and 5 s and more on the channel: age %s", age)
	}
}

func TestCountersComeBack(t *testing.T) {
	w := newWire(t)
	w.up()
	for i, d := range w.disks {
		if len(d) == 0 || !strings.HasPrefix(d[0].Key, counterPrefix+names[1-i]) {
			t.Errorf("%s kept %v, want the handshake's counter", names[i], d)
		}
	}
	if _, err := New(w.now, Config{Machine: &script{}, Records: []mirror.Record{{Key: counterPrefix + "x", Value: []byte("no")}}}); err == nil {
		t.Error("a counter that is no number is taken")
	}
}

func TestReplacedAndDown(t *testing.T) {
	w := newWire(t)
	w.up()
	w.roles[1].reply = func(in mirror.Input) mirror.Batch {
		if _, ok := in.(mirror.FromClient); !ok {
			return mirror.Batch{}
		}
		var b mirror.Batch
		for i, body := range []string{"old", "new"} {
			b.ToPeer = append(b.ToPeer, mirror.Transfer{Peer: names[0], Class: mirror.Presence, Key: "k", Token: mirror.Token(i + 1), Stanza: message(body)})
		}
		return b
	}
	w.take(1, w.nodes[1].Step(w.now, mirror.FromClient{}))
	w.run(20 * time.Second)
	if len(w.roles[0].heard) != 1 || !xmltree.Equal(w.roles[0].heard[0].(mirror.FromPeer).Stanza, message("new")) {
		t.Errorf("headquarters heard %v, want the newer alone", w.roles[0].heard)
	}
	want := []mirror.Input{mirror.FromClient{}, mirror.Replaced{Peer: names[0], Token: 1}, mirror.Delivered{Peer: names[0], Token: 2}}
	if len(w.roles[1].heard) != 3 || w.roles[1].heard[1] != want[1] || w.roles[1].heard[2] != want[2] {
		t.Errorf("the gateway heard %v, want %v", w.roles[1].heard, want)
	}
	if st := w.nodes[1].Status()[0]; !st.Up || st.StanzasOut != 2 || st.BytesOut == 0 {
		t.Errorf("status %+v", st)
	}
}

// TestUndecodable gives one end something that does not decode: the session ends
// and another begins; if that happens again soon, it is given up and told.
func TestUndecodable(t *testing.T) {
	w := newWire(t)
	w.up()
	spoil := func() {
		w.run(5 * time.Second)
		if _, err := w.nodes[1].peers[0].conn.Send(w.now, link.Item{Class: 1, Payload: []byte{0xff}}); err != nil {
			t.Fatal(err)
		}
		w.run(20 * time.Second)
	}
	kinds := func() (out []mirror.NoticeKind) {
		for _, n := range w.notices[0] {
			out = append(out, n.Kind)
		}
		w.notices[0] = nil
		return out
	}
	kinds()
	spoil()
	if got := kinds(); !slices.Equal(got, []mirror.NoticeKind{mirror.CodecError, mirror.LinkReason}) {
		t.Errorf("notices %v", got)
	}
	want := []mirror.Input{mirror.PeerDown{Peer: names[1]}, mirror.PeerUp{Peer: names[1]}}
	if !slices.Equal(w.roles[0].heard, want) {
		t.Errorf("headquarters heard %v, want %v", w.roles[0].heard, want)
	}
	spoil()
	if got := kinds(); !slices.Equal(got, []mirror.NoticeKind{mirror.CodecError, mirror.MessageLost}) {
		t.Errorf("notices of the second time %v", got)
	}
}

func TestHello(t *testing.T) {
	h := helloOf(nil, names[0], names[1])
	back, err := parseHello(append(h.append(nil), 1, 2, 3))
	if err != nil || back != h {
		t.Errorf("%+v comes back %+v, %v", h, back, err)
	}
	whole := h.append(nil)
	for n := range whole {
		if _, err := parseHello(whole[:n]); err == nil {
			t.Errorf("the first %d bytes are taken for a hello", n)
		}
	}
	p := &peer{name: names[1], master: names[0], mirror: names[1]}
	other := h
	other.domains++
	if lacks, err := p.open(other.append(nil)); err != nil || !strings.Contains(lacks, "domains") || !p.up {
		t.Errorf("other domains: %q, %v", lacks, err)
	}
	other = h
	other.text = 5
	if lacks, err := p.open(other.append(nil)); err != nil || !strings.Contains(lacks, "text model") {
		t.Errorf("another text model: %q, %v", lacks, err)
	}
	p = &peer{name: names[1]}
	other.version++
	if _, err := p.open(other.append(nil)); err == nil || p.up {
		t.Errorf("another version: %v", err)
	}
}

func FuzzHello(f *testing.F) {
	f.Add(helloOf(nil, names[0], names[1]).append(nil))
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHello(b)
		if err != nil {
			return
		}
		if back, err := parseHello(h.append(nil)); err != nil || back != h {
			t.Errorf("%x is read as %+v and comes back as %+v, %v", b, h, back, err)
		}
		(&peer{name: names[1]}).open(b)
	})
}
