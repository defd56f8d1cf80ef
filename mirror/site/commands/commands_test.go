package commands

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"picket/mirror/c2s/account"
	"picket/mirror/site"
)

func TestUserCommand(t *testing.T) {
	dir := t.TempDir()
	load := func(config string) (Place, error) {
		if config == "nowhere" {
			return Place{}, &site.Problem{File: config, What: "there is no such configuration"}
		}
		return Place{Accounts: filepath.Join(dir, site.Accounts), Domain: "raleigh.example"}, nil
	}
	var out, errOut bytes.Buffer
	for _, tt := range []struct {
		name, args, stdin string
		code              int
		out, errOut       string // "*": anything
	}{
		{"nobody yet", "list", "", 0, "", ""},
		{"a password from stdin", "add -stdin Wayne", "correct horse\nnot this\n", 0, "wayne@raleigh.example\n", ""},
		{"without a newline", "add keith@raleigh.example -stdin", "battery staple", 0, "keith@raleigh.example\n", ""},
		{"an administrator", "add -admin -stdin kevin", "x\n", 0, "kevin@raleigh.example\n", ""},
		{"taken", "add wayne", "", 1, "", "error: " + dir + "/accounts: there is a wayne already\nhint:  user password wayne gives a new password\n"},
		{"nothing on stdin", "add -stdin scott", "", 1, "", "*"},
		{"no name", "add -stdin a/b@c@d", "x\n", 1, "", "*"},
		{"all", "list", "", 0, "keith@raleigh.example\nkevin@raleigh.example admin\nwayne@raleigh.example\n", ""},
		{"made at random", "password wayne", "", 0, "*", ""},
		{"a new password keeps the right", "password -stdin kevin", "y\n", 0, "kevin@raleigh.example\n", ""},
		{"the right taken", "admin keith on", "", 0, "", ""},
		{"neither on nor off", "admin keith perhaps", "", 2, "", "*"},
		{"gone", "remove wayne", "", 0, "", ""},
		{"gone already", "remove wayne", "", 1, "", "*"},
		{"all again", "list", "", 0, "keith@raleigh.example admin\nkevin@raleigh.example admin\n", ""},
		{"no command", "lsit", "", 2, "", "*"},
		{"no configuration", "list -config nowhere", "", 1, "", "error: nowhere: there is no such configuration\n"},
		{"an unknown flag", "list -x", "", 2, "", "error: flag provided but not defined: -x\nhint:  picket user -h\n"},
	} {
		out.Reset()
		errOut.Reset()
		code := User("picket", load, strings.Fields(tt.args), strings.NewReader(tt.stdin), &out, &errOut)
		if code != tt.code || tt.out != "*" && out.String() != tt.out || tt.errOut != "*" && errOut.String() != tt.errOut {
			t.Errorf("%s: user %s\n got %d, %q, %q\nwant %d, %q, %q", tt.name, tt.args, code, out.String(), errOut.String(), tt.code, tt.out, tt.errOut)
		}
		if tt.name == "made at random" {
			checkPassword(t, filepath.Join(dir, site.Accounts), "wayne", strings.TrimPrefix(strings.TrimSpace(out.String()), "wayne@raleigh.example "))
		}
	}
	checkPassword(t, filepath.Join(dir, site.Accounts), "kevin", "y")
	checkPassword(t, filepath.Join(dir, site.Accounts), "keith", "battery staple")
}

func checkPassword(t *testing.T, path, user, password string) {
	t.Helper()
	f, err := account.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := f.Lookup(user); !ok || !a.Verify(password) {
		t.Errorf("%s does not log in with %q", user, password)
	}
}

// A client that trusts the headquarters' ca.pem reaches its server, and after
// pairing the gateway's, under the name of the JID's domain.
func TestCertificates(t *testing.T) {
	hq, gateway := t.TempDir(), t.TempDir()
	now := time.Now()
	ca, err := Authority(hq, "hq.example", now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Authority(hq, "hq.example", now); err != nil || !again.Cert.Equal(ca.Cert) {
		t.Fatalf("a second Authority is another one (%v)", err)
	}
	if err := NewCertificate(hq, ca, now, "hq.example", "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	if err := ProvisionalCertificate(gateway, now, "raleigh.example", "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
	handshake(t, hq, hq, "hq.example", true)
	handshake(t, hq, hq, "127.0.0.1", true)
	handshake(t, hq, hq, "other.example", false)
	if err := ProvisionalCertificate(gateway, now, "raleigh.example"); err != nil { // keeps the one that is there
		t.Fatal(err)
	}
	handshake(t, gateway, gateway, "raleigh.example", true)
	handshake(t, gateway, hq, "raleigh.example", false)
	names, err := Names(gateway)
	if err != nil || !slices.Equal(names, []string{"raleigh.example", "10.0.0.1"}) {
		t.Fatalf("names %v, %v", names, err)
	}
	if err := NewCertificate(gateway, ca, now, names...); err != nil {
		t.Fatal(err)
	}
	handshake(t, gateway, hq, "raleigh.example", true)
	handshake(t, gateway, gateway, "10.0.0.1", true)
	for file, mode := range map[string]os.FileMode{site.CAFile: 0o644, site.CAKeyFile: 0o600, site.CertFile: 0o644, site.CertKeyFile: 0o600} {
		if st, err := os.Stat(filepath.Join(hq, file)); err != nil || st.Mode().Perm() != mode {
			t.Errorf("%s: %v, want %v (%v)", file, st.Mode(), mode, err)
		}
	}
	if _, err := ServerTLS(t.TempDir()); err == nil {
		t.Error("a folder without a certificate serves")
	}
}

func handshake(t *testing.T, server, trusted, name string, ok bool) {
	t.Helper()
	cfg, err := ServerTLS(server)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(trusted, site.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			tls.Server(c, cfg).Handshake()
		}
	}()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.SetDeadline(time.Now().Add(5 * time.Second))
	client := tls.Client(a, &tls.Config{RootCAs: roots, ServerName: name})
	if err := client.Handshake(); (err == nil) != ok {
		t.Errorf("a client that wants %s: %v, want success %v", name, err, ok)
	}
}
