package xmltree

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     string // as String prints it
		err      string // part of the error; "": it parses
	}{
		{"empty element", `<a/>`, `<a/>`, ""},
		{"start and end tag", "<a></a>", `<a/>`, ""},
		{"namespace of the children", `<a xmlns='x'><b/><c xmlns=''/></a>`, `<a xmlns="x"><b/><c xmlns=""/></a>`, ""},
		{"prefixes", `<p:a xmlns:p='x' p:b='1' b='2'/>`, `<a xmlns="x" xmlns:ns0="x" ns0:b="1" b="2"/>`, ""},
		{"xml:lang", `<a xml:lang='en'/>`, `<a xml:lang="en"/>`, ""},
		{"entities", `<a b='&lt;&quot;&#10;&#9;&#13;'>&amp;&#13;&gt;]]&gt;</a>`, `<a b="&lt;&quot;&#xA;&#x9;&#xD;">&amp;&#xD;&gt;]]&gt;</a>`, ""},
		{"CDATA", `<a><![CDATA[<b>]]></a>`, `<a>&lt;b&gt;</a>`, ""},
		{"mixed content", `<a> x<b/>y </a>`, `<a> x<b/>y </a>`, ""},
		{"text beside CDATA is one text", `<a>x<![CDATA[y]]>z</a>`, `<a>xyz</a>`, ""},
		{"space around", " \n<a/>\t", `<a/>`, ""},
		{"line ends", "<a>x\r\ny\rz</a>", "<a>x\ny\nz</a>", ""},
		{"nothing", ``, "", "EOF"},
		{"text alone", `hello`, "", "text outside"},
		{"cut off", `<a><b>`, "", "EOF"},
		{"wrong end", `<a></b>`, "", "closed by"},
		{"two elements", `<a/><b/>`, "", "second element"},
		{"text behind", `<a/>x`, "", "text outside"},
		{"comment", `<a><!-- x --></a>`, "", "a comment is restricted"},
		{"processing instruction", `<a><?x y?></a>`, "", "a processing instruction is restricted"},
		{"DTD", `<!DOCTYPE a><a/>`, "", "a DTD is restricted"},
		{"declaration inside", `<a><?xml version='1.0'?></a>`, "", "a processing instruction is restricted"},
		{"unknown entity", `<a>&nbsp;</a>`, "", "invalid character entity"},
		{"attribute twice", `<a b='1' b='2'/>`, "", "stands twice"},
		{"attribute twice by two prefixes", `<a xmlns:p='x' xmlns:q='x' p:b='1' q:b='2'/>`, "", "stands twice"},
		{"two colons", `<a:b:c/>`, "", "expected element name"},
		{"two colons in an attribute", `<a b:c:d='1'/>`, "", "expected attribute name"},
		// The stream around may have declared it: a prefix that nobody here
		// declares is taken for a namespace of that name.
		{"undeclared prefix", `<p:a p:b='1'/>`, `<a xmlns="p" xmlns:ns0="p" ns0:b="1"/>`, ""},
		{"invalid UTF-8", "<a>\xff</a>", "", "UTF-8"},
		{"a character that XML has not", "<a>&#1;</a>", "", "illegal character"},
		{"U+FFFE", "<a>\uFFFE</a>", "", "illegal character"},
		{"too deep", strings.Repeat("<a>", 34) + strings.Repeat("</a>", 34), "", "more than 32 elements deep"},
		{"too many", "<a>" + strings.Repeat("<b/>", 1000) + "</a>", "", "more than 1000 elements"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			el, err := Parse([]byte(tt.in))
			switch {
			case err != nil && tt.err != "" && strings.Contains(err.Error(), tt.err):
			case err != nil:
				t.Errorf("Parse(%q): %v, want %q", tt.in, err, tt.err)
			case tt.err != "":
				t.Errorf("Parse(%q) = %s, want the error %q", tt.in, el, tt.err)
			case el.String() != tt.want:
				t.Errorf("Parse(%q)\n got %s\nwant %s", tt.in, el, tt.want)
			}
		})
	}
}

