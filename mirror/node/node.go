// Package node joins a role, the codec and the links into one pure machine: the
// thing that a service and the simulator drive.
//
// A node decides which session's tables a stanza is coded with, what an
// acknowledgement of the link means for a message, and what may leave when:
// nothing of a step does before its Persist is on disk (Persisted). It opens
// nothing, starts no goroutine and reads no clock.
//
// Drive it so: Step, HandleFrame or HandleTimeout; write Persist; Persisted;
// deliver ToClient; AppendFrame for each peer whose bearer is free; wait until
// NextTimeout.
package node

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"picket/codec"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/radio"
	"picket/radio/link"
)

// Config of a node.
type Config struct {
	Machine mirror.Machine
	Peers   []Peer
	Records []mirror.Record // the journal's, in key order
	Domain  string          // our end's: the mirror's, or the room service's
	Text    codec.TextModel // nil: text is UTF-8
}

// A Peer is who a link leads to.
type Peer struct {
	Name string // as the machine calls it
	Link link.Config
}

// A Batch is what one call asks of the driver.
type Batch struct {
	Seq      uint64
	Persist  []mirror.Record // in one transaction, before all else
	ToClient []*xmltree.Element
	Notices  []mirror.Notice
}

// A Node is a role with its links.
type Node struct {
	machine mirror.Machine
	peers   []*peer
	byName  map[string]*peer
	seq     uint64
	held    []heldStep // steps whose records are not known to be on disk
}

// heldStep is what waits for a step's records.
type heldStep struct {
	seq       uint64
	transfers []transfer
	accepts   []accept
	counters  []counter
}

// A transfer is one with the time of its step: what a role says of the age of
// its content is as of then.
type transfer struct {
	mirror.Transfer
	since time.Time
}

type accept struct {
	peer    *peer
	session uint64
	handle  link.Handle
}

type counter struct {
	peer  *peer
	value uint32
}

// New makes a node that goes on where its journal ended.
func New(now time.Time, cfg Config) (*Node, error) {
	n := &Node{machine: cfg.Machine, byName: map[string]*peer{}}
	counters := map[string]uint32{}
	var records []mirror.Record
	for _, r := range cfg.Records {
		name, isCounter := strings.CutPrefix(r.Key, counterPrefix)
		if !isCounter {
			records = append(records, r)
			continue
		}
		c, err := strconv.ParseUint(string(r.Value), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("node: journal: %s: %w", r.Key, err)
		}
		counters[name] = uint32(c)
	}
	if err := n.machine.Restore(now, records); err != nil {
		return nil, err
	}
	for _, pc := range cfg.Peers {
		pc.Link.Counter = max(pc.Link.Counter, counters[pc.Name])
		p := &peer{name: pc.Name, master: cfg.Domain, mirror: pc.Name, text: cfg.Text, sent: map[link.Token]sending{}}
		if pc.Link.Initiator {
			p.master, p.mirror = pc.Name, cfg.Domain
		}
		pc.Link.Hello = helloOf(cfg.Text, p.master, p.mirror).append(nil)
		var err error
		if p.conn, err = link.New(now, pc.Link); err != nil {
			return nil, fmt.Errorf("node: peer %s: %w", pc.Name, err)
		}
		n.peers = append(n.peers, p)
		n.byName[pc.Name] = p
	}
	return n, nil
}

// counterPrefix is where the handshake counters of the links are kept.
const counterPrefix = "link/counter/"

// Step gives the role an input of this side.
func (n *Node) Step(now time.Time, in mirror.Input) Batch {
	c := n.begin()
	c.step(now, in)
	c.events(now)
	return c.end()
}

// HandleFrame takes a frame that a bearer of a peer's link brought.
func (n *Node) HandleFrame(now time.Time, peer string, b link.BearerID, frame []byte) Batch {
	c := n.begin()
	p := n.byName[peer]
	p.framesIn++
	p.bytesIn += uint64(len(frame))
	p.conn.HandleFrame(now, b, frame)
	c.events(now)
	return c.end()
}

// HandleTimeout does what is due at now.
func (n *Node) HandleTimeout(now time.Time) Batch {
	c := n.begin()
	for _, p := range n.peers {
		if t, ok := p.conn.NextTimeout(); ok && !t.After(now) {
			p.conn.HandleTimeout(now)
		}
	}
	c.events(now)
	if t, ok := n.machine.NextTimeout(); ok && !t.After(now) {
		c.step(now, mirror.Timeout{})
	}
	return c.end()
}

// NextTimeout tells when HandleTimeout is due; false: only an input can wake
// the node.
func (n *Node) NextTimeout() (time.Time, bool) {
	var next time.Time
	if t, ok := n.machine.NextTimeout(); ok {
		next = t
	}
	for _, p := range n.peers {
		if t, ok := p.conn.NextTimeout(); ok {
			next = mirror.Earliest(next, t)
		}
	}
	return next, !next.IsZero()
}

// Persisted says that the batches up to seq are on disk: what waited for that
// goes to the links.
func (n *Node) Persisted(now time.Time, seq uint64) {
	for len(n.held) > 0 && n.held[0].seq <= seq {
		h := n.held[0]
		n.held = n.held[1:]
		for _, c := range h.counters {
			c.peer.conn.Persisted(now, c.value)
		}
		for _, t := range h.transfers {
			if p := n.byName[t.Peer]; p != nil && p.up {
				p.queue = append(p.queue, t)
			}
		}
		for _, a := range h.accepts {
			if a.session == a.peer.session {
				a.peer.conn.Accept(now, a.handle)
			}
		}
	}
	for _, p := range n.peers {
		p.send(now)
	}
}

