package codec

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Every example of WIRE.md is read, encoded, decoded and compared, and its list
// of shapes is the code's.
func TestWireExamples(t *testing.T) {
	have, err := os.ReadFile("WIRE.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(have), "```")
	examples := 0
	for i, part := range parts {
		kind, text, _ := strings.Cut(part, "\n")
		if i%2 == 0 {
			continue
		}
		switch kind {
		case "example":
			examples++
			v := parseVector(t, text)
			for k, s := range v.states {
				golden := s.hex
				if *rewrite {
					golden = ""
				}
				v.states[k] = v.run(t, s.name, golden)
			}
			parts[i] = "example\n" + v.print()
		case "shapes":
			parts[i] = "shapes\n" + listShapes()
		default:
			t.Errorf("a block of kind %q that no test reads", kind)
		}
	}
	if examples < 6 {
		t.Errorf("%d examples", examples)
	}
	compare(t, "WIRE.md", string(have), strings.Join(parts, "```"))
}

func listShapes() string {
	var b strings.Builder
	for i, s := range templates {
		fmt.Fprintf(&b, "%3d   %s\n", hotSlots+i, s)
	}
	for i, s := range partTemplates {
		fmt.Fprintf(&b, "part %2d   %s\n", i, s)
	}
	return b.String()
}
