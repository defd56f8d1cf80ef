package stream

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"picket/codec/xmltree"
)

const open = `<?xml version='1.0'?> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='raleigh.tridsys.com' version='1.0'>`

var testLimits = Limits{Bytes: 400, Depth: 3, Elements: 6, Attrs: 4}

// read gives what a stream with this rest after its header is cut into.
func read(in io.Reader) (pieces []string, err error) {
	r := NewReader(in, testLimits)
	for {
		kind, piece, err := r.Next()
		if err != nil {
			return pieces, err
		}
		switch kind {
		case Header:
			if _, err := r.Open(piece); err != nil {
				return pieces, err
			}
		case Element:
			el, err := r.Parse(piece)
			if err != nil {
				return pieces, err
			}
			pieces = append(pieces, el.String())
		case End:
			pieces = append(pieces, "end")
		}
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 500)
	for _, tt := range []struct {
		name, in string // after the header
		want     string // pieces, joined by blanks
		err      string // why it ended; "EOF": between pieces
	}{
		{"nothing", "", "", "EOF"},
		{"an empty element", `<a/>`, `<a xmlns="jabber:client"/>`, "EOF"},
		{"space between", " \n<a/>\r\n\t<b/> ", `<a xmlns="jabber:client"/> <b xmlns="jabber:client"/>`, "EOF"},
		{"children", `<a><b>1</b><b/>2</a >`, `<a xmlns="jabber:client"><b>1</b><b/>2</a>`, "EOF"},
		{"brackets in a value", `<a b="/>" c='>"'/>`, `<a xmlns="jabber:client" b="/&gt;" c="&gt;&quot;"/>`, "EOF"},
		{"CDATA", `<a><![CDATA[</a>]]]]><![CDATA[>]]></a>`, `<a xmlns="jabber:client">&lt;/a&gt;]]&gt;</a>`, "EOF"},
		{"the end", `<a/></stream:stream>`, `<a xmlns="jabber:client"/> end`, "EOF"},
		{"a prefix of the header", `<stream:error/>`, `<error xmlns="http://etherx.jabber.org/streams"/>`, "EOF"},
		{"a prefix of its own", `<p:a xmlns:p='urn:p' p:b='1' xml:lang='en'/>`, `<a xmlns="urn:p" xmlns:ns0="urn:p" ns0:b="1" xml:lang="en"/>`, "EOF"},
		{"as long as may be", `<a>` + long[:393] + `</a>`, `<a xmlns="jabber:client">` + long[:393] + `</a>`, "EOF"},
		{"cut in a tag", `<a`, "", "unexpected EOF"},

		{"one byte too long", `<a>` + long[:394] + `</a>`, "", "xmltree: more than 400 bytes"},
		{"a long value", `<a b='` + long, "", "xmltree: more than 400 bytes"},
		{"too deep", `<a><a><a><a><a/>`, "", "xmltree: more than 3 elements deep"},
		{"too many", `<a><b/><b/><b/><b/><b/><b/>`, "", "xmltree: more than 6 elements"},
		{"too many attributes", `<a b='' c='' d='' e='' f=''`, "", "xmltree: more than 4 attributes"},

		{"tags that do not match", `<a><b></a>`, "", "stream: </a> ends <b>"},
		{"text between", `<a/>hello`, `<a xmlns="jabber:client"/>`, "stream: text outside an element"},
		{"'<' in a tag", `<a <b/>`, "", "stream: '<' in a tag"},
		{"'<' in a value", `<a b='<'/>`, "", "stream: '<' in a tag"},
		{"a bare '<'", `<a>1 < 2</a>`, "", "stream: ' ' after '<'"},
		{"no value", `<a b>`, "", "stream: an attribute without a value"},
		{"no quotes", `<a b=c>`, "", "stream: an attribute's value without quotes"},
		{"an entity of nobody", `<a>&nbsp;</a>`, "", "stream: XML syntax error on line 1: invalid character entity &nbsp;"},
		{"a NUL", "<a>\x00</a>", "", "stream: XML syntax error on line 1: illegal character code U+0000"},
		{"no UTF-8", "<a>\xff</a>", "", "stream: XML syntax error on line 1: invalid UTF-8"},
		{"a prefix of nobody", `<p:a/>`, "", `stream: prefix "p" is not declared`},
		{"a prefix of a sibling", `<a><b xmlns:p='urn:p'/><p:c/></a>`, "", `stream: prefix "p" is not declared`},
		{"an attribute's prefix", `<a p:b='1'/>`, "", `stream: prefix "p" is not declared`},
		{"an attribute twice", `<a b='1' b='2'/>`, "", `stream: xmltree: attribute "b" stands twice`},
		{"a comment", `<a><!-- x --></a>`, "", "xmltree: a comment is restricted XML"},
		{"a comment between", `<!-- x -->`, "", "xmltree: a comment or DTD is restricted XML"},
		{"a processing instruction", `<?php ?>`, "", "xmltree: a processing instruction is restricted XML"},
		{"a DTD", `<!DOCTYPE a>`, "", "xmltree: a comment or DTD is restricted XML"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for way, in := range map[string]io.Reader{
				"whole":        strings.NewReader(open + tt.in),
				"byte by byte": iotest.OneByteReader(strings.NewReader(open + tt.in)),
			} {
				pieces, err := read(in)
				if got := strings.Join(pieces, " "); got != tt.want || err.Error() != tt.err {
					t.Errorf("%s: %s\n got %s, %v\nwant %s, %s", way, tt.in, got, err, tt.want, tt.err)
				}
			}
		})
	}
}

