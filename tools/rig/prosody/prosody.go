// Package prosody runs a private Prosody, the XMPP server of a headquarters that
// has one already, with external components on a free port (XEP-0114).
//
// It keeps everything in one directory, listens on the loopback only, speaks to
// no other server, and has its own certificate. Start and Stop are for tests and
// for the lab.
package prosody

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"picket/mirror/c2s/cert"
	"picket/tools/rig/debian"
)

const (
	program = "/usr/bin/prosody"
	control = "/usr/bin/prosodyctl"
)

// A Config says what the server serves.
type Config struct {
	Dir        string   // of its files, which it makes; "": a temporary one, removed by Stop
	Domain     string   // of its users
	Components []string // domains that external components serve
}

// A Server is a Prosody that runs.
type Server struct {
	Domain        string
	Host          string // 127.0.0.1
	Port          int    // of clients, STARTTLS
	TLSPort       int    // of clients, direct TLS
	ComponentPort int
	Secret        string // of every component
	CA            string // file, PEM
	PID           int

	dir        string
	temp       bool
	components bool // there are some
	cmd        *exec.Cmd
	exited     chan struct{}
}

// Ensure installs Prosody if it is not there.
func Ensure(ctx context.Context) error {
	return debian.Ensure(ctx, debian.Program{Path: program, Package: "prosody"})
}

// Start runs a server and waits until it listens. The context bounds the start.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{Domain: cfg.Domain, Host: "127.0.0.1", dir: cfg.Dir, Secret: random(), components: len(cfg.Components) > 0, exited: make(chan struct{})}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "prosody-")
		if err != nil {
			return nil, err
		}
		s.dir, s.temp = dir, true
	}
	if err := s.prepare(cfg); err != nil {
		s.clean()
		return nil, fmt.Errorf("prosody: %w", err)
	}
	log, err := os.Create(s.path("output.log"))
	if err != nil {
		s.clean()
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.Command(program, "--config", s.path("prosody.cfg.lua"), "-F")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // never outlives the test
	if err := s.cmd.Start(); err != nil {
		s.clean()
		return nil, fmt.Errorf("prosody: %w", err)
	}
	s.PID = s.cmd.Process.Pid
	go func() { s.cmd.Wait(); close(s.exited) }()
	if err := s.listening(ctx); err != nil {
		out, _ := os.ReadFile(s.path("output.log"))
		s.Stop()
		return nil, fmt.Errorf("prosody: %w: %s", err, out)
	}
	return s, nil
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// prepare makes the directory, the certificate and the configuration.
func (s *Server) prepare(cfg Config) error {
	if err := os.MkdirAll(s.path("data"), 0o700); err != nil {
		return err
	}
	now := time.Now()
	ca, err := cert.NewCA("prosody of "+cfg.Domain, now)
	if err != nil {
		return err
	}
	pair, err := ca.Issue(now, append([]string{cfg.Domain}, cfg.Components...)...)
	if err != nil {
		return err
	}
	s.CA = s.path("ca.pem")
	if err := ca.Save(s.CA, s.path("ca.key")); err != nil {
		return err
	}
	if err := pair.Save(s.path("server.crt"), s.path("server.key")); err != nil {
		return err
	}
	for _, p := range []*int{&s.Port, &s.TLSPort, &s.ComponentPort} {
		if *p, err = freePort(); err != nil {
			return err
		}
	}
	return os.WriteFile(s.path("prosody.cfg.lua"), []byte(s.config(cfg)), 0o600)
}

// config is the configuration. No limits module: it would hold a client to 67
// stanzas a second, and is what we compare with.
func (s *Server) config(cfg Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, `run_as_root = true
data_path = %q
pidfile = %q
log = { info = %q }
modules_enabled = { "roster", "saslauth", "tls", "disco", "c2s", "pep", "carbons", "blocklist", "smacks", "ping", "private", "vcard_legacy", "time", "version" }
modules_disabled = { "posix", "s2s" }
authentication = "internal_hashed"
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { %d }
c2s_direct_tls_interfaces = { "127.0.0.1" }
c2s_direct_tls_ports = { %d }
component_interfaces = { "127.0.0.1" }
component_ports = { %d }
s2s_ports = { }
http_ports = { }
https_ports = { }
ssl = { certificate = %q, key = %q }
c2s_direct_tls_ssl = { certificate = %[7]q, key = %[8]q }
VirtualHost %[9]q
`, s.path("data"), s.path("prosody.pid"), s.path("info.log"), s.Port, s.TLSPort, s.ComponentPort,
		s.path("server.crt"), s.path("server.key"), cfg.Domain)
	for _, c := range cfg.Components {
		fmt.Fprintf(&b, "Component %q\n  component_secret = %q\n", c, s.Secret)
	}
	return b.String()
}

func (s *Server) listening(ctx context.Context) error {
	ports := []int{s.Port, s.TLSPort}
	if s.components {
		ports = append(ports, s.ComponentPort)
	}
	for _, port := range ports {
		for {
			conn, err := net.Dial("tcp", net.JoinHostPort(s.Host, fmt.Sprint(port)))
			if err == nil {
				conn.Close()
				break
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-s.exited:
				return fmt.Errorf("it ended at once")
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// ComponentAddr is where a component connects.
func (s *Server) ComponentAddr() string { return fmt.Sprintf("%s:%d", s.Host, s.ComponentPort) }

// Account makes a user.
func (s *Server) Account(ctx context.Context, user, password string) error {
	out, err := exec.CommandContext(ctx, control, "--root", "--config", s.path("prosody.cfg.lua"), "register", user, s.Domain, password).CombinedOutput()
	if err != nil {
		return fmt.Errorf("prosody: account %s: %w: %s", user, err, out)
	}
	return nil
}

// Log gives the server's own log.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.path("info.log"))
	return string(b)
}

// Stop ends the server.
func (s *Server) Stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(5 * time.Second):
		s.cmd.Process.Kill()
		<-s.exited
	}
	s.clean()
}

func (s *Server) clean() {
	if s.temp {
		os.RemoveAll(s.dir)
	}
}

// freePort gives a port that was free just now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func random() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
