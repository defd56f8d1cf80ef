package dmuc

import (
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

const mirrorDomain = "mirror.raleigh.tridsys.com"

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ user, want string }{
		{"wayne@raleigh.tridsys.com/TransVerse", `wayne\40raleigh.tridsys.com\2fTransVerse@mirror.raleigh.tridsys.com`}, // the seed's
		{"wayne@raleigh.tridsys.com/a b", `wayne\40raleigh.tridsys.com\2fa\20b@mirror.raleigh.tridsys.com`},
		{`w\40x@raleigh.tridsys.com/r`, `w\5c40x\40raleigh.tridsys.com\2fr@mirror.raleigh.tridsys.com`}, // XEP-0106 §4.3
		{`w\x@raleigh.tridsys.com/r\`, `w\x\40raleigh.tridsys.com\2fr\@mirror.raleigh.tridsys.com`},
	} {
		got := Escape(tt.user, mirrorDomain)
		if got != tt.want {
			t.Errorf("Escape(%q)\n got %s\nwant %s", tt.user, got, tt.want)
		}
		if back, ok := Unescape(got, mirrorDomain); !ok || back != tt.user {
			t.Errorf("Unescape(%q) = %q, %v", got, back, ok)
		}
	}
	for _, bad := range []string{"", mirrorDomain, "@" + mirrorDomain, "wayne@" + mirrorDomain, `wayne\40x@elsewhere`, `\4@` + mirrorDomain} {
		if user, ok := Unescape(bad, mirrorDomain); ok {
			t.Errorf("Unescape(%q) gives %q", bad, user)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("wayne@raleigh.tridsys.com/TransVerse")
	f.Add(`a\5c\40@x/\`)
	f.Fuzz(func(t *testing.T, s string) {
		Unescape(s+"@"+mirrorDomain, mirrorDomain)
		user := "u@d/" + s
		if back, ok := Unescape(Escape(user, mirrorDomain), mirrorDomain); !ok || back != user {
			t.Errorf("%q comes back as %q", user, back)
		}
	})
}

func TestItemAndResume(t *testing.T) {
	for _, it := range []Item{{}, {Num: 7}, {Num: 1 << 40, Origin: 62, Inc: 3, Pos: 9, Age: time.Hour}} {
		st := xmltree.New(ns.Client, "message", it.Element())
		if it.Inc == 0 {
			it.Inc = 1
		}
		if got, ok := ItemOf(st); !ok || got != it {
			t.Errorf("ItemOf(%s) = %+v, %v", st, got, ok)
		}
	}
	st := xmltree.New(ns.Client, "message", Item{Num: 1, Age: 20 * AgeMax}.Element())
	if got, ok := ItemOf(st); !ok || got.Age != AgeMax {
		t.Errorf("a message as old as its clock is wrong crosses as %+v, %v", got, ok)
	}
	for _, r := range []Resume{{Inc: 1}, {Inc: 2, Num: 3, Pos: 4, Have: 5, Up: 1<<32 - 1, Full: true}} {
		if got, ok := ResumeOf(r.Element()); !ok || got != r {
			t.Errorf("ResumeOf(%s) = %+v, %v", r.Element(), got, ok)
		}
	}
	for _, bad := range []string{`<item xmlns="urn:xmpp:dmuc:0" n="x"/>`, `<item xmlns="urn:xmpp:dmuc:0" o="256"/>`, `<item xmlns="urn:xmpp:dmuc:0" pos="-1"/>`} {
		if _, ok := ItemOf(xmltree.New(ns.Client, "message", xmltree.MustParse(bad))); ok {
			t.Errorf("ItemOf takes %s", bad)
		}
	}
}
