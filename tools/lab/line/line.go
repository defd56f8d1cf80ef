// Package line is the lab's serial line: two PTYs, each named by a link at a
// path of choice, and between them bytes that take their time. Each direction
// moves 8N1 at the line's rate, byte by byte; frames can be damaged from a seed,
// the line can be cut and healed, everything is counted and can be recorded.
//
// The pace is the line's, not the program's under test: nothing in a bearer
// knows that it runs on a lab. One thing of a real UART cannot be had: a PTY
// takes some 20 kB before its writer blocks, and its output queue always reads
// empty. A program that does not pace itself sees those bytes as latency;
// Stats.Waiting shows them.
//
// A port that no program holds open takes nothing: what arrives there is lost,
// as on a real one. New opens the line, Close ends it.
package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// An End is one end of a line.
type End int

// The two ends. In recordings they are a and b.
const (
	A End = iota
	B
)

func (e End) other() End { return 1 - e }

func (e End) String() string { return string(rune('a' + e)) }

// Config is a line.
type Config struct {
	Paths  [2]string // where the two ports shall be found
	Baud   int       // bit/s, both ways
	Loss   float64   // share of frames that arrive damaged, 0 to 1
	Seed   uint64    // of the damage
	Record io.Writer // nil: no recording (recording.go)
}

// Validate tells what can be no line.
func (c Config) Validate() error {
	switch {
	case c.Paths[A] == "" || c.Paths[B] == "" || c.Paths[A] == c.Paths[B]:
		return fmt.Errorf("line: paths %q and %q: two different ones are needed", c.Paths[A], c.Paths[B])
	case c.Baud < 50 || c.Baud > 1_000_000:
		return fmt.Errorf("line: rate: %d is not within 50 to 1000000 bit/s", c.Baud)
	}
	return validateLoss(c.Loss)
}

func validateLoss(share float64) error {
	if !(share >= 0 && share <= 1) {
		return fmt.Errorf("line: loss: %v is not within 0 to 1", share)
	}
	return nil
}

// Stats counts one direction, at the sender's end.
type Stats struct {
	Bytes   int // moved, delimiters too
	Frames  int // between zero bytes
	Damaged int // of the frames
	Lost    int // bytes: the line was cut, or nobody had the far port open
	Waiting int // bytes in the sending port's PTY, not yet on the line (4095 at most are seen)
}

// A Line moves bytes from New until Close. Its methods may be called by any
// goroutine.
type Line struct {
	ports  [2]*port
	record *recorder
	ways   [2]*way
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex // what follows, and the stats of the ways
	baud int
	loss float64
	cut  bool
}

// New makes the ports and begins to move bytes.
func New(cfg Config) (*Line, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Line{baud: cfg.Baud, loss: cfg.Loss}
	if cfg.Record != nil {
		l.record = &recorder{to: cfg.Record, begin: time.Now()}
	}
	for end, path := range cfg.Paths {
		p, err := openPort(path)
		if err != nil {
			return nil, errors.Join(err, l.closePorts())
		}
		l.ports[end] = p
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	for _, from := range []End{A, B} {
		w := &way{
			line: l, from: from, in: l.ports[from], out: l.ports[from.other()],
			rand: rand.New(rand.NewPCG(cfg.Seed, uint64(from))),
		}
		l.ways[from] = w
		l.done.Go(func() { w.run(ctx) })
	}
	return l, nil
}

// Close ends the line and removes the links. Programs see a hang-up.
func (l *Line) Close() error {
	l.stop()
	l.done.Wait()
	return l.closePorts()
}

func (l *Line) closePorts() error {
	var errs []error
	for _, p := range l.ports {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(errs...)
}

// Cut loses all bytes, both ways, until Heal. The ports stay: a cable that is
// broken somewhere, not a pulled plug.
func (l *Line) Cut() { l.set(func() { l.cut = true }) }

// Heal ends a Cut.
func (l *Line) Heal() { l.set(func() { l.cut = false }) }

// SetLoss changes the share of frames that are damaged from now on.
func (l *Line) SetLoss(share float64) error {
	if err := validateLoss(share); err != nil {
		return err
	}
	l.set(func() { l.loss = share })
	return nil
}

func (l *Line) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// Stats counts what an end has sent.
func (l *Line) Stats(from End) Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.ways[from].stats
	s.Waiting = l.ports[from].waiting()
	return s
}

// Inject puts bytes on the line as if an end had sent them: noise, or a piece
// of a recording. They go before what the end sends next, at the line's pace.
func (l *Line) Inject(from End, b []byte) {
	w := l.ways[from]
	l.set(func() { w.injected = append(w.injected, b...) })
}

// Path is where an end's port is found.
func (l *Line) Path(end End) string { return l.ports[end].path }

// openPort makes a PTY and the link to it.
func openPort(path string) (*port, error) {
	p, err := newPort()
	if err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	p.path = path
	beside := path + ".new"
	os.Remove(beside)
	if err = os.Symlink(p.slave, beside); err == nil {
		err = os.Rename(beside, path) // one moment has the old link, the next the new one
	}
	if err != nil {
		p.master.Close()
		return nil, fmt.Errorf("line: %w", err)
	}
	return p, nil
}
