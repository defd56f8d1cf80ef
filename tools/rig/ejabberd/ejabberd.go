// Package ejabberd runs a private ejabberd, the XMPP server of a headquarters
// that has one already, with external components on a free port (XEP-0114).
//
// It keeps everything in one directory, listens on the loopback only, speaks to
// no other server, and has its own certificate. Start and Stop are for tests and
// for the lab.
package ejabberd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"picket/mirror/c2s/cert"
	"picket/tools/rig/debian"
)

const control = "/usr/sbin/ejabberdctl"

// A Config says what the server serves.
type Config struct {
	Dir        string   // of its files, which it makes; "": a temporary one, removed by Stop
	Domain     string   // of its users
	Components []string // domains that external components serve
}

// A Server is an ejabberd that runs.
type Server struct {
	Domain        string
	Host          string // 127.0.0.1
	Port          int    // of clients, STARTTLS
	TLSPort       int    // of clients, direct TLS
	ComponentPort int
	Secret        string // of every component
	CA            string // file, PEM
	PID           int    // of the server itself

	dir        string
	temp       bool
	components bool // there are some
	node       string
	cmd        *exec.Cmd
	exited     chan struct{}
}

// Ensure installs ejabberd if it is not there.
func Ensure(ctx context.Context) error {
	return debian.Ensure(ctx, debian.Program{Path: control, Package: "ejabberd"})
}

// Start runs a server and waits until it listens: some seconds. The context
// bounds the start.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{Domain: cfg.Domain, Host: "127.0.0.1", dir: cfg.Dir, Secret: random(), components: len(cfg.Components) > 0,
		node: "picket" + random()[:8] + "@localhost", exited: make(chan struct{})}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "ejabberd-")
		if err != nil {
			return nil, err
		}
		s.dir, s.temp = dir, true
	}
	if err := s.prepare(cfg); err != nil {
		s.clean()
		return nil, fmt.Errorf("ejabberd: %w", err)
	}
	log, err := os.Create(s.path("output.log"))
	if err != nil {
		s.clean()
		return nil, err
	}
	defer log.Close()
	s.cmd = s.ctl(context.Background(), "foreground")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.clean()
		return nil, fmt.Errorf("ejabberd: %w", err)
	}
	go func() { s.cmd.Wait(); close(s.exited) }()
	if err := s.listening(ctx); err != nil {
		out, _ := os.ReadFile(s.path("output.log"))
		s.Stop()
		return nil, fmt.Errorf("ejabberd: %w: %s", err, out)
	}
	s.PID = s.erlang()
	return s, nil
}

// erlang gives the process of the server itself, which is a child of the control
// script and does not end with it; 0: there is none.
func (s *Server) erlang() int {
	b, _ := os.ReadFile(s.path("ejabberd.pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// ctl makes a call of the control script for this server.
func (s *Server) ctl(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, control, append([]string{"--config-dir", s.dir, "--spool", s.path("spool"),
		"--logs", s.path("logs"), "--node", s.node}, args...)...)
	cmd.Env = append(os.Environ(), "EJABBERD_PID_PATH="+s.path("ejabberd.pid"))
	return cmd
}

// prepare makes the directory, the certificate and the configuration, all of
// which must belong to the user that the control script changes to.
func (s *Server) prepare(cfg Config) error {
	for _, d := range []string{s.dir, s.path("spool"), s.path("logs")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	now := time.Now()
	ca, err := cert.NewCA("ejabberd of "+cfg.Domain, now)
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
	if err := os.WriteFile(s.path("ejabberd.yml"), []byte(s.config(cfg)), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("inetrc"), nil, 0o600); err != nil { // else it complains
		return err
	}
	return s.give()
}

// give makes the files those of the user ejabberd, if we may.
func (s *Server) give() error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("ejabberd")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return filepath.Walk(s.dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
}

// config is the configuration. Without global_routes: false each connection gets
// the stanzas of all component domains of the listener, by turns.
func (s *Server) config(cfg Config) string {
	var service strings.Builder
	if s.components {
		fmt.Fprintf(&service, `  - port: %d
    ip: "127.0.0.1"
    module: ejabberd_service
    global_routes: false
    hosts:
`, s.ComponentPort)
	}
	for _, c := range cfg.Components {
		fmt.Fprintf(&service, "      %q: {password: %q}\n", c, s.Secret)
	}
	return fmt.Sprintf(`hosts: [%q]
loglevel: info
certfiles: [%q, %q]
ca_file: %q
listen:
  - {port: %d, ip: "127.0.0.1", module: ejabberd_c2s, starttls_required: true}
  - {port: %d, ip: "127.0.0.1", module: ejabberd_c2s, tls: true}
%sauth_password_format: scram
modules: {mod_disco: {}, mod_roster: {}, mod_ping: {}, mod_private: {}, mod_vcard: {}, mod_version: {}, mod_carboncopy: {}, mod_blocking: {}, mod_privacy: {}, mod_time: {}}
`, cfg.Domain, s.path("server.crt"), s.path("server.key"), s.CA, s.Port, s.TLSPort, service.String())
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
			case <-time.After(50 * time.Millisecond):
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
func (s *Server) Account(ctx context.Context, name, password string) error {
	out, err := s.ctl(ctx, "register", name, s.Domain, password).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ejabberd: account %s: %w: %s", name, err, out)
	}
	return nil
}

// Log gives the server's own log.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.path("logs/ejabberd.log"))
	return string(b)
}

// Stop ends the server.
func (s *Server) Stop() {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if pid := s.erlang(); pid > 0 {
			syscall.Kill(pid, sig)
		} else {
			s.cmd.Process.Signal(sig)
		}
		select {
		case <-s.exited:
		case <-time.After(10 * time.Second):
			continue
		}
		break
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
