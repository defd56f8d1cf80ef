// Command picketctl is what an operator, a planner or a tester runs: it pairs
// sites, asks a running program for its state, simulates worlds and brings up
// labs. It is one table of commands; each has its own file or package.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"picket/mirror/site/commands"
	"picket/tools/lab"
	"picket/tools/sim"
)

// A command takes the arguments after its name and gives the exit code: 0, 1
// for a failure, 2 for a wrong command line. What went wrong stands on stderr
// in two lines, "error:" and "hint:".
type command struct {
	name string
	does string
	run  func(args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

var table = []command{
	{"lab", "bring up a world of real processes on this machine", lab.Main},
	{"sim", "run simulated worlds from a seed, or a scenario", func(args []string, _ io.Reader, stdout, stderr io.Writer) int {
		return sim.Main(args, stdout, stderr)
	}},
	{"pair", "make the keys of a headquarters and a gateway", pairMain},
	{"status", "ask a running picket or picket-hq for its state", statusMain},
	{"version", "print the version", version},
}

func main() {
	os.Exit(dispatch(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func dispatch(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		usage(stdout)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	for _, c := range table {
		if c.name == args[0] {
			return c.run(args[1:], stdin, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "error: picketctl: %q is no command\nhint:  picketctl help lists them\n", args[0])
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: picketctl COMMAND [flags] [arguments]")
	fmt.Fprintln(w)
	for _, c := range table {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.does)
	}
	fmt.Fprintln(w, "\npicketctl COMMAND -h tells its flags.")
}

func version(_ []string, _ io.Reader, stdout, _ io.Writer) int {
	fmt.Fprintln(stdout, "picketctl", commands.Version())
	return 0
}
