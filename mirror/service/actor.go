package service

import (
	"context"
	"log/slog"
	"time"

	"picket/codec/xmltree"
	"picket/mirror"
)

// An actor is what only the actor's goroutine touches.
type actor struct {
	pending    Batch // of all steps since the last transaction was handed over
	committing bool
	broken     error     // why the last transaction failed; nil: all is well
	retryAt    time.Time // when it is tried again; zero: not waiting
	retry      time.Duration

	up map[string]bool // links, by peer

	wall, wallAt time.Time // what the node was last told

	inputs, refused         uint64
	delivered, undelivered  uint64
	framesDropped           uint64
	transactions, records   uint64
	commitErrors            uint64
	notices                 map[mirror.NoticeKind]uint64
	commitSum, commitLatest time.Duration
}

// act is the actor's loop. Each round takes one event, then settles what it
// changed.
func (s *Service) act(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	clock := time.NewTicker(clockEvery)
	defer clock.Stop()
	var panel <-chan time.Time // nil: there is none
	if s.cfg.Panel != nil {
		t := time.NewTicker(panelEvery)
		defer t.Stop()
		panel = t.C
	}
	s.compareClock(s.now())
	for {
		s.settle(s.now())
		s.arm(timer)
		select {
		case <-ctx.Done():
			return
		case <-s.inbox.ready:
			for _, in := range s.inbox.take(burstMax) {
				s.input(in)
			}
		case f := <-s.frames:
			s.frameIn(f)
		case b := <-s.free:
			b.idle = true
		case c := <-s.changed:
			s.bearerChanged(c)
		case d := <-s.done:
			s.committed(d)
		case <-timer.C:
			s.timeout(s.now())
		case <-clock.C:
			s.compareClock(s.now())
		case <-panel:
			s.cfg.Panel.Show(s.light(s.now()))
		case ask := <-s.asks:
			ask <- s.status()
		}
	}
}

// settle hands over what is ready: a transaction, and a frame to each bearer
// that is free.
func (s *Service) settle(now time.Time) {
	s.settleJournal(now)
	s.settleBearers(now)
}

// settleJournal hands over all that waits as one transaction, if none is under
// way.
func (s *Service) settleJournal(now time.Time) {
	a := &s.actor
	if !a.committing && a.retryAt.IsZero() && a.pending.Seq > 0 {
		tx := transaction{batch: a.pending, records: newest(a.pending.Persist)}
		a.pending = Batch{}
		if len(tx.records) == 0 {
			s.complete(now, tx.batch)
		} else {
			a.committing = true
			s.commit <- tx // never waits: one at a time
		}
	}
}

func (s *Service) settleBearers(now time.Time) {
	panel := s.cfg.Panel
	if panel != nil && panel.Inhibited() {
		return // the next reading of the switch comes back here
	}
	for _, b := range s.bearers {
		if !b.idle {
			continue
		}
		frame := s.cfg.Node.AppendFrame(now, b.Peer, b.ID, nil, b.port.Capabilities())
		if len(frame) > 0 {
			b.idle = false
			b.framesSent++
			b.bytesSent += uint64(len(frame))
			b.out <- frame // never waits: it is idle
			if panel != nil {
				panel.Frame()
			}
		}
	}
}

// arm sets the timer to what is due first.
func (s *Service) arm(timer *time.Timer) {
	due, ok := s.cfg.Node.NextTimeout()
	if at := s.actor.retryAt; !at.IsZero() && (!ok || at.Before(due)) {
		due, ok = at, true
	}
	if !ok {
		timer.Stop()
		return
	}
	timer.Reset(max(due.Sub(s.now()), timeoutMin))
}

func (s *Service) timeout(now time.Time) {
	a := &s.actor
	if !a.retryAt.IsZero() && !now.Before(a.retryAt) {
		a.retryAt = time.Time{}
	}
	if due, ok := s.cfg.Node.NextTimeout(); ok && !now.Before(due) {
		s.add(s.cfg.Node.HandleTimeout(now))
	}
}

// input gives one input to the node, or refuses a client's stanza while the
// journal cannot be written: nothing may be echoed that is not on disk.
func (s *Service) input(in mirror.Input) {
	a := &s.actor
	a.inputs++
	if c, ok := in.(mirror.FromClient); ok && (a.broken != nil || len(a.pending.Persist) > pendingMax) {
		if answer, refuse := refusal(c.Stanza); refuse {
			a.refused++
			if answer != nil {
				s.deliver(answer)
			}
			return
		}
	}
	s.add(s.cfg.Node.Step(s.now(), in))
}

