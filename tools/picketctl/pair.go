package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"picket/mirror/c2s/cert"
	"picket/mirror/site"
	"picket/mirror/site/commands"
	"picket/radio/link"
	"picket/radio/pair"
	"picket/tools/picket-hq/config"
)

const pairUsage = `usage: picketctl pair -hq DIR|FILE -gateway DIR|FILE [-hq-port DEVICE] [-gateway-port DEVICE] [-rate BIT/S]
                      [-mtu N] [-crc] [-flow rtscts] [-half-duplex] [-turnaround D] [-keepalive D] [-tries N] [-id N] [-replace]

Makes the keys of a headquarters and a gateway whose folders are both at hand, and
writes links/ and keys/ at both: each has its own private key, the other's public
one, and the secret that they share. The headquarters' authority signs the
gateway's certificate. The words that are printed are the same at both ends; who
carries a folder elsewhere compares them there.`

// gatewayFile is the name of a gateway's configuration.
const gatewayFile = "picket.toml"

// A gateway is what a pairing has to know of picket.toml.
type gateway struct {
	Domain string `toml:"domain"`
	Mirror string `toml:"mirror"`
}

// A pairing under way.
type pairing struct {
	hqDir, gatewayDir       string
	hq                      *config.Config
	gateway                 gateway
	hqBearer, gatewayBearer site.Bearer
	keepalive               time.Duration
	tries                   int
	id                      uint
	replace                 bool
	now                     time.Time
	bearersGiven            bool // by flags: else -replace keeps what is there
}

func pairMain(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return commands.Exit(runPair(args, stdout), pairUsage, stdout, stderr)
}

func runPair(args []string, stdout io.Writer) error {
	p := pairing{now: time.Now()}
	fs := flag.NewFlagSet("pair", flag.ContinueOnError)
	hqArg := fs.String("hq", "", "")
	gatewayArg := fs.String("gateway", "", "")
	b := site.Bearer{Kind: "serial"}
	hqPort := fs.String("hq-port", "/dev/ttyUSB0", "")
	gatewayPort := fs.String("gateway-port", "/dev/ttyUSB0", "")
	fs.IntVar(&b.Rate, "rate", 9600, "")
	fs.IntVar(&b.MTU, "mtu", 0, "")
	fs.BoolVar(&b.CRC, "crc", false, "")
	fs.StringVar(&b.Flow, "flow", "", "")
	fs.BoolVar(&b.HalfDuplex, "half-duplex", false, "")
	fs.Func("turnaround", "", func(s string) error { return b.Turnaround.UnmarshalText([]byte(s)) })
	fs.DurationVar(&p.keepalive, "keepalive", 0, "")
	fs.IntVar(&p.tries, "tries", 0, "")
	fs.UintVar(&p.id, "id", 0, "")
	fs.BoolVar(&p.replace, "replace", false, "")
	rest, err := commands.Parse(fs, "picketctl pair -h", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 || *hqArg == "" || *gatewayArg == "" {
		return &commands.Usage{What: "pair: -hq and -gateway are needed, and nothing else", Help: "picketctl pair -h"}
	}
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "hq", "gateway", "id", "replace":
		default:
			p.bearersGiven = true
		}
	})
	p.hqBearer, p.gatewayBearer = b, b
	p.hqBearer.Port, p.gatewayBearer.Port = *hqPort, *gatewayPort
	if err := p.find(*hqArg, *gatewayArg); err != nil {
		return err
	}
	return p.run(stdout)
}

// find reads both configurations.
func (p *pairing) find(hqArg, gatewayArg string) error {
	hqPath, err := site.Find(hqArg, config.FileName)
	if err != nil {
		return err
	}
	if p.hq, err = config.Load(hqPath); err != nil {
		return err
	}
	gatewayPath, err := site.Find(gatewayArg, gatewayFile)
	if err != nil {
		return err
	}
	p.hqDir, p.gatewayDir = filepath.Dir(hqPath), filepath.Dir(gatewayPath)
	return site.Peek(gatewayPath, &p.gateway)
}

