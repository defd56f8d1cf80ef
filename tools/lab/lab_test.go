package lab

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// run runs a command line away from any lab that this machine may have.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PICKET_LAB", "")
	var out, errs bytes.Buffer
	code = Main(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestMistakes tells what to do after each mistake that a person can make before a
// lab runs.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		want string // of the error
		hint string
	}{
		{"uP", 2, `"uP" is no command`, "one of up, status"},
		{"up -gateways 0 -dir " + dir, 2, "-gateways 0", "-gateways 1 to 20"},
		{"up -gateways 21 -dir " + dir, 2, "-gateways 21", "-gateways 1 to 20"},
		{"up -rate 299 -dir " + dir, 2, "-rate 299", "-rate 300 to"},
		{"up -loss 1 -dir " + dir, 2, "-loss 1", "a share"},
		{"up -loss -0.1 -dir " + dir, 2, "-loss -0.1", "a share"},
		{"up -hq openfire -dir " + dir, 2, `-hq "openfire"`, "embedded, prosody or ejabberd"},
		{"up -bearer pigeon -dir " + dir, 2, `-bearer "pigeon"`, "-bearer serial"},
		{"up -gateways many", 2, "invalid value", "picketctl lab help"},
		{"up -speed 9600", 2, "not defined: -speed", "picketctl lab help"},
		{"up norfolk", 2, `no argument "norfolk"`, "picketctl lab help"},
		{"up -bin " + dir + " -dir " + filepath.Join(dir, "new"), 1, "picket is not in " + dir, "make build"},
		{"up -dir " + foreign, 1, "files that are no lab's", "an empty folder"},
		{"status", 1, "no lab was brought up yet", "picketctl lab up"},
		{"status -dir " + dir, 1, "no lab runs in " + dir, "picketctl lab up -dir " + dir},
		{"cut", 2, "cut takes the name of one site", "picketctl lab cut raleigh"},
		{"heal raleigh norfolk", 2, "heal takes the name of one site", "picketctl lab heal raleigh"},
		{"kill raleigh -dir " + dir, 1, "no lab runs in", "picketctl lab up"},
		{"start -dir " + dir + " raleigh", 1, "no lab runs in", "picketctl lab up"},
		{"account raleigh", 2, "account takes a site and a name", "picketctl lab account raleigh anna"},
		{"account -admin raleigh anna", 1, "no lab was brought up yet", "picketctl lab up"},
		{"down all", 2, `no argument "all"`, "picketctl lab down"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, stdout, stderr := run(t, strings.Fields(tt.args)...)
			if code != tt.code || stdout != "" {
				t.Errorf("exit %d, want %d; stdout %q", code, tt.code, stdout)
			}
			what, hint, _ := strings.Cut(stderr, "\nhint:  ")
			if !strings.HasPrefix(what, "error: lab: ") || !strings.Contains(what, tt.want) || !strings.Contains(hint, tt.hint) {
				t.Errorf("stderr:\n%swant %q, and the hint %q", stderr, tt.want, tt.hint)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"up", "-h"}, {"status", "-help"}} {
		if code, stdout, stderr := run(t, args...); code != 0 || stdout != usage || stderr != "" {
			t.Errorf("%v: exit %d, stderr %q, stdout %q", args, code, stderr, stdout)
		}
	}
	if code, stdout, _ := run(t); code != 2 || stdout != usage {
		t.Errorf("no command: exit %d, %q", code, stdout)
	}
}

// TestParse: flags are flags wherever they stand.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		args string
		rest []string
		dir  string
	}{
		{"", nil, ""},
		{"raleigh", []string{"raleigh"}, ""},
		{"-dir x raleigh anna", []string{"raleigh", "anna"}, "x"},
		{"raleigh -dir x anna", []string{"raleigh", "anna"}, "x"},
		{"raleigh anna -dir=x", []string{"raleigh", "anna"}, "x"},
	} {
		fs := flag.NewFlagSet("test", flag.ContinueOnError)
		dir := fs.String("dir", "", "")
		rest, err := parse(fs, strings.Fields(tt.args))
		if err != nil || !slices.Equal(rest, tt.rest) || *dir != tt.dir {
			t.Errorf("%q: %q, -dir %q, %v", tt.args, rest, *dir, err)
		}
	}
}

