// Command picket-hq is the headquarters: the rooms, the links to the gateways,
// and a face to the users there: its own XMPP server, or a component of theirs.
// This file is the command line; run.go is the composition root, the only place
// of the program that knows concrete types.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"picket/mirror/site"
	"picket/mirror/site/commands"
	"picket/tools/picket-hq/config"
)

const usage = `usage: picket-hq init -config FILE -domain DOMAIN [-muc DOMAIN] [-admin JID]... [-starttls ADDR] [-tls ADDR] [-name HOST]...
                 [-face embedded|component] [-server ADDR] [-secret-file FILE]
                 write a commented configuration, a key, an authority and a certificate
       picket-hq run  [-config FILE]
       picket-hq user  add|password|admin|remove|list …     accounts (face embedded); picket-hq user -h
       picket-hq admin add|remove|list [-config FILE] [JID] owners of all rooms, from any domain; after a restart
       picket-hq version

FILE is picket-hq.toml or the folder that it stands in; the working folder without it.`

func main() {
	os.Exit(dispatch(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func dispatch(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(stdout, usage)
		return commands.Wrong
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprintln(stdout, usage)
		return commands.OK
	case "init":
		return commands.Exit(initialize(args[1:], stdout), usage, stdout, stderr)
	case "run":
		return commands.Exit(start(args[1:], stderr), usage, stdout, stderr)
	case "user":
		return commands.User("picket-hq", place, args[1:], stdin, stdout, stderr)
	case "admin":
		return commands.Exit(admin(args[1:], stdout), usage, stdout, stderr)
	case "version":
		fmt.Fprintln(stdout, "picket-hq", commands.Version())
		return commands.OK
	}
	return commands.Exit(&commands.Usage{What: fmt.Sprintf("%q is no command", args[0]), Help: "picket-hq help"}, usage, stdout, stderr)
}

// initialize makes a headquarters' folder. It never writes over a configuration.
func initialize(args []string, stdout io.Writer) error {
	c := config.Default()
	fs := flag.NewFlagSet("init", flag.ContinueOnError)
	file := fs.String("config", config.FileName, "")
	fs.StringVar(&c.Domain, "domain", "", "")
	fs.StringVar(&c.MUC, "muc", "", "")
	fs.StringVar(&c.Face, "face", c.Face, "")
	fs.StringVar(&c.Component.Addr, "server", c.Component.Addr, "")
	fs.StringVar(&c.Component.SecretFile, "secret-file", c.Component.SecretFile, "")
	fs.StringVar(&c.Listen.StartTLS, "starttls", c.Listen.StartTLS, "")
	fs.StringVar(&c.Listen.TLS, "tls", c.Listen.TLS, "")
	fs.Func("admin", "", func(s string) error { c.Admins = append(c.Admins, s); return nil })
	var names []string
	fs.Func("name", "", func(s string) error { names = append(names, s); return nil })
	rest, err := commands.Parse(fs, "picket-hq help", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 || c.Domain == "" {
		return &commands.Usage{What: "init: -domain is missing, or there is too much", Help: "picket-hq init -config /etc/picket-hq -domain hq.example.org"}
	}
	if c.MUC == "" {
		c.MUC = "conference." + c.Domain
	}
	if problems := c.Validate(); len(problems) > 0 {
		return &problems[0]
	}
	path, err := site.Fresh(*file, config.FileName)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if _, err := site.EnsureOwnKey(dir); err != nil {
		return err
	}
	ca, err := commands.Authority(dir, c.Domain, time.Now())
	if err != nil {
		return err
	}
	if err := commands.NewCertificate(dir, ca, time.Now(), slices.Insert(names, 0, c.Domain)...); err != nil {
		return err
	}
	text, err := config.Text(c)
	if err != nil {
		return err
	}
	if err := site.Write(path, text, site.PlainMode); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s is written; clients trust %s, whose SHA-256 is\n%s\n", path, filepath.Join(dir, site.CAFile), ca.Fingerprint())
	return nil
}

func load(file string) (*config.Config, error) {
	path, err := site.Find(file, config.FileName)
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

func place(file string) (commands.Place, error) {
	c, err := load(file)
	if err != nil {
		return commands.Place{}, err
	}
	if c.Face != config.Embedded {
		return commands.Place{}, &site.Problem{What: "the accounts are the XMPP server's", Hint: "make them there; or face = \"embedded\""}
	}
	return commands.Place{Accounts: c.Path(site.Accounts), Domain: c.Domain}, nil
}

// admin changes the list of owners of all rooms that stands beside the
// configuration, so that no program writes into a file of people.
func admin(args []string, stdout io.Writer) error {
	const help = "picket-hq admin add|remove|list [-config FILE] [JID]"
	fs := flag.NewFlagSet("admin", flag.ContinueOnError)
	file := fs.String("config", "", "")
	rest, err := commands.Parse(fs, help, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 || len(rest) != map[string]int{"add": 2, "remove": 2, "list": 1}[rest[0]] {
		return &commands.Usage{What: "admin: a command or a JID is missing", Help: help}
	}
	c, err := load(*file)
	if err != nil {
		return err
	}
	all, err := c.LoadAdmins()
	if err != nil {
		return err
	}
	if rest[0] == "list" {
		for _, jid := range all {
			fmt.Fprintln(stdout, jid)
		}
		return nil
	}
	jid := strings.ToLower(rest[1])
	own := slices.DeleteFunc(all, func(a string) bool { return a == jid || slices.Contains(c.Admins, a) })
	if rest[0] == "add" {
		own = append(own, jid)
	}
	return c.SaveAdmins(own)
}

// start runs the headquarters until a signal ends it.
func start(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	file := fs.String("config", "", "")
	rest, err := commands.Parse(fs, "picket-hq help", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return &commands.Usage{What: "run takes no argument " + rest[0], Help: "picket-hq run -config FILE"}
	}
	c, err := load(*file)
	if err != nil {
		return err
	}
	level, err := c.Log.Slog()
	if err != nil {
		return err
	}
	return run(c, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})))
}
