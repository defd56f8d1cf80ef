package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"picket/firmware/config"
	"picket/mirror/site"
)

func call(t *testing.T, code int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := dispatch(args, strings.NewReader(""), &o, &e); got != code {
		t.Fatalf("picket %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, o.String(), e.String())
	}
	return o.String(), e.String()
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "raleigh")
	call(t, 0, "init", "-config", dir, "-domain", "raleigh.example", "-tls", "", "-starttls", "127.0.0.1:0", "-name", "10.0.0.1")
	c, err := config.Load(filepath.Join(dir, config.FileName))
	if err != nil || c.Mirror != "mirror.raleigh.example" || c.Listen != (site.Listen{StartTLS: "127.0.0.1:0"}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, file := range []string{site.CAFile, site.CertFile, site.CertKeyFile, "keys/own.key"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, site.CAKeyFile)); err == nil {
		t.Error("the key of a provisional authority was kept")
	}
	if _, errOut := call(t, 1, "init", "-config", dir, "-domain", "raleigh.example"); !strings.Contains(errOut, "it is there already") {
		t.Errorf("a second init says %q", errOut)
	}
	// Without a headquarters there is nothing to run.
	if _, errOut := call(t, 1, "run", "-config", dir); !strings.Contains(errOut, "a gateway has one headquarters, here are 0\nhint:  picketctl pair") {
		t.Errorf("run of an unpaired gateway says %q", errOut)
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
		{"launch", 2, "error: \"launch\" is no command\nhint:  picket help\n"},
		{"init", 2, "-domain is missing"},
		{"init -config " + dir + "/x -domain raleigh.example -mirror raleigh.example", 1, "the mirror needs a domain other than the users'"},
		{"run -config " + dir, 1, "there is no such configuration\nhint:  make one: picket init -config"},
		{"user add -config " + dir + " wayne", 1, "there is no such configuration"},
	} {
		if _, errOut := call(t, tt.code, strings.Fields(tt.args)...); !strings.Contains(errOut, tt.want) {
			t.Errorf("picket %s\n got %q\nwant …%s…", tt.args, errOut, tt.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("a refused init left %v", left)
	}
}
