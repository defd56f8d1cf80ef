// Command suite is `make test`: everything that can be tested on one machine,
// stage by stage, each with its time; what failed is said again at the end. It
// installs the Debian packages of the real counterparts itself.
//
//	go run ./tools/suite               all stages
//	go run ./tools/suite check fuzz    these alone
//	go run ./tools/suite -pkg ./codec -time 1m fuzz
//
// It knows commands, not code: what is tested stands in the tests. stages.go
// lists them in their order.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	s := &suite{out: os.Stdout}
	flag.StringVar(&s.pkg, "pkg", "./...", "fuzz the targets of this `package` alone")
	flag.DurationVar(&s.fuzzTime, "time", 4*time.Second, "how long each fuzz target runs")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: suite [flags] [stage…], of %s\n", strings.Join(stageNames(), " "))
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

// run goes through the stages that are named, or all. A stage that fails does
// not keep the next from running: one run shows all that is wrong.
func (s *suite) run(ctx context.Context, names []string) error {
	for _, name := range names {
		if !slices.Contains(stageNames(), name) {
			return fmt.Errorf("%q is no stage; there are %s", name, strings.Join(stageNames(), ", "))
		}
	}
	begin := time.Now()
	var failed []string
	for _, stage := range stages {
		if len(names) > 0 && !slices.Contains(names, stage.name) {
			continue
		}
		s.say("%s: %s", stage.name, stage.does)
		stageBegin := time.Now()
		limited, cancel := context.WithTimeout(ctx, stage.limit)
		err := stage.run(s, limited)
		cancel()
		seconds := time.Since(stageBegin).Seconds()
		if err != nil {
			failed = append(failed, stage.name)
			s.say("%s FAILED after %.0f s: %v", stage.name, seconds, err)
		} else {
			s.say("%s passed in %.0f s", stage.name, seconds)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	took := time.Since(begin).Round(time.Second)
	if len(failed) > 0 {
		return fmt.Errorf("after %v: failed: %s", took, strings.Join(failed, ", "))
	}
	s.say("all passed in %v", took)
	return nil
}

// say prints a line of progress, with the time of day.
func (s *suite) say(format string, args ...any) {
	fmt.Fprintf(s.out, "%s == %s\n", time.Now().UTC().Format("15:04:05"), fmt.Sprintf(format, args...))
}
