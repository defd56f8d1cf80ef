// Command picket is all that runs on a gateway: the XMPP server of the local
// users, the mirror of headquarters' rooms, and the link. This file is the
// command line; run.go is the composition root, the only place of the program
// that knows concrete types.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"picket/firmware/config"
	"picket/mirror/site"
	"picket/mirror/site/commands"
)

const usage = `usage: picket init -config FILE -domain DOMAIN [-mirror DOMAIN] [-starttls ADDR] [-tls ADDR] [-name HOST]...
              write a commented configuration, a key and a certificate
       picket run  [-config FILE]
       picket user add|password|admin|remove|list …     accounts; picket user -h
       picket version

FILE is picket.toml or the folder that it stands in; the working folder without it.`

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
		return commands.User("picket", place, args[1:], stdin, stdout, stderr)
	case "version":
		fmt.Fprintln(stdout, "picket", commands.Version())
		return commands.OK
	}
	return commands.Exit(&commands.Usage{What: fmt.Sprintf("%q is no command", args[0]), Help: "picket help"}, usage, stdout, stderr)
}

// initialize makes a gateway's folder. It never writes over a configuration.
func initialize(args []string, stdout io.Writer) error {
	c := config.Default()
	fs := flag.NewFlagSet("init", flag.ContinueOnError)
	file := fs.String("config", config.FileName, "")
	fs.StringVar(&c.Domain, "domain", "", "")
	fs.StringVar(&c.Mirror, "mirror", "", "")
	fs.StringVar(&c.Listen.StartTLS, "starttls", c.Listen.StartTLS, "")
	fs.StringVar(&c.Listen.TLS, "tls", c.Listen.TLS, "")
	var names []string
	fs.Func("name", "", func(s string) error { names = append(names, s); return nil })
	rest, err := commands.Parse(fs, "picket help", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 || c.Domain == "" {
		return &commands.Usage{What: "init: -domain is missing, or there is too much", Help: "picket init -config /etc/picket -domain raleigh.example.org"}
	}
	if c.Mirror == "" {
		c.Mirror = "mirror." + c.Domain
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
	if err := commands.ProvisionalCertificate(dir, time.Now(), slices.Insert(names, 0, c.Domain)...); err != nil {
		return err
	}
	text, err := config.Text(c)
	if err != nil {
		return err
	}
	if err := site.Write(path, text, site.PlainMode); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s is written; next: picketctl pair, picket user add NAME, picket run\n", path)
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
	return commands.Place{Accounts: c.Path(site.Accounts), Domain: c.Domain}, nil
}

// start runs the gateway until a signal ends it.
func start(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	file := fs.String("config", "", "")
	rest, err := commands.Parse(fs, "picket help", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return &commands.Usage{What: "run takes no argument " + rest[0], Help: "picket run -config FILE"}
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
