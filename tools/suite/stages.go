package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A stage is one kind of test.
type stage struct {
	name  string
	does  string
	limit time.Duration
	run   func(*suite, context.Context) error
}

// stages, cheap ones first.
var stages = []stage{
	{"check", "formatting, vet and the house's rules", 5 * time.Minute, (*suite).check},
	{"unit", "all tests that need nothing but Go, the transcripts among them", 6 * time.Minute, (*suite).unit},
	{"race", "what has goroutines, under the race detector", 6 * time.Minute, (*suite).race},
	{"sim", "worlds of the simulator: fixed seeds, then new ones", 5 * time.Minute, (*suite).sim},
	{"fuzz", "every decoder for a moment", 8 * time.Minute, (*suite).fuzz},
	{"build", "the programs for all machines", 6 * time.Minute, (*suite).build},
	{"install", "the Debian packages of the real counterparts", 10 * time.Minute, (*suite).install},
	{"rig", "real counterparts: slixmpp, Profanity, Prosody, ejabberd, QEMU", 12 * time.Minute, (*suite).rig},
}

func stageNames() (names []string) {
	for _, s := range stages {
		names = append(names, s.name)
	}
	return names
}

// A suite is one run.
type suite struct {
	out      io.Writer
	pkg      string
	fuzzTime time.Duration
}

// command runs a program to its end, its output passed on.
func (s *suite) command(ctx context.Context, env []string, name string, args ...string) error {
	cmd := s.prepare(ctx, env, name, args...)
	cmd.Stdout, cmd.Stderr = s.out, s.out
	return cmd.Run()
}

// prepare lets a program that is asked to end clean up, for a while.
func (s *suite) prepare(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func (s *suite) check(ctx context.Context) error {
	out, err := s.prepare(ctx, nil, "gofmt", "-l", ".").Output()
	if err != nil {
		return fmt.Errorf("gofmt: %w", err)
	}
	if len(out) > 0 {
		return fmt.Errorf("not as gofmt has it: %s", strings.Join(strings.Fields(string(out)), " "))
	}
	if err := s.command(ctx, nil, "go", "vet", "./..."); err != nil {
		return err
	}
	return s.command(ctx, nil, "go", "test", "./tools/tidy")
}

func (s *suite) unit(ctx context.Context) error {
	return s.command(ctx, nil, "go", "test", "-timeout", "5m", "./...")
}

// race runs the shells, which alone have goroutines, once more. The detector
// wants a C compiler.
func (s *suite) race(ctx context.Context) error {
	if _, err := exec.LookPath("gcc"); err != nil {
		s.say("race: left out, there is no gcc (apt-get install gcc libc6-dev)")
		return nil
	}
	return s.command(ctx, []string{"CGO_ENABLED=1"}, "go", "test", "-race", "-timeout", "5m",
		"./board", "./firmware/...", "./mirror/c2s/...", "./mirror/component", "./mirror/journal", "./mirror/service",
		"./radio/serial", "./tools/lab/...", "./tools/picket-hq/...")
}

// sim runs worlds that are the same each time, and a few that nobody has seen.
func (s *suite) sim(ctx context.Context) error {
	const fixed, fresh = "1-100", 50
	first := time.Now().Unix() % 1_000_000 * 1000
	for _, seeds := range []string{fixed, fmt.Sprintf("%d-%d", first, first+fresh-1)} {
		args := []string{"run", "./tools/picketctl", "sim", "-seeds", seeds, "-gateways", "5", "-hours", "2", "-faults", "all"}
		fmt.Fprintln(s.out, "go", strings.Join(args, " "))
		if err := s.command(ctx, nil, "go", args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) build(ctx context.Context) error {
	return s.command(ctx, nil, "go", "run", "./tools/build")
}

func (s *suite) install(ctx context.Context) error {
	return s.command(ctx, nil, "go", "run", "./tools/rig/install")
}

// fuzz runs each target by itself: the go command takes one at a time. An input
// that breaks it is kept in the package's testdata/fuzz by the go command.
func (s *suite) fuzz(ctx context.Context) error {
	list, err := s.prepare(ctx, nil, "go", "test", "-list", "^Fuzz", s.pkg).Output()
	if err != nil {
		return fmt.Errorf("go test -list: %w\n%s", err, list)
	}
	targets := parseTargets(string(list))
	if len(targets) == 0 {
		return fmt.Errorf("%s has no fuzz target", s.pkg)
	}
	var failed []error
	for _, t := range targets {
		fmt.Fprintf(s.out, "%s %s\n", t.pkg, t.name)
		out, err := s.prepare(ctx, nil, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", s.fuzzTime.String(), t.pkg).CombinedOutput()
		if err != nil {
			fmt.Fprintf(s.out, "%s", out)
			failed = append(failed, fmt.Errorf("%s in %s (again: make fuzz PKG=%s)", t.name, t.pkg, "."+strings.TrimPrefix(t.pkg, "picket")))
		}
	}
	return errors.Join(failed...)
}

// A target is one fuzz function.
type target struct{ pkg, name string }

// parseTargets reads `go test -list`: names, then "ok", the package and a time.
func parseTargets(list string) (targets []target) {
	var names []string
	for line := range strings.Lines(list) {
		f := strings.Fields(line)
		switch {
		case len(f) == 1 && strings.HasPrefix(f[0], "Fuzz"):
			names = append(names, f[0])
		case len(f) >= 2 && f[0] == "ok":
			for _, name := range names {
				targets = append(targets, target{f[1], name})
			}
			names = nil
		}
	}
	return targets
}

// rig runs the tests that PICKET_RIG turns on, one package at a time: they
// measure, and two cores are few.
func (s *suite) rig(ctx context.Context) error {
	packages, err := rigPackages(os.DirFS("."))
	if err != nil {
		return err
	}
	if len(packages) == 0 {
		return errors.New("no test asks for PICKET_RIG")
	}
	args := append([]string{"test", "-json", "-p", "1", "-count", "1", "-timeout", "9m"}, packages...)
	cmd := s.prepare(ctx, []string{"PICKET_RIG=1"}, "go", args...)
	cmd.Stderr = s.out
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	showEvents(s.out, bufio.NewReader(events))
	return cmd.Wait()
}

// rigPackages finds all of tools/rig that has tests, and the packages elsewhere
// whose tests speak of PICKET_RIG.
func rigPackages(root fs.FS) (packages []string, err error) {
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || name == "out" || name == "tools/suite") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		folder := "./" + filepath.ToSlash(filepath.Dir(name))
		ours := strings.HasPrefix(name, "tools/rig/") || strings.Contains(string(text), "PICKET_RIG")
		if err == nil && ours && !slices.Contains(packages, folder) {
			packages = append(packages, folder)
		}
		return err
	})
	return packages, err
}
