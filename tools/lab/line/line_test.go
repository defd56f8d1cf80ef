package line

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// open gives a line whose ports a and b lie in a folder of the test's.
func open(t *testing.T, change func(*Config)) *Line {
	t.Helper()
	dir := t.TempDir()
	cfg := Config{Paths: [2]string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}, Baud: 115200}
	if change != nil {
		change(&cfg)
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// program opens an end's port as a program does.
func program(t *testing.T, l *Line, end End) *os.File {
	t.Helper()
	f, err := os.OpenFile(l.Path(end), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// read waits for n bytes.
func read(t *testing.T, f *os.File, n int, limit time.Duration) []byte {
	t.Helper()
	f.SetReadDeadline(time.Now().Add(limit))
	var got []byte
	buf := make([]byte, 4096)
	for len(got) < n {
		k, err := f.Read(buf)
		got = append(got, buf[:k]...)
		if err != nil {
			break
		}
	}
	return got
}

// TestPace sends different bytes both ways at once, all 256 values, and
// measures.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ baud, bytes int }{
		{300, 12}, {1200, 48}, {9600, 384}, {28800, 1152}, {115200, 4000},
	} {
		t.Run(fmt.Sprint(tt.baud), func(t *testing.T) {
			t.Parallel()
			want := time.Duration(tt.bytes*10) * time.Second / time.Duration(tt.baud)
			for try := 1; ; try++ {
				took := exchange(t, open(t, func(c *Config) { c.Baud = tt.baud }), tt.bytes)
				if took < want-10*time.Millisecond || took > want+want/4+50*time.Millisecond && try == 5 {
					t.Errorf("%d bytes at %d bit/s took %v, want %v", tt.bytes, tt.baud, took, want)
				}
				if took <= want+want/4+50*time.Millisecond || try == 5 { // a busy machine delays some tries, a slow line all
					return
				}
			}
		})
	}
}

// exchange sends bytes both ways at once and gives the time until all are there.
func exchange(t *testing.T, l *Line, n int) time.Duration {
	a, b := program(t, l, A), program(t, l, B)
	up, down := make([]byte, n), make([]byte, n)
	for i := range up {
		up[i], down[i] = byte(i), byte(255-i)
	}
	begin := time.Now()
	a.Write(up)
	b.Write(down)
	back := make(chan []byte)
	go func() { back <- read(t, a, n, 5*time.Second) }()
	if got := read(t, b, n, 5*time.Second); !bytes.Equal(got, up) {
		t.Errorf("a to b: %d bytes of %d came, or others", len(got), n)
	}
	if got := <-back; !bytes.Equal(got, down) {
		t.Errorf("b to a: %d bytes of %d came, or others", len(got), n)
	}
	return time.Since(begin)
}

// moved waits until an end has sent so many bytes.
func moved(t *testing.T, l *Line, from End, n int) {
	t.Helper()
	for begin := time.Now(); l.Stats(from).Bytes < n; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 5*time.Second {
			t.Fatalf("%v has sent %d bytes of %d", from, l.Stats(from).Bytes, n)
		}
	}
	time.Sleep(5 * time.Millisecond) // from counted to handed over
}

// TestWaiting: what a program writes too soon stands in the PTY, and is seen.
func TestWaiting(t *testing.T) {
	l := open(t, func(c *Config) { c.Baud = 300 })
	a := program(t, l, A)
	a.Write(make([]byte, 1000))
	time.Sleep(50 * time.Millisecond)
	if s := l.Stats(A); s.Waiting < 900 {
		t.Errorf("%d bytes wait, want most of 1000", s.Waiting)
	}
}

func TestCutAndHeal(t *testing.T) {
	l := open(t, nil)
	a, b := program(t, l, A), program(t, l, B)
	l.Cut()
	a.Write([]byte("one\x00"))
	b.Write([]byte("eins\x00"))
	moved(t, l, A, 4)
	moved(t, l, B, 5)
	l.Heal()
	a.Write([]byte("two\x00"))
	b.Write([]byte("zwei\x00"))
	if got := read(t, b, 4, time.Second); string(got) != "two\x00" {
		t.Errorf("b got %q", got)
	}
	if got := read(t, a, 5, time.Second); string(got) != "zwei\x00" {
		t.Errorf("a got %q", got)
	}
	moved(t, l, A, 8)
	moved(t, l, B, 10)
	if got, want := l.Stats(A), (Stats{Bytes: 8, Frames: 2, Lost: 4}); got != want {
		t.Errorf("a: %+v, want %+v", got, want)
	}
	if got, want := l.Stats(B), (Stats{Bytes: 10, Frames: 2, Lost: 5}); got != want {
		t.Errorf("b: %+v, want %+v", got, want)
	}
}

// TestProgramComesAndGoes: what arrives while nobody listens is lost, not kept
// for the next program; the same port then works again.
func TestProgramComesAndGoes(t *testing.T) {
	l := open(t, nil)
	a, b := program(t, l, A), program(t, l, B)
	b.Close()
	a.Write([]byte("to nobody\x00"))
	moved(t, l, A, 10)
	b = program(t, l, B)
	a.Write([]byte("to b\x00"))
	if got := read(t, b, 5, time.Second); string(got) != "to b\x00" {
		t.Errorf("b got %q", got)
	}
	if s := l.Stats(A); s.Lost != 10 {
		t.Errorf("%d bytes lost, want 10", s.Lost)
	}
}

