package sim

import (
	"container/heap"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"picket/codec/ns"
	"picket/codec/text"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/muc"
	"picket/radio/radiotest"
)

// epoch is when every world begins, on its monotone clock. It is no plausible
// wall time, so that a role which takes one for the other shows it.
var epoch = time.Unix(1_000_000, 0).UTC()

// wallStart is what the headquarters' clock shows at the epoch.
var wallStart = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// A World is one headquarters with its gateways, lines and clients.
type World struct {
	cfg      Config
	now      time.Time
	queue    timers
	timers   uint64 // made so far: ties go in order
	hq       *site
	gateways []*site
	all      []*site // both
	lines    []*line // one a gateway, in their order
	clients  []*client
	rooms    []string // JIDs
	sessions int      // joins so far

	streams  map[string]*rand.Rand
	judges   judges
	sabotage sabotage
	storm    bool             // faults are on
	kinds    Faults           // those of this storm
	hushed   bool             // nobody does anything on its own any more
	clear    radiotest.Faults // none

	users     map[*client]*user
	laws      map[string]*law // by room: what its owners made of it
	said      int             // messages that clients made
	linger    time.Duration   // of the replicas
	hold      time.Duration   // of both roles
	lastFrame time.Time
	bytesUp   int // on all lines, with their framing
	bytesDown int

	violations []Violation
	broken     map[string]int // how often, by invariant
	digest     hash.Hash64
	trace      io.Writer // what happened, a line each; nil: nobody reads it
	line       []byte    // of the transcript, to be written over
	watch      func(event)
}

// newWorld makes the machines of a world; nothing runs yet.
func newWorld(cfg Config, sites []place) (*World, error) {
	w := &World{cfg: cfg, now: epoch, streams: map[string]*rand.Rand{}, broken: map[string]int{}, laws: map[string]*law{}, digest: fnv.New64a()}
	w.judges = newJudges()
	r := w.rand("patience")
	w.linger, w.hold = between(r, 20*time.Second, 12*time.Minute), between(r, 5*time.Second, time.Minute)
	for i, p := range sites {
		s := &site{w: w, name: p.name, domain: p.domain, origin: uint8(i), hq: i == 0}
		s.wallOffset = wallStart.Sub(epoch)
		if s.hq {
			s.service = "conference." + p.domain
			w.hq = s
		} else {
			s.service = "mirror." + p.domain
			w.gateways = append(w.gateways, s)
			w.lines = append(w.lines, newLine(w, s, cfg.Rate))
		}
		words, err := textTables()
		if err != nil {
			return nil, err
		}
		s.text = words.NewModel()
		w.all = append(w.all, s)
		for _, user := range p.users {
			w.addClient(s, user)
		}
	}
	if err := w.pair(); err != nil {
		return nil, err
	}
	return w, nil
}

// textTables are the trained tables, read once for all worlds.
var textTables = sync.OnceValues(text.Load)

// A place is what a site is made of.
type place struct {
	name, domain string
	users        []string
}

func (w *World) addClient(s *site, user string) *client {
	c := &client{w: w, site: s, user: user, name: user + "@" + s.domain, views: map[string]*view{}}
	s.clients = append(s.clients, c)
	w.clients = append(w.clients, c)
	return c
}

// sites gives the headquarters, then the gateways.
func (w *World) sites() []*site { return w.all }

// boot starts every program.
func (w *World) boot() error {
	for _, s := range w.sites() {
		if err := s.start(); err != nil {
			return err
		}
	}
	return nil
}

// rand gives the stream of that name: what one part draws does not move what
// another gets.
func (w *World) rand(name string) *rand.Rand {
	r := w.streams[name]
	if r == nil {
		h := fnv.New64a()
		io.WriteString(h, name)
		r = rand.New(rand.NewPCG(w.cfg.Seed, h.Sum64()))
		w.streams[name] = r
	}
	return r
}

// randReader gives bytes of a stream: keys of a world are as random as its seed.
func (w *World) randReader(name string) io.Reader {
	var key [32]byte
	r := w.rand(name)
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	return rand.NewChaCha8(key)
}

// between draws a duration from lo to hi.
func between(r *rand.Rand, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(r.Int64N(int64(hi-lo)+1))
}

// around draws a duration with that mean, as of independent events.
func around(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

// A timer is something to do at a time.
type timer struct {
	at    time.Time
	order uint64
	do    func()
}

type timers []timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at.Before(t[j].at) || t[i].at.Equal(t[j].at) && t[i].order < t[j].order
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
	*t = old[:len(old)-1]
	return last
}

// after does something later.
func (w *World) after(d time.Duration, do func()) {
	w.timers++
	heap.Push(&w.queue, timer{w.now.Add(max(d, 0)), w.timers, do})
}

