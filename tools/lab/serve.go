package lab

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"picket/tools/lab/line"
)

// A supervisor owns a running world: the lines, the programs, the headquarters'
// XMPP server where there is one. Requests are served one at a time.
type supervisor struct {
	dir     string
	opt     Options
	log     *slog.Logger
	starter *starter

	mu    sync.Mutex
	world *World
	sites []*siteProc // as World.Sites
	hub   hub         // nil: picket-hq is its own server

	hubSecret string // of its components
}

// A siteProc is what runs for one site.
type siteProc struct {
	site *Site
	dir  string // configuration and state
	proc *process
	line *line.Line // nil for the headquarters
	cut  bool
}

// A hub is the XMPP server that the headquarters' users log in to when picket-hq
// is its component.
type hub interface {
	Account(ctx context.Context, name, password string) error
	ComponentAddr() string
	Stop()
}

// runServe is the supervisor. Descriptor 3, where it is open, takes reports for
// `lab up`; without one it is run by hand and reports to stdout.
func runServe(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	dirFlag := fs.String("dir", "", "")
	if _, err := parse(fs, args); err != nil {
		return err
	}
	dir, err := filepath.Abs(*dirFlag)
	if err != nil {
		return err
	}
	out := stdout
	if f := os.NewFile(3, "reports"); f != nil {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeNamedPipe != 0 {
			out = f
			defer f.Close()
			syscall.CloseOnExec(3) // the programs must not hold it open
		}
	}
	enc := json.NewEncoder(out)
	s := &supervisor{dir: dir, log: slog.New(slog.NewTextHandler(stderr, nil)), starter: newStarter()}
	err = s.run(func(r report) error { return enc.Encode(r) })
	if err != nil {
		rep := report{Error: err.Error()}
		var u *userError
		if errors.As(err, &u) {
			rep.Hint = u.hint
		}
		if rep.Hint == "" {
			rep.Hint = "see the logs in " + dir
		}
		enc.Encode(rep)
	}
	return err
}

// run brings the world up, serves requests until it is told to stop, and takes
// everything down whichever way it ends.
func (s *supervisor) run(tell func(report) error) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	b, err := os.ReadFile(filepath.Join(s.dir, "options.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &s.opt); err != nil {
		return err
	}
	l, err := listen(s.dir)
	if err != nil {
		return err
	}
	defer l.Close() // also unlinks it
	defer s.tearDown()
	aborted := func() error {
		select {
		case <-stop:
			return errors.New("told to stop before it was ready")
		default:
			return nil
		}
	}
	step := func(format string, args ...any) error {
		text := fmt.Sprintf(format, args...)
		s.log.Info(text)
		if err := tell(report{Step: text}); err != nil {
			return fmt.Errorf("nobody waits for this lab any more: %w", err)
		}
		return aborted()
	}
	if err := s.setUp(step, aborted); err != nil {
		return err
	}
	down := make(chan struct{})
	go s.accept(l, down)
	if err := tell(report{Ready: true}); err != nil {
		return err
	}
	s.log.Info("ready")
	select {
	case <-down:
	case sig := <-stop:
		s.log.Info("stopping", "signal", sig.String())
	}
	return nil
}

// accept serves the control socket, one request at a time. The answer to "down"
// leaves once everything is stopped.
func (s *supervisor) accept(l net.Listener, down chan<- struct{}) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.SetDeadline(time.Now().Add(requestTimeout))
		var req request
		if err := json.NewDecoder(c).Decode(&req); err != nil {
			c.Close()
			continue
		}
		ans := s.answer(req)
		if req.Do == "down" {
			l.Close() // before the answer: the next lab may take the socket's name at once
		}
		json.NewEncoder(c).Encode(ans)
		c.Close()
		if req.Do == "down" {
			close(down)
			return
		}
	}
}

func (s *supervisor) answer(req request) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.Info("request", "do", req.Do, "site", req.Site, "name", req.Name)
	ans, err := s.do(req)
	if err == nil {
		return ans
	}
	ans = &answer{Error: err.Error()}
	var u *userError
	if errors.As(err, &u) {
		ans.Hint = u.hint
	}
	return ans
}

func (s *supervisor) do(req request) (*answer, error) {
	switch req.Do {
	case "down":
		s.stopAll()
		return &answer{Text: "down"}, nil
	case "status":
		return &answer{Status: s.status()}, nil
	}
	sp, err := s.find(req.Site)
	if err != nil {
		return nil, err
	}
	switch req.Do {
	case "account":
		password, err := s.account(sp, req.Name, req.Password, req.Admin)
		return &answer{Text: password}, err
	case "cut", "heal":
		return s.turnLines(sp, req.Do == "cut")
	case "inject":
		return s.inject(sp, req.FromHQ, req.File)
	case "kill":
		if err := sp.proc.kill(); err != nil {
			return nil, err
		}
		return &answer{Text: sp.site.Name + " is killed"}, s.save()
	case "start":
		if err := sp.proc.start(); err != nil {
			return nil, err
		}
		if err := s.awaitPorts(sp); err != nil {
			return nil, err
		}
		return &answer{Text: sp.site.Name + " runs"}, s.save()
	}
	return nil, fmt.Errorf("%q is no request", req.Do)
}

func (s *supervisor) find(name string) (*siteProc, error) {
	var names []string
	for _, sp := range s.sites {
		if sp.site.Name == name || sp.site.Domain == name {
			return sp, nil
		}
		names = append(names, sp.site.Name)
	}
	return nil, fail(fmt.Sprintf("one of %v", names), "there is no site %q", name)
}

// turnLines cuts or heals the line of a gateway, or all of them for the
// headquarters.
func (s *supervisor) turnLines(sp *siteProc, cut bool) (*answer, error) {
	word := "whole"
	if cut {
		word = "cut"
	}
	for _, o := range s.sites {
		if o.line == nil || sp.line != nil && o != sp {
			continue
		}
		o.cut = cut
		if cut {
			o.line.Cut()
		} else {
			o.line.Heal()
		}
	}
	return &answer{Text: "the line of " + sp.site.Name + " is " + word}, nil
}

func (s *supervisor) inject(sp *siteProc, fromHQ bool, file string) (*answer, error) {
	if sp.line == nil {
		return nil, fail("name a gateway", "%s has no line of its own", sp.site.Name)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	from := gatewayEnd
	if fromHQ {
		from = hqEnd
	}
	sp.line.Inject(from, b)
	return &answer{Text: fmt.Sprintf("%d bytes are put on the line of %s", len(b), sp.site.Name)}, nil
}

// save writes lab.json with the processes as they are now.
func (s *supervisor) save() error {
	for _, sp := range s.sites {
		_, sp.site.PID = sp.proc.state()
	}
	return writeJSON(filepath.Join(s.dir, "lab.json"), s.world)
}

// stopAll stops gateways first, so that none logs a headquarters that went away.
func (s *supervisor) stopAll() {
	for i := len(s.sites) - 1; i >= 0; i-- {
		if sp := s.sites[i]; sp.proc != nil {
			sp.proc.stop()
		}
	}
	if s.hub != nil {
		s.hub.Stop()
		s.hub = nil
	}
	for _, sp := range s.sites {
		if sp.line != nil {
			sp.line.Close()
			sp.line = nil
		}
	}
	os.Remove(filepath.Join(s.dir, "lab.json"))
}

func (s *supervisor) tearDown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopAll()
}
