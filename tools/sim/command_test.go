package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"picket/mirror"
)

// tiny are the flags of a world that runs in some hundredths of a second.
const tiny = "-gateways 1 -rooms 1 -users 4 -hours 0.1 -rate 9600 -faults none"

func command(line string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = Main(strings.Fields(line), &out, &errs)
	return status, out.String(), errs.String()
}

func TestMainJSON(t *testing.T) {
	status, out, errs := command("-seeds 3-4 -json " + tiny)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, %s", status, errs)
	}
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(out))
	if err := d.Decode(&object); err != nil || d.More() {
		t.Fatalf("%v, or more than one object: %s", err, out)
	}
	wantKeys(t, "the report", object, "violations", "sent", "delivered", "lost", "doubled", "bytes_up", "bytes_down",
		"delivery_s", "convergence_s", "seeds")
	wantKeys(t, "delivery_s", object["delivery_s"], "p50", "p95", "max")
	wantKeys(t, "convergence_s", object["convergence_s"], "p50", "max")
	if v, ok := object["violations"].([]any); !ok || len(v) != 0 {
		t.Errorf("violations is %v, not an empty list", object["violations"])
	}
	if object["seeds"] != 2.0 || object["sent"].(float64) <= 0 || object["bytes_up"].(float64) <= 0 {
		t.Errorf("two worlds in which something happens give %s", out)
	}
}

func wantKeys(t *testing.T, what string, object any, keys ...string) {
	t.Helper()
	m, ok := object.(map[string]any)
	if !ok {
		t.Fatalf("%s is %T", what, object)
	}
	slices.Sort(keys)
	if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, keys) {
		t.Errorf("%s has %v, want %v", what, got, keys)
	}
}

func TestMainPrintsForPeople(t *testing.T) {
	status, out, errs := command("-seed 3 " + tiny)
	if status != 0 || errs != "" || !strings.HasPrefix(out, "1 worlds: ") || !strings.Contains(out, "convergence: ") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

func TestMainFlagErrors(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"-gateways 0", "-gateways: 0 is not from 1 to 62"},
		{"-gateways 63", "-gateways: 63 is not"},
		{"-rooms 0", "-rooms: 0 is not"},
		{"-users 0", "-users: 0 is not"},
		{"-hours 0", "-hours: 0 is not above 0"},
		{"-hours -1", "-hours: -1 is not above 0"},
		{"-rate 7", "-rate: 7 bit/s is not"},
		{"-loss 0.95", "-loss: with 0.95"},
		{"-seeds 5-2", `-seeds: "5-2" is no range`},
		{"-seeds a-b", `-seeds: "a-b" is no range`},
		{"-seed 1 -seeds 1-2", "give one of them"},
		{"-json testdata/outage.txt", "goes with seeds"},
		{"-faults meteor", `-faults: "meteor" is no fault`},
		{"-faults loss,", `-faults: "" is no fault`},
		{"-rewrite", "-rewrite: there is no FILE"},
		{"-trace x -seeds 1-2", "-trace: one world at a time"},
		{"-seed x", "invalid value"},
		{"-nonesuch", "flag provided but not defined"},
		{"/nonesuch.txt", "/nonesuch.txt"},
	} {
		status, out, errs := command(tt.line)
		if status != 2 || out != "" {
			t.Errorf("%s: status %d, stdout %q", tt.line, status, out)
		}
		if !strings.Contains(errs, "error: ") || !strings.Contains(errs, tt.want) || !strings.Contains(errs, "\nhint:  ") {
			t.Errorf("%s: got\n%swant error: … %s … and a hint", tt.line, errs, tt.want)
		}
	}
}

func TestMainHelp(t *testing.T) {
	status, _, errs := command("-h")
	if status != 0 {
		t.Errorf("status %d", status)
	}
	for _, f := range []string{"-seed ", "-seeds ", "-gateways ", "-rooms ", "-users ", "-hours ", "-rate ", "-loss ", "-faults ", "-json"} {
		if !strings.Contains(errs, "\n  "+f) {
			t.Errorf("%s is not in\n%s", f, errs)
		}
	}
}

