package lab

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"picket/mirror/site"
	"picket/tools/lab/line"
	"picket/tools/rig/ejabberd"
	"picket/tools/rig/prosody"
)

const (
	configWait = 20 * time.Second // for one init or pair command
	hubWait    = 60 * time.Second // for the XMPP server; ejabberd on a busy machine
)

// setUp makes the world and waits until all of it works.
func (s *supervisor) setUp(step func(string, ...any) error, aborted func() error) error {
	w, err := plan(s.opt)
	if err != nil {
		return err
	}
	s.world = w
	for i := range w.Sites {
		s.sites = append(s.sites, &siteProc{site: &w.Sites[i], dir: filepath.Join(s.dir, w.Sites[i].Name)})
	}
	if err := step("configuring %d sites", len(w.Sites)); err != nil {
		return err
	}
	if s.opt.HQ != "embedded" {
		if err := step("starting %s", s.opt.HQ); err != nil {
			return err
		}
		if err := s.startHub(); err != nil {
			return err
		}
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := step("starting the programs"); err != nil {
		return err
	}
	if err := s.startAll(); err != nil {
		return err
	}
	if err := step("waiting for the links"); err != nil {
		return err
	}
	if err := s.awaitLinks(aborted); err != nil {
		return err
	}
	return s.save()
}

// startHub starts the headquarters' XMPP server; its ports are the site's.
func (s *supervisor) startHub() error {
	ctx, cancel := context.WithTimeout(context.Background(), hubWait)
	defer cancel()
	hq := s.sites[0].site
	components := []string{s.world.MUC}
	for _, sp := range s.sites[1:] {
		components = append(components, sp.site.Domain, mirrorDomain(sp.site))
	}
	var (
		server hub
		secret string
		err    error
	)
	if s.opt.HQ == "prosody" {
		server, secret, err = startProsody(ctx, filepath.Join(s.dir, "prosody"), components, hq)
	} else {
		server, secret, err = startEjabberd(ctx, components, hq)
	}
	if err != nil {
		return fail("apt-get install "+s.opt.HQ, "%v", err)
	}
	s.hub, s.hubSecret = server, secret
	return nil
}

// initHQ makes the headquarters' folder.
func (s *supervisor) initHQ(hq *siteProc) error {
	args := []string{"init", "-config", hq.dir, "-domain", hq.site.Domain, "-muc", s.world.MUC}
	if s.hub == nil {
		args = append(args, "-starttls", addr(hq.site.Port), "-tls", addr(hq.site.TLSPort), "-name", hq.site.Host)
	} else {
		secret := filepath.Join(hq.dir, "component.secret")
		if err := os.MkdirAll(hq.dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(secret, []byte(s.hubSecret+"\n"), 0o600); err != nil {
			return err
		}
		args = append(args, "-face", "component", "-server", s.hub.ComponentAddr(), "-secret-file", secret)
	}
	if err := s.command("picket-hq", args...); err != nil {
		return err
	}
	return s.tune(filepath.Join(hq.dir, "picket-hq.toml"))
}

// tune sets what the lab's options change in a fresh configuration, whose
// defaults stand there as comments.
func (s *supervisor) tune(path string) error {
	if s.opt.Hold == 0 {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "# hold = ") {
			lines[i] = fmt.Sprintf("hold = %q", s.opt.Hold)
			return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644)
		}
	}
	return fmt.Errorf("%s has no line for hold", path)
}

// pair gives the two ends their keys and the ports of the line between them.
func (s *supervisor) pair(hq, gateway *siteProc) error {
	return s.command("picketctl", "pair", "-hq", hq.dir, "-gateway", gateway.dir,
		"-hq-port", gateway.line.Path(hqEnd), "-gateway-port", gateway.line.Path(gatewayEnd),
		"-rate", strconv.Itoa(s.opt.Rate), "-keepalive", s.opt.KeepAlive.String(), "-tries", strconv.Itoa(s.opt.Tries))
}

// register makes an account where the site's accounts are.
func (s *supervisor) register(sp *siteProc, name, password string, admin bool) error {
	program := "picket"
	if sp == s.sites[0] {
		program = "picket-hq"
	}
	if sp == s.sites[0] && s.hub != nil {
		ctx, cancel := context.WithTimeout(context.Background(), configWait)
		defer cancel()
		if err := s.hub.Account(ctx, name, password); err != nil {
			return err
		}
	} else {
		do := "add"
		if sp.site.Account(name) != nil && sp.proc != nil {
			do = "password"
		}
		if err := s.commandWith(password+"\n", program, "user", do, "-config", sp.dir, "-stdin", name); err != nil {
			return err
		}
	}
	if !admin {
		return nil
	}
	return s.command("picket-hq", "admin", "add", "-config", s.sites[0].dir, name+"@"+sp.site.Domain)
}

