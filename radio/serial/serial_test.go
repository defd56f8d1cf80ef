package serial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A wire is a PTY: the port opens its slave through a link, the test holds the
// master.
type wire struct {
	t      *testing.T
	path   string
	master *os.File
}

func newWire(t *testing.T) *wire {
	w := &wire{t: t, path: filepath.Join(t.TempDir(), "port")}
	w.plug()
	t.Cleanup(w.unplug)
	return w
}

func (w *wire) plug() {
	w.t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		w.t.Fatal(err)
	}
	defer slave.Close()
	fd, err := unix.Dup(int(master.Fd()))
	if err != nil {
		w.t.Fatal(err)
	}
	master.Close()
	unix.SetNonblock(fd, true) // so that a read of the test has its deadline
	w.master = os.NewFile(uintptr(fd), slave.Name())
	os.Remove(w.path)
	if err := os.Symlink(slave.Name(), w.path); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) unplug() {
	os.Remove(w.path)
	w.master.Close()
}

// frames reads n frames from the master's side.
func (w *wire) frames(n int) [][]byte {
	w.t.Helper()
	w.master.SetReadDeadline(time.Now().Add(5 * time.Second))
	d, b := deframer{max: mtuMax}, make([]byte, 1)
	var got [][]byte
	for len(got) < n {
		if _, err := w.master.Read(b); err != nil {
			w.t.Fatalf("after %d frames of %d: %v", len(got), n, err)
		}
		got = append(got, deframe(&d, b)...)
	}
	return got
}

func openOn(t *testing.T, w *wire, change func(*Config)) *Port {
	t.Helper()
	cfg := Config{Path: w.path, Baud: 115200}
	if change != nil {
		change(&cfg)
	}
	p, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func within(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// all is each byte once: flow control, line ends and zeros pass like others.
func all() []byte {
	b := make([]byte, 255)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestBothWays(t *testing.T) {
	for _, crc := range []bool{false, true} {
		w := newWire(t)
		p := openOn(t, w, func(c *Config) { c.CRC = crc })
		if err := p.Send(t.Context(), all()); err != nil {
			t.Fatal(err)
		}
		want := all()
		if crc {
			sum := crc16(want)
			want = append(want, byte(sum), byte(sum>>8))
		}
		if got := w.frames(1)[0]; !bytes.Equal(got, want) {
			t.Errorf("crc %v: sent\n got %x\nwant %x", crc, got, want)
		}

		w.master.Write(append([]byte("what stood on the line"), delimiter))
		w.master.Write(appendFrame(nil, all(), crc))
		w.master.Write(appendFrame(nil, []byte{255}, crc))
		buf := make([]byte, MTUDefault)
		for _, want := range [][]byte{all(), {255}} {
			n, err := p.Receive(within(t, 5*time.Second), buf)
			if err != nil || !bytes.Equal(buf[:n], want) {
				t.Errorf("crc %v: received\n got %x, %v\nwant %x", crc, buf[:n], err, want)
			}
		}
		s := p.Status()
		if s.FramesIn != 2 || s.FramesOut != 1 || s.Refused.Cut != 1 || s.BytesOut != uint64(1+len(appendFrame(nil, all(), crc))) {
			t.Errorf("crc %v: status %+v", crc, s)
		}
	}
}

// TestSendTakesTheLinesTime: a PTY takes all at once, so the port itself waits;
// else thousands of bytes would stand between a frame and the air.
func TestSendTakesTheLinesTime(t *testing.T) {
	w := newWire(t)
	p := openOn(t, w, func(c *Config) { c.Baud = 9600 })
	frame := make([]byte, 94)
	begin := time.Now()
	for range 4 {
		if err := p.Send(t.Context(), frame); err != nil {
			t.Fatal(err)
		}
	}
	want := 4 * p.Capabilities().Airtime(len(frame))                                        // 4 × 100 ms
	if got := time.Since(begin); got < want-10*time.Millisecond || got > want+time.Second { // a busy machine may be late, never early
		t.Errorf("4 frames took %v, want %v", got, want)
	}
	w.frames(4)
}

func TestAirtime(t *testing.T) {
	p := &Port{cfg: Config{Baud: 1200, MTU: MTUDefault}}
	for _, tt := range []struct {
		bytes int
		crc   bool
		want  time.Duration
	}{
		{58, false, 500 * time.Millisecond},
		{58, true, 500*time.Millisecond + 2*time.Second*10/1200},
		{254, false, 256 * time.Second * 10 / 1200},
		{255, false, 258 * time.Second * 10 / 1200},
	} {
		p.cfg.CRC = tt.crc
		if got := p.Capabilities().Airtime(tt.bytes); got.Round(time.Microsecond) != tt.want.Round(time.Microsecond) {
			t.Errorf("Airtime(%d), crc %v: got %v, want %v", tt.bytes, tt.crc, got, tt.want)
		}
	}
}

func TestCloseEndsReceive(t *testing.T) {
	p := openOn(t, newWire(t), nil)
	time.AfterFunc(50*time.Millisecond, func() { p.Close() })
	begin := time.Now()
	_, err := p.Receive(t.Context(), make([]byte, MTUDefault))
	if !errors.Is(err, os.ErrClosed) || time.Since(begin) > time.Second {
		t.Errorf("Receive: %v after %v, want os.ErrClosed at once", err, time.Since(begin))
	}
	if err := p.Send(t.Context(), []byte{1}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Send: %v, want os.ErrClosed", err)
	}
	if err := p.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("second Close: %v, want os.ErrClosed", err)
	}
}

// TestUnplugAndReturn: Receive and Send tell of it, at no cost; opening fails
// with a reason until the port is back, and then another device under the same
// name does.
func TestUnplugAndReturn(t *testing.T) {
	w := newWire(t)
	p := openOn(t, w, nil)
	w.master.Write(append(appendFrame(nil, []byte("before"), false), 9, 'h', 'a', 'l', 'f'))
	buf := make([]byte, MTUDefault)
	if n, err := p.Receive(within(t, 5*time.Second), buf); string(buf[:n]) != "before" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
	unplugged := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() { w.unplug(); close(unplugged) })
	for range 3 { // once would be the EIO of tarm's first read, then it is EOF for ever
		if _, err := p.Receive(within(t, 5*time.Second), buf); !errors.Is(err, ErrGone) {
			t.Errorf("Receive: %v, want ErrGone", err)
		}
	}
	if err := p.Send(within(t, 5*time.Second), []byte("x")); !errors.Is(err, ErrGone) {
		t.Errorf("Send: %v, want ErrGone", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}

	refusal := &PortError{}
	if _, err := Open(p.cfg); !errors.As(err, &refusal) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("while away: %v, want a PortError of os.ErrNotExist", err)
	}
	<-unplugged
	w.plug()
	p = openOn(t, w, nil)
	w.master.Write(appendFrame(nil, []byte("after"), false))
	if n, err := p.Receive(within(t, 5*time.Second), buf); string(buf[:n]) != "after" {
		t.Errorf("got %q, %v, want \"after\"", buf[:n], err)
	}
}

// TestIdleCostsNothing: waiting for bytes is a system call each 100 ms.
func TestIdleCostsNothing(t *testing.T) {
	p := openOn(t, newWire(t), nil)
	var before, after unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &before)
	p.Receive(within(t, 300*time.Millisecond), make([]byte, MTUDefault))
	unix.Getrusage(unix.RUSAGE_SELF, &after)
	if cpu := time.Duration(after.Utime.Nano() - before.Utime.Nano()); cpu > 100*time.Millisecond {
		t.Errorf("%v of CPU in 300 ms of waiting", cpu)
	}
}