// TestPlan holds a world to what stands in the handbook: the headquarters
// first, the names of the specification, and everything different that must be.
func TestPlan(t *testing.T) {
	w, err := plan(Options{Gateways: gatewaysMax})
	if err != nil {
		t.Fatal(err)
	}
	if w.MUC != "conference.fairfax.tridsys.com" || w.Room != "chatroom@conference.fairfax.tridsys.com" {
		t.Errorf("rooms at %s, %s", w.MUC, w.Room)
	}
	var domains, passwords []string
	ports := map[int]bool{}
	for _, s := range w.Sites {
		domains = append(domains, s.Domain)
		ports[s.Port], ports[s.TLSPort] = true, true
		for _, a := range s.Accounts {
			if !strings.HasSuffix(a.JID, "@"+s.Domain) {
				t.Errorf("%s has the account %s", s.Domain, a.JID)
			}
			passwords = append(passwords, a.Password)
		}
	}
	if domains[0] != "fairfax.tridsys.com" || domains[1] != "raleigh.tridsys.com" {
		t.Errorf("the sites are %q", domains[:2])
	}
	for _, tt := range []struct{ site, name string }{{"fairfax", "scott"}, {"fairfax", "kevin"}, {"raleigh", "wayne"}, {"raleigh.tridsys.com", "keith"}} {
		if s := w.Site(tt.site); s == nil || s.Account(tt.name) == nil {
			t.Errorf("no account %s at %s", tt.name, tt.site)
		}
	}
	if w.Site("nowhere") != nil || w.Sites[0].Account("nobody") != nil {
		t.Error("there is what there is not")
	}
	for what, list := range map[string][]string{"domains": domains, "passwords": passwords} {
		slices.Sort(list)
		if n := len(list); len(slices.Compact(list)) != n {
			t.Errorf("two %s are equal", what)
		}
	}
	if len(ports) != 2*(gatewaysMax+1) || ports[0] {
		t.Errorf("%d ports for %d sites", len(ports), gatewaysMax+1)
	}
	if slices.ContainsFunc(passwords, func(p string) bool { return len(p) != 16 || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz234567") != "" }) {
		t.Errorf("passwords %q", passwords)
	}
}

// TestWorldFile: other programs read lab.json, so its names stay as they are.
func TestWorldFile(t *testing.T) {
	w, err := plan(Options{Gateways: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.Sites[1].PID, w.Sites[1].CA = 4711, "/lab/raleigh/ca.pem"
	dir := t.TempDir()
	if err := writeJSON(filepath.Join(dir, "lab.json"), w); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(filepath.Join(dir, "lab.json"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: passwords stand in it", st.Mode(), err)
	}
	back, err := Load(dir)
	if err != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("%+v comes back %+v, %v", w, back, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		t.Fatal(err)
	}
	var top map[string]any
	if err := json.Unmarshal(b, &top); err != nil {
		t.Fatal(err)
	}
	sites := top["sites"].([]any)
	site := sites[1].(map[string]any)
	account := site["accounts"].([]any)[0].(map[string]any)
	for _, tt := range []struct {
		what string
		got  map[string]any
		want []string
	}{
		{"lab.json", top, []string{"muc", "room", "sites"}},
		{"a site", site, []string{"accounts", "ca", "domain", "host", "name", "pid", "port", "tls_port"}},
		{"an account", account, []string{"jid", "password"}},
	} {
		if keys := slices.Sorted(maps.Keys(tt.got)); !slices.Equal(keys, tt.want) {
			t.Errorf("%s has %q, want %q", tt.what, keys, tt.want)
		}
	}
	if site["name"] != "raleigh" || site["pid"] != 4711.0 || site["port"] != float64(w.Sites[1].Port) || account["jid"] != "wayne@raleigh.tridsys.com" {
		t.Errorf("a site is %v", site)
	}
}

// TestDirs: a world begins in a new or empty folder, or in that of one that is
// down.
func TestDirs(t *testing.T) {
	base := t.TempDir()
	old := filepath.Join(base, "old")
	if err := os.MkdirAll(filepath.Join(old, "raleigh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, "options.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{old, filepath.Join(base, "a", "new")} {
		got, err := prepareDir(dir)
		if err != nil || got != dir {
			t.Errorf("%s: %s, %v", dir, got, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s holds %v, %v", dir, left, err)
		}
	}
	t.Setenv("XDG_CACHE_HOME", base)
	t.Setenv("PICKET_LAB", "")
	Remember(old)
	if dir, err := findDir(""); err != nil || dir != old {
		t.Errorf("the last lab is %s, %v", dir, err)
	}
	t.Setenv("PICKET_LAB", base)
	if dir, err := findDir(""); err != nil || dir != base {
		t.Errorf("with PICKET_LAB: %s, %v", dir, err)
	}
	if dir, err := findDir("/elsewhere"); err != nil || dir != "/elsewhere" {
		t.Errorf("with -dir: %s, %v", dir, err)
	}
	if _, err := listen(filepath.Join(base, strings.Repeat("x", 120))); err == nil || !strings.Contains(err.Error(), "too long for a socket") {
		t.Errorf("a long path: %v", err)
	}
}

func TestStatusTable(t *testing.T) {
	var out bytes.Buffer
	printStatus(&out, &Status{Dir: "/lab", HQ: "embedded", Rate: 1200, Sites: []SiteStatus{
		{Name: "fairfax", State: "running", PID: 12},
		{Name: "raleigh", State: "killed", Line: &LineStatus{State: "cut", Link: "unknown", BytesUp: 10, FramesUp: 1, BytesDown: 20, FramesDown: 2, QueueUp: 3, QueueDown: 4}},
	}})
	want := []string{"lab in /lab: embedded headquarters, lines of 1200 bit/s",
		"SITE PROGRAM PID LINE LINK UP DOWN QUEUE UP/DOWN",
		"fairfax running 12 - - - - -",
		"raleigh killed - cut unknown 10 B in 1 frames 20 B in 2 frames 3/4"}
	var got []string
	for line := range strings.Lines(out.String()) {
		if f := strings.Fields(line); len(f) > 0 {
			got = append(got, strings.Join(f, " "))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", out.String())
	}
}

// TestControl speaks with a supervisor that has no programs: requests that make
// no sense are answered with what would.
func TestControl(t *testing.T) {
	dir := t.TempDir()
	w, err := plan(Options{Gateways: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &supervisor{dir: dir, world: w, log: slog.New(slog.DiscardHandler)}
	for i := range w.Sites {
		s.sites = append(s.sites, &siteProc{site: &w.Sites[i], proc: &process{name: w.Sites[i].Name}})
	}
	l, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	down := make(chan struct{})
	go s.accept(l, down)
	if _, err := listen(dir); err == nil || !strings.Contains(err.Error(), "already runs") {
		t.Errorf("a second lab in the folder: %v", err)
	}
	for _, tt := range []struct{ args, want, hint string }{
		{"cut durham", `there is no site "durham"`, "one of [fairfax raleigh]"},
		{"kill raleigh", "raleigh does not run", "picketctl lab start raleigh"},
		{"account durham anna", `there is no site "durham"`, "one of [fairfax raleigh]"},
	} {
		code, _, stderr := run(t, append(strings.Fields(tt.args), "-dir", dir)...)
		if code != 1 || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, tt.hint) {
			t.Errorf("%s: exit %d: %s", tt.args, code, stderr)
		}
	}
	if err := Inject(dir, "fairfax", false, "x"); err == nil || !strings.Contains(err.Error(), "no line of its own") {
		t.Errorf("injecting at the headquarters: %v", err)
	}
	if code, stdout, stderr := run(t, "down", "-dir", dir); code != 0 || !strings.Contains(stdout, "is down") {
		t.Errorf("down: %d %s%s", code, stdout, stderr)
	}
	<-down
	if err := Down(dir); err == nil || !strings.Contains(err.Error(), "no lab runs") {
		t.Errorf("down twice: %v", err)
	}
}
