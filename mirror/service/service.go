// Package service is the shell around a node: the only place where clients,
// bearers, the journal and the clock meet it.
//
// One goroutine, the actor, owns the node. Everything else hands it something
// and never waits for an answer: sessions put stanzas into the inbox, a bearer's
// reader its frames, its writer the word that it is free, the committer what
// became of a transaction. The actor waits for none of them: it commits in
// another goroutine, merging all batches that came up meanwhile into the next
// transaction, and tells the node and the clients once they are on disk. A frame
// is asked of the node only when its bearer can send, so it carries the newest.
//
// When the journal cannot be written (disk full), the service keeps trying,
// refuses what clients send with <resource-constraint/> (RFC 6120 §8.3.3.18),
// and says so in its status. When a bearer's port is gone, it opens it again
// with back-off.
//
// It knows nothing of rooms, users or bytes on the air. Read Config, then
// actor.go; commit.go, bearer.go and status.go are its neighbours.
package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/journal"
	"picket/radio"
)

// A Journal is where batches become durable; *journal.Journal is one.
type Journal interface {
	Append([]journal.Record) error
	Size() (bytes, max int64)
}

// A Bearer is one way to a peer, opened by the service and opened again when
// it fails.
type Bearer struct {
	Peer string
	ID   BearerID
	Name string // for people: "serial /dev/ttyS1"
	Open func(context.Context) (radio.Bearer, error)
}

// A Config is all that a Service needs to know.
type Config struct {
	About   About // for the status
	Node    Node
	Journal Journal
	// Deliver hands a stanza to a local session; false: nobody there. It never
	// waits for a client and does not call the service back.
	Deliver func(*xmltree.Element) bool
	Bearers []Bearer
	Panel   *Panel           // nil: none
	Wall    func() time.Time // the wall clock, which may jump
	Log     *slog.Logger
}

// Validate says what is missing.
func (c Config) Validate() error {
	switch {
	case c.Node == nil:
		return errors.New("service: no node")
	case c.Journal == nil:
		return errors.New("service: no journal")
	case c.Deliver == nil:
		return errors.New("service: nobody to deliver to")
	case c.Wall == nil:
		return errors.New("service: no clock")
	case c.Log == nil:
		return errors.New("service: no log")
	}
	for _, b := range c.Bearers {
		if b.Peer == "" || b.Open == nil {
			return errors.New("service: bearer " + b.Name + " has no peer, or cannot be opened")
		}
	}
	return nil
}

// Ours to tune.
const (
	inboxMax       = 256 // stanzas that wait for the actor; then their sessions' readers do
	burstMax       = 64  // inputs taken before bearers and the journal get their turn
	pendingMax     = 4096
	commitRetryMin = 100 * time.Millisecond
	commitRetryMax = 10 * time.Second
	openRetryMin   = 250 * time.Millisecond
	openRetryMax   = 15 * time.Second
	openSteady     = 10 * time.Second       // open for so long: the next failure starts small again
	clockEvery     = 10 * time.Second       // how often the wall clock is compared
	clockSlack     = 2 * time.Second        // a difference beyond it is a jump
	stopWait       = 900 * time.Millisecond // for the last transaction, and again for bearers to end
	timeoutMin     = time.Millisecond       // a node whose deadline has passed is not called in a spin
)

// A Service runs a node. It is a c2s.Handler.
type Service struct {
	cfg     Config
	inbox   *inbox
	bearers []*bearer

	frames  chan frameIn
	free    chan *bearer
	changed chan bearerChange
	commit  chan transaction // to the committer, cap 1: one at a time
	done    chan commitDone
	asks    chan chan Status

	start time.Time // its monotone part is what now counts from
	actor actor
}

// New makes a service that does nothing until Run.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Service{
		cfg:     cfg,
		inbox:   newInbox(inboxMax),
		frames:  make(chan frameIn),
		free:    make(chan *bearer),
		changed: make(chan bearerChange),
		commit:  make(chan transaction, 1),
		done:    make(chan commitDone, 1),
		asks:    make(chan chan Status),
		start:   time.Now(),
	}
	for _, b := range cfg.Bearers {
		s.bearers = append(s.bearers, &bearer{Bearer: b, out: make(chan []byte, 1), state: "opening"})
	}
	s.actor.notices, s.actor.up = map[mirror.NoticeKind]uint64{}, map[string]bool{}
	return s, nil
}

// now is monotone in both its parts, whatever the wall clock does.
func (s *Service) now() time.Time { return s.start.Add(time.Since(s.start)) }

// Stanza takes one stanza of a local session, whose from is vouched for. It
// waits while the inbox is full, so only the session that sends too much is
// held back.
func (s *Service) Stanza(from string, el *xmltree.Element) {
	s.inbox.put(mirror.FromClient{Stanza: el}, true)
}

// Gone says that a session ended. It never waits.
func (s *Service) Gone(jid string) { s.inbox.put(mirror.ClientGone{JID: jid}, false) }

// Run works until ctx ends, then writes what is under way, within two seconds.
func (s *Service) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	running.Go(s.commitAll)
	for _, b := range s.bearers {
		running.Go(func() { s.runBearer(work, b) })
	}
	s.act(ctx)
	s.inbox.close()
	stop()
	s.finish()
	close(s.commit)
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-time.After(stopWait):
		return errors.New("service: a bearer or the journal did not end in time")
	}
}
