// Command install gets the Debian packages of the real counterparts, if they
// are missing. Their services are not started: a Prosody of the system would
// hold the ports and the name of one that a test starts.
//
// It changes nothing when all is there, and never upgrades.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"time"

	"picket/tools/rig/debian"
)

// counterparts are what the tests run, each by a file that its package brings.
var counterparts = []debian.Program{
	{Path: "/usr/bin/python3", Package: "python3"},
	{Path: "/usr/lib/python3/dist-packages/slixmpp/__init__.py", Package: "python3-slixmpp"},
	{Path: "/usr/bin/prosody", Package: "prosody"},
	{Path: "/usr/sbin/ejabberdctl", Package: "ejabberd"},
	{Path: "/usr/bin/profanity", Package: "profanity"},
	{Path: "/usr/bin/tmux", Package: "tmux"},
	{Path: "/usr/bin/qemu-arm-static", Package: "qemu-user-static"},
}

// policyFile is asked by Debian's packages before they start a service
// (invoke-rc.d(8)); exit status 101 forbids it.
const (
	policyFile = "/usr/sbin/policy-rc.d"
	policyText = "#!/bin/sh\nexit 101\n"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := install(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func install(ctx context.Context) error {
	missing := 0
	for _, p := range counterparts {
		if _, err := os.Stat(p.Path); errors.Is(err, fs.ErrNotExist) {
			fmt.Println("installing", p.Package)
			missing++
		}
	}
	if missing == 0 {
		fmt.Println("all packages are there")
		return nil
	}
	if _, err := os.Stat(policyFile); errors.Is(err, fs.ErrNotExist) && os.Getuid() == 0 {
		if err := os.WriteFile(policyFile, []byte(policyText), 0o755); err != nil {
			return err
		}
		defer os.Remove(policyFile)
	}
	return debian.Ensure(ctx, counterparts...)
}