// configure makes the folder of each site with the programs' own commands, and
// a line for each gateway.
func (s *supervisor) configure() error {
	hq := s.sites[0]
	if err := s.initHQ(hq); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "lines"), 0o700); err != nil {
		return err
	}
	for i, sp := range s.sites[1:] {
		if err := s.command("picket", "init", "-config", sp.dir, "-domain", sp.site.Domain,
			"-starttls", addr(sp.site.Port), "-tls", addr(sp.site.TLSPort), "-name", sp.site.Host); err != nil {
			return err
		}
		if err := s.tune(filepath.Join(sp.dir, "picket.toml")); err != nil {
			return err
		}
		if err := s.layLine(sp, uint64(s.opt.Seed)+uint64(i)); err != nil {
			return err
		}
		if err := s.pair(hq, sp); err != nil {
			return err
		}
	}
	for _, sp := range s.sites {
		if sp != hq || s.hub == nil {
			sp.site.CA = filepath.Join(sp.dir, site.CAFile)
		}
		for _, a := range sp.site.Accounts {
			name, _, _ := strings.Cut(a.JID, "@")
			if err := s.register(sp, name, a.Password, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// layLine lays the gateway's line. Frames on it are recorded: sealed, they tell
// nothing to who has no keys, and tests play them back.
func (s *supervisor) layLine(sp *siteProc, seed uint64) error {
	base := filepath.Join(s.dir, "lines", sp.site.Name)
	rec, err := os.Create(Recording(s.dir, sp.site.Name))
	if err != nil {
		return err
	}
	sp.line, err = line.New(line.Config{
		Paths: [2]string{gatewayEnd: base + ".gateway", hqEnd: base + ".hq"},
		Baud:  s.opt.Rate, Loss: s.opt.Loss, Seed: seed, Record: rec,
	})
	return err
}

// startAll starts the headquarters, then the gateways.
func (s *supervisor) startAll() error {
	for i, sp := range s.sites {
		program := "picket"
		if i == 0 {
			program = "picket-hq"
		}
		sp.proc = &process{name: sp.site.Name, command: []string{filepath.Join(s.opt.Bin, program), "run", "-config", sp.dir},
			logPath: filepath.Join(s.dir, sp.site.Name+".log"), started: s.starter.start}
		if err := sp.proc.start(); err != nil {
			return err
		}
	}
	for _, sp := range s.sites {
		if err := s.awaitPorts(sp); err != nil {
			return err
		}
	}
	return nil
}

// account makes an account on a running site, or gives an existing one another
// password, and tells lab.json.
func (s *supervisor) account(sp *siteProc, name, password string, admin bool) (string, error) {
	if password == "" {
		password = randomPassword()
	}
	if err := s.register(sp, name, password, admin); err != nil {
		return "", err
	}
	if admin {
		if err := s.restart(s.sites[0]); err != nil {
			return "", err
		}
	}
	jid := name + "@" + sp.site.Domain
	if a := sp.site.Account(name); a != nil {
		a.Password = password
	} else {
		sp.site.Accounts = append(sp.site.Accounts, Account{JID: jid, Password: password})
	}
	return password, s.save()
}

// restart stops a program and starts it again: picket-hq reads the list of
// administrators when it starts.
func (s *supervisor) restart(sp *siteProc) error {
	sp.proc.stop()
	if err := sp.proc.start(); err != nil {
		return err
	}
	return s.awaitPorts(sp)
}

// command runs one command of the programs to its end.
func (s *supervisor) command(program string, args ...string) error {
	return s.commandWith("", program, args...)
}

// commandWith gives it an input: passwords stay off command lines, which every
// user of the machine can read.
func (s *supervisor) commandWith(stdin, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), configWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.opt.Bin, program), args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return nil
}

func addr(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func startProsody(ctx context.Context, dir string, components []string, hq *Site) (hub, string, error) {
	if err := prosody.Ensure(ctx); err != nil {
		return nil, "", err
	}
	srv, err := prosody.Start(ctx, prosody.Config{Dir: dir, Domain: hq.Domain, Components: components})
	if err != nil {
		return nil, "", err
	}
	hq.Host, hq.Port, hq.TLSPort, hq.CA = srv.Host, srv.Port, srv.TLSPort, srv.CA
	return srv, srv.Secret, nil
}

// startEjabberd keeps the server's files in a folder of its own: it runs as
// another user, who may not be able to enter the lab's.
func startEjabberd(ctx context.Context, components []string, hq *Site) (hub, string, error) {
	if err := ejabberd.Ensure(ctx); err != nil {
		return nil, "", err
	}
	srv, err := ejabberd.Start(ctx, ejabberd.Config{Domain: hq.Domain, Components: components})
	if err != nil {
		return nil, "", err
	}
	hq.Host, hq.Port, hq.TLSPort, hq.CA = srv.Host, srv.Port, srv.TLSPort, srv.CA
	return srv, srv.Secret, nil
}