func TestErrorTypes(t *testing.T) {
	var restricted *RestrictedError
	if _, err := Parse([]byte(`<a><!-- --></a>`)); !errors.As(err, &restricted) {
		t.Errorf("a comment gives %T", err)
	}
	var limit *LimitError
	if _, err := Parse([]byte(strings.Repeat("<a>", 99))); !errors.As(err, &limit) {
		t.Errorf("99 deep gives %T", err)
	}
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{`<a x='1' y='2'/>`, `<a y='2' x='1'/>`, true},
		{`<a/>`, `<a></a>`, true},
		{`<p:a xmlns:p='x'/>`, `<a xmlns='x'/>`, true},
		{`<a/>`, `<a xmlns='x'/>`, false},
		{`<a x='1'/>`, `<a x='2'/>`, false},
		{`<a x='1'/>`, `<a/>`, false},
		{`<a><b/><c/></a>`, `<a><c/><b/></a>`, false},
		{`<a>x<b/></a>`, `<a><b/>x</a>`, false},
		{`<a> </a>`, `<a/>`, false},
		{`<a xml:lang='en'/>`, `<a lang='en'/>`, false},
	} {
		a, b := MustParse(tt.a), MustParse(tt.b)
		if Equal(a, b) != tt.want || Equal(b, a) != tt.want {
			t.Errorf("Equal(%s, %s) is %v", tt.a, tt.b, !tt.want)
		}
		if (a.Canonical() == b.Canonical()) != tt.want {
			t.Errorf("canonical forms %s, %s", a.Canonical(), b.Canonical())
		}
	}
	if !Equal(nil, nil) || Equal(nil, MustParse(`<a/>`)) {
		t.Error("nil is equal to nil alone")
	}
}

func TestBuild(t *testing.T) {
	e := New("x", "a", NewText("x", "b", "1"), nil).Set("k", "v").Set("gone", "1").Set("gone", "").AddText("t").AddText("u").AddText("")
	if got, want := e.String(), `<a xmlns="x" k="v"><b>1</b>tu</a>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c := e.Clone()
	c.Set("k", "w").Child("x", "b").AddText("2")
	if e.Get("k") != "v" || e.Child("x", "b").Text() != "1" {
		t.Errorf("a change of the clone reached %s", e)
	}
	s := e.Shallow().Set("k", "w").AddText("more")
	if s.Remove(func(*Element) bool { return true }); e.Get("k") != "v" || e.Text() != "tu" || len(e.Children()) != 1 {
		t.Errorf("a change of the shallow copy reached %s", e)
	}
	var none *Element
	if none.Child("x", "b") != nil || none.Text() != "" || none.Children() != nil || none.Clone() != nil || none.Is("x", "a") {
		t.Error("nil has something")
	}
}

func TestValidNames(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "a-b.c_9": true, "\u00e4": true, "\u540d": true,
		"": false, "9a": false, "-a": false, "a:b": false, "a b": false, "a>": false, "a\xff": false, "\u00d7": false,
	} {
		if ValidName(s) != want {
			t.Errorf("ValidName(%q) is %v", s, !want)
		}
	}
}

func TestValidText(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "a\t\n\r\u20ac\U0001F600": true, "\x00": false, "\x1f": false, "\uFFFE": false, "\uFFFF": false, "\xc3": false, "\xed\xa0\x80": false,
	} {
		if ValidText(s) != want {
			t.Errorf("ValidText(%q) is %v", s, !want)
		}
	}
}

// FuzzParse: what parses prints as XML that parses to an equal element, within
// any namespace, and holds only names and characters that XML allows.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`<a/>`, `<a xmlns='x' b='1' xml:lang='en'><b xmlns=''> t&amp;</b>]]&gt;</a>`, `<p:a xmlns:p='x' p:b='"'/>`,
		`<a xmlns:ns0='x' ns0:b='1' c='&#13;&#10;'/>`, "<a>\u00e9\U0001F600</a>", `<a><![CDATA[<]]></a>`, `<?xml version='1.0'?><a/>`,
		`<xml:a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>`, `<a xmlns:xmlns='x'/>`, `<a xmlns:p=''/>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		el, err := Parse([]byte(s))
		if err != nil {
			return
		}
		for _, space := range []string{"", "jabber:client", el.Space} {
			again, err := ParseIn(space, el.Append(nil, space))
			if err != nil || !Equal(again, el) {
				t.Fatalf("%q in %q prints as %s\n which gives %v, %v", s, space, el.Append(nil, space), again, err)
			}
		}
		if c, err := Parse([]byte(el.Canonical())); err != nil || !Equal(c, el) {
			t.Fatalf("canonical form of %q: %v", s, err)
		}
		judge(t, el)
	})
}

func judge(t *testing.T, el *Element) {
	ok := ValidName(el.Local) && ValidText(el.Space)
	for _, a := range el.Attr {
		ok = ok && ValidName(a.Local) && ValidText(a.Space) && ValidText(a.Value)
	}
	for _, n := range el.Nodes {
		if n.Element != nil {
			judge(t, n.Element)
		} else {
			ok = ok && ValidText(n.Text)
		}
	}
	if !ok {
		t.Fatalf("not XML: %q", el.String())
	}
}
