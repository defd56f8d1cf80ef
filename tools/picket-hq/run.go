package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"picket/codec/text"
	"picket/codec/xmltree"
	"picket/mirror/c2s/account"
	"picket/mirror/journal"
	"picket/mirror/master"
	"picket/mirror/node"
	"picket/mirror/service"
	"picket/mirror/site"
	"picket/mirror/site/commands"
	"picket/radio"
	"picket/radio/serial"
	"picket/tools/picket-hq/config"
)

// A face is how the users here reach the rooms.
type face interface {
	// deliver hands a stanza to a user here; false: nobody there.
	deliver(el *xmltree.Element) bool
	// front is what the face runs.
	front() service.Front
}

// run is the headquarters, until a signal ends it.
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
	own, gateways, err := site.LoadPairings(c.Dir)
	if err != nil {
		return err
	}
	accounts, err := account.Open(c.Path(site.Accounts))
	if err != nil {
		return err
	}
	role, err := openMaster(c, gateways, accounts)
	if err != nil {
		return err
	}
	words, err := text.Load()
	if err != nil {
		return err
	}
	n, err := service.OpenNode(j, node.Config{Machine: role, Domain: c.MUC, Text: words.NewModel(), Peers: service.Peers(own, gateways, false)})
	if err != nil {
		return err
	}
	var users face // made after the service that it hands stanzas to
	svc, err := service.New(service.Config{
		About:   service.About{Program: "picket-hq", Version: commands.Version(), Site: c.Domain},
		Node:    n,
		Journal: j,
		Deliver: func(el *xmltree.Element) bool { return users.deliver(el) },
		Bearers: bearers(gateways, log),
		Wall:    time.Now,
		Log:     log,
	})
	if err != nil {
		return err
	}
	if c.Face == config.Embedded {
		users, err = openServer(c, gateways, accounts, svc, log)
	} else {
		users, err = openComponents(c, gateways, svc, log)
	}
	if err != nil {
		return err
	}
	front := users.front()
	front.PortsFile, front.StatusFile = c.StatePath(site.PortsFile), c.StatePath(site.StatusFile)
	return service.Serve(ctx, svc, front, log)
}

// openMaster makes the role: mirrors are the paired gateways, and those that
// speak XML.
func openMaster(c *config.Config, gateways []site.Pairing, accounts *account.File) (*master.Master, error) {
	admins, err := c.LoadAdmins()
	if err != nil {
		return nil, err
	}
	if c.Face == config.Embedded {
		for _, user := range accounts.Admins() {
			admins = append(admins, user+"@"+c.Domain)
		}
	}
	var mirrors []master.Mirror
	for _, g := range gateways {
		mirrors = append(mirrors, master.Mirror{Name: g.Peer, Domains: without(g.Domains, g.Peer), Origin: g.ID})
	}
	for _, m := range c.XMLMirrors {
		mirrors = append(mirrors, master.Mirror{Name: m.Name, Domains: without(m.Domains, m.Name), Origin: m.ID})
	}
	return master.New(master.Config{
		Domain: c.MUC, Mirrors: mirrors, Admins: admins, OpenCreation: c.OpenCreation,
		Hold: time.Duration(c.Hold), ResumeWait: time.Duration(c.ResumeWait),
		RoomsMax: c.Limits.Rooms, ArchiveMax: c.Limits.HistoryMessages, Wall: time.Now(),
	})
}

// without leaves one name out: a mirror's own domain is its own anyway.
func without(domains []string, name string) []string {
	var kept []string
	for _, d := range domains {
		if d != name {
			kept = append(kept, d)
		}
	}
	return kept
}

// bearers are the ways to the gateways.
func bearers(gateways []site.Pairing, log *slog.Logger) []service.Bearer {
	var all []service.Bearer
	for _, g := range gateways {
		for i, b := range g.Bearers {
			all = append(all, service.Bearer{Peer: g.Peer, ID: service.BearerID(i), Name: b.Kind + " " + b.Port,
				Open: func(context.Context) (radio.Bearer, error) {
					return serial.Open(serial.Config{Path: b.Port, Baud: b.Rate, MTU: b.MTU, CRC: b.CRC, Flow: serial.Flow(b.Flow),
						HalfDuplex: b.HalfDuplex, Turnaround: time.Duration(b.Turnaround), Log: log})
				}})
		}
	}
	return all
}
