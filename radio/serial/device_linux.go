package serial

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	tarm "github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// Ours.
const (
	readTimeout = 100 * time.Millisecond // 0 would make Close wait for a byte; the library's grain
	pollSlice   = 50 * time.Millisecond  // how long a write may overlook that it should end
)

// A device is one opened port, until it is unplugged: tarm's port to read, and
// a second descriptor of our own for all that its API lacks. Writes go there
// too, because tarm's block for good when the other end reads nothing, and its
// Close then waits for them.
type device struct {
	port io.ReadCloser
	line line

	mu     sync.RWMutex // line is in use, or closed
	closed bool
}

// A line is the second descriptor. PTYs have no modem lines, so tests put a
// fake behind it.
type line interface {
	Lock() error                                     // for this process alone
	SetUp(bitsPerSec int, flow Flow) error           // rate, flow control, hang-up on close
	DropRTS() error                                  // an open raises RTS, and some transmitters key on it
	Write(b []byte, wait time.Duration) (int, error) // what fits now; 0 after wait
	Discard() error                                  // what was written and is not sent
	Queued() (int, error)                            // bytes written and not sent; fails when the device is gone
	Close() error
}

// An opener knows where the system keeps what it has to look at.
type opener struct {
	consoles string // names of the kernel's consoles
	byID     string
	line     func(path string) (line, error)
	port     func(path string, bitsPerSec int) (io.ReadCloser, error)
}

var system = opener{
	consoles: "/sys/class/tty/console/active",
	byID:     "/dev/serial/by-id",
	line:     openLine,
	port:     openPort,
}

// open opens a port for us alone and leaves the transmitter unkeyed. The errors
// are *PortError.
func (o opener) open(path string, bitsPerSec int, flow Flow) (*device, error) {
	d, err := o.openDevice(path, bitsPerSec, flow)
	if refusal := (*PortError)(nil); err != nil && !errors.As(err, &refusal) {
		err = portError(path, o.byID, err)
	}
	return d, err
}

func (o opener) openDevice(path string, bitsPerSec int, flow Flow) (_ *device, err error) {
	if err := o.refuseConsole(path); err != nil {
		return nil, err
	}
	l, err := o.line(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if err := l.Lock(); err != nil {
		return nil, err
	}
	port, err := o.port(path, bitsPerSec)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			port.Close()
		}
	}()
	// After tarm's open, which writes the terminal's settings as a whole.
	if flow != FlowRTSCTS {
		if err := l.DropRTS(); err != nil {
			return nil, err
		}
	}
	if err := l.SetUp(bitsPerSec, flow); err != nil {
		return nil, err
	}
	return &device{port: port, line: l}, nil
}

// refuseConsole: a getty or the kernel on the same UART would eat bytes, and
// its messages would go on the air.
func (o opener) refuseConsole(path string) error {
	active, err := os.ReadFile(o.consoles)
	if err != nil {
		return nil // no such file: no console that we could know
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if filepath.Dir(real) == "/dev" && slices.Contains(strings.Fields(string(active)), filepath.Base(real)) {
		return &PortError{Path: path, What: "is the kernel's console", Hint: "use another port, or take console=" + filepath.Base(real) + " out of the kernel's command line"}
	}
	return nil
}

// standard are the rates that tarm's port knows, as far as radios have them.
var standard = []int{300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600}

func openPort(path string, bitsPerSec int) (io.ReadCloser, error) {
	if !slices.Contains(standard, bitsPerSec) {
		bitsPerSec = 9600 // SetUp sets the right one
	}
	return tarm.OpenPort(&tarm.Config{Name: path, Baud: bitsPerSec, ReadTimeout: readTimeout})
}

// read waits up to readTimeout for bytes; none is no error. ErrGone: unplugged.
func (d *device) read(buf []byte) (int, error) {
	n, err := d.port.Read(buf)
	switch {
	case n > 0:
		return n, nil
	case err == nil || errors.Is(err, io.EOF):
		// Both a timeout and, at once and for ever, a device that has gone.
		_, err := d.use(func(l line) (int, error) { return l.Queued() })
		return 0, err
	default:
		return 0, fmt.Errorf("%w: %w", ErrGone, err)
	}
}

// write gives what the kernel takes now, waiting a moment for room.
func (d *device) write(b []byte) (int, error) {
	return d.use(func(l line) (int, error) { return l.Write(b, pollSlice) })
}

func (d *device) discard() error {
	_, err := d.use(func(l line) (int, error) { return 0, l.Discard() })
	return err
}

func (d *device) queued() (int, error) { return d.use(line.Queued) }

// use lets nobody close the descriptor meanwhile, whose number could be
// another file's then.
func (d *device) use(f func(line) (int, error)) (int, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return 0, ErrGone
	}
	n, err := f(d.line)
	if err != nil {
		return n, fmt.Errorf("%w: %w", ErrGone, err)
	}
	return n, nil
}

func (d *device) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	return errors.Join(d.port.Close(), d.line.Close())
}

// ttyLine is the line of a real terminal device: its descriptor.
type ttyLine int

func openLine(path string) (line, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return ttyLine(fd), nil
}

// Lock uses flock: TIOCEXCL does not stop root.
func (t ttyLine) Lock() error { return unix.Flock(int(t), unix.LOCK_EX|unix.LOCK_NB) }

func (t ttyLine) SetUp(bitsPerSec int, flow Flow) error {
	tio, err := unix.IoctlGetTermios(int(t), unix.TCGETS)
	if err != nil {
		return err
	}
	tio.Cflag |= unix.HUPCL // a killed process drops DTR and RTS: no stuck transmitter
	if flow == FlowRTSCTS {
		tio.Cflag |= unix.CRTSCTS
	}
	set := uint(unix.TCSETS)
	if !slices.Contains(standard, bitsPerSec) {
		tio.Cflag = tio.Cflag&^unix.CBAUD | unix.BOTHER
		tio.Ispeed, tio.Ospeed = uint32(bitsPerSec), uint32(bitsPerSec)
		set = unix.TCSETS2
	}
	if err := unix.IoctlSetTermios(int(t), set, tio); err != nil {
		return fmt.Errorf("it cannot run at %d bit/s: %w", bitsPerSec, err)
	}
	return nil
}

func (t ttyLine) DropRTS() error {
	err := unix.IoctlSetPointerInt(int(t), unix.TIOCMBIC, unix.TIOCM_RTS)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
		return nil // no modem lines: a PTY, some USB adapters
	}
	return err
}

func (t ttyLine) Write(b []byte, wait time.Duration) (int, error) {
	n, err := unix.Write(int(t), b)
	if err == nil || !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
		return max(n, 0), err
	}
	room := []unix.PollFd{{Fd: int32(t), Events: unix.POLLOUT}}
	if _, err := unix.Poll(room, int(wait.Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
		return 0, err
	}
	if room[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0 {
		return 0, unix.EIO
	}
	return 0, nil
}

func (t ttyLine) Discard() error { return unix.IoctlSetInt(int(t), unix.TCFLSH, unix.TCOFLUSH) }

func (t ttyLine) Queued() (int, error) { return unix.IoctlGetInt(int(t), unix.TIOCOUTQ) }

func (t ttyLine) Close() error { return unix.Close(int(t)) }
