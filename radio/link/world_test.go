package link

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"picket/radio"
	"picket/radio/seal"
)

// A medium is what lies between two ends.
type medium struct {
	rate       int // bit/s, 10 bits a byte
	mtu        int
	half       bool
	turnaround time.Duration
	loss       [2]float64 // of frames, by the end that sends
	bits       float64    // error rate
	dup        float64
	late       float64 // share of frames that come up to lateBy later
	lateBy     time.Duration
	cut        bool
}

func (m *medium) airtime(bytes int) time.Duration {
	return time.Duration(bytes+2) * 10 * time.Second / time.Duration(m.rate)
}

func (m *medium) can() radio.Capabilities {
	return radio.Capabilities{MTU: m.mtu, Airtime: m.airtime, HalfDuplex: m.half, Turnaround: m.turnaround}
}

// A world is two ends, a medium, and a clock that jumps from one thing to the
// next.
type world struct {
	t     testing.TB
	seed  uint64
	rng   *rand.Rand
	now   time.Time
	m     medium
	ends  [2]*end
	queue []arrivalAt
	told  map[string]time.Time // when an item was given to Send, by what it begins with
	air   [][]byte             // all frames that were sent
	from  []int                // by whom
	steps int
}

type arrivalAt struct {
	at    time.Time
	to    int
	began time.Time
	frame []byte
}

// An end is a Conn and what an application does around it.
type end struct {
	w       *world
	i       int
	cfg     Config
	conn    *Conn
	busy    time.Time // its transmitter
	began   time.Time
	counter uint32 // on disk
	up      bool
	ups     int
	downs   []string

	life       int // raised by a restart: handles of before mean nothing
	session    string
	sent       map[string]int    // session/class: how many were sent
	todo       []note            // not acked yet, any session
	tokens     map[Token]int     // into todo's id
	acked      map[int]bool      // note id
	got        map[string]int    // session/class of the peer: how many came
	gotIn      map[string]string // peer's session: our session
	accepts    []acceptAt
	slow       time.Duration // at most so long until an item is on disk
	stored     map[string]bool
	bodies     map[Token]string
	onUp       func()
	old        time.Duration // of items when they are given to Send
	onReceived func(Received)
}

type note struct {
	id    int
	class Class
	size  int
}

type acceptAt struct {
	at   time.Time
	h    Handle
	body string
	life int
}

func newWorld(t testing.TB, seed uint64, m medium, change func(*Config)) *world {
	w := &world{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1000, 0), m: m, told: map[string]time.Time{}}
	if w.m.mtu == 0 {
		w.m.mtu = 255
	}
	keys := testKeys()
	for i := range 2 {
		e := &end{w: w, i: i, sent: map[string]int{}, acked: map[int]bool{}, got: map[string]int{}, gotIn: map[string]string{}, stored: map[string]bool{}}
		e.cfg = Config{
			Initiator: i == 0, LinkID: 7, Keys: keys[i], Hello: []byte{'h', byte(i)},
			Rand: chacha(seed*2 + uint64(i)), Jitter: rand.New(rand.NewPCG(seed, uint64(i)+7)),
		}
		if change != nil {
			change(&e.cfg)
		}
		w.ends[i] = e
		e.start()
	}
	return w
}

// chacha is a random source that a seed repeats.
func chacha(seed uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(key)
}

// testKeys are the keys of the golden vectors.
func testKeys() [2]seal.Keys {
	var k [2]seal.Keys
	for i := range 2 {
		k[i].Private = [32]byte(bytes.Repeat([]byte{byte(0x11 * (i + 1))}, 32))
		k[i].PSK = [32]byte(bytes.Repeat([]byte{0x33}, 32))
	}
	for i := range 2 {
		k[i].Peer, _ = seal.Public(k[1-i].Private)
	}
	return k
}

// start makes the Conn, as after a power cut: only the counter is left.
func (e *end) start() {
	e.life++
	e.up = false
	e.tokens, e.bodies = map[Token]int{}, map[Token]string{}
	e.cfg.Counter = e.counter
	var err error
	if e.conn, err = New(e.w.now, e.cfg); err != nil {
		e.w.t.Fatal(err)
	}
}

func (w *world) failf(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d at %s: %s", w.seed, w.now.Sub(time.Unix(1000, 0)), fmt.Sprintf(format, args...))
}

