package commands

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"picket/mirror/c2s/account"
	"picket/mirror/site"
)

// A Place is what the user command has to know of a configuration.
type Place struct {
	Accounts string // the file
	Domain   string
}

// UserUsage tells how the user command is called; %s: the program's name.
const UserUsage = `usage: %[1]s user add      [-config FILE] [-stdin] [-admin] NAME   make an account, print its password
       %[1]s user password [-config FILE] [-stdin] NAME            give it a new one
       %[1]s user admin    [-config FILE] NAME on|off              may administer the room service
       %[1]s user remove   [-config FILE] NAME
       %[1]s user list     [-config FILE]

A password is made at random and printed once; -stdin takes the first line of the
standard input instead. A running server sees changes at once.`

// User adds, changes and removes accounts. load reads the configuration that
// -config names.
func User(program string, load func(config string) (Place, error), args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	usage := fmt.Sprintf(UserUsage, program)
	return Exit(user(program, load, args, stdin, stdout), usage, stdout, stderr)
}

func user(program string, load func(string) (Place, error), args []string, stdin io.Reader, stdout io.Writer) error {
	help := program + " user -h"
	fs := flag.NewFlagSet("user", flag.ContinueOnError)
	config := fs.String("config", "", "")
	fromStdin := fs.Bool("stdin", false, "")
	admin := fs.Bool("admin", false, "")
	rest, err := Parse(fs, help, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return &Usage{"user: a command is missing", help}
	}
	do, rest := rest[0], rest[1:]
	want := map[string]int{"add": 1, "password": 1, "remove": 1, "admin": 2, "list": 0}
	if n, ok := want[do]; !ok || len(rest) != n {
		return &Usage{fmt.Sprintf("user: %q is no command, or takes another number of arguments", do), help}
	}
	place, err := load(*config)
	if err != nil {
		return err
	}
	file, err := account.Open(place.Accounts)
	if err != nil {
		return err
	}
	if do == "list" {
		for _, name := range file.Users() {
			mark := ""
			if a, ok := file.Lookup(name); ok && a.Admin {
				mark = " admin"
			}
			fmt.Fprintf(stdout, "%s@%s%s\n", name, place.Domain, mark)
		}
		return nil
	}
	name, _, _ := strings.Cut(rest[0], "@") // a bare JID will do
	if name, err = account.Normalize(name); err != nil {
		return &site.Problem{What: err.Error(), Hint: "a name such as wayne"}
	}
	switch do {
	case "add", "password":
		return setPassword(file, place, do == "add", name, *admin, *fromStdin, stdin, stdout)
	case "remove":
		return explain(file.Remove(name), name, place)
	}
	a, ok := file.Lookup(name)
	if !ok {
		return explain(account.ErrUnknown, name, place)
	}
	if rest[1] != "on" && rest[1] != "off" {
		return &Usage{"user: admin is on or off", help}
	}
	a.Admin = rest[1] == "on"
	return explain(file.Replace(a), name, place)
}

// setPassword makes an account or changes one, and prints a password that was
// made here: it is kept nowhere.
func setPassword(file *account.File, place Place, add bool, name string, admin, fromStdin bool, stdin io.Reader, stdout io.Writer) error {
	old, exists := file.Lookup(name)
	if !add && !exists {
		return explain(account.ErrUnknown, name, place)
	}
	password := account.Password()
	if fromStdin {
		line, err := bufio.NewReader(stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		password = strings.TrimRight(line, "\r\n")
	}
	a, err := account.New(name, password)
	if err != nil {
		return err
	}
	a.Admin = admin || !add && old.Admin
	if add {
		err = file.Add(a)
	} else {
		err = file.Replace(a)
	}
	if err != nil {
		return explain(err, name, place)
	}
	if fromStdin {
		fmt.Fprintf(stdout, "%s@%s\n", name, place.Domain)
	} else {
		fmt.Fprintf(stdout, "%s@%s %s\n", name, place.Domain, password)
	}
	return nil
}

func explain(err error, name string, place Place) error {
	switch {
	case errors.Is(err, account.ErrExists):
		return &site.Problem{File: place.Accounts, What: "there is a " + name + " already", Hint: "user password " + name + " gives a new password"}
	case errors.Is(err, account.ErrUnknown):
		return &site.Problem{File: place.Accounts, What: "there is no " + name, Hint: "user list shows who is there"}
	}
	return err
}
