package codec

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// readVector gives one kind's golden file.
func readVector(t testing.TB, name string) vector {
	t.Helper()
	b, err := os.ReadFile("testdata/kinds/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	for _, line := range strings.Split(string(b), "\n") {
		switch key, value, _ := strings.Cut(line, " "); key {
		case "before":
			v.before = append(v.before, strings.TrimSpace(value))
		case "xml":
			v.xml = strings.TrimSpace(value)
		}
	}
	return v
}

// What the link was promised: bytes beside the text of the message.
func TestBars(t *testing.T) {
	for _, tt := range []struct {
		kind string
		text int // bytes of it
		most int
	}{
		{"groupchat", 48, 5},
		{"groupchat-ok", 2, 5},
		{"groupchat-down", 48, 6},
		{"groupchat-mirror", 48, 6},
		{"join-second", 0, 24},
		{"join-known", 0, 4},
		{"leave", 0, 5},
		{"leave-plain", 0, 5},
		{"unavailable", 0, 5},
	} {
		v := readVector(t, tt.kind)
		p := newPair(testDomains)
		for _, x := range v.before {
			p.cross(t, stanza(t, x))
		}
		if n := len(p.cross(t, stanza(t, v.xml))); n > tt.text+tt.most {
			t.Errorf("%s: %d bytes, want at most the text's %d and %d", tt.kind, n, tt.text, tt.most)
		}
	}
}

