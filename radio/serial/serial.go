// Package serial is the bearer over an asynchronous serial line: RS-232, a USB
// adapter, a radio modem's data port, a PTY. Frames stand on it in COBS form
// between zero bytes (framing.go, the only part that others have to agree
// with), 8 data bits, no parity, 1 stop bit.
//
// It adds no check of its own unless asked (Config.CRC): the seal's tag finds
// what a CRC would find, and 2 bytes a frame are 17 ms at 1200 bit/s.
//
// A Port that was unplugged comes back by itself; frames of that time are lost,
// which a link expects of any bearer. It starts no goroutine: Receive watches
// the device and reopens it. Open is the way in; device_linux.go holds what the
// kernel and github.com/tarm/serial need, with the reasons.
package serial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"picket/radio"
)

var _ radio.Bearer = (*Port)(nil)

// Ours.
const (
	// MTUDefault is the MTU of a Config that names none: one COBS block and a
	// half, 2 s at 1200 bit/s.
	MTUDefault = 255
	mtuMin     = 64   // a handshake frame has to fit
	mtuMax     = 1024 // above, one lost frame costs too much air

	bitsPerByte = 10                     // 8N1: a start and a stop bit
	lead        = 2 * time.Millisecond   // Send returns so much before the line falls idle
	quietMax    = time.Minute            // after that a delimiter goes first: the line may have collected noise
	stuckMax    = 30 * time.Second       // a line that takes no byte for so long is reported
	retryMin    = 500 * time.Millisecond // after an unplug
	retryMax    = 30 * time.Second
	steadyMin   = 5 * time.Second // a port that stays so long has come back for good
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
	MTU        int    // bytes of a frame, 64 to 1024; 0: MTUDefault; both ends alike
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

// Status is what an operator wants to know of a port.
type Status struct {
	Open                bool
	Err                 error // why it is not; a *PortError has a hint
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

// A Port is an open serial port, or one that is expected back. Send and Receive
// are each called by one goroutine, Close and Status by any.
type Port struct {
	cfg    Config
	opener opener
	log    *slog.Logger
	stuck  time.Duration // stuckMax
	closed chan struct{}

	mu     sync.Mutex
	dev    *device       // nil: gone
	back   chan struct{} // closed when dev is there
	since  time.Time     // when dev was opened
	retry  time.Duration // the next wait
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

// Open opens a port. One that is not there is waited for; any other reason is
// an error.
func Open(cfg Config) (*Port, error) { return open(cfg, system) }

func open(cfg Config, o opener) (*Port, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.MTU == 0 {
		cfg.MTU = MTUDefault
	}
	p := &Port{
		cfg:      cfg,
		opener:   o,
		log:      cfg.Log,
		stuck:    stuckMax,
		closed:   make(chan struct{}),
		back:     make(chan struct{}),
		retry:    retryMin,
		deframer: deframer{max: cfg.MTU, crc: cfg.CRC},
	}
	if cfg.CRC {
		p.deframer.max += crcBytes
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if err := p.tryOpen(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
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
	p.status.Open = false
	if p.dev == nil {
		return nil
	}
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

// tryOpen opens the device, or notes why it cannot and doubles the wait.
func (p *Port) tryOpen() error {
	dev, err := p.opener.open(p.cfg.Path, p.cfg.Baud, p.cfg.Flow)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		if p.status.Err == nil || p.status.Err.Error() != err.Error() { // once, not each 30 s
			p.log.Warn("serial port", "path", p.cfg.Path, "err", err, "hint", hint(err))
		}
		p.status.Err = err
		return err
	}
	if p.isClosed() {
		dev.close()
		return os.ErrClosed
	}
	p.log.Info("serial port open", "path", p.cfg.Path, "baud", p.cfg.Baud)
	p.dev, p.since = dev, time.Now()
	p.status.Open, p.status.Err = true, nil
	close(p.back)
	return nil
}

func hint(err error) string {
	if e := (*PortError)(nil); errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// lose forgets a device that has gone.
func (p *Port) lose(dev *device, err error) {
	dev.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dev != dev || p.isClosed() {
		return
	}
	p.log.Warn("serial port gone", "path", p.cfg.Path, "err", err)
	p.dev, p.back = nil, make(chan struct{})
	p.status.Open, p.status.Err = false, err
	if time.Since(p.since) >= steadyMin {
		p.retry = retryMin
	}
}

// reopen waits, longer each time, and tries once.
func (p *Port) reopen(ctx context.Context) error {
	p.mu.Lock()
	wait := p.retry
	p.retry = min(2*wait, retryMax)
	p.mu.Unlock()
	if err := p.sleep(ctx, wait); err != nil {
		return err
	}
	p.tryOpen() // the reason for a failure is in the status
	return nil
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

func (p *Port) device() (*device, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dev, p.back
}