// TestNobodyReads: a write that the other end never takes ends with an error,
// and so does Close.
func TestNobodyReads(t *testing.T) {
	w := newWire(t)
	p := openOn(t, w, func(c *Config) { c.Baud, c.MTU = 4_000_000, mtuMax })
	fill := func(ctx context.Context) (err error) {
		for range 100 { // a PTY holds some 20 kB
			if err = p.Send(ctx, make([]byte, mtuMax)); err != nil {
				break
			}
		}
		return err
	}
	p.stuck = 200 * time.Millisecond
	if err := fill(t.Context()); !errors.Is(err, ErrStuck) {
		t.Fatalf("got %v, want ErrStuck", err)
	}
	p.stuck = time.Hour
	if err := fill(within(t, 500*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	closed := make(chan error)
	go func() { closed <- p.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Second):
		t.Error("Close hangs")
	}
}

// TestNoise: a megabyte of random bytes is taken as fast as it comes, and the
// frame behind it is found.
func TestNoise(t *testing.T) {
	w := newWire(t)
	p := openOn(t, w, nil)
	noise := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{2}).Read(noise)
	go func() {
		w.master.Write(noise)
		w.master.Write(append([]byte{delimiter}, appendFrame(nil, []byte("after the noise"), false)...))
	}()
	ctx, buf := within(t, 20*time.Second), make([]byte, MTUDefault)
	for garbage := 0; ; garbage++ {
		n, err := p.Receive(ctx, buf)
		if err != nil {
			t.Fatalf("after %d frames of garbage: %v", garbage, err)
		}
		if string(buf[:n]) == "after the noise" {
			break
		}
	}
	if s := p.Status(); s.Refused.Long == 0 || s.Refused.Cut == 0 {
		t.Errorf("nothing refused: %+v", s)
	}
}