// want gives an end things to tell; it tells them in each session until they
// are acked.
func (e *end) want(n, sizeMax int) {
	e.drain()
	for range n {
		e.todo = append(e.todo, note{id: len(e.todo), class: Class(e.w.rng.IntN(Classes)), size: 1 + e.w.rng.IntN(sizeMax)})
		if e.up {
			e.tell(e.todo[len(e.todo)-1])
		}
	}
}

func (e *end) tell(n note) {
	slot := fmt.Sprintf("%s/%d", e.session, n.class)
	body := fmt.Sprintf("%s/%d/%d ", slot, e.sent[slot], n.id)
	payload := []byte(body + strings.Repeat("x", n.size))
	w := e.w
	w.told[body] = w.now.Add(-e.old)
	token, err := e.conn.Send(w.now, Item{Class: n.class, Payload: payload, Since: w.told[body]})
	if err != nil {
		w.failf("end %d: Send: %v", e.i, err)
	}
	e.sent[slot]++
	e.tokens[token] = n.id
	e.bodies[token] = body
}

// drain takes the events and judges them.
func (e *end) drain() {
	w := e.w
	for {
		ev, ok := e.conn.NextEvent()
		if !ok {
			return
		}
		switch ev := ev.(type) {
		case Persist:
			e.counter = ev.Counter
			e.conn.Persisted(w.now, ev.Counter)
		case Up:
			if e.up || string(ev.PeerHello) != string([]byte{'h', byte(1 - e.i)}) {
				w.failf("end %d: Up twice, or hello %q", e.i, ev.PeerHello)
			}
			e.up = true
			e.ups++
			e.session = fmt.Sprintf("%d.%d", e.i, e.ups)
			for _, n := range e.todo {
				if !e.acked[n.id] {
					e.tell(n)
				}
			}
			if e.onUp != nil {
				e.onUp()
			}
		case Down:
			e.up = false
			e.downs = append(e.downs, ev.Reason)
		case Dropped:
			if e.up {
				w.failf("end %d: Dropped while up", e.i)
			}
			delete(e.tokens, ev.Token)
		case Acked:
			id, ok := e.tokens[ev.Token]
			if !ok {
				w.failf("end %d: Acked of unknown token %d", e.i, ev.Token)
			}
			if !w.ends[1-e.i].stored[e.bodies[ev.Token]] {
				w.failf("end %d: Acked before it was accepted: %s", e.i, e.bodies[ev.Token])
			}
			delete(e.tokens, ev.Token)
			e.acked[id] = true
		case Received:
			e.received(ev)
		}
	}
}

func (e *end) received(ev Received) {
	w := e.w
	if e.onReceived != nil {
		e.onReceived(ev)
	}
	body, _, _ := strings.Cut(string(ev.Payload), " ")
	f := strings.Split(body, "/")
	if len(f) != 4 || f[1] != fmt.Sprint(ev.Class) {
		w.failf("end %d: received %q in class %d", e.i, ev.Payload, ev.Class)
	}
	w.checkAge(e, body+" ", ev.Age)
	slot := f[0] + "/" + f[1]
	if f[2] != fmt.Sprint(e.got[slot]) {
		w.failf("end %d: received %s, want number %d", e.i, body, e.got[slot])
	}
	e.got[slot]++
	if was := e.gotIn[f[0]]; was != "" && was != e.session {
		w.failf("end %d: session %s of the peer in two of ours", e.i, f[0])
	}
	e.gotIn[f[0]] = e.session
	delay := time.Duration(0)
	if e.slow > 0 {
		delay = time.Duration(w.rng.Int64N(int64(e.slow)))
	}
	e.accepts = append(e.accepts, acceptAt{w.now.Add(delay), ev.Handle, body + " ", e.life})
	e.accept()
}

// checkAge: what a Received says of the item's age is true to 5 s, or to 10 s
// below: what counted as new when it began, and when it came. A frame that the
// medium itself keeps does not show.
func (w *world) checkAge(e *end, body string, age time.Duration) {
	passed := w.now.Sub(w.told[body])
	least := passed - w.m.airtime(w.m.mtu) - w.m.turnaround - (2*ageMin+1)*time.Second
	if w.m.lateBy > 0 {
		least = 0
	}
	if age > passed+ageMin*time.Second || age < least || age > 0 && age < ageMin*time.Second || age != age.Truncate(time.Second) {
		w.failf("end %d: %q came %s after it was sent, the link says %s", e.i, body, passed, age)
	}
}

