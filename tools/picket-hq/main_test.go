package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"picket/mirror/site"
	"picket/tools/picket-hq/config"
)

func call(t *testing.T, code int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := dispatch(args, strings.NewReader(""), &o, &e); got != code {
		t.Fatalf("picket-hq %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, o.String(), e.String())
	}
	return o.String(), e.String()
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hq")
	call(t, 0, "init", "-config", dir, "-domain", "hq.example", "-admin", "kevin@hq.example", "-starttls", "127.0.0.1:0")
	c, err := config.Load(filepath.Join(dir, config.FileName))
	if err != nil || c.MUC != "conference.hq.example" || c.Listen.StartTLS != "127.0.0.1:0" || c.Admins[0] != "kevin@hq.example" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, file := range []string{site.CAFile, site.CAKeyFile, site.CertFile, site.CertKeyFile, "keys/own.key"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	key, _ := os.ReadFile(filepath.Join(dir, "keys/own.key"))
	_, errOut := call(t, 1, "init", "-config", dir, "-domain", "hq.example")
	if !strings.Contains(errOut, "it is there already") {
		t.Errorf("a second init says %q", errOut)
	}
	if again, _ := os.ReadFile(filepath.Join(dir, "keys/own.key")); !bytes.Equal(key, again) {
		t.Error("a second init made another key")
	}
	call(t, 0, "admin", "add", "-config", dir, "Wayne@raleigh.example")
	call(t, 0, "admin", "add", "-config", dir, "wayne@raleigh.example")
	if out, _ := call(t, 0, "admin", "list", "-config", dir); out != "kevin@hq.example\nwayne@raleigh.example\n" {
		t.Errorf("admins: %q", out)
	}
	call(t, 0, "admin", "remove", "-config", dir, "wayne@raleigh.example")
	if out, _ := call(t, 0, "admin", "list", "-config", dir); out != "kevin@hq.example\n" {
		t.Errorf("admins: %q", out)
	}
}

func TestWrongCommandLines(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"", 2, ""},
		{"help", 0, ""},
		{"version", 0, ""},
		{"launch", 2, "error: \"launch\" is no command\nhint:  picket-hq help\n"},
		{"init", 2, "-domain is missing"},
		{"init -config " + dir + "/x -domain HQ", 1, "domain: \"HQ\" is no domain"},
		{"init -config " + dir + "/x -domain hq.example -face smiling", 1, "face: smiling is no face"},
		{"run -config " + dir, 1, "there is no such configuration\nhint:  make one: picket-hq init -config"},
		{"run -config " + dir + " now", 2, "run takes no argument now"},
		{"user list -config " + dir, 1, "there is no such configuration"},
		{"admin add -config " + dir, 2, "a JID is missing"},
	} {
		if _, errOut := call(t, tt.code, strings.Fields(tt.args)...); !strings.Contains(errOut, tt.want) {
			t.Errorf("picket-hq %s\n got %q\nwant …%s…", tt.args, errOut, tt.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("a refused init left %v", left)
	}
}
