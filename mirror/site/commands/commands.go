// Package commands holds what the programs of both ends do on a command line in
// the same way: flags and errors, accounts, certificates.
//
// It starts no server. Each command takes its arguments and streams and gives
// an exit code, so that tests call it as main does.
package commands

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"

	"picket/mirror/site"
)

// Exit codes.
const (
	OK     = 0
	Failed = 1
	Wrong  = 2 // the command line
)

// A Usage is an error of the command line.
type Usage struct{ What, Help string }

func (u *Usage) Error() string { return u.What }

// Hint says what to do.
func (u *Usage) Hint() string { return u.Help }

// Parse reads flags wherever they stand among the arguments and gives the rest.
// How the command is called is told by usage, on -h and after a wrong flag.
func Parse(fs *flag.FlagSet, usage string, args []string) (rest []string, err error) {
	fs.SetOutput(io.Discard)
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, &Usage{err.Error(), usage}
		}
		if args = fs.Args(); len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// Exit prints an error for a person and gives the exit code. usage is printed
// where it was asked for.
func Exit(err error, usage string, stdout, stderr io.Writer) int {
	var wrong *Usage
	switch {
	case err == nil:
		return OK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		return OK
	case errors.As(err, &wrong):
		site.Print(stderr, err)
		return Wrong
	}
	site.Print(stderr, err)
	return Failed
}

// Version is that of the build: the module's, or the revision it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
