// Package hostile holds the real programs to what is promised of bad input:
// clients that send what no client should, noise and a replayed recording on the
// line, and a gateway that was paired and has turned. Each gets a clear error or
// is counted and dropped; what honest people say still arrives, once.
//
// The tests are all of it, but for the Impostor here. They want PICKET_RIG=1.
package hostile

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"picket/codec/text"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/journal"
	"picket/mirror/node"
	"picket/mirror/service"
	"picket/mirror/site"
	"picket/radio"
	"picket/radio/serial"
)

// An Impostor is a paired gateway in bad hands: it has the folder with the keys
// and the line, speaks the link and the codec as it should, and sends whatever
// it is told in the name of whoever it likes.
type Impostor struct {
	Heard chan *xmltree.Element // what the headquarters sends; dropped when nobody reads

	hq      string
	up      chan struct{} // closed when the link is up
	service *service.Service
	journal *journal.Journal
	stop    context.CancelFunc
	ended   chan error
}

// Impersonate takes the place of the gateway of a folder, which must not run.
// Mirror is the gateway's mirror domain. It keeps the link's counter in the
// gateway's own journal, so that the gateway can go on afterwards.
func Impersonate(dir, mirrorDomain string) (*Impostor, error) {
	own, pairings, err := site.LoadPairings(dir)
	if err != nil {
		return nil, err
	}
	if len(pairings) != 1 || len(pairings[0].Bearers) != 1 {
		return nil, errors.New("hostile: the gateway has not one line to one headquarters")
	}
	words, err := text.Load()
	if err != nil {
		return nil, err
	}
	i := &Impostor{Heard: make(chan *xmltree.Element, 10000), hq: pairings[0].Peer, up: make(chan struct{}), ended: make(chan error, 1)}
	if i.journal, err = journal.Open(filepath.Join(dir, site.StateDir, site.JournalFile), journal.Options{}); err != nil {
		return nil, err
	}
	n, err := service.OpenNode(i.journal, node.Config{Machine: (*mouth)(i), Domain: mirrorDomain, Text: words.NewModel(),
		Peers: service.Peers(own, pairings, true)})
	if err == nil {
		i.service, err = service.New(service.Config{Node: n, Journal: i.journal, Deliver: func(*xmltree.Element) bool { return false },
			Bearers: []service.Bearer{bearer(pairings[0])}, Wall: time.Now, Log: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		return nil, errors.Join(err, i.journal.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	i.stop = stop
	go func() { i.ended <- i.service.Run(ctx) }()
	return i, nil
}

func bearer(p site.Pairing) service.Bearer {
	b := p.Bearers[0]
	return service.Bearer{Peer: p.Peer, Name: b.Port, Open: func(context.Context) (radio.Bearer, error) {
		return serial.Open(serial.Config{Path: b.Port, Baud: b.Rate, MTU: b.MTU, CRC: b.CRC})
	}}
}

// Up waits until the headquarters has let us in.
func (i *Impostor) Up(ctx context.Context) error {
	select {
	case <-i.up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Say sends stanzas as they are. It waits while the link has too many.
func (i *Impostor) Say(stanzas ...string) {
	for _, s := range stanzas {
		el := xmltree.MustParse(s)
		i.service.Stanza(el.Get("from"), el)
	}
}

// Waiting counts what has not been acknowledged yet.
func (i *Impostor) Waiting(ctx context.Context) (int, error) {
	st, err := i.service.Status(ctx)
	if err != nil {
		return 0, err
	}
	return st.Clients.Waiting + st.Peers[0].QueueItems, nil
}

// Close lets the line go.
func (i *Impostor) Close() error {
	i.stop()
	return errors.Join(<-i.ended, i.journal.Close())
}

// A mouth is the Impostor's role: it sends on what it is given. It keeps
// nothing and holds to no rule.
type mouth Impostor

// Step is mirror.Machine's.
func (m *mouth) Step(_ time.Time, in mirror.Input) mirror.Batch {
	switch in := in.(type) {
	case mirror.PeerUp:
		select {
		case <-m.up:
		default:
			close(m.up)
		}
	case mirror.FromPeer:
		select {
		case m.Heard <- in.Stanza:
		default:
		}
	case mirror.FromClient:
		return mirror.Batch{ToPeer: []mirror.Transfer{{Peer: m.hq, Class: mirror.Chat, Stanza: in.Stanza}}}
	}
	return mirror.Batch{}
}

// NextTimeout is mirror.Machine's.
func (*mouth) NextTimeout() (time.Time, bool) { return time.Time{}, false }

// Restore is mirror.Machine's: what the gateway had kept does not matter.
func (*mouth) Restore(time.Time, []mirror.Record) error { return nil }
