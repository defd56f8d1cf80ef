package text

import "testing"

func TestRoundTrip(t *testing.T) {
	tables, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	m := tables.NewModel()
	for _, s := range []string{"", "a", "ok", "hello there", "Grüße aus Köln", "你好,我们在路上", "\x01\x7f", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "🚁🚁"} {
		b := m.Append(nil, s)
		got, err := m.Decode(b, len(s))
		if err != nil || got != s {
			t.Errorf("Decode(Append(%q)) = %q, %v (coded % x)", s, got, err, b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	tables, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	m := tables.NewModel()
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := m.Decode(b, 300)
		if err != nil {
			return
		}
		if len(s) > 300 {
			t.Fatalf("%d bytes", len(s))
		}
		if again := m.Append(nil, s); string(again) != string(b) {
			t.Fatalf("Decode(% x) = %q, which codes as % x", b, s, again)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	tables, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	m := tables.NewModel()
	f.Add("hello")
	f.Fuzz(func(t *testing.T, s string) {
		b := m.Append(nil, s)
		if b == nil {
			return
		}
		if got, err := m.Decode(b, len(s)); err != nil || got != s {
			t.Fatalf("%q -> % x -> %q, %v", s, b, got, err)
		}
	})
}