// frameIn gives a frame to the node. When the disk does not take what frames
// bring, they are dropped: the peer keeps what is not acknowledged.
func (s *Service) frameIn(f frameIn) {
	f.from.framesReceived++
	f.from.bytesReceived += uint64(len(f.frame))
	f.from.heard = s.now()
	if s.cfg.Panel != nil {
		s.cfg.Panel.Frame()
	}
	if len(s.actor.pending.Persist) > pendingMax {
		s.actor.framesDropped++
		return
	}
	s.add(s.cfg.Node.HandleFrame(s.now(), f.from.Peer, f.from.ID, f.frame))
}

func (s *Service) bearerChanged(c bearerChange) {
	c.b.idle = false
	c.b.port = c.port
	c.b.state, c.b.problem = "open", ""
	if c.port == nil {
		c.b.state, c.b.problem = "closed", c.err.Error()
		c.b.failures++
	} else {
		c.b.opens++
	}
}

// add appends a batch to those that wait for the disk.
func (s *Service) add(b Batch) {
	p := &s.actor.pending
	p.Seq = max(p.Seq, b.Seq)
	p.Persist = append(p.Persist, b.Persist...)
	p.ToClient = append(p.ToClient, b.ToClient...)
	p.Notices = append(p.Notices, b.Notices...)
}

// committed takes what became of a transaction. A failed one goes back in front
// of what came up meanwhile, and is tried again later together with it: what
// deletes may make room for what does not fit.
func (s *Service) committed(d commitDone) {
	a, now := &s.actor, s.now()
	a.committing = false
	if d.err == nil {
		if a.broken != nil {
			s.cfg.Log.Info("the journal can be written again")
		}
		a.broken, a.retry = nil, 0
		a.transactions++
		a.records += uint64(len(d.tx.records))
		a.commitLatest = d.took
		a.commitSum += d.took
		s.complete(now, d.tx.batch)
		return
	}
	if a.broken == nil {
		s.cfg.Log.Error("the journal cannot be written; clients are refused until it can", "error", d.err)
	}
	a.broken = d.err
	a.commitErrors++
	later := a.pending
	a.pending = d.tx.batch
	s.add(later)
	a.retry = min(max(2*a.retry, commitRetryMin), commitRetryMax)
	a.retryAt = now.Add(a.retry)
}

// complete lets go what waited for the disk.
func (s *Service) complete(now time.Time, b Batch) {
	s.cfg.Node.Persisted(now, b.Seq)
	for _, el := range b.ToClient {
		s.deliver(el)
	}
	for _, n := range b.Notices {
		s.actor.notices[n.Kind]++
		s.actor.linkNotice(n)
		s.cfg.Log.LogAttrs(context.Background(), level(n.Kind), "notice", slog.Any("notice", n))
	}
}

func (s *Service) deliver(el *xmltree.Element) {
	if s.cfg.Deliver(el) {
		s.actor.delivered++
	} else {
		s.actor.undelivered++
	}
}

// compareClock tells the node the wall time at the start and after a jump.
func (s *Service) compareClock(now time.Time) {
	a, wall := &s.actor, s.cfg.Wall()
	if !a.wallAt.IsZero() {
		off := wall.Round(0).Sub(a.wall.Add(now.Sub(a.wallAt)))
		if off.Abs() <= clockSlack {
			return
		}
		s.cfg.Log.Info("the clock was set", "by", off.Round(time.Second).String())
	}
	a.wall, a.wallAt = wall.Round(0), now
	s.add(s.cfg.Node.Step(now, mirror.ClockSet{Wall: wall.UTC()}))
}

// level gives what an operator's log shows of a notice.
func level(k mirror.NoticeKind) slog.Level {
	switch k {
	case mirror.MessageLost:
		return slog.LevelError
	case mirror.RuleBroken, mirror.QueueFull:
		return slog.LevelWarn
	case mirror.LinkUp, mirror.LinkDown, mirror.RoomMirrored, mirror.RoomDropped, mirror.Resynced, mirror.JoinRefused:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
