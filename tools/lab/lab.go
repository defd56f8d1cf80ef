// Package lab brings up a whole world of real processes on one machine: a
// headquarters, gateways, and the slow lines between them, for people who want
// to see picket work and for tests that want the real thing.
//
// `lab up` makes the configurations with the programs' own init and pair
// commands, starts a supervisor in the background and waits until every port is
// open and every link is up. The supervisor (`lab serve`) owns the lines and the
// processes; it is spoken to over a unix socket in the lab's folder. What a
// client needs to log in stands in lab.json.
//
// It never speaks XMPP and never looks into a program: what it knows of one is
// its command line, its files and its ports. The way in is Main; read serve.go
// for the supervisor and setup.go for how a world is made.
package lab

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const usage = `usage: picketctl lab COMMAND [flags] [arguments]

  up        [-gateways N] [-rate BIT/S] [-loss SHARE] [-hq embedded|prosody|ejabberd]
            [-bearer serial] [-seed N] [-bin DIR] [-hold TIME] [-keepalive TIME] [-tries N]
                              start a world, write DIR/lab.json
  status    [-json]             state of each site and line, bytes and frames by direction
  account   [-password P] [-admin] SITE NAME          make an account, print its password
  cut       SITE                cut the line of a gateway (HQ's name: all lines)
  heal      SITE                join it again
  kill      SITE                SIGKILL the site's program
  start     SITE                start it again
  down                          stop everything

Each takes -dir DIR, the lab's folder; without it the one of the last "up" is meant.
`

// A userError is what a person did or lacks, with what to do about it.
type userError struct {
	what  string
	hint  string
	wrong bool // the command line is
}

func (e *userError) Error() string { return e.what }

func fail(hint, format string, args ...any) error {
	return &userError{what: fmt.Sprintf(format, args...), hint: hint}
}

// wrong is fail for a command line that makes no sense: exit code 2.
func wrong(hint, format string, args ...any) error {
	return &userError{what: fmt.Sprintf(format, args...), hint: hint, wrong: true}
}

// Main runs one lab command and gives the exit code: 0, 1 for a failure, 2 for
// a wrong command line.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		fmt.Fprint(stdout, usage)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	run, ok := map[string]func([]string, io.Writer, io.Writer) error{
		"up": runUp, "serve": runServe, "down": runDown, "status": runStatus, "account": runAccount,
		"cut": siteCommand("cut"), "heal": siteCommand("heal"), "kill": siteCommand("kill"), "start": siteCommand("start"),
	}[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "error: lab: %q is no command\nhint:  one of up, status, account, cut, heal, kill, start, down\n", args[0])
		return 2
	}
	err := run(args[1:], stdout, stderr)
	var u *userError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case errors.As(err, &u) && u.hint != "":
		fmt.Fprintf(stderr, "error: lab: %v\nhint:  %s\n", err, u.hint)
	default:
		fmt.Fprintf(stderr, "error: lab: %v\n", err)
	}
	if u != nil && u.wrong {
		return 2
	}
	return 1
}

// parse reads flags wherever they stand among the arguments: people write
// "kill raleigh -dir x" as readily as the other order.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	fs.SetOutput(io.Discard)
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, wrong("picketctl lab help", "%v", err)
		}
		args = fs.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// lastFile remembers the folder of the last lab that was brought up.
func lastFile() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "picket", "last-lab")
}

// findDir gives the folder of the lab that is meant.
func findDir(flagDir string) (string, error) {
	dir := flagDir
	if dir == "" {
		dir = os.Getenv("PICKET_LAB")
	}
	if dir == "" {
		b, err := os.ReadFile(lastFile())
		if err != nil {
			return "", fail("picketctl lab up", "no lab was brought up yet")
		}
		dir = strings.TrimSpace(string(b))
	}
	return filepath.Abs(dir)
}

func runDown(args []string, stdout, _ io.Writer) error {
	fs := flag.NewFlagSet("down", flag.ContinueOnError)
	dirFlag := fs.String("dir", "", "")
	if rest, err := parse(fs, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return wrong("picketctl lab down -dir DIR", "down takes no argument %q", rest[0])
	}
	dir, err := findDir(*dirFlag)
	if err != nil {
		return err
	}
	if _, err := ask(dir, request{Do: "down"}); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "the lab in %s is down; its logs are still there\n", dir)
	return nil
}

func siteCommand(do string) func([]string, io.Writer, io.Writer) error {
	return func(args []string, stdout, _ io.Writer) error {
		fs := flag.NewFlagSet(do, flag.ContinueOnError)
		dirFlag := fs.String("dir", "", "")
		rest, err := parse(fs, args)
		if err != nil {
			return err
		}
		if len(rest) != 1 {
			return wrong("picketctl lab "+do+" raleigh", "%s takes the name of one site", do)
		}
		dir, err := findDir(*dirFlag)
		if err != nil {
			return err
		}
		ans, err := ask(dir, request{Do: do, Site: rest[0]})
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, ans.Text)
		return nil
	}
}

func runAccount(args []string, stdout, _ io.Writer) error {
	fs := flag.NewFlagSet("account", flag.ContinueOnError)
	dirFlag := fs.String("dir", "", "")
	password := fs.String("password", "", "")
	admin := fs.Bool("admin", false, "")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return wrong("picketctl lab account raleigh anna", "account takes a site and a name")
	}
	dir, err := findDir(*dirFlag)
	if err != nil {
		return err
	}
	ans, err := ask(dir, request{Do: "account", Site: rest[0], Name: rest[1], Password: *password, Admin: *admin})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, ans.Text)
	return nil
}

func runStatus(args []string, stdout, _ io.Writer) error {
	fs := flag.NewFlagSet("status", flag.ContinueOnError)
	dirFlag := fs.String("dir", "", "")
	asJSON := fs.Bool("json", false, "")
	if _, err := parse(fs, args); err != nil {
		return err
	}
	dir, err := findDir(*dirFlag)
	if err != nil {
		return err
	}
	ans, err := ask(dir, request{Do: "status"})
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(ans.Status)
	}
	printStatus(stdout, ans.Status)
	return nil
}