func TestHeader(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a good one", open, "raleigh.tridsys.com jabber:client"},
		{"no declaration", strings.TrimPrefix(open, "<?xml version='1.0'?>"), "raleigh.tridsys.com jabber:client"},
		{"a whole element", "<stream/>", "stream: the stream is an empty element"},
		{"HTTP", "GET / HTTP/1.1\r\n", "stream: text outside an element"},
		{"an end", "</stream>", "stream: an end tag comes first"},
		{"a DTD", "<!DOCTYPE x [", "xmltree: a comment or DTD is restricted XML"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(tt.in), testLimits)
			_, piece, err := r.Next()
			var o Opening
			if err == nil {
				o, err = r.Open(piece)
			}
			got := o.To + " " + o.Default
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Next of %s\n got %s\nwant %s", tt.in, got, tt.want)
			}
		})
	}
}

// TestRestart shows that what came before a restart is kept: the next header may
// be in the same packet.
func TestRestart(t *testing.T) {
	r := NewReader(strings.NewReader(open+"<auth/>"+open+"<iq/>"), testLimits)
	var got []string
	for {
		kind, piece, err := r.Next()
		if err != nil {
			got = append(got, err.Error())
			break
		}
		got = append(got, fmt.Sprint(kind))
		if string(piece) == "<auth/>" {
			r.Restart()
		}
	}
	if want := "0 1 0 1 EOF"; strings.Join(got, " ") != want {
		t.Errorf("kinds of pieces\n got %v\nwant %s", got, want)
	}
}

// TestBuffer shows that a large stanza's memory is given back.
func TestBuffer(t *testing.T) {
	big := "<a>" + strings.Repeat("x", 60<<10) + "</a>"
	r := NewReader(strings.NewReader(open+big+"<b/>"), Limits{Bytes: 64 << 10, Depth: 1, Elements: 1, Attrs: 8})
	for range 3 {
		if _, _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := r.Next()
	if !errors.Is(err, io.EOF) || cap(r.buf) > keepSize {
		t.Errorf("after the stream: %v, a buffer of %d bytes; want EOF and at most %d", err, cap(r.buf), keepSize)
	}
}

// FuzzReader holds that any input ends in an error of the kinds that Next names,
// that what is parsed prints and parses back equal, and that the way in which
// bytes come in does not matter.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"<a/>", "<a b='1'><![CDATA[x]]></a>", "<stream:error/>", "</stream:stream>", "<p:a xmlns:p='urn:p'/>", "<a>&#13;\r\n</a>"} {
		f.Add([]byte(open + s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, err := read(strings.NewReader(string(in)))
		parts, err2 := read(iotest.OneByteReader(strings.NewReader(string(in))))
		if strings.Join(whole, " ") != strings.Join(parts, " ") || err.Error() != err2.Error() {
			t.Fatalf("whole: %q, %v\nbyte by byte: %q, %v", whole, err, parts, err2)
		}
		for _, p := range whole {
			if p == "end" {
				continue
			}
			el, err := xmltree.Parse([]byte(p))
			if err != nil || el.String() != p {
				t.Fatalf("%s\ncomes back as %s, %v", p, el, err)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	stanza := `<message xml:lang='en' to='chatroom@conference.fairfax.tridsys.com' type='groupchat' id='71d4a8055ed147a2bc64d6b4bd921a93'><body>Patrol two at checkpoint bravo, all quiet.</body><origin-id xmlns='urn:xmpp:sid:0' id='71d4a8055ed147a2bc64d6b4bd921a93'/></message>`
	lim := Limits{Bytes: 64 << 10, Depth: 32, Elements: 1000, Attrs: 64}
	r := NewReader(strings.NewReader(open+strings.Repeat(stanza, b.N)), lim)
	_, piece, _ := r.Next()
	r.Open(piece)
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		_, piece, err := r.Next()
		if err == io.EOF {
			break
		}
		if _, err := r.Parse(piece); err != nil {
			b.Fatal(err)
		}
	}
}
