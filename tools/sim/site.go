package sim

import (
	"time"

	"picket/codec"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/muc"
	"picket/mirror/node"
)

// A site is one program with its disk and its users: the headquarters, or a
// gateway. It drives its node exactly as mirror/service does: persist, tell
// the node, deliver, offer the bearers, wait.
type site struct {
	w            *World
	name, domain string
	service      string // the peer name: MUC domain, or mirror domain
	origin       uint8
	hq           bool
	clients      []*client

	text codec.TextModel // of one site: a model is no two goroutines' own

	disk       disk
	wallOffset time.Duration // of the wall clock before now; jumps
	life       int           // raised with every start: what an old life left undone stays undone
	node       *node.Node    // nil: not running
	role       snapshotter
	doomed     func()             // kills the program while its disk writes next
	forged     []*xmltree.Element // what a hostile gateway is about to say
	due        time.Time          // of the node, where dueKnown
	dueOK      bool
	dueKnown   bool
}

// A snapshotter lets a checker look into a role.
type snapshotter interface {
	Snapshot(room string) (muc.Snapshot, bool)
}

// A tap stands between a node and its role and shows every step.
type tap struct {
	mirror.Machine
	site *site
}

func (t *tap) Step(now time.Time, in mirror.Input) mirror.Batch {
	b := t.Machine.Step(now, in)
	for _, el := range t.site.forged {
		b.ToPeer = append(b.ToPeer, mirror.Transfer{Peer: t.site.w.hq.service, Class: mirror.Chat, Stanza: el})
	}
	t.site.forged = nil
	t.site.w.emit(stepped{t.site, in, b})
	return b
}

// wall is what the site's clock shows.
func (s *site) wall() time.Time { return s.w.now.Add(s.wallOffset) }

// start runs the program on what the disk holds.
func (s *site) start() error {
	s.life++
	machine, err := s.newRole()
	if err != nil {
		return err
	}
	if s.w.sabotage.wrap != nil {
		machine = s.w.sabotage.wrap(s, machine)
	}
	n, err := node.New(s.w.now, node.Config{Machine: &tap{machine, s}, Domain: s.service, Peers: s.peers(), Records: s.disk.load()})
	if err != nil {
		return err
	}
	s.node = n
	s.w.emit(siteUp{s})
	s.step(mirror.ClockSet{Wall: s.wall()})
	return nil
}

// mustStart starts a program again; that it cannot is a bug of ours or of the
// journal, and shown as one.
func (s *site) mustStart() {
	if err := s.start(); err != nil {
		s.w.violate("restart", "%s does not start again: %v", s.name, err)
	}
}

// gone tells the role that a session ended without a word.
func (s *site) gone(jid string) { s.step(mirror.ClientGone{JID: jid}) }

// snapshot shows what the role holds of a room.
func (s *site) snapshot(room string) (muc.Snapshot, bool) {
	if s.role == nil {
		return muc.Snapshot{}, false
	}
	return s.role.Snapshot(room)
}

// crash cuts the power: clients lose their sessions, the disk what it had not
// written. whole: the transaction under way had just made it.
func (s *site) crash(whole bool) {
	if s.node == nil {
		return
	}
	s.disk.crash(whole)
	s.node, s.role, s.dueKnown = nil, nil, false
	s.life++
	for _, l := range s.w.lines {
		if s.hq {
			l.air.Crash(s.w.now, hqSide)
		} else if l.gateway == s {
			l.air.Crash(s.w.now, gatewaySide)
		}
	}
	s.w.emit(siteDown{s})
	for _, c := range s.clients {
		c.drop()
	}
}

// step gives the role an input.
func (s *site) step(in mirror.Input) {
	if s.node != nil {
		s.take(s.node.Step(s.w.now, in))
	}
}

func (s *site) fromClient(el *xmltree.Element) { s.step(mirror.FromClient{Stanza: el.Clone()}) }

// frame takes a frame from a line.
func (s *site) frame(peer string, frame []byte) {
	if s.node != nil {
		s.take(s.node.HandleFrame(s.w.now, peer, bearer, frame))
	}
}

func (s *site) timeout() { s.take(s.node.HandleTimeout(s.w.now)) }

// nextTimeout asks the node only when it may have changed its mind.
func (s *site) nextTimeout() (time.Time, bool) {
	if s.node == nil {
		return time.Time{}, false
	}
	if !s.dueKnown {
		s.due, s.dueOK = s.node.NextTimeout()
		s.dueKnown = true
	}
	return s.due, s.dueOK
}

// take carries out a batch: disk first, then everything else.
func (s *site) take(b node.Batch) {
	for _, n := range b.Notices {
		s.w.emit(noticed{s, n})
	}
	if s.w.sabotage.echoBeforeSync {
		for _, el := range b.ToClient {
			s.deliver(el)
		}
		b.ToClient = nil
	}
	if s.disk.put(b) {
		s.sync()
	}
	s.offer()
}

// sync runs the disk's transactions, one at a time.
func (s *site) sync() {
	for {
		started, instant := s.disk.begin()
		if !started {
			return
		}
		if instant {
			s.synced()
			continue
		}
		life, took := s.life, between(s.w.rand("disk"), syncMin, syncMax)
		if s.doomed != nil {
			s.w.after(took/2, s.doomed)
			s.doomed = nil
		}
		s.w.after(took, func() {
			if s.life == life {
				s.synced()
				s.sync()
				s.offer()
			}
		})
		return
	}
}

// How long a sync takes: from good flash to an SD card that moves blocks.
const (
	syncMin = 2 * time.Millisecond
	syncMax = 60 * time.Millisecond
)

func (s *site) synced() {
	for _, b := range s.disk.finish() {
		s.node.Persisted(s.w.now, b.Seq)
		for _, el := range b.ToClient {
			s.deliver(el)
		}
	}
}

// offer lets every line that is free take a frame.
func (s *site) offer() {
	s.dueKnown = false
	for _, l := range s.w.lines {
		if s.hq {
			l.offer(hqSide)
		} else if l.gateway == s {
			l.offer(gatewaySide)
		}
	}
}
