package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func mustNew(t *testing.T, user, password string) Account {
	t.Helper()
	a, err := New(user, password)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestSalted takes the example of RFC 7677 §3: its proof can be checked with the
// salted password that we make.
func TestSalted(t *testing.T) {
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	salted, err := salt256("pencil", Credential{Salt: salt, Iterations: 4096})
	if err != nil {
		t.Fatal(err)
	}
	sum := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	auth := "n=user,r=rOprNGfwEbeRWgbNEkqO,r=" + nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" + nonce
	got := base64.StdEncoding.EncodeToString(sum(sum(salted, "Server Key"), auth))
	if want := "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="; got != want {
		t.Errorf("server signature %s, want %s", got, want)
	}
}

func TestNew(t *testing.T) {
	for _, tt := range []struct{ user, password, want string }{
		{"Wayne", "gravel road ☂", "wayne <nil>"},
		{"wayne@x", "p", ` account: "wayne@x" is no user name (RFC 7622 §3.3)`},
		{"", "p", ` account: "" is no user name (RFC 7622 §3.3)`},
		{"wayne", "", " " + ErrPassword.Error()},
		{"wayne", "a\x00b", " " + ErrPassword.Error()},
		{"wayne", strings.Repeat("x", MaxPasswordBytes+1), " " + ErrPassword.Error()},
	} {
		a, err := New(tt.user, tt.password)
		if got := fmt.Sprint(a.User, " ", err); got != tt.want {
			t.Errorf("New(%q, %.20q)\n got %s\nwant %s", tt.user, tt.password, got, tt.want)
		}
		if err == nil && (!a.Verify(tt.password) || a.Verify(tt.password+"x") || a.Verify("")) {
			t.Errorf("Verify of %q is wrong", tt.password)
		}
	}
	if p := Password(); len(p) != 20 || p == Password() {
		t.Errorf("a random password: %q", p)
	}
}

// TestFile uses two Files of one path, as two programs do.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts")
	running, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tool, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	wayne := mustNew(t, "wayne", "one")
	wayne.Admin = true
	for _, a := range []Account{wayne, mustNew(t, "keith", "two")} {
		if err := tool.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if a, ok := running.Lookup("wayne"); !ok || !a.Verify("one") || !a.Admin {
		t.Errorf("the running server does not see the new user: %v %v", a.User, ok)
	}
	if err := running.Add(mustNew(t, "wayne", "x")); err != ErrExists {
		t.Errorf("the same name again: %v", err)
	}
	if err := running.Replace(mustNew(t, "wayne", "three")); err != nil {
		t.Error(err)
	}
	if a, _ := tool.Lookup("wayne"); !a.Verify("three") || a.Verify("one") {
		t.Error("a changed password is not seen")
	}
	if got := fmt.Sprint(tool.Users(), tool.Admins()); got != "[keith wayne] []" {
		t.Errorf("users and admins %s", got)
	}
	if err := tool.Remove("keith"); err != nil {
		t.Error(err)
	}
	if _, ok := running.Lookup("keith"); ok {
		t.Error("a removed user is still there")
	}
	if err := tool.Remove("keith"); err != ErrUnknown {
		t.Errorf("removing nobody: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	if b, _ := os.ReadFile(path); strings.Contains(string(b), "three") {
		t.Error("the file holds a password")
	}
}

// TestTogether adds from many sides at once: nobody is lost.
func TestTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts")
	a := mustNew(t, "x", "p")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			f, err := Open(path)
			if err == nil {
				mine := a
				mine.User = fmt.Sprintf("user%d", i)
				err = f.Add(mine)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, err := Open(path)
	if err != nil || len(f.Users()) != 8 {
		t.Errorf("%v, %v", f.Users(), err)
	}
}

func TestParse(t *testing.T) {
	good := string(format(map[string]Account{"wayne": mustNew(t, "wayne", "p")}))
	line := good[len(fileHead) : len(good)-1]
	f := strings.Fields(line)
	for _, tt := range []struct{ name, in, err string }{
		{"good", good, ""},
		{"no users", fileHead + "\n", ""},
		{"an admin", line + " admin", ""},
		{"another mark", line + " root", "line 1: want: user, two credentials, perhaps admin"},
		{"twice", line + "\n" + line, `line 2: user "wayne" stands twice`},
		{"upper case", "W" + line[1:], `line 1: "Wayne" is no normalized user name`},
		{"cut", line[:len(line)-8], "line 1: a credential is no iterations:salt:salted password"},
		{"one credential", f[0] + " " + f[1], "line 1: want: user, two credentials, perhaps admin"},
		{"the wrong way round", f[0] + " " + f[2] + " " + f[1], "line 1: a credential is no iterations:salt:salted password"},
		{"no iterations", f[0] + " 0" + f[1][4:] + " " + f[2], "line 1: a credential is no iterations:salt:salted password"},
	} {
		_, err := parse([]byte(tt.in))
		if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
}

// TestBroken keeps what was known when the file is spoilt.
func TestBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts")
	f, _ := Open(path)
	if err := f.Add(mustNew(t, "wayne", "p")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Lookup("wayne"); !ok {
		t.Error("a spoilt file locked everybody out")
	}
	if err := f.Add(mustNew(t, "keith", "p")); err == nil {
		t.Error("a spoilt file was written over")
	}
	if _, err := Open(path); err == nil {
		t.Error("a spoilt file was opened")
	}
}
