package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"picket/mirror/service"
	"picket/mirror/site"
	"picket/mirror/site/commands"
)

const statusUsage = `usage: picketctl status [-json] [DIR|SOCKET]

Asks the picket or picket-hq whose folder or status socket this is; the working
folder without it.`

func statusMain(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return commands.Exit(runStatus(args, stdout), statusUsage, stdout, stderr)
}

func runStatus(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("status", flag.ContinueOnError)
	asJSON := fs.Bool("json", false, "")
	rest, err := commands.Parse(fs, "picketctl status -h", args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return &commands.Usage{What: "status: one folder or socket at a time", Help: "picketctl status -h"}
	}
	where := "."
	if len(rest) == 1 {
		where = rest[0]
	}
	path, err := findSocket(where)
	if err != nil {
		return err
	}
	st, err := service.AskStatus(path)
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) {
			return &site.Problem{File: path, What: "nobody answers", Hint: "the program was killed: start it again"}
		}
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(st)
	}
	return printStatus(stdout, st)
}

// findSocket looks in a folder and in its state folder.
func findSocket(where string) (string, error) {
	for _, path := range []string{where, filepath.Join(where, site.StatusFile), filepath.Join(where, site.StateDir, site.StatusFile)} {
		if st, err := os.Stat(path); err == nil && st.Mode()&fs.ModeSocket != 0 {
			return path, nil
		}
	}
	return "", &site.Problem{File: where, What: "there is no " + site.StatusFile + " here", Hint: "name the folder of a running picket or picket-hq, or its state folder"}
}

func printStatus(w io.Writer, st service.Status) error {
	fmt.Fprintf(w, "%s %s  %s  pid %d  up %v\n", st.Program, st.Version, st.Site, st.PID, time.Duration(st.UptimeS)*time.Second)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\nLINK\tSTATE\tQUEUE\tSENT B/FRAMES\tRECEIVED B/FRAMES\tRESENT\tBAD\tUPS")
	for _, p := range st.Peers {
		state := "down"
		if p.Up {
			state = "up"
		}
		fmt.Fprintf(tw, "%s\t%s\t%d/%d B\t%d/%d\t%d/%d\t%d\t%d\t%d\n", p.Name, state, p.QueueItems, p.QueueBytes,
			p.BytesSent, p.FramesSent, p.BytesReceived, p.FramesReceived, p.Resent, p.Bad, p.Handshakes)
	}
	fmt.Fprintln(tw, "\nBEARER\tSTATE\tFAILURES\tPROBLEM")
	for _, b := range st.Bearers {
		fmt.Fprintf(tw, "%s\t%s\t%d\t%s\n", b.Name, b.State, b.Failures, b.Problem)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	j := st.Journal
	fmt.Fprintf(w, "\njournal  %s  %d of %d KiB, %d transactions of %d µs in the mean\n", j.State, j.Bytes>>10, j.BytesMax>>10, j.Transactions, j.MeanUS)
	if j.Problem != "" {
		fmt.Fprintf(w, "         %s\n", j.Problem)
	}
	c := st.Clients
	fmt.Fprintf(w, "clients  %d in, %d delivered, %d with nobody there, %d refused\n", c.In, c.Delivered, c.Undelivered, c.Refused)
	var notices []string
	for kind, n := range st.Notices {
		notices = append(notices, fmt.Sprintf("%s %d", kind, n))
	}
	slices.Sort(notices)
	if len(notices) > 0 {
		fmt.Fprintf(w, "notices  %s\n", strings.Join(notices, ", "))
	}
	return nil
}
