package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/journal"
	"picket/mirror/node"
	"picket/radio"
)

// A fakeNode echoes each stanza of a client: it persists its id and gives it
// back. What is done to it stands in a list.
type fakeNode struct {
	mu     sync.Mutex // tests read while the actor works
	start  time.Time
	log    []string
	seq    uint64
	due    time.Time
	frames []string // to be sent, in order

	notices []mirror.Notice // given with the next frame that comes in
}

func (n *fakeNode) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, fmt.Sprintf(format, args...))
}

func (n *fakeNode) Step(now time.Time, in mirror.Input) Batch {
	n.seq++
	b := Batch{Seq: n.seq}
	switch in := in.(type) {
	case mirror.FromClient:
		id := in.Stanza.Get("id")
		n.note("step %s", id)
		b.Persist = []mirror.Record{{Key: "m/" + id, Value: []byte(id)}}
		b.ToClient = []*xmltree.Element{in.Stanza.Shallow().Set("from", "room").Set("to", in.Stanza.Get("from"))}
		b.Notices = []mirror.Notice{{Kind: mirror.Joined}}
	case mirror.ClientGone:
		n.note("gone %s", in.JID)
	case mirror.ClockSet:
		n.note("clock %s", in.Wall.Format(time.DateTime))
	}
	return b
}

func (n *fakeNode) HandleFrame(now time.Time, peer string, _ BearerID, frame []byte) Batch {
	n.seq++
	n.note("frame %s", frame)
	n.mu.Lock()
	defer n.mu.Unlock()
	b := Batch{Seq: n.seq, Persist: []mirror.Record{{Key: "f/" + string(frame), Value: frame}}, Notices: n.notices}
	n.notices = nil
	return b
}

func (n *fakeNode) HandleTimeout(now time.Time) Batch {
	n.note("timeout after %v", now.Sub(n.start))
	n.due = time.Time{}
	n.seq++
	return Batch{Seq: n.seq}
}

func (n *fakeNode) Persisted(now time.Time, seq uint64) { n.note("persisted %d", seq) }

func (n *fakeNode) AppendFrame(now time.Time, peer string, b BearerID, dst []byte, can radio.Capabilities) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.frames) == 0 {
		return dst
	}
	f := n.frames[0]
	n.frames = n.frames[1:]
	return append(dst, f...)
}

func (n *fakeNode) NextTimeout() (time.Time, bool) { return n.due, !n.due.IsZero() }
func (n *fakeNode) Status() []node.PeerStatus      { return []node.PeerStatus{{Name: "hq", Up: true}} }

func (n *fakeNode) lines() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.log...)
}

// A fakeDisk takes a time for each transaction and fails while told to.
type fakeDisk struct {
	mu    sync.Mutex
	took  time.Duration
	fails bool
	txs   [][]journal.Record
}

func (d *fakeDisk) Append(recs []journal.Record) error {
	time.Sleep(d.took)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails {
		return errors.New("no space left on device")
	}
	d.txs = append(d.txs, recs)
	return nil
}

func (d *fakeDisk) Size() (int64, int64) { return 1, 2 }

func (d *fakeDisk) fail(yes bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = yes
}

// keys gives the transactions as lists of keys.
func (d *fakeDisk) keys() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, tx := range d.txs {
		line := ""
		for _, r := range tx {
			line += r.Key + " "
		}
		out = append(out, line)
	}
	return out
}

// A rig is a service over fakes. All but its maker runs in a synctest bubble.
type rig struct {
	*Service
	node *fakeNode
	disk *fakeDisk
	wall atomic.Int64 // how far the wall clock is off, ns

	mu    sync.Mutex
	got   []string // delivered: id, or id and the error's condition
	ended chan error
	end   func() // begins to stop
}

func start(t *testing.T, bearers ...Bearer) *rig { return startWith(t, nil, bearers...) }

func startWith(t *testing.T, panel *Panel, bearers ...Bearer) *rig {
	t.Helper()
	r := &rig{node: &fakeNode{start: time.Now()}, disk: &fakeDisk{}}
	s, err := New(Config{
		About: About{"picket", "test", "raleigh.tridsys.com"}, Node: r.node, Journal: r.disk,
		Deliver: r.deliver, Bearers: bearers, Panel: panel,
		Wall: func() time.Time { return time.Now().Add(time.Duration(r.wall.Load())) },
		Log:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Service = s
	ctx, cancel := context.WithCancel(context.Background())
	r.ended, r.end = make(chan error, 1), cancel
	go func() { r.ended <- s.Run(ctx) }()
	return r
}

// stop ends the service and gives what Run returned.
func (r *rig) stop() error {
	r.end()
	return <-r.ended
}

func (r *rig) deliver(el *xmltree.Element) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := el.Get("id")
	if e := el.Child("jabber:client", "error"); e != nil {
		line += " " + e.Get("type") + " " + e.Children()[0].Local
	}
	r.got = append(r.got, line)
	return true
}

func (r *rig) delivered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.got...)
}

func stanza(xml string) *xmltree.Element {
	el, err := xmltree.ParseIn("jabber:client", []byte(xml))
	if err != nil {
		panic(err)
	}
	return el
}

func message(id string) *xmltree.Element {
	return stanza(`<message from='wayne@raleigh.tridsys.com/x' to='room@hq' type='groupchat' id='` + id + `'><body>hi</body></message>`)
}

// A fakeBearer takes a time for each frame.
type fakeBearer struct {
	took time.Duration
	in   chan string
	dead chan struct{}
	once sync.Once

	mu   sync.Mutex
	sent []string
}

func newFakeBearer(took time.Duration) *fakeBearer {
	return &fakeBearer{took: took, in: make(chan string), dead: make(chan struct{})}
}

func (b *fakeBearer) Capabilities() radio.Capabilities { return radio.Capabilities{MTU: 64} }

func (b *fakeBearer) Send(ctx context.Context, frame []byte) error {
	select {
	case <-time.After(b.took):
	case <-b.dead:
		return errors.New("unplugged")
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, string(frame))
	return nil
}

func (b *fakeBearer) Receive(ctx context.Context, buf []byte) (int, error) {
	select {
	case f := <-b.in:
		return copy(buf, f), nil
	case <-b.dead:
		return 0, errors.New("unplugged")
	}
}

func (b *fakeBearer) Close() error { b.once.Do(func() { close(b.dead) }); return nil }

func (b *fakeBearer) frames() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.sent...)
}
