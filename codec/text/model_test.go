package text

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// sample gives every n-th line of the training text.
func sample(t testing.TB, n int) []string {
	t.Helper()
	files, err := filepath.Glob("../../tools/model/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Skip("no corpora beside this test binary")
	}
	var lines []string
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(string(b), "\n") {
			if i%n == 0 {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

func TestRoundTrip(t *testing.T) {
	m := loaded(t).NewModel()
	for _, s := range append(sample(t, 60), strings.Repeat("long ", 4000)) {
		b := m.Append([]byte("x"), s)
		got, err := m.Decode(b[1:], len(s))
		if err != nil || got != s || b[0] != 'x' {
			t.Errorf("Decode(Append(%q)) = %q, %v (coded % x)", s, got, err, b)
		}
	}
}

// TestNoTrace: what a model coded before changes nothing.
func TestNoTrace(t *testing.T) {
	tables := loaded(t)
	used := tables.NewModel()
	for _, s := range goldenLines {
		used.Append(nil, s)
		used.Decode([]byte(s+"\x01"), 50)
		fresh := tables.NewModel().Append(nil, "convoy at ford")
		if got := used.Append(nil, "convoy at ford"); string(got) != string(fresh) {
			t.Fatalf("after %q: % x, fresh % x", s, got, fresh)
		}
	}
}

func TestRefused(t *testing.T) {
	m := loaded(t).NewModel()
	for _, s := range []string{"a\x00b", "\x00", "\xff", "\xc3", "ok\xed\xa0\x80"} {
		if b := m.Append([]byte("x"), s); b != nil {
			t.Errorf("Append(%q) = % x, want nil", s, b)
		}
	}
	long := m.Append(nil, "All work and no play makes Jack a dull boy")
	for _, tt := range []struct {
		name  string
		coded []byte
		max   int
		err   error
	}{
		{"nothing is the empty text", nil, 0, nil},
		{"ends in 00", []byte{1, 0}, 100, ErrTrailing0},
		{"a single 00", []byte{0}, 100, ErrTrailing0},
		{"beyond the limit", long, 41, ErrTooLong},
		{"at the limit", long, 42, nil},
	} {
		if s, err := m.Decode(tt.coded, tt.max); !errors.Is(err, tt.err) {
			t.Errorf("%s: Decode(% x, %d) = %q, %v, want %v", tt.name, tt.coded, tt.max, s, err, tt.err)
		}
	}
	if b := m.Append(nil, ""); b == nil || len(b) != 0 {
		t.Errorf("Append of the empty text = %v, want no bytes", b)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, n := range []int{0, 1, 100, len(modelFile) / 2, len(modelFile) - 1} {
		if _, err := Parse(modelFile[:n]); err == nil {
			t.Errorf("Parse took the first %d of %d bytes", n, len(modelFile))
		}
	}
}

// digest sums up the coded bytes of many lines.
func digest(t testing.TB) string {
	m := loaded(t).NewModel()
	h := sha256.New()
	for _, s := range append(sample(t, 200), goldenLines...) {
		h.Write(m.Append(nil, s))
		h.Write([]byte{0})
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

func TestDigest(t *testing.T) { t.Logf("digest %s", digest(t)) }

// TestOtherMachines runs this package's tests as ARM programs.
func TestOtherMachines(t *testing.T) {
	if os.Getenv("PICKET_RIG") != "1" {
		t.Skip("needs qemu-user-static and two builds: set PICKET_RIG=1")
	}
	want := "digest " + digest(t)
	for _, tt := range []struct{ arch, emulator string }{{"arm", "qemu-arm-static"}, {"arm64", "qemu-aarch64-static"}} {
		t.Run(tt.arch, func(t *testing.T) {
			if _, err := exec.LookPath(tt.emulator); err != nil {
				t.Skipf("%v: apt-get install qemu-user-static", err)
			}
			program := filepath.Join(t.TempDir(), "text.test")
			build := exec.Command("go", "test", "-c", "-o", program, ".")
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+tt.arch, "GOARM=7")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("building: %v\n%s", err, out)
			}
			run := exec.Command(tt.emulator, program, "-test.v", "-test.run", "Test(Golden|ModelFile|Refused|Digest|NoTrace)")
			run.Env = append(os.Environ(), "PICKET_RIG=0")
			out, err := run.CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%v, want %q in\n%s", err, want, out)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	m := loaded(f).NewModel()
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := m.Decode(b, 300)
		if err != nil {
			return
		}
		if len(s) > 300 || !utf8.ValidString(s) {
			t.Fatalf("Decode(% x) = %q", b, s)
		}
		if again := m.Append(nil, s); string(again) != string(b) {
			t.Fatalf("Decode(% x) = %q, which codes as % x", b, s, again)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	m := loaded(f).NewModel()
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

const benchText = "I will be at yours around 8, bring your old radio" // 49 characters

func BenchmarkAppend(b *testing.B) {
	m := loaded(b).NewModel()
	var dst []byte
	for b.Loop() {
		dst = m.Append(dst[:0], benchText)
	}
}

func BenchmarkDecode(b *testing.B) {
	m := loaded(b).NewModel()
	coded := m.Append(nil, benchText)
	for b.Loop() {
		if _, err := m.Decode(coded, 100); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		loaded(b)
	}
}

func BenchmarkNewModel(b *testing.B) {
	tables := loaded(b)
	b.ReportAllocs()
	for b.Loop() {
		tables.NewModel()
	}
}