// A long talk stays cheap, whatever the numbers have come to.
func TestLongTalk(t *testing.T) {
	for _, start := range []int{1, 250, 65530, 5000000} {
		p := newPair(testDomains)
		for n := start; n < start+100; n++ {
			s := fmt.Sprintf("<message from='w@raleigh.tridsys.com/T' to='r@conference.fairfax.tridsys.com' type='groupchat'><body>ok</body><item xmlns='urn:xmpp:dmuc:0' n='%d'/></message>", n)
			if got := len(p.cross(t, stanza(t, s))); n > start && got > 5 {
				t.Errorf("message %d costs %d bytes", n, got)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat("8201", 33) + "00"
	for _, tt := range []struct {
		name, hex string
		want      any // the type of the error
		text      string
	}{
		{"nothing", "", &CorruptError{}, "an empty message"},
		{"text first", "6161", &VersionError{}, "first item"},
		{"map first", "a0", &VersionError{}, "first item"},
		{"float first", "f90000", &VersionError{}, "first item"},
		{"shape of tomorrow", "18ff", &VersionError{}, "shape 255"},
		{"part of tomorrow", "182c 8520 6172 6163 616d 01 04 01 8138ff", &VersionError{}, "part 255"},
		{"hot speaker that nobody defined", "0361 61", &ReferenceError{}, "no entry 3 in the table of occupants"},
		{"room that nobody defined", "182a05", &ReferenceError{}, "no entry 5 in the table of rooms"},
		{"string that nobody defined", "8215c607", &ReferenceError{}, "no entry 7 in the table of strings"},
		{"cut off", "8215", &CorruptError{}, "unexpected EOF"},
		{"cut off in a string", "82156261", &CorruptError{}, "unexpected EOF"},
		{"indefinite array", "9f15ff", &CorruptError{}, "indefinite"},
		{"indefinite text", "82157f6161ff", &CorruptError{}, "indefinite"},
		{"bignum", "8215c24101", &CorruptError{}, "bignum"},
		{"number in a long form", "811815", &CorruptError{}, "shortest form"},
		{"number in a longer form", "81190015", &CorruptError{}, "shortest form"},
		{"length in a long form", "8215780161", &CorruptError{}, "shortest form"},
		{"invalid UTF-8", "821561ff", &CorruptError{}, "XML cannot hold"},
		{"NUL", "82156100", &CorruptError{}, "XML cannot hold"},
		{"name with a bracket", "8163613e62", &CorruptError{}, "XML cannot hold"},
		{"name beyond the dictionary", "811903e7", &CorruptError{}, "beyond"},
		{"value beyond the dictionary", "831520191000", &CorruptError{}, "beyond"},
		{"attribute twice", "851520002001", &CorruptError{}, "stands twice"},
		{"attribute xmlns", "8315c9 65786d6c6e73 6161", &CorruptError{}, "XML cannot hold"},
		{"tag of others", "8215d8206161", &CorruptError{}, "tag 32"},
		{"simple value", "8215f6", &CorruptError{}, "a text expected"},
		{"coded text that ends in 0", "8215420100", &CorruptError{}, "no model of ours"},
		{"UUID of two bytes", "8215cb420102", &CorruptError{}, "a UUID of 2 bytes"},
		{"time beyond 9999", "8215cf1b7fffffffffffffff", &CorruptError{}, "out of range"},
		{"empty array as an element", "821580", &CorruptError{}, ""},
		{"two messages", "811581 15", &CorruptError{}, "more after"},
		{"number without a reference", "1083206172006161 20", &CorruptError{}, ""},
		{"too deep", deep, &LimitError{}, "33 elements deep"},
		{"too many elements", "82159904004" + strings.Repeat("0", 2047), &CorruptError{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			d := NewDecoder(Config{Text: sixBit{}})
			el, err := d.Decode(b)
			if err == nil || fmt.Sprintf("%T", err) != fmt.Sprintf("%T", tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Decode(%s)\n got %v, %T %v\nwant %T with %q", tt.hex, el, err, err, tt.want, tt.text)
			}
			if n := len(d.tables.occupants) + len(d.tables.rooms) + len(d.tables.strings) + len(d.tables.numbers); n != 0 {
				t.Errorf("a refused message left %d entries", n)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	nested := func(n int) *xmltree.Element {
		el := xmltree.New("x", "a")
		for range n - 1 {
			el = xmltree.New("x", "a", el)
		}
		return el
	}
	wide := xmltree.New("x", "a")
	for range 1024 {
		wide.Add(xmltree.New("x", "b"))
	}
	attrs := xmltree.New("x", "a")
	for n := range 65 {
		attrs.Set(fmt.Sprint("a", n), "1")
	}
	for _, tt := range []struct {
		name string
		el   *xmltree.Element
		err  string // "": it crosses
	}{
		{"deepest", nested(33), ""},
		{"too deep", nested(34), "codec: more than 33 elements deep"},
		{"too many elements", wide, "codec: more than 1024 elements"},
		{"too many attributes", attrs, "codec: more than 64 attributes"},
		{"longest text", xmltree.NewText("x", "a", strings.Repeat("\u20ac", 21000)), ""},
		{"message too long", xmltree.NewText("x", "a", strings.Repeat("\u20ac", 22000)), "codec: more than 65536 bytes of a message"},
		{"expanded too long", xmltree.NewText("x", "a", strings.Repeat("ab", 140000)), "codec: more than 262144 bytes expanded"},
		{"no element", nil, "codec: no element"},
		{"no name", &xmltree.Element{}, "codec: an element's name that XML cannot hold"},
		{"name of two", xmltree.New("x", "a b"), "codec: an element's name that XML cannot hold"},
		{"NUL", xmltree.NewText("x", "a", "\x00"), "codec: a text that XML cannot hold"},
		{"half a character", xmltree.New("x", "a").Set("b", "\xc3"), "codec: an attribute that XML cannot hold"},
		{"attribute twice", &xmltree.Element{Local: "a", Attr: []xmltree.Attr{{Local: "b"}, {Local: "b"}}}, "codec: an attribute that stands twice"},
		{"empty text", &xmltree.Element{Local: "a", Nodes: []xmltree.Node{{}}}, ""},
		{"two texts", &xmltree.Element{Local: "a", Nodes: []xmltree.Node{{Text: "a"}, {Text: "b"}}}, ""},
	} {
		p := newPair(Config{Text: sixBit{}})
		b, ref, err := p.enc.Encode([]byte("kept"), tt.el)
		if fmt.Sprint(err) != tt.err && (err != nil || tt.err != "") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.err)
		}
		if err != nil && (string(b) != "kept" || ref != 0) {
			t.Errorf("%s: the error changed dst to %d bytes", tt.name, len(b))
		}
		if err == nil {
			p.cross(t, tt.el)
		}
	}
}

// One byte must not stand for thousands without end: a coded text stops at its
// cap, and references stop at the budget.
func TestExpansionIsBounded(t *testing.T) {
	p := newPair(Config{})
	long := strings.Repeat("x", 400)
	p.cross(t, stanza(t, "<presence from='"+long+"@b.example/T' to='r@c.example/W'/>"))
	b := appendHead([]byte{majorArray<<5 | 25, 0x08, 0x01, 0x15}, majorText, 1)
	b = append(b, 'x')
	for range 2047 {
		b = append(b, majorTag<<5|tagAddress, partJID)
	}
	var limit *LimitError
	if el, err := p.dec.Decode(b); !errors.As(err, &limit) {
		t.Errorf("%d bytes that stand for %d give %v, %v", len(b), 2047*410, el, err)
	}
	if _, err := NewDecoder(Config{Text: endless{}}).Decode([]byte{0x82, 0x15, 0x41, 0x01}); err == nil {
		t.Error("a coded text without end was taken")
	}
}

// endless is a model whose texts never end.
type endless struct{ sixBit }

func (endless) Decode(_ []byte, maxBytes int) (string, error) {
	return "", fmt.Errorf("more than %d bytes", maxBytes)
}

// Values are typed only if they print back to the very same characters.
func TestTypedValues(t *testing.T) {
	for s, most := range map[string]int{
		"7": 2, "-7": 2, "300": 4, "9223372036854775807": 10, "-9223372036854775808": 10,
		"1.50": 5, "35.780000": 8, "-0.5": 4, "2011-01-19T08:02:43Z": 6, "0000-01-01T00:00:00Z": 11, "9999-12-31T23:59:59Z": 10,
		"42b27aea-9f13-4d8d-b01d-abda28782801": 18, "9f3a01c2": 6, "aU8gtptxi4fPJB8IPibd7tJbTLE=": 22,
		// These stay text: a typed form would print another string.
		"+1": 3, "007": 4, "-0": 3, "1.": 3, ".5": 3, "-.5": 4, "1e3": 4, "9223372036854775808": 20, "-0.0": 5, "00.5": 5,
		"2011-01-19T08:02:43+00:00": 27, "2011-01-19T08:02:43.5Z": 23, "2011-02-30T08:02:43Z": 21, "2011-01-19t08:02:43z": 21,
		"42B27AEA-9F13-4D8D-B01D-ABDA28782801": 38, "9F3A01C2": 9, "aU8gtptxi4fPJB8IPibd7tJbTLF=": 30,
	} {
		el := xmltree.New("x", "a").Set("b", s)
		b := newPair(Config{}).cross(t, el)
		if n := len(b) - len(newPair(Config{}).cross(t, &xmltree.Element{Space: "x", Local: "a", Attr: []xmltree.Attr{{Local: "b"}}})) + 1; n > most {
			t.Errorf("%q costs %d bytes, want at most %d", s, n, most)
		}
	}
}

// The lists are append-only: what a number stood for in a version that left the
// house it must stand for ever.
func TestListsAreUnique(t *testing.T) {
	if len(static.names) != len(ns.Names) || len(static.attrs) != len(ns.Attrs) || len(static.values) != len(ns.Values) {
		t.Errorf("a name or value stands twice: %d of %d names, %d of %d attributes, %d of %d values",
			len(static.names), len(ns.Names), len(static.attrs), len(ns.Attrs), len(static.values), len(ns.Values))
	}
	for _, list := range [][]string{templates, partTemplates} {
		seen := map[string]bool{}
		for _, s := range list {
			if seen[s] {
				t.Errorf("stands twice: %s", s)
			}
			seen[s] = true
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := Config{}.Fingerprint()
	for name, c := range map[string]Config{
		"domains": testDomains, "model": {Text: sixBit{}}, "limits": {Limits: Limits{Depth: 5}}, "lists": {Peer: &Known{Names: 3}},
	} {
		if c.Fingerprint() == base {
			t.Errorf("other %s, same fingerprint", name)
		}
	}
	if (Config{Limits: DefaultLimits, Peer: &Ours}).Fingerprint() != base {
		t.Error("the defaults spelled out have another fingerprint")
	}
}

// Part of a room's talk to a decoder of another age: no shape, name or value
// beyond what it knows.
func TestOldDecoder(t *testing.T) {
	old := Known{Names: 10, Attrs: 3, Values: 5, Shapes: 1}
	v := readVector(t, "roster")
	enc := NewEncoder(Config{Peer: &old})
	b, _, err := enc.Encode(nil, stanza(t, v.xml))
	if err != nil {
		t.Fatal(err)
	}
	if b[0]>>5 != majorArray {
		t.Errorf("first byte %x: a shape that the decoder does not know", b[0])
	}
	if el, err := NewDecoder(Config{}).Decode(b); err != nil || !xmltree.Equal(el, stanza(t, v.xml)) {
		t.Errorf("got %v, %v", el, err)
	}
}
