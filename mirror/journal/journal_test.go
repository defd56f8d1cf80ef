package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, path string, opts ...Options) *Journal {
	t.Helper()
	j, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func load(t *testing.T, j *Journal) string {
	t.Helper()
	recs, err := j.Load()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range recs {
		fmt.Fprintf(&b, "%s=%s ", r.Key, r.Value)
	}
	return strings.TrimSpace(b.String())
}

func TestRecordsComeBackInKeyOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	for _, tx := range [][]Record{
		{{"q/2", []byte("two")}, {"q/10", []byte("ten")}, {"a", []byte{}}},
		{{"q/2", nil}, {"never", nil}, {"q/10", []byte("TEN")}},
		{},
		{{"z\x00", []byte("last")}, {"z\x00", []byte("really")}},
	} {
		if err := j.Append(tx); err != nil {
			t.Fatal(err)
		}
	}
	const want = "a= q/10=TEN z\x00=really"
	if got := load(t, j); got != want {
		t.Errorf("before closing\n got %q\nwant %q", got, want)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append([]Record{{"a", nil}}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if got := load(t, open(t, path)); got != want {
		t.Errorf("after opening again\n got %q\nwant %q", got, want)
	}
	if fi, _ := os.Stat(path); fi.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, want 0600", fi.Mode())
	}
	if left, _ := filepath.Glob(path + ".new*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAppendRefusesRecordsOutsideTheLimits(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "journal"))
	for _, tt := range []struct {
		name string
		rec  Record
		ok   bool
	}{
		{"longest key", Record{strings.Repeat("k", keyBytesMax), []byte("v")}, true},
		{"longest value", Record{"v", make([]byte, valueBytesMax)}, true},
		{"no key", Record{"", []byte("v")}, false},
		{"key too long", Record{strings.Repeat("k", keyBytesMax+1), []byte("v")}, false},
		{"value too long", Record{"v", make([]byte, valueBytesMax+1)}, false},
	} {
		err := j.Append([]Record{{"with/" + tt.name, []byte("x")}, tt.rec})
		if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if strings.Contains(load(t, j), "with/"+tt.name) != tt.ok {
			t.Errorf("%s: the transaction is not whole", tt.name)
		}
	}
}

func TestOpenTwiceIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	open(t, path)
	_, err := Open(path)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Hint() == "" {
		t.Errorf("got %v, want a LockedError", err)
	}
}

// A full journal says so, stays whole, and can empty itself: what is delivered
// is deleted, and the space is used again.
func TestFull(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "journal"), Options{SizeMax: 2 << 20})
	value := []byte(strings.Repeat("m", 1000))
	fill := func() (n int, err error) {
		for n = 0; n < 5000 && err == nil; n++ {
			err = j.Append([]Record{{fmt.Sprintf("q/%06d", n), value}})
		}
		return n - 1, err
	}
	n, err := fill()
	var full *FullError
	if !errors.As(err, &full) {
		t.Fatalf("after %d records: %v, want a FullError", n, err)
	}
	if size, max := j.Size(); size > max {
		t.Errorf("the file has %d bytes, its limit is %d", size, max)
	}
	if recs, _ := j.Load(); len(recs) != n {
		t.Fatalf("%d records, want the %d that were acknowledged", len(recs), n)
	}
	for i := range n {
		if err := j.Append([]Record{{fmt.Sprintf("q/%06d", i), nil}}); err != nil {
			t.Fatalf("deleting record %d of a full journal: %v", i, err)
		}
	}
	again, _ := fill()
	if again < n*9/10 {
		t.Errorf("only %d records fit after emptying, %d did before", again, n)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a journal at all\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"a text file", text, "is damaged: invalid database"},
		{"an empty file", empty, "is damaged: it has 0 bytes"},
		{"no such folder", filepath.Join(dir, "none", "journal"), "no such file or directory"},
		{"a folder", dir, "is no file"},
	} {
		_, err := Open(tt.path)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want … %s …", tt.name, err, tt.want)
		}
	}
	if b, _ := os.ReadFile(text); !strings.HasPrefix(string(b), "not a journal") {
		t.Error("a foreign file was written over")
	}
}

func BenchmarkAppend(b *testing.B) {
	j, err := Open(filepath.Join(b.TempDir(), "journal"))
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	value := []byte(strings.Repeat("m", 100))
	for i := range b.N {
		if err := j.Append([]Record{{fmt.Sprintf("q/%d", i%500), value}, {fmt.Sprintf("q/%d", (i+250)%500), nil}}); err != nil {
			b.Fatal(err)
		}
	}
}