func (e *end) accept() {
	rest := e.accepts[:0:0]
	for _, a := range e.accepts {
		switch {
		case a.life != e.life:
		case a.at.After(e.w.now):
			rest = append(rest, a)
		default:
			e.stored[a.body] = true
			e.conn.Accept(e.w.now, a.h)
		}
	}
	e.accepts = rest
}

// send pulls a frame if the transmitter is free.
func (e *end) send() {
	w := e.w
	o := w.ends[1-e.i]
	if w.now.Before(e.busy) || w.m.half && w.now.Before(o.busy) && w.now.Sub(o.began) >= w.m.turnaround {
		return // still sending, or hears the other's carrier
	}
	f := e.conn.AppendFrame(w.now, nil, 0, w.m.can())
	if len(f) == 0 {
		return
	}
	if len(f) > w.m.mtu {
		w.failf("frame of %d bytes", len(f))
	}
	w.air, w.from = append(w.air, f), append(w.from, e.i)
	e.began, e.busy = w.now, w.now.Add(w.m.airtime(len(f)))
	if w.m.cut || w.rng.Float64() < w.m.loss[e.i] {
		return
	}
	copies := 1
	if w.rng.Float64() < w.m.dup {
		copies++
	}
	for range copies {
		g := bytes.Clone(f)
		for i := range g {
			for b := range 8 {
				if w.m.bits > 0 && w.rng.Float64() < w.m.bits {
					g[i] ^= 1 << b
				}
			}
		}
		at := e.busy.Add(w.m.turnaround)
		if w.rng.Float64() < w.m.late {
			at = at.Add(time.Duration(w.rng.Int64N(int64(w.m.lateBy))))
		}
		w.queue = append(w.queue, arrivalAt{at, 1 - e.i, w.now, g})
	}
}

// pump lets both ends do what they can now.
func (w *world) pump() {
	for _, e := range w.ends {
		e.drain()
		e.send()
		e.drain()
	}
}

// run lets the world go on for d.
func (w *world) run(d time.Duration) { w.runUntil(d, func() bool { return false }) }

// runUntil goes on until done or for d, and tells whether done was reached.
func (w *world) runUntil(d time.Duration, done func() bool) bool {
	stop := w.now.Add(d)
	w.pump()
	for !done() {
		next := stop
		sooner := func(at time.Time) {
			if at.Before(next) {
				next = at
			}
		}
		for _, e := range w.ends {
			if at, ok := e.conn.NextTimeout(); ok {
				sooner(at)
			}
			if e.busy.After(w.now) {
				sooner(e.busy)
			}
			for _, a := range e.accepts {
				sooner(a.at)
			}
		}
		for _, q := range w.queue {
			sooner(q.at)
		}
		if !next.After(w.now) {
			next = w.now
			if w.steps++; w.steps > 1000 {
				w.failf("1000 steps without time passing")
			}
		} else {
			w.steps = 0
		}
		w.now = next
		if !w.now.Before(stop) {
			w.now = stop
			return done()
		}
		w.step()
	}
	return true
}

func (w *world) step() {
	rest := w.queue[:0:0]
	var due []arrivalAt
	for _, q := range w.queue {
		if q.at.After(w.now) {
			rest = append(rest, q)
		} else {
			due = append(due, q)
		}
	}
	w.queue = rest
	for _, q := range due {
		e := w.ends[q.to]
		if w.m.half && e.busy.After(q.began) && e.began.Before(q.at) {
			continue // it was sending itself
		}
		e.conn.HandleFrame(w.now, 0, q.frame)
		e.drain()
	}
	for _, e := range w.ends {
		e.accept()
		if at, ok := e.conn.NextTimeout(); ok && !at.After(w.now) {
			e.conn.HandleTimeout(w.now)
		}
	}
	w.pump()
}

// settled tells whether all that was wanted is acked.
func (w *world) settled() bool {
	for _, e := range w.ends {
		if !e.up || len(e.acked) < len(e.todo) {
			return false
		}
	}
	return true
}

// bytes counts what an end sent.
func (w *world) bytes(i int) (frames, bytes int) {
	st := w.ends[i].conn.Stats()
	return int(st.FramesSent), int(st.BytesSent)
}