func TestLoss(t *testing.T) {
	const frames = 400
	run := func(seed uint64, share float64) (stats Stats, damaged int) {
		l := open(t, func(c *Config) { c.Loss, c.Seed, c.Baud = share, seed, 1_000_000 })
		a, b := program(t, l, A), program(t, l, B)
		frame := []byte("\x06frame\x00")
		go a.Write(bytes.Repeat(frame, frames))
		got := read(t, b, frames*len(frame), 5*time.Second)
		if len(got) != frames*len(frame) || bytes.Count(got, []byte{0}) != frames {
			t.Errorf("seed %d: %d bytes, %d delimiters; damage makes neither", seed, len(got), bytes.Count(got, []byte{0}))
		}
		for f := range bytes.SplitSeq(bytes.TrimSuffix(got, []byte{0}), []byte{0}) {
			if !bytes.Equal(f, frame[:6]) {
				damaged++
			}
		}
		l.Close()
		return l.ways[A].stats, damaged
	}
	for _, share := range []float64{0, 0.1, 0.5, 1} {
		stats, damaged := run(1, share)
		if stats.Damaged != damaged || stats.Frames != frames {
			t.Errorf("loss %v: counts %+v, but %d are damaged", share, stats, damaged)
		}
		if got := float64(damaged) / frames; got < share-0.08 || got > share+0.08 {
			t.Errorf("loss %v: %v are damaged", share, got)
		}
	}
	if first, _ := run(7, 0.3); true {
		if again, _ := run(7, 0.3); again != first {
			t.Errorf("seed 7 gives %+v, then %+v", first, again)
		}
	}
}

func TestSettings(t *testing.T) {
	l := open(t, nil)
	if err := l.SetLoss(1); err != nil {
		t.Error(err)
	}
	if err := l.SetLoss(1.1); err == nil {
		t.Error("a loss of 1.1 is accepted")
	}
	a, b := program(t, l, A), program(t, l, B)
	a.Write([]byte("frame\x00"))
	if got := read(t, b, 6, time.Second); string(got) == "frame\x00" {
		t.Error("not damaged after SetLoss(1)")
	}
}

// TestRecordAndInject: what a recording holds can be put on the line again.
func TestRecordAndInject(t *testing.T) {
	var tape bytes.Buffer
	l := open(t, func(c *Config) { c.Record = &tape })
	a, b := program(t, l, A), program(t, l, B)
	a.Write([]byte("one\x00"))
	read(t, b, 4, time.Second)
	b.Write([]byte("two\x00th"))
	read(t, a, 6, time.Second)
	l.Cut()
	b.Write([]byte("ree\x00"))
	moved(t, l, B, 10)
	l.Heal()

	l.record.mu.Lock()
	pieces, err := ReadRecording(bytes.NewReader(tape.Bytes()))
	l.record.mu.Unlock()
	if err != nil || len(pieces) != 3 {
		t.Fatalf("%d pieces, %v, of:\n%s", len(pieces), err, tape.String())
	}
	for i, want := range []Piece{{From: A, Bytes: []byte("one\x00")}, {From: B, Bytes: []byte("two\x00")}, {From: B, Cut: true, Bytes: []byte("three\x00")}} {
		if got := pieces[i]; got.From != want.From || got.Cut != want.Cut || !bytes.Equal(got.Bytes, want.Bytes) {
			t.Errorf("piece %d: %+v, want %+v", i, got, want)
		}
	}

	l.Inject(A, pieces[0].Bytes)
	if got := read(t, b, 4, time.Second); string(got) != "one\x00" {
		t.Errorf("injected: b got %q", got)
	}
}

func TestReadRecordingErrors(t *testing.T) {
	for _, tt := range []struct{ text, err string }{
		{"1.5 a ok 0100\n2 b cut 00\n", ""},
		{"1.5 a ok 0100\n2 c ok 00\n", "line 2"},
		{"1.5 a lost 00\n", "line 1"},
		{"soon a ok 00\n", "no time"},
		{"1 a ok 0\n", "odd length"},
		{"1 a ok\n", "seconds a|b"},
	} {
		_, err := ReadRecording(strings.NewReader(tt.text))
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: got %v, want %q", tt.text, err, tt.err)
		}
	}
}

func TestNewErrors(t *testing.T) {
	dir := t.TempDir()
	good := Config{Paths: [2]string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}, Baud: 1200}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		err    string
	}{
		{"good", func(c *Config) {}, ""},
		{"one path", func(c *Config) { c.Paths[B] = c.Paths[A] }, "two different ones"},
		{"rate", func(c *Config) { c.Baud = 10 }, "rate: 10"},
		{"loss", func(c *Config) { c.Loss = -0.1 }, "loss: -0.1"},
		{"no folder", func(c *Config) { c.Paths[B] = filepath.Join(dir, "no", "b") }, "no such file"},
	} {
		cfg := good
		tt.change(&cfg)
		l, err := New(cfg)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.err)
		}
		if err == nil {
			l.Close()
		}
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
