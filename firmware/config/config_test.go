package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What Text writes, Load reads; every key that is commented out is one, with
// the value shown.
func TestFreshFile(t *testing.T) {
	want := Default()
	want.Domain, want.Mirror = "raleigh.example", "mirror.raleigh.example"
	want.Listen.TLS = ""
	text, err := Text(want)
	if err != nil {
		t.Fatal(err)
	}
	got := load(t, string(text), "")
	want.Dir, want.Log.Level = got.Dir, "info"
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
	if got.Path("x") != filepath.Join(got.Dir, "x") || got.Path("/x") != "/x" || got.StatePath("j") != filepath.Join(got.Dir, "state", "j") {
		t.Error("paths do not start at the file's folder")
	}
	all := strings.ReplaceAll(string(text), "\n# ", "\n#")
	var lines []string
	for _, l := range strings.Split(all, "\n") {
		if key, _, ok := strings.Cut(strings.TrimPrefix(l, "#"), " = "); ok && !strings.Contains(key, " ") {
			l = strings.TrimPrefix(l, "#")
		}
		lines = append(lines, l)
	}
	c := load(t, strings.Join(lines, "\n"), "")
	if c.Limits.StanzaBytes != 65536 || c.Hold == 0 || c.Journal.SizeMaxMiB == 0 || c.Limits.QueueMessages == 0 {
		t.Errorf("with all keys in force: %+v", c)
	}
}

func TestValidate(t *testing.T) {
	const good = "domain = \"raleigh.example\"\nmirror = \"mirror.raleigh.example\"\n"
	for _, tt := range []struct{ name, doc, want string }{
		{"the least", good, ""},
		{"no mirror", "domain = \"raleigh.example\"\n", `mirror: "" is no domain`},
		{"one domain for both", "domain = \"a.example\"\nmirror = \"a.example\"\n", "2: mirror: the mirror needs a domain other than the users'"},
		{"a queue without end", good + "[limits]\nqueue_messages = 10000000\n", "4: limits.queue_messages: it is out of range"},
		{"a stanza that no client could send", good + "[limits]\nstanza_bytes = 10\n", "4: limits.stanza_bytes: 10 is out of range"},
		{"no state", good + "state = \"\"\n", "3: state: no folder is named"},
		{"a link in the wrong file", good + "[[bearer]]\nport = \"/dev/ttyS0\"\n", "there is no such key"},
	} {
		load(t, tt.doc, tt.want)
	}
}

func load(t *testing.T, doc, want string) *Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	switch {
	case want == "" && err != nil:
		t.Fatalf("%v in\n%s", err, doc)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want …%s…, of\n%s", err, want, doc)
	}
	return c
}