// TestReportOfAViolation: the exit status is 1, and the command that is
// printed makes the same world.
func TestReportOfAViolation(t *testing.T) {
	lose := at(false, func(true mirror.Machine, now time.Time, in mirror.Input) mirror.Batch {
		if p, ok := in.(mirror.FromPeer); ok && p.Stanza.Local == "presence" && p.Stanza.Get("type") == "unavailable" {
			return mirror.Batch{}
		}
		return true.Step(now, in)
	})
	var cfg Config
	var res *Result
	for seed := uint64(1); res == nil || len(res.Violations) == 0; seed++ {
		cfg = small(seed, Cut|Loss)
		cfg.Loss = 0.03
		var err error
		if res, err = run(cfg, lose, nil); err != nil || seed > 20 {
			t.Fatalf("no violation to report: %v", err)
		}
	}
	var out, errs bytes.Buffer
	if status := conclude(&options{Config: cfg}, []*Result{res}, &out, &errs); status != 1 {
		t.Errorf("status %d", status)
	}
	repeat := fmt.Sprintf("picketctl sim -seed %d", cfg.Seed) + " -gateways 2 -rooms 2 -users 9 -hours 0.5 -rate 9600 -faults loss,cut -loss 0.03"
	if !strings.HasPrefix(errs.String(), "error: rosters does not hold: ") || !strings.HasSuffix(errs.String(), "\nhint:  "+repeat+"\n") {
		t.Errorf("stderr: %s", &errs)
	}
	opt, err := parseArgs(strings.Fields(strings.TrimPrefix(repeat, "picketctl sim ")), &errs)
	if err != nil || opt.first != cfg.Seed || opt.last != cfg.Seed {
		t.Fatalf("%+v, %v", opt, err)
	}
	opt.Seed = cfg.Seed
	if opt.Config != cfg {
		t.Errorf("the command makes %+v, the world was %+v", opt.Config, cfg)
	}
	var object struct {
		Violations []struct {
			Invariant, What, Repeat string
			Seed                    uint64
			AtS                     float64 `json:"at_s"`
		}
	}
	out.Reset()
	conclude(&options{Config: cfg, json: true}, []*Result{res}, &out, &errs)
	if err := json.Unmarshal(out.Bytes(), &object); err != nil || len(object.Violations) == 0 {
		t.Fatalf("%v: %s", err, &out)
	}
	if v := object.Violations[0]; v.Invariant != "rosters" || v.What == "" || v.Repeat != repeat || v.Seed != cfg.Seed || v.AtS <= 0 {
		t.Errorf("violation %+v", v)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Faults
		back string
	}{
		{"none", 0, "none"},
		{"all", AllFaults, "all"},
		{"loss", Loss, "loss"},
		{"crash,loss", Loss | Crash, "loss,crash"},
		{"all,-people", AllFaults &^ People, "all,-people"},
		{"all,-all", 0, "none"},
	} {
		got, err := ParseFaults(tt.text)
		if err != nil || got != tt.want || got.String() != tt.back {
			t.Errorf("%s: %v (%v), want %s", tt.text, got, err, tt.back)
		}
	}
}

// TestScenarioThatFails: a scenario that does not come out as it is written
// gives status 1.
func TestScenarioThatFails(t *testing.T) {
	text, err := os.ReadFile("testdata/join.txt")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "join.txt")
	for _, tt := range []struct {
		text   string
		status int
	}{{string(text), 0}, {strings.Replace(string(text), "Wayne self", "Wayne elsewhere", 1), 1}} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if status := Main([]string{file}, &out, &errs); status != tt.status {
			t.Errorf("status %d, want %d\n%s%s", status, tt.status, &out, &errs)
		}
	}
	if status := Main([]string{"testdata/join.txt"}, &bytes.Buffer{}, os.Stderr); status != 0 {
		t.Error("the kept scenario fails")
	}
}
