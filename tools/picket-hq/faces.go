package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"picket/codec/xmltree"
	"picket/mirror/c2s"
	"picket/mirror/c2s/account"
	"picket/mirror/component"
	"picket/mirror/service"
	"picket/mirror/site"
	"picket/mirror/site/commands"
	"picket/tools/picket-hq/config"
)

// An embedded face is our own XMPP server.
type embedded struct {
	server *c2s.Server
	listen site.Listen
}

// openServer makes the users' server, which hands to the node what is for the
// rooms and for the gateways' domains.
func openServer(c *config.Config, gateways []site.Pairing, accounts *account.File, h c2s.Handler, log *slog.Logger) (face, error) {
	tls, err := commands.ServerTLS(c.Dir)
	if err != nil {
		return nil, err
	}
	store, err := c2s.NewDir(c.StatePath(site.UsersDir))
	if err != nil {
		return nil, err
	}
	remote := map[string]bool{c.MUC: true}
	for _, g := range gateways {
		remote[g.Peer] = true
		for _, d := range g.Domains {
			remote[d] = true
		}
	}
	server, err := c2s.New(c2s.Config{
		Domains: []string{c.Domain}, TLS: tls, Accounts: accounts, Handler: h, Store: store,
		Remote:   func(domain string) bool { return remote[domain] },
		Services: []c2s.Service{{JID: c.MUC, Name: "Rooms"}},
		Limits:   c2s.Limits{StanzaBytes: c.Limits.StanzaBytes, Resources: c.Limits.SessionsPerUser, Rate: c.Limits.StanzasPerSecond},
		Version:  commands.Version(), Log: log,
	})
	return &embedded{server, c.Listen}, err
}

func (e *embedded) deliver(el *xmltree.Element) bool { return e.server.Send(el) }

func (e *embedded) front() service.Front {
	return service.Front{Listen: e.listen, StartTLS: e.server.Serve, TLS: e.server.ServeTLS}
}

// A components face is the users' own server, of which we are one component a
// domain: the rooms', and each gateway's, whose users then are reached from it.
type components struct {
	clients map[string]*component.Client // by domain
}

func openComponents(c *config.Config, gateways []site.Pairing, svc *service.Service, log *slog.Logger) (face, error) {
	secret, err := site.ReadSecret(c.Path(c.Component.SecretFile))
	if err != nil {
		return nil, err
	}
	domains := []string{c.MUC}
	if c.Component.GatewayDomains {
		for _, g := range gateways {
			domains = append(domains, g.Peer)
			domains = append(domains, without(g.Domains, g.Peer)...)
		}
	}
	face := &components{clients: map[string]*component.Client{}}
	for _, domain := range domains {
		client, err := component.New(component.Config{
			Addr: c.Component.Addr, Domain: domain, Secret: strings.TrimSpace(string(secret)),
			Handler: func(el *xmltree.Element) { svc.Stanza(el.Get("from"), el) },
			Log:     log.With("component", domain),
		})
		if err != nil {
			return nil, err
		}
		face.clients[domain] = client
	}
	return face, nil
}

// deliver sends by the component whose domain the stanza is from.
func (f *components) deliver(el *xmltree.Element) bool {
	client := f.clients[domainOf(el.Get("from"))]
	return client != nil && client.Send(el)
}

func (f *components) front() service.Front {
	var front service.Front
	for _, client := range f.clients {
		front.Others = append(front.Others, func(ctx context.Context) error { return explain(client.Run(ctx)) })
	}
	return front
}

// explain says what to do about a component that the server refuses for good.
func explain(err error) error {
	var fatal *component.FatalError
	if errors.As(err, &fatal) {
		return &site.Problem{What: err.Error(), Hint: fatal.Hint}
	}
	return err
}

// domainOf gives the domain of a JID that a server has checked.
func domainOf(jid string) string {
	bare, _, _ := strings.Cut(jid, "/")
	if _, domain, ok := strings.Cut(bare, "@"); ok {
		return domain
	}
	return bare
}
