package dmuc

import (
	"os"
	"strings"
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// TestWireExamples reads each example of WIRE.md, and builds it again from what
// was read.
func TestWireExamples(t *testing.T) {
	doc, err := os.ReadFile("WIRE.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(doc), "```xml\n")[1:]
	if len(blocks) < 7 {
		t.Fatalf("%d examples, want at least 7", len(blocks))
	}
	for _, b := range blocks {
		src, _, _ := strings.Cut(b, "\n```")
		st, err := xmltree.ParseIn(ns.Client, []byte(src))
		if err != nil {
			t.Errorf("%s\n does not parse: %v", src, err)
			continue
		}
		again := rebuild(t, st)
		if !xmltree.Equal(st, again) {
			t.Errorf("example %s\n comes back %s", st, again)
		}
	}
}

// rebuild reads what a stanza says and puts it into a new one.
func rebuild(t *testing.T, st *xmltree.Element) *xmltree.Element {
	out := &xmltree.Element{Space: st.Space, Local: st.Local, Attr: st.Attr}
	for _, c := range st.Children() {
		switch {
		case c.Is(ns.DMUC, "dmuc"):
			c = Tag(TagOf(st))
		case c.Is(ns.DMUC0, "item"):
			it, ok := ItemOf(st)
			if !ok {
				t.Errorf("%s: item makes no sense", c)
			}
			c = it.Element()
		case c.Is(ns.DMUC0, "roster"):
			c = Roster(RosterOf(c))
		case c.Is(ns.DMUC0, "resume"):
			r, ok := ResumeOf(c)
			if !ok {
				t.Errorf("%s: resume makes no sense", c)
			}
			c = r.Element()
		}
		out.Add(c)
	}
	return out
}