// AppendFrame appends the next frame for a free bearer of a peer's link; dst
// unchanged: nothing to send.
func (n *Node) AppendFrame(now time.Time, peer string, b link.BearerID, dst []byte, can radio.Capabilities) []byte {
	p := n.byName[peer]
	out := p.conn.AppendFrame(now, dst, b, can)
	if len(out) > len(dst) {
		p.framesOut++
		p.bytesOut += uint64(len(out) - len(dst))
	}
	return out
}

// A call collects what one call of the driver leads to.
type call struct {
	n    *Node
	b    Batch
	hold heldStep
}

func (n *Node) begin() *call {
	n.seq++
	return &call{n: n, b: Batch{Seq: n.seq}, hold: heldStep{seq: n.seq}}
}

func (c *call) end() Batch {
	c.n.held = append(c.n.held, c.hold)
	return c.b
}

// step feeds the role and takes what it gives.
func (c *call) step(now time.Time, in mirror.Input) {
	b := c.n.machine.Step(now, in)
	c.b.Persist = append(c.b.Persist, b.Persist...)
	c.b.ToClient = append(c.b.ToClient, b.ToClient...)
	c.b.Notices = append(c.b.Notices, b.Notices...)
	for _, t := range b.ToPeer {
		c.hold.transfers = append(c.hold.transfers, transfer{t, now})
	}
}

// events takes what happened on the links, to the end.
func (c *call) events(now time.Time) {
	for _, p := range c.n.peers {
		for {
			ev, ok := p.conn.NextEvent()
			if !ok {
				break
			}
			c.event(now, p, ev)
		}
	}
}

func (c *call) event(now time.Time, p *peer, ev link.Event) {
	switch ev := ev.(type) {
	case link.Up:
		common, err := p.open(ev.PeerHello)
		if common != "" {
			c.b.Notices = append(c.b.Notices, mirror.Notice{Kind: mirror.CodecError, Peer: p.name, Detail: common})
		}
		if err == nil {
			c.step(now, mirror.PeerUp{Peer: p.name})
		}
	case link.Down:
		p.close()
		c.b.Notices = append(c.b.Notices, mirror.Notice{Kind: mirror.LinkReason, Peer: p.name, Detail: ev.Reason})
		c.dropTransfers(p.name)
		c.step(now, mirror.PeerDown{Peer: p.name})
	case link.Received:
		c.received(now, p, ev)
	case link.Acked:
		s, ok := p.sent[ev.Token]
		if !ok {
			return
		}
		delete(p.sent, ev.Token)
		p.enc.Acked(s.ref)
		if s.token != 0 {
			c.step(now, mirror.Delivered{Peer: p.name, Token: s.token})
		}
	case link.Dropped:
		if s, ok := p.sent[ev.Token]; ok {
			delete(p.sent, ev.Token)
			p.enc.Dropped(s.ref)
			if p.up && s.token != 0 {
				c.step(now, mirror.Replaced{Peer: p.name, Token: s.token})
			}
		}
	case link.Persist:
		c.b.Persist = append(c.b.Persist, mirror.Record{Key: counterPrefix + p.name,
			Value: strconv.AppendUint(nil, uint64(ev.Counter), 10)})
		c.hold.counters = append(c.hold.counters, counter{p, ev.Counter})
	default:
		panic(fmt.Sprintf("BUG: link event %T", ev))
	}
}

// dropTransfers takes back what steps before this event wanted to send in the
// session that is over: the role learns now that it is, and decides anew.
func (c *call) dropTransfers(peer string) {
	drop := func(list []transfer) []transfer {
		kept := list[:0]
		for _, t := range list {
			if t.Peer != peer {
				kept = append(kept, t)
			}
		}
		return kept
	}
	c.hold.transfers = drop(c.hold.transfers)
	for i := range c.n.held {
		c.n.held[i].transfers = drop(c.n.held[i].transfers)
	}
}

// received decodes a stanza of a peer. One that does not decode is a fault, and
// what comes after it may lean on it: the session ends, and both sides begin
// again with empty tables and a resume. What does not decode again soon after
// that is given up, since sending it once more would not help.
func (c *call) received(now time.Time, p *peer, ev link.Received) {
	if !p.up {
		c.hold.accepts = append(c.hold.accepts, accept{p, p.session, ev.Handle})
		return // it speaks another version
	}
	el, err := p.dec.Decode(ev.Payload)
	if err == nil {
		c.hold.accepts = append(c.hold.accepts, accept{p, p.session, ev.Handle})
		p.stanzasIn++
		c.step(now, mirror.FromPeer{Peer: p.name, Stanza: el, Age: ev.Age})
		return
	}
	p.undecodable++
	c.b.Notices = append(c.b.Notices, mirror.Notice{Kind: mirror.CodecError, Peer: p.name, Detail: err.Error()})
	if p.resetAt.IsZero() || now.Sub(p.resetAt) > resetPause {
		p.resetAt = now
		p.conn.Reset(now, "a stanza does not decode")
		return
	}
	c.b.Notices = append(c.b.Notices, mirror.Notice{Kind: mirror.MessageLost, Peer: p.name, Detail: "a stanza does not decode again"})
	c.hold.accepts = append(c.hold.accepts, accept{p, p.session, ev.Handle})
}

// resetPause is the least time between two sessions ended for a stanza that
// does not decode.
const resetPause = 2 * time.Minute
