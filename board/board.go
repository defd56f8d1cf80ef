// Package board is the gateway's front: a light that tells the state of the
// link, a pin that other equipment can read it from, and a switch that forbids
// to transmit.
//
// It is written against periph's gpio.PinIO, so a board is a table of pin names
// (models.go) and a test is a fake pin. It knows nothing of links and frames:
// who does calls SetLink and Traffic. It never decides what a missing pin
// means; a board without pins is a board too. New is the way in, then Run.
package board

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Config says which pins the board has.
type Config struct {
	Model string // a name of Models; "": "none"
	// Pins, where they differ from the model's; "" is the model's, "-" is none.
	Pins Pins
	// Lookup finds a pin by its name, nil if there is none: gpioreg.ByName,
	// after host.Init.
	Lookup func(name string) gpio.PinIO
	Log    *slog.Logger // nil: silent
}

// Pins are names as the host's driver has them: "GPIO17".
type Pins struct {
	LED     string // out: the language of signal.go
	Link    string // out: high while the link is up
	Inhibit string // in, pulled up: tied to ground, nothing may be transmitted
}

// A Board is the pins and what they show. Its methods may be called by any
// goroutine; Run by one.
type Board struct {
	led, link, inhibit gpio.PinIO // nil: there is none
	log                *slog.Logger
	kick               chan struct{} // something to show has changed

	mu      sync.Mutex
	state   State
	since   time.Time // of the state
	traffic time.Time // of the last frame
	failing bool      // a pin refused, and that was logged
}

// New finds the pins and sets them: the light off, the link down, the switch an
// input. A pin that is named and not there is an error.
func New(cfg Config) (*Board, error) {
	if cfg.Model == "" {
		cfg.Model = "none"
	}
	names, ok := Models[cfg.Model]
	if !ok {
		return nil, fmt.Errorf("board: model: %q is none of %s", cfg.Model, modelNames())
	}
	b := &Board{log: cfg.Log, kick: make(chan struct{}, 1), since: time.Now()}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	for _, p := range []struct {
		use         string
		model, mine string
		pin         *gpio.PinIO
		setUp       func(gpio.PinIO) error
	}{
		{"led", names.LED, cfg.Pins.LED, &b.led, low},
		{"link", names.Link, cfg.Pins.Link, &b.link, low},
		{"inhibit", names.Inhibit, cfg.Pins.Inhibit, &b.inhibit, pullUp},
	} {
		name := p.model
		if p.mine != "" {
			name = p.mine
		}
		if name == "" || name == "-" {
			continue
		}
		if *p.pin = cfg.Lookup(name); *p.pin == nil {
			return nil, fmt.Errorf("board: %s: this machine has no pin %s", p.use, name)
		}
		if err := p.setUp(*p.pin); err != nil {
			return nil, fmt.Errorf("board: %s: pin %s: %w", p.use, name, err)
		}
	}
	return b, nil
}

func low(p gpio.PinIO) error    { return p.Out(gpio.Low) }
func pullUp(p gpio.PinIO) error { return p.In(gpio.PullUp, gpio.NoEdge) }

// SetLink tells what the link does now.
func (b *Board) SetLink(s State) {
	b.mu.Lock()
	changed := b.state != s
	if changed {
		b.state, b.since = s, time.Now()
	}
	b.mu.Unlock()
	if changed {
		b.wake()
	}
}

// Traffic tells that a frame has passed, in either direction.
func (b *Board) Traffic() {
	b.mu.Lock()
	now := time.Now()
	flicker := now.Sub(b.traffic) >= flickerEvery
	if flicker {
		b.traffic = now
	}
	b.mu.Unlock()
	if flicker {
		b.wake()
	}
}

func (b *Board) wake() {
	select {
	case b.kick <- struct{}{}:
	default: // Run has not yet seen the last one
	}
}

// Inhibited says that the operator forbids to transmit.
func (b *Board) Inhibited() bool {
	return b.inhibit != nil && b.inhibit.Read() == gpio.Low
}

// Run shows the states until the context ends, then puts the lights out.
func (b *Board) Run(ctx context.Context) {
	for {
		timer := time.NewTimer(b.show(time.Now()))
		select {
		case <-timer.C:
		case <-b.kick:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			b.set(false, false)
			return
		}
	}
}

// show sets the pins to what holds now, and tells for how long.
func (b *Board) show(now time.Time) time.Duration {
	b.mu.Lock()
	state := b.state
	lit, next := state.light(now.Sub(b.since), now.Sub(b.traffic))
	b.mu.Unlock()
	b.set(lit, state == Up)
	return next
}

// set writes the pins. One that refuses is told of once: a broken light must
// not fill the log, nor stop the gateway.
func (b *Board) set(lit, up bool) {
	var err error
	if b.led != nil {
		err = b.led.Out(gpio.Level(lit))
	}
	if b.link != nil && err == nil {
		err = b.link.Out(gpio.Level(up))
	}
	if err != nil && !b.failing {
		b.log.Warn("board: a pin cannot be set", "err", err)
	}
	b.failing = err != nil
}
