// Package site reads and writes the folder of one place, a headquarters or a
// gateway: its configuration, keys, links and certificates. Both programs and
// picketctl share it, so that what one writes the other reads.
//
//	picket-hq.toml or picket.toml   the configuration, for people
//	links/PEER.toml                 one peer: its domains, public key, bearers
//	keys/own.key                    this place's private key
//	keys/PEER.psk                   the secret shared with one peer
//	cert.pem cert.key ca.pem        what clients see, and who signed it
//	ca.key                          at the headquarters only
//	accounts                        the local users
//	state/                          what the program keeps: journal, status.sock, ports.json
//
// Everything secret is a file of its own with mode 0600; a program refuses one
// that others can read. Files are replaced as a whole, never written in place.
//
// It starts nothing and opens no socket. Read Decode for the configuration,
// link.go and keys.go for pairings.
package site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Names in a site's folder.
const (
	LinksDir    = "links"
	KeysDir     = "keys"
	OwnKeyFile  = "own.key" // in KeysDir
	CertFile    = "cert.pem"
	CertKeyFile = "cert.key"
	CAFile      = "ca.pem"
	CAKeyFile   = "ca.key"
	Accounts    = "accounts"
	StateDir    = "state"
	JournalFile = "journal"     // in the state folder
	StatusFile  = "status.sock" // in the state folder
	PortsFile   = "ports.json"  // in the state folder
	UsersDir    = "users"       // in the state folder: what clients store at their server
)

// Find gives the configuration file that a person means by arg: the file, or
// the one called name in a folder.
func Find(arg, name string) (string, error) {
	if arg == "" {
		arg = name
	}
	st, err := os.Stat(arg)
	switch {
	case err == nil && st.IsDir():
		arg = filepath.Join(arg, name)
		_, err = os.Stat(arg)
	}
	if err != nil {
		return "", &Problem{File: arg, What: "there is no such configuration", Hint: "make one: " + strings.TrimSuffix(name, ".toml") + " init -config " + arg}
	}
	return filepath.Abs(arg)
}

// Fresh gives the path of a configuration to be made: arg, or the file called
// name in the folder arg. It refuses one that is there, and makes the folder.
func Fresh(arg, name string) (string, error) {
	if st, err := os.Stat(arg); err == nil && st.IsDir() || filepath.Ext(arg) != ".toml" {
		arg = filepath.Join(arg, name)
	}
	path, err := filepath.Abs(arg)
	if err != nil {
		return "", err
	}
	if exists(path) {
		return "", &Problem{File: path, What: "it is there already", Hint: "edit it, or name another folder"}
	}
	return path, os.MkdirAll(filepath.Dir(path), DirMode)
}

// A Problem is one thing wrong with a site's files, for a person: where, what,
// and what to do.
type Problem struct {
	File string
	Line int    // 0: the file as a whole
	Key  string // as in the file: "listen.tls"; "": none
	What string
	Hint string

	err error // what it stands for, for errors.Is; or nil
}

func (p *Problem) Unwrap() error { return p.err }

func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.What
}
