package sim

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into testdata/*.txt")

// TestTranscripts plays every scenario, and every transcript of the seed.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rewritten, differ, err := play(string(text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, bad := range []string{"MISSING", "VIOLATION"} {
				if strings.Contains(rewritten, "\n"+bad) {
					t.Errorf("%s: there is a %s", name, bad)
				}
			}
			if *rewrite {
				if err := os.WriteFile(name, []byte(rewritten), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, m := range differ {
				t.Errorf("%s: %v", name, m)
			}
			if len(differ) > 0 {
				t.Logf("to write what happens now: go test ./tools/sim -run TestTranscripts -rewrite")
			}
		})
	}
}

// seedCaptions are those of all examples of DMUC3, in its order.
var seedCaptions = []string{
	"Disco request for distributed MUC support",
	"Disco response for server supporting distributed MUC",
	"User joins MUC through a mirror",
	"Mirror service joins the target MUC",
	"MUC sends room configuration to DMUC",
	"DMUC responds to room configuration",
	"MUC sends roster to DMUC",
	"DMUC sends response to roster",
	"DMUC sends history request to MUC",
	"MUC sends history to DMUC",
	"MUC confirms room join",
	"MUC informs local users",
	"Mirror delivers the join to local users",
	"Master rejects joins",
	"Mirror delivers the join failure to the user",
	"User joins the master MUC directly",
	"MUC delivers the join to its occupants",
	"MUC delivers the join to the DMUC",
	"Mirror delivers join to its occupants",
	"User leaves the mirror room",
	"Mirror sends unavailable presence to local users",
	"Mirror sends unavailable presence to MUC",
	"MUC sends unavailable presence to occupants",
	"MUC sends unavailable presence to DMUC",
	"Mirror user sends a message to the room",
	"DMUC sends the message to its users",
	"Mirror sends the message to the MUC",
	"MUC sends the message to the occupants",
}

// TestEveryExampleOfTheSeed: each stands in a transcript under its caption, and
// what a role itself is to say stands in an expect of that role.
func TestEveryExampleOfTheSeed(t *testing.T) {
	files, _ := filepath.Glob("testdata/seed-*.txt")
	expected, told := map[string]bool{}, map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseScript(string(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, d := range s.directives {
			caption := d.keys["caption"]
			if caption != "" && strings.TrimSpace(d.input) == "" {
				t.Errorf("%s:%d: %q has no stanza", name, d.line, caption)
			}
			if d.name == "expect" {
				expected[caption] = true
			} else {
				told[caption] = true
			}
		}
	}
	for _, c := range seedCaptions {
		byUser := strings.HasPrefix(c, "User ") || strings.HasPrefix(c, "Mirror user") || strings.HasPrefix(c, "Disco request")
		switch {
		case !expected[c] && !told[c]:
			t.Errorf("no transcript has the example %q", c)
		case !byUser && !expected[c]:
			t.Errorf("%q is told to a role, but no role is seen to say it", c)
		}
		delete(expected, c)
		delete(told, c)
	}
	delete(expected, "")
	delete(told, "")
	if len(expected)+len(told) > 0 {
		t.Errorf("captions that the seed does not have: %v %v", expected, told)
	}
}

func TestParseScript(t *testing.T) {
	const good = "# a story\nsay wayne text=\"at the ford\" to=(a, b)\ninput\n\nmore\n----\nout\n\n# end\n"
	s, err := parseScript(good)
	if err != nil {
		t.Fatal(err)
	}
	d := s.directives[0]
	if d.name != "say" || d.args[0] != "wayne" || d.keys["text"] != "at the ford" || len(list(d.keys["to"])) != 2 ||
		d.input != "input\n\nmore\n" || d.expected != "out\n" || d.line != 2 {
		t.Errorf("got %+v", d)
	}
	again, differ, err := s.run(func(*directive) (string, error) { return "out", nil })
	if err != nil || len(differ) > 0 || again != good {
		t.Errorf("run: %v %v\n got %q\nwant %q", differ, err, again, good)
	}
	if _, differ, _ = s.run(func(*directive) (string, error) { return "other", nil }); len(differ) != 1 {
		t.Errorf("a difference is not seen: %v", differ)
	}
	for _, tt := range []struct{ name, text, err string }{
		{"no separator", "say wayne\n", "line 1: no ---- follows"},
		{"open quote", "# x\nsay text=\"at\n----\n", `line 2: no " closes "at`},
		{"open list", "world mirrors=(a\n----\n", "line 1: no ) closes (a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := parseScript(tt.text); err == nil || err.Error() != tt.err {
				t.Errorf("got %v, want %s", err, tt.err)
			}
		})
	}
}

func TestScenarioRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, tt := range []struct{ name, text, err string }{
		{"no world", "say wayne text=x\n----\n", "first make a world"},
		{"no such command", "world mirrors=(raleigh)\n----\n\nshout\n----\n", `"shout" is no command`},
		{"no such user", "world mirrors=(raleigh) empty\n----\n\njoin nobody\n----\n", `there is no user "nobody"`},
		{"no such site", "world mirrors=(raleigh) empty\n----\n\nkill boone\n----\n", "no such site"},
		{"bad XML", "stage\n----\n\nmaster\n<iq>\n----\n", "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := play(tt.text); err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want something with %q", err, tt.err)
			}
		})
	}
}
