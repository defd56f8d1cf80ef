package line

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A port is a PTY: the program opens the slave, the line holds the master.
type port struct {
	path   string
	slave  string
	master *os.File
}

// newPort makes a PTY that passes each byte as it is, also before a program has
// set it up.
func newPort() (*port, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/ptmx", Err: err}
	}
	p := &port{master: os.NewFile(uintptr(fd), "/dev/ptmx")} // not blocking: its deadlines work
	if err := p.unlock(fd); err != nil {
		p.master.Close()
		return nil, err
	}
	return p, nil
}

// unlock lets programs open the slave, finds its name and makes it raw.
func (p *port) unlock(fd int) error {
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	p.slave = fmt.Sprintf("/dev/pts/%d", number)
	slave, err := os.OpenFile(p.slave, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	return errors.Join(setRaw(slave), slave.Close())
}

func setRaw(slave *os.File) error {
	fd := int(slave.Fd())
	tio, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	tio.Iflag, tio.Oflag, tio.Lflag = 0, 0, 0
	tio.Cflag = tio.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
	return unix.IoctlSetTermios(fd, unix.TCSETS, tio)
}

// read gives what the program has written, waiting for it a while; 0: nothing.
func (p *port) read(buf []byte, wait time.Duration) int {
	p.master.SetReadDeadline(time.Now().Add(wait))
	n, err := p.master.Read(buf)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		time.Sleep(min(wait, 10*time.Millisecond)) // EIO at once, as long as nobody has the slave open
	}
	return max(n, 0)
}

// write gives bytes to the program; what it has no room for is lost, as a UART
// loses it. The count is of the bytes that it can read.
func (p *port) write(b []byte) int {
	if !p.held() {
		return 0
	}
	// The kernel may have no room for a moment though the program reads: it
	// passes bytes on by a worker of its own, which a busy machine lets wait. A
	// program that does not read at all loses bytes, as on a real line.
	n := 0
	p.control(func(fd int) {
		for give := time.Now().Add(overrunAfter); n < len(b); {
			m, err := unix.Write(fd, b[n:])
			n += max(m, 0)
			switch {
			case err == nil || err == unix.EINTR:
			case err != unix.EAGAIN || time.Now().After(give):
				return
			default:
				time.Sleep(time.Millisecond)
			}
		}
	})
	return n
}

// overrunAfter is how long a byte waits for room before it is lost.
const overrunAfter = 250 * time.Millisecond

// held says that some program has the port open.
func (p *port) held() bool {
	held := false
	p.control(func(fd int) {
		state := []unix.PollFd{{Fd: int32(fd)}}
		_, err := unix.Poll(state, 0)
		held = err == nil && state[0].Revents&unix.POLLHUP == 0
	})
	return held
}

// waiting counts the bytes that the program has written and read has not given.
func (p *port) waiting() (n int) {
	p.control(func(fd int) { n, _ = unix.IoctlGetInt(fd, unix.TIOCINQ) })
	return n
}

// control does not use Fd, which would make reads block for good.
func (p *port) control(f func(fd int)) {
	if conn, err := p.master.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// close removes the link, if it is still ours.
func (p *port) close() error {
	if target, err := os.Readlink(p.path); err == nil && target == p.slave {
		os.Remove(p.path)
	}
	return p.master.Close()
}
