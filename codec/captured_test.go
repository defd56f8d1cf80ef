package codec

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Every stanza that five real clients and their servers sent comes back equal,
// first and again, and costs less than its XML even cold.
func TestCapturedStanzas(t *testing.T) {
	files, err := filepath.Glob("testdata/captured/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal("no captured stanzas", err)
	}
	count := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := newPair(Config{})
		var raw, warm int
		for _, line := range strings.Split(string(b), "\n") {
			f := strings.SplitN(line, "\t", 4)
			if len(f) < 4 || strings.HasPrefix(line, "#") {
				continue
			}
			el := stanza(t, f[3])
			if cold := newPair(Config{}).cross(t, el); len(cold) >= len(f[3]) {
				t.Errorf("%d bytes, %d as XML: %s", len(cold), len(f[3]), f[3])
			}
			raw += len(f[3])
			warm += len(p.cross(t, el))
			count++
		}
		t.Logf("%s: %d bytes of XML cross as %d", filepath.Base(name), raw, warm)
	}
	if count < 700 {
		t.Errorf("only %d stanzas were read", count)
	}
}

// Every example of the seed comes back equal: as printed there, and without
// the white space of the page.
func TestSeedExamples(t *testing.T) {
	b, err := os.ReadFile("testdata/seed.txt")
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(Config{})
	examples := strings.Split(string(b), "## ")[1:]
	if len(examples) != 28 {
		t.Errorf("%d examples", len(examples))
	}
	for _, ex := range examples {
		caption, text, _ := strings.Cut(ex, "\n")
		d := xml.NewDecoder(bytes.NewReader([]byte(text)))
		d.DefaultSpace = ns.Client
		for n := 0; ; n++ {
			el, err := xmltree.Next(d, xmltree.DefaultLimits)
			if err == io.EOF && n > 0 {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", caption, err)
			}
			p.cross(t, el)
			p.cross(t, withoutSpace(el))
		}
	}
}

// withoutSpace takes away text that only lays out the page.
func withoutSpace(el *xmltree.Element) *xmltree.Element {
	c := el.Shallow()
	c.Nodes = nil
	for _, n := range el.Nodes {
		switch {
		case n.Element != nil:
			c.Add(withoutSpace(n.Element))
		case strings.TrimSpace(n.Text) != "":
			c.AddText(n.Text)
		}
	}
	return c
}