// runUntil lets the world go on until a time.
func (w *World) runUntil(end time.Time) {
	for w.step(end) {
	}
	w.now = end
}

// step does the next thing that happens before end; false: there is none.
func (w *World) step(end time.Time) bool {
	at, due := end, (*site)(nil)
	for _, s := range w.sites() {
		if t, ok := s.nextTimeout(); ok && t.Before(at) {
			at, due = t, s
		}
	}
	if len(w.queue) > 0 && (due == nil && w.queue[0].at.Before(at) || due != nil && !at.Before(w.queue[0].at)) {
		t := heap.Pop(&w.queue).(timer)
		w.advance(t.at)
		t.do()
		return true
	}
	if due == nil {
		return false
	}
	w.advance(at)
	due.timeout()
	return true
}

func (w *World) advance(t time.Time) {
	if t.After(w.now) {
		w.now = t
	}
}

// emit shows an event to all who judge or record.
func (w *World) emit(e event) {
	switch e := e.(type) {
	case clientGot:
		w.write(e.client.jid(), " < ", e.text)
	case clientSent:
		w.write(e.client.jid(), " > ", e.stanza.String())
	case framed:
		w.lastFrame = w.now
		if e.up {
			w.bytesUp += e.bytes
		} else {
			w.bytesDown += e.bytes
		}
		w.write("frame ", e.gateway.name, map[bool]string{true: " up ", false: " down "}[e.up], strconv.Itoa(e.bytes), " B")
	case noticed:
		w.write("  ", e.site.name, " notes ", e.notice.LogValue().String())
	case siteDown:
		w.note("%s down", e.site.name)
	case siteUp:
		w.note("%s up", e.site.name)
	case lineChanged:
		w.note("line %s cut=%t", e.gateway.name, e.cut)
	}
	if s, ok := e.(stepped); ok && w.trace != nil {
		w.traceStep(s)
	}
	for _, c := range w.judges.all {
		c.see(w, e)
	}
	if w.watch != nil {
		w.watch(e)
	}
}

// write adds a line to the transcript, whose digest two runs of a seed share.
func (w *World) write(parts ...string) {
	line := strconv.AppendFloat(w.line[:0], w.now.Sub(epoch).Seconds(), 'f', 3, 64)
	line = append(line, ' ')
	for _, p := range parts {
		line = append(line, p...)
	}
	w.line = append(line, '\n')
	w.digest.Write(w.line)
	if w.trace != nil {
		w.trace.Write(w.line)
	}
}

// note is write with a format.
func (w *World) note(format string, args ...any) { w.write(fmt.Sprintf(format, args...)) }

// traceStep writes what crossed a link, for who looks for a fault.
func (w *World) traceStep(s stepped) {
	at := w.now.Sub(epoch).Seconds()
	switch in := s.input.(type) {
	case mirror.FromPeer:
		fmt.Fprintf(w.trace, "%.3f   %s gets from %s: %s\n", at, s.site.name, in.Peer, in.Stanza)
	case mirror.PeerUp, mirror.PeerDown, mirror.Delivered, mirror.ClientGone:
		fmt.Fprintf(w.trace, "%.3f   %s: %T%+v\n", at, s.site.name, in, in)
	}
	for _, r := range s.batch.Persist {
		fmt.Fprintf(w.trace, "%.3f   %s writes %s = %.80q\n", at, s.site.name, r.Key, r.Value)
	}
	for _, t := range s.batch.ToPeer {
		fmt.Fprintf(w.trace, "%.3f   %s hands to %s (%s, %q, token %d): %s\n", at, s.site.name, t.Peer, t.Class, t.Key, t.Token, t.Stanza)
	}
}

// violationsMax bounds the report of one invariant in one run: the first tells
// the most.
const violationsMax = 5

// violate reports a breach of an invariant.
func (w *World) violate(invariant, format string, args ...any) {
	if w.broken[invariant]++; w.broken[invariant] > violationsMax {
		return
	}
	at := w.now.Sub(epoch)
	v := Violation{Invariant: invariant, At: at, Seconds: at.Seconds(), What: fmt.Sprintf(format, args...),
		Seed: w.cfg.Seed, Repeat: w.cfg.command()}
	w.note("VIOLATION %s: %s", invariant, v.What)
	w.violations = append(w.violations, v)
}

// deliver hands a stanza to the client that it is for. A stanza for somebody
// who is offline by now falls away, as at a server.
func (s *site) deliver(el *xmltree.Element) {
	to := el.Get("to")
	for _, c := range s.clients {
		if !c.connected || c.full != to && c.name != to {
			continue
		}
		complaint := c.receive(el)
		s.w.emit(clientGot{c, el, el.String(), complaint})
		if el.Local == "presence" || el.Is(ns.Client, "message") {
			s.w.reacted(c, muc.Bare(el.Get("from")))
		}
		return
	}
}
