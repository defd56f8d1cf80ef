// Package serial is the bearer over an asynchronous serial line: RS-232, a USB
// adapter, a radio modem's data port, a PTY. Frames stand on it in COBS form
// between zero bytes (framing.go, the only part that others have to agree
// with), 8 data bits, no parity, 1 stop bit.
//
// It adds no check of its own unless asked (Config.CRC): the seal's tag finds
// what a CRC would find, and 2 bytes a frame are 17 ms at 1200 bit/s.
//
// A Port that is unplugged fails, at once and for good (ErrGone); whoever runs
// bearers opens it again, with back-off, until it is back. It starts no
// goroutine. Open is the way in; device_linux.go holds what the kernel and
// github.com/tarm/serial need, with the reasons.
package serial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"picket/radio"
)

var _ radio.Bearer = (*Port)(nil)

// Ours.
const (
	// MTUDefault is the MTU of a Config that names none: 2 s at 1200 bit/s.
	MTUDefault = 255
	mtuMin     = 120  // a handshake has to fit (radio/WIRE.md)
	mtuMax     = 1024 // above, one lost frame costs too much air

	bitsPerByte = 10                   // 8N1: a start and a stop bit
	lead        = 2 * time.Millisecond // Send returns so much before the line falls idle
	quietMax    = time.Second          // after that a delimiter goes first: the line may have collected noise
	stuckMax    = 30 * time.Second     // a line that takes no byte for so long is reported
)

// Flow is who may hold the line.
type Flow string

// The kinds of flow control.
const (
	FlowNone   Flow = ""       // nobody; RTS stays low, because some transmitters key on it
	FlowRTSCTS Flow = "rtscts" // the modem, by CTS
)

// Config is one port.
type Config struct {
	Path       string // "/dev/serial/by-id/usb-…" stays the same when plugged in elsewhere
	Baud       int    // bit/s, 50 to 4,000,000; both ends alike
	MTU        int    // bytes of a frame, 120 to 1024; 0: MTUDefault; both ends alike
	CRC        bool   // two more bytes a frame, CRC-16/X-25; both ends alike
	Flow       Flow
	HalfDuplex bool          // a radio is behind it, or RS-485: one side at a time
	Turnaround time.Duration // of that radio
	Log        *slog.Logger  // nil: silent
}

// Validate tells what no port can do; what this one cannot, Open tells.
func (c Config) Validate() error {
	switch {
	case c.Path == "":
		return errors.New("serial: path: no port is named")
	case c.Baud < 50 || c.Baud > 4_000_000:
		return fmt.Errorf("serial: %s: baud: %d is no rate from 50 to 4000000", c.Path, c.Baud)
	case c.MTU != 0 && (c.MTU < mtuMin || c.MTU > mtuMax):
		return fmt.Errorf("serial: %s: mtu: %d is not within %d to %d", c.Path, c.MTU, mtuMin, mtuMax)
	case c.Flow != FlowNone && c.Flow != FlowRTSCTS:
		return fmt.Errorf("serial: %s: flow: %q is neither empty nor %q", c.Path, c.Flow, FlowRTSCTS)
	case c.Turnaround < 0:
		return fmt.Errorf("serial: %s: turnaround: %v is negative", c.Path, c.Turnaround)
	}
	return nil
}

// Status is what an operator wants to know of a port, since it was opened.
type Status struct {
	FramesIn, FramesOut uint64
	BytesIn, BytesOut   uint64 // on the line, with framing
	Refused             Refused
}

// Refused counts what arrived and was no frame: noise, a wrong rate, damage.
type Refused struct {
	Long uint64 // more bytes than the MTU before a delimiter
	Cut  uint64 // the delimiter came too early
	CRC  uint64 // with Config.CRC
}

// A Port is an open serial port. Send and Receive are each called by one
// goroutine, Close and Status by any.
type Port struct {
	cfg    Config
	dev    *device
	log    *slog.Logger
	stuck  time.Duration // stuckMax
	closed chan struct{}

	mu     sync.Mutex // status, and who closes
	status Status

	// Send's own.
	out   []byte
	busy  time.Time // until when what was written keeps the line
	clean bool      // the last frame went out whole

	// Receive's own.
	deframer deframer
	raw      [512]byte
	rest     []byte // of raw, not yet looked at
}

// Open opens a port, for this process alone. The errors are of the Config, or
// *PortError.
func Open(cfg Config) (*Port, error) { return open(cfg, system) }

func open(cfg Config, o opener) (*Port, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.MTU == 0 {
		cfg.MTU = MTUDefault
	}
	dev, err := o.open(cfg.Path, cfg.Baud, cfg.Flow)
	if err != nil {
		return nil, err
	}
	p := &Port{
		cfg:      cfg,
		dev:      dev,
		log:      cfg.Log,
		stuck:    stuckMax,
		closed:   make(chan struct{}),
		deframer: deframer{max: cfg.MTU, crc: cfg.CRC},
	}
	if cfg.CRC {
		p.deframer.max += crcBytes
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	return p, nil
}

// Capabilities are those of the configuration; they never change.
func (p *Port) Capabilities() radio.Capabilities {
	return radio.Capabilities{
		MTU:        p.cfg.MTU,
		Airtime:    func(n int) time.Duration { return p.lineTime(encodedMax(n, p.cfg.CRC)) },
		HalfDuplex: p.cfg.HalfDuplex,
		Turnaround: p.cfg.Turnaround,
	}
}

func (p *Port) lineTime(lineBytes int) time.Duration {
	return time.Duration(lineBytes*bitsPerByte) * time.Second / time.Duration(p.cfg.Baud)
}

// Status may be asked at any time.
func (p *Port) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Close ends Send and Receive with os.ErrClosed.
func (p *Port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosed() {
		return os.ErrClosed
	}
	close(p.closed)
	p.log.Debug("serial port closed", "path", p.cfg.Path, "counts", p.status)
	return p.dev.close()
}

func (p *Port) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

func (p *Port) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return p.over(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return os.ErrClosed
	}
}

// over tells why a call has to end.
func (p *Port) over(ctx context.Context) error {
	if p.isClosed() {
		return os.ErrClosed
	}
	return ctx.Err()
}
