package codec

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"picket/codec/xmltree"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files from what the code does")

// A vector is one golden file: a kind of stanza, what was acknowledged before
// it, and its bytes in several states of the two ends.
type vector struct {
	kind   string
	before []string
	xml    string
	states []state
}

type state struct{ name, diag, hex, bytes string }

// setups are the states of a vector, the names as the files have them.
var setups = []struct {
	name string
	cfg  Config
	warm bool
}{
	{"cold", Config{}, false},                            // nothing is known
	{"domains", testDomains, false},                      // the first stanza of a session
	{"warm", testDomains, true},                          // what stands before is acknowledged
	{"coded", Config{Text: sixBit{}}.domains(), true},    // with the test's text model
	{"old", Config{Peer: &Known{10, 8, 24, 6, 0}}, true}, // for a decoder that knows little
}

var testDomains = Config{}.domains()

func (c Config) domains() Config {
	c.Master, c.Mirror = "conference.fairfax.tridsys.com", "mirror.raleigh.tridsys.com"
	return c
}

func parseVector(t *testing.T, text string) vector {
	t.Helper()
	var v vector
	for _, line := range strings.Split(text, "\n") {
		key, value, _ := strings.Cut(line, " ")
		value = strings.TrimSpace(value)
		last := len(v.states) - 1
		switch {
		case line == "" || key == "#":
		case key == "kind":
			v.kind = value
		case key == "before":
			v.before = append(v.before, value)
		case key == "xml":
			v.xml = value
		case key == "state":
			v.states = append(v.states, state{name: value})
		case key == "diag" && last >= 0:
			v.states[last].diag = value
		case key == "hex" && last >= 0:
			v.states[last].hex = value
		case key == "bytes" && last >= 0:
			v.states[last].bytes = value
		default:
			t.Fatalf("no line of a vector: %q", line)
		}
	}
	return v
}

func (v *vector) print() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kind    %s\n", v.kind)
	for _, x := range v.before {
		fmt.Fprintf(&b, "before  %s\n", x)
	}
	fmt.Fprintf(&b, "xml     %s\n", v.xml)
	for _, s := range v.states {
		fmt.Fprintf(&b, "\nstate   %s\ndiag    %s\nhex     %s\nbytes   %s\n", s.name, s.diag, s.hex, s.bytes)
	}
	return b.String()
}

// run encodes the vector's stanza in one state; it checks that the golden bytes
// decode, and gives what was made now.
func (v *vector) run(t *testing.T, name string, golden string) state {
	t.Helper()
	for _, setup := range setups {
		if setup.name != name {
			continue
		}
		p := newPair(setup.cfg)
		if setup.warm {
			for _, x := range v.before {
				p.cross(t, stanza(t, x))
			}
		}
		el := stanza(t, v.xml)
		if golden != "" {
			b, err := hex.DecodeString(strings.ReplaceAll(golden, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			// A decoder of its own: the golden bytes change no table of p.
			old := newPair(setup.cfg)
			if setup.warm {
				for _, x := range v.before {
					old.cross(t, stanza(t, x))
				}
			}
			if got, err := old.dec.Decode(b); err != nil || !xmltree.Equal(got, el) {
				t.Errorf("%s, %s: the golden bytes give %v, %v", v.kind, name, got, err)
			}
		}
		b := p.cross(t, el)
		return state{name, diagnose(t, b), spaced(b), fmt.Sprint(len(b))}
	}
	t.Fatalf("no state %q", name)
	return state{}
}

// diagnose prints a CBOR sequence in the diagnostic notation of RFC 8949 §8, and
// checks that every item is in its one deterministic form.
func diagnose(t *testing.T, b []byte) string {
	t.Helper()
	var items []string
	for rest := b; len(rest) > 0; {
		text, next, err := cbor.DiagnoseFirst(rest)
		if err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		items = append(items, text)
		deterministic(t, rest[:len(rest)-len(next)])
		rest = next
	}
	return strings.Join(items, ", ")
}

func deterministic(t *testing.T, item []byte) {
	t.Helper()
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := cbor.Unmarshal(item, &v); err != nil {
		t.Fatal(err)
	}
	if again, err := mode.Marshal(v); err != nil || !bytes.Equal(again, item) {
		t.Errorf("%x is not core deterministic: %x, %v", item, again, err)
	}
}

func spaced(b []byte) string { return fmt.Sprintf("% x", b) }

// The golden vectors: go test ./codec -run Kinds -rewrite writes them, and the
// prices.
func TestKinds(t *testing.T) {
	files, err := filepath.Glob("testdata/kinds/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	prices := fmt.Sprintf("%-58s %6s %6s %8s %6s\n", "# bytes of a stanza", "XML", "cold", "domains", "warm")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		v := parseVector(t, string(text))
		golden := map[string]string{}
		for _, s := range v.states {
			golden[s.name] = s.hex
		}
		v.states = nil
		for _, setup := range setups {
			want := golden[setup.name]
			if *rewrite {
				want = ""
			}
			v.states = append(v.states, v.run(t, setup.name, want))
		}
		compare(t, name, string(text), v.print())
		prices += fmt.Sprintf("%-58s %6d %6s %8s %6s\n", v.kind, len(v.xml), v.states[0].bytes, v.states[1].bytes, v.states[2].bytes)
	}
	have, _ := os.ReadFile("testdata/prices.txt")
	compare(t, "testdata/prices.txt", string(have), prices)
}

func compare(t *testing.T, name, have, want string) {
	t.Helper()
	if have == want {
		return
	}
	if *rewrite {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is not what the code does now (go test ./codec -run Kinds -rewrite, and read the diff):\n%s", name, diffLine(have, want))
}

// diffLine gives the first line that differs.
func diffLine(have, want string) string {
	h, w := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(h) || h[i] != w[i] {
			old := ""
			if i < len(h) {
				old = h[i]
			}
			return "file: " + old + "\ncode: " + w[i]
		}
	}
	return "the file has more lines"
}
