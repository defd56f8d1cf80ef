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
	want.Domain, want.MUC = "hq.example", "conference.hq.example"
	want.Admins = []string{"kevin@hq.example", "wayne@raleigh.example"}
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
		l = strings.Replace(l, "#[[", "[[", 1)
		l = strings.Replace(l, `face = "embedded"`, `face = "component"`, 1) // XML mirrors need it
		lines = append(lines, l)
	}
	c := load(t, strings.Join(lines, "\n"), "")
	if c.Limits.StanzaBytes != 65536 || c.Hold == 0 || c.Journal.SizeMaxMiB == 0 || c.ResumeWait == 0 {
		t.Errorf("with all keys in force: %+v", c)
	}
}

func TestValidate(t *testing.T) {
	const good = "domain = \"hq.example\"\nmuc = \"conference.hq.example\"\n"
	for _, tt := range []struct{ name, doc, want string }{
		{"the least", good, ""},
		{"a component", good + "face = \"component\"\n[listen]\nstarttls = \"\"\ntls = \"\"\n", ""},
		{"no rooms", "domain = \"hq.example\"\n", `muc: "" is no domain`},
		{"rooms among the users", "domain = \"hq.example\"\nmuc = \"hq.example\"\n", "2: muc: the rooms need a domain other than the users'"},
		{"no such face", good + "face = \"smiling\"\n", "3: face: smiling is no face"},
		{"an administrator that is no JID", good + "admins = [\"kevin\"]\n", "3: admins: kevin is no bare JID"},
		{"an administrator's session", good + "admins = [\"kevin@hq.example/phone\"]\n", "3: admins: "},
		{"an embedded server that nobody reaches", good + "[listen]\nstarttls = \"\"\ntls = \"\"\n", "4: listen.starttls: no client could connect"},
		{"a component of nothing", good + "face = \"component\"\n[component]\naddr = \"\"\n", "5: component.addr: "},
		{"an XML mirror", good + "face = \"component\"\n[[xml_mirror]]\nname = \"mirror.d.example\"\ndomains = [\"d.example\"]\nid = 62\n", ""},
		{"an XML mirror without a server", good + "[[xml_mirror]]\nname = \"mirror.d.example\"\ndomains = [\"d.example\"]\nid = 62\n", "xml_mirror.name: XML mirrors come through an XMPP server"},
		{"an XML mirror for nobody", good + "face = \"component\"\n[[xml_mirror]]\nname = \"mirror.d.example\"\nid = 62\n", "xml_mirror.domains: "},
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

func TestAdmins(t *testing.T) {
	c := load(t, "domain = \"hq.example\"\nmuc = \"conference.hq.example\"\nadmins = [\"kevin@hq.example\"]\n", "")
	if err := c.SaveAdmins([]string{"wayne@raleigh.example"}); err != nil {
		t.Fatal(err)
	}
	if err := c.SaveAdmins([]string{"no JID"}); err == nil {
		t.Error("what is no JID is saved")
	}
	got, err := c.LoadAdmins()
	if want := []string{"kevin@hq.example", "wayne@raleigh.example"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