func TestRates(t *testing.T) {
	for _, baud := range []int{300, 1200, 9600, 14400, 28800, 115200, 250000} {
		w := newWire(t)
		p := openOn(t, w, func(c *Config) { c.Baud = baud })
		tio, err := unix.IoctlGetTermios(int(p.dev.line.(ttyLine)), unix.TCGETS2)
		if err != nil || int(tio.Ospeed) != baud || int(tio.Ispeed) != baud || tio.Cflag&unix.HUPCL == 0 {
			t.Errorf("%d bit/s: the port runs at %d (HUPCL %v), %v", baud, tio.Ospeed, tio.Cflag&unix.HUPCL != 0, err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	w := newWire(t)
	taken := newWire(t)
	openOn(t, taken, nil)
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	ids := t.TempDir()
	os.WriteFile(filepath.Join(ids, "usb-FTDI_FT232R-if00-port0"), nil, 0o600)
	consoles := filepath.Join(t.TempDir(), "active")
	os.WriteFile(consoles, []byte("tty0 null\n"), 0o600)

	for _, tt := range []struct {
		name      string
		cfg       Config
		err, hint string // parts of the error; "": it opens
	}{
		{"a port", Config{Path: w.path, Baud: 9600}, "", ""},
		{"none", Config{Baud: 9600}, "no port is named", ""},
		{"rate", Config{Path: w.path, Baud: 5}, "baud: 5 is no rate", ""},
		{"MTU", Config{Path: w.path, Baud: 9600, MTU: 9}, "mtu: 9 is not within 120 to 1024", ""},
		{"flow", Config{Path: w.path, Baud: 9600, Flow: "xon"}, `flow: "xon" is neither`, ""},
		{"absent", Config{Path: file + "s", Baud: 9600}, "no such port", "is it plugged in? there are: "},
		{"no terminal", Config{Path: file, Baud: 9600}, "is no serial port", "usb-FTDI_FT232R-if00-port0"},
		{"taken", Config{Path: taken.path, Baud: 9600}, "another program has it", "fuser"},
		{"the console", Config{Path: "/dev/null", Baud: 9600}, "is the kernel's console", "console=null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := system
			o.byID, o.consoles = ids, consoles
			p, err := open(tt.cfg, o)
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				p.Close()
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), tt.hint) {
				t.Errorf("got  %v\nwant %q and %q", err, tt.err, tt.hint)
			}
		})
	}
}

// A fakeLine notes what is asked of it: modem lines, which a PTY lacks.
type fakeLine struct {
	calls  *[]string
	refuse string
}

func (f fakeLine) call(name string) error {
	*f.calls = append(*f.calls, name)
	if name == f.refuse {
		return unix.EIO
	}
	return nil
}

func (f fakeLine) Lock() error                              { return f.call("lock") }
func (f fakeLine) SetUp(int, Flow) error                    { return f.call("set up") }
func (f fakeLine) DropRTS() error                           { return f.call("drop RTS") }
func (f fakeLine) Write([]byte, time.Duration) (int, error) { return 0, f.call("write") }
func (f fakeLine) Discard() error                           { return f.call("discard") }
func (f fakeLine) Queued() (int, error)                     { return 0, f.call("queued") }
func (f fakeLine) Close() error                             { return f.call("close") }

type fakePort struct{ fakeLine }

func (f fakePort) Read([]byte) (int, error) { return 0, io.EOF }
func (f fakePort) Close() error             { return f.call("close port") }

// TestOpenKeysNoTransmitter: RTS falls right after the open that raised it, but
// a port with hardware flow control keeps it; what was opened is closed again
// when a step fails.
func TestOpenKeysNoTransmitter(t *testing.T) {
	for _, tt := range []struct {
		name, refuse string
		flow         Flow
		want         []string
	}{
		{"no flow control", "", FlowNone, []string{"lock", "open", "drop RTS", "set up"}},
		{"flow control", "", FlowRTSCTS, []string{"lock", "open", "set up"}},
		{"taken", "lock", FlowNone, []string{"lock", "close"}},
		{"no such rate", "set up", FlowNone, []string{"lock", "open", "drop RTS", "set up", "close port", "close"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var calls []string
			fake := fakeLine{&calls, tt.refuse}
			o := opener{
				consoles: "/nonexistent",
				line:     func(string) (line, error) { return fake, nil },
				port: func(string, int) (io.ReadCloser, error) {
					return fakePort{fake}, fake.call("open")
				},
			}
			_, err := o.open("/dev/null", 9600, tt.flow)
			if !reflect.DeepEqual(calls, tt.want) || (err != nil) != (tt.refuse != "") {
				t.Errorf("got %q, %v\nwant %q", calls, err, tt.want)
			}
		})
	}
}
