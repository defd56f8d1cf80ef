package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"picket/codec/text"
	"picket/codec/xmltree"
	"picket/firmware/config"
	"picket/mirror/c2s"
	"picket/mirror/c2s/account"
	"picket/mirror/journal"
	"picket/mirror/node"
	"picket/mirror/replica"
	"picket/mirror/service"
	"picket/mirror/site"
	"picket/mirror/site/commands"
	"picket/radio"
	"picket/radio/serial"
)

// run is the gateway, until a signal ends it.
func run(c *config.Config, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := os.MkdirAll(c.Path(c.State), site.DirMode); err != nil {
		return err
	}
	j, err := journal.Open(c.StatePath(site.JournalFile), journal.Options{SizeMax: int64(c.Journal.SizeMaxMiB) << 20})
	if err != nil {
		return err
	}
	defer j.Close()
	hq, n, err := openNode(c, j)
	if err != nil {
		return err
	}
	front, panel, err := openBoard(c.Board, log)
	if err != nil {
		return err
	}
	var server *c2s.Server // made after the service that it hands stanzas to
	svc, err := service.New(service.Config{
		About:   service.About{Program: "picket", Version: commands.Version(), Site: c.Domain},
		Node:    n,
		Journal: j,
		Deliver: func(el *xmltree.Element) bool { return server.Send(el) },
		Bearers: bearers(hq, log),
		Panel:   panel,
		Wall:    time.Now,
		Log:     log,
	})
	if err != nil {
		return err
	}
	if server, err = openServer(c, hq, svc, log); err != nil {
		return err
	}
	return service.Serve(ctx, svc, service.Front{
		Listen: c.Listen, PortsFile: c.StatePath(site.PortsFile), StatusFile: c.StatePath(site.StatusFile),
		StartTLS: server.Serve, TLS: server.ServeTLS, Others: front,
	}, log)
}

// openNode makes the replica and its one link.
func openNode(c *config.Config, j *journal.Journal) (hq site.Pairing, n *node.Node, err error) {
	own, pairings, err := site.LoadPairings(c.Dir)
	if err != nil {
		return hq, nil, err
	}
	if len(pairings) != 1 {
		return hq, nil, &site.Problem{File: filepath.Join(c.Dir, site.LinksDir), What: fmt.Sprintf("a gateway has one headquarters, here are %d", len(pairings)),
			Hint: "picketctl pair -hq DIR -gateway " + c.Dir}
	}
	hq = pairings[0]
	role, err := replica.New(replica.Config{
		Mirror: c.Mirror, Domain: c.Domain, Master: hq.Peer, Origin: hq.ID,
		Linger: time.Duration(c.Linger), Hold: time.Duration(c.Hold), JoinTimeout: time.Duration(c.JoinTimeout),
		RoomsMax: c.Limits.Rooms, QueueMax: c.Limits.QueueMessages, ArchiveMax: c.Limits.HistoryMessages,
		Wall: time.Now(),
	})
	if err != nil {
		return hq, nil, err
	}
	words, err := text.Load()
	if err != nil {
		return hq, nil, err
	}
	n, err = service.OpenNode(j, node.Config{Machine: role, Domain: c.Mirror, Text: words.NewModel(), Peers: service.Peers(own, pairings, true)})
	return hq, n, err
}

// openServer makes the XMPP server of the local users. What they send to the
// headquarters' domains, and to the mirror's, is the node's.
func openServer(c *config.Config, hq site.Pairing, h c2s.Handler, log *slog.Logger) (*c2s.Server, error) {
	tls, err := commands.ServerTLS(c.Dir)
	if err != nil {
		return nil, err
	}
	accounts, err := account.Open(c.Path(site.Accounts))
	if err != nil {
		return nil, err
	}
	store, err := c2s.NewDir(c.StatePath(site.UsersDir))
	if err != nil {
		return nil, err
	}
	remote := map[string]bool{c.Mirror: true, hq.Peer: true}
	for _, d := range hq.Domains {
		remote[d] = true
	}
	return c2s.New(c2s.Config{
		Domains: []string{c.Domain}, TLS: tls, Accounts: accounts, Handler: h, Store: store,
		Remote:   func(domain string) bool { return remote[domain] },
		Services: []c2s.Service{{JID: hq.Peer, Name: "Rooms of the headquarters"}},
		Limits:   c2s.Limits{StanzaBytes: c.Limits.StanzaBytes, Resources: c.Limits.SessionsPerUser, Rate: c.Limits.StanzasPerSecond},
		Version:  commands.Version(), Log: log,
	})
}

// bearers are the ways to the headquarters, in order of preference.
func bearers(hq site.Pairing, log *slog.Logger) []service.Bearer {
	var all []service.Bearer
	for i, b := range hq.Bearers {
		all = append(all, service.Bearer{Peer: hq.Peer, ID: service.BearerID(i), Name: b.Kind + " " + b.Port,
			Open: func(context.Context) (radio.Bearer, error) {
				return serial.Open(serial.Config{Path: b.Port, Baud: b.Rate, MTU: b.MTU, CRC: b.CRC, Flow: serial.Flow(b.Flow),
					HalfDuplex: b.HalfDuplex, Turnaround: time.Duration(b.Turnaround), Log: log})
			}})
	}
	return all
}