func (p *pairing) run(stdout io.Writer) error {
	atHQ, atGateway, err := p.present()
	if err != nil {
		return err
	}
	hqOwn, err := site.EnsureOwnKey(p.hqDir)
	if err != nil {
		return err
	}
	gatewayOwn, err := site.EnsureOwnKey(p.gatewayDir)
	if err != nil {
		return err
	}
	psk, err := pair.NewPSK(rand.Reader)
	if err != nil {
		return err
	}
	id, err := p.chooseID(atHQ)
	if err != nil {
		return err
	}
	common := site.Link{ID: id, TagBytes: link.TagBytesFor(p.hqBearer.Rate), KeepAlive: site.Duration(p.keepalive), Tries: p.tries}
	hqLink, gatewayLink := common, common
	hqLink.Peer, hqLink.Domains, hqLink.Public = p.gateway.Mirror, []string{p.gateway.Domain}, gatewayOwn.Public()
	hqLink.Bearers = []site.Bearer{p.hqBearer}
	gatewayLink.Peer, gatewayLink.Domains, gatewayLink.Public = p.hq.MUC, []string{p.hq.Domain}, hqOwn.Public()
	gatewayLink.Bearers = []site.Bearer{p.gatewayBearer}
	if !p.bearersGiven {
		keep(&hqLink, atHQ)
		keep(&gatewayLink, atGateway)
	}
	for _, l := range []*site.Link{&hqLink, &gatewayLink} {
		if problems := l.Validate(); len(problems) > 0 { // before anything is taken away
			return &problems[0]
		}
	}
	if err := site.RemoveLinks(p.gatewayDir); err != nil { // a gateway has one headquarters
		return err
	}
	if err := site.WriteLink(p.gatewayDir, gatewayLink, psk, p.now); err != nil {
		return err
	}
	if err := site.WriteLink(p.hqDir, hqLink, psk, p.now); err != nil {
		return err
	}
	signed, err := p.sign()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s and %s are paired, link id %d\n", p.hq.MUC, p.gateway.Mirror, id)
	fmt.Fprintf(stdout, "words:  %s\n", pair.Words(hqOwn.Public(), gatewayOwn.Public(), psk))
	if signed != "" {
		fmt.Fprintf(stdout, "clients of %s trust %s, SHA-256\n        %s\n", p.gateway.Domain, filepath.Join(p.gatewayDir, site.CAFile), signed)
	}
	return nil
}

// present gives the links that are there, nil for none, and refuses them
// unless they are to be replaced.
func (p *pairing) present() (atHQ, atGateway *site.Link, err error) {
	if atHQ, err = site.ReadLink(site.LinkFile(p.hqDir, p.gateway.Mirror)); err != nil {
		return nil, nil, err
	}
	files, err := site.LinkFiles(p.gatewayDir)
	if err != nil {
		return nil, nil, err
	}
	if len(files) > 0 {
		if atGateway, err = site.ReadLink(files[0]); err != nil {
			return nil, nil, err
		}
	}
	if (atHQ != nil || len(files) > 0) && !p.replace {
		there := site.LinkFile(p.hqDir, p.gateway.Mirror)
		if atHQ == nil {
			there = files[0]
		}
		return nil, nil, &site.Problem{File: there, What: "there is a pairing already",
			Hint: "-replace makes new keys at both ends; until both have them, the link is down"}
	}
	return atHQ, atGateway, nil
}

// keep takes over what people may have set by hand in a link that is replaced.
func keep(l *site.Link, old *site.Link) {
	if old != nil {
		l.Bearers, l.TagBytes, l.KeepAlive, l.Tries = old.Bearers, old.TagBytes, old.KeepAlive, old.Tries
	}
}

// chooseID gives the flag's id, the one that the gateway has, or a free one.
func (p *pairing) chooseID(atHQ *site.Link) (uint8, error) {
	taken, err := site.LinkIDs(p.hqDir, p.gateway.Mirror)
	if err != nil {
		return 0, err
	}
	for _, m := range p.hq.XMLMirrors {
		taken[m.ID] = m.Name
	}
	switch {
	case p.id > site.LinkIDMax:
		return 0, &commands.Usage{What: fmt.Sprintf("pair: -id %d is over %d", p.id, site.LinkIDMax), Help: "leave it out"}
	case p.id != 0 && taken[uint8(p.id)] != "":
		return 0, &site.Problem{What: fmt.Sprintf("link id %d is that of %s", p.id, taken[uint8(p.id)]), Hint: "leave -id out"}
	case p.id != 0:
		return uint8(p.id), nil
	case atHQ != nil:
		return atHQ.ID, nil
	}
	for id := uint8(1); id <= site.LinkIDMax; id++ {
		if taken[id] == "" {
			return id, nil
		}
	}
	return 0, &site.Problem{File: p.hqDir, What: fmt.Sprintf("all %d link ids are taken", site.LinkIDMax), Hint: "remove the links of gateways that are gone"}
}

// sign gives the gateway a certificate of the headquarters' authority, for the
// names that its old one had. It gives the authority's fingerprint, "" where
// the headquarters has none.
func (p *pairing) sign() (fingerprint string, err error) {
	ca, err := cert.Load(filepath.Join(p.hqDir, site.CAFile), filepath.Join(p.hqDir, site.CAKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	names, err := commands.Names(p.gatewayDir)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		names = []string{p.gateway.Domain}
	}
	return ca.Fingerprint(), commands.NewCertificate(p.gatewayDir, ca, p.now, names...)
}
