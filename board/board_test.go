package board

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
)

// pins is a machine with these pins.
func pins(names ...string) map[string]*gpiotest.Pin {
	m := map[string]*gpiotest.Pin{}
	for _, name := range names {
		m[name] = &gpiotest.Pin{N: name, L: gpio.High}
	}
	return m
}

func lookup(m map[string]*gpiotest.Pin) func(string) gpio.PinIO {
	return func(name string) gpio.PinIO {
		if p := m[name]; p != nil {
			return p
		}
		return nil
	}
}

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		pins string // what the machine has
		err  string // "": it works
	}{
		{"no board", Config{}, "", ""},
		{"a Pi", Config{Model: "raspberry-pi"}, "GPIO17 GPIO27 GPIO22", ""},
		{"a Pi with another light", Config{Model: "raspberry-pi", Pins: Pins{LED: "GPIO5"}}, "GPIO5 GPIO27 GPIO22", ""},
		{"a Pi without a switch", Config{Model: "raspberry-pi", Pins: Pins{Inhibit: "-"}}, "GPIO17 GPIO27", ""},
		{"a light alone", Config{Pins: Pins{LED: "LED1"}}, "LED1", ""},
		{"unknown model", Config{Model: "abacus"}, "", `board: model: "abacus" is none of none, raspberry-pi`},
		{"a pin that is not there", Config{Model: "raspberry-pi"}, "GPIO17 GPIO27", "board: inhibit: this machine has no pin GPIO22"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Lookup = lookup(pins(strings.Fields(tt.pins)...))
			_, err := New(tt.cfg)
			if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

func TestPinsAtStart(t *testing.T) {
	m := pins("GPIO17", "GPIO27", "GPIO22")
	b, err := New(Config{Model: "raspberry-pi", Lookup: lookup(m)})
	if err != nil {
		t.Fatal(err)
	}
	if m["GPIO17"].L != gpio.Low || m["GPIO27"].L != gpio.Low {
		t.Error("the light or the link's pin is not low")
	}
	if m["GPIO22"].P != gpio.PullUp {
		t.Errorf("the switch's pull is %v: an open one must not float", m["GPIO22"].P)
	}
	if b.Inhibited() {
		t.Error("inhibited with an open switch")
	}
	m["GPIO22"].Out(gpio.Low)
	if !b.Inhibited() {
		t.Error("not inhibited with the switch closed")
	}
	if none, _ := New(Config{}); none.Inhibited() {
		t.Error("inhibited without a switch")
	}
}

// TestLight reads the light each 20 ms for four seconds, as an eye would.
func TestLight(t *testing.T) {
	for _, tt := range []struct {
		state        State
		lit, flashes int // of 200 looks; times that it goes on
	}{
		{Down, 8, 2},
		{Handshaking, 104, 8}, // 13 of 25 looks, as 250 ms is no multiple of 20
		{Up, 200, 1},
		{Fault, 16, 4},
	} {
		lit, flashes, before := 0, 0, false
		for at := time.Duration(0); at < 4*time.Second; at += 20 * time.Millisecond {
			on, next := tt.state.light(at, time.Hour)
			if next <= 0 {
				t.Fatalf("%v at %v: for %v", tt.state, at, next)
			}
			if on {
				lit++
			}
			if on && !before {
				flashes++
			}
			before = on
		}
		if lit != tt.lit || flashes != tt.flashes {
			t.Errorf("%v: lit %d of 200 looks, %d flashes; want %d and %d", tt.state, lit, flashes, tt.lit, tt.flashes)
		}
	}
}

// TestRun plays a link's day in virtual time and looks at the pins.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := pins("GPIO17", "GPIO27", "GPIO22")
		b, err := New(Config{Model: "raspberry-pi", Lookup: lookup(m)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx); close(done) }()
		look := func(after time.Duration, led, link gpio.Level) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if m["GPIO17"].Read() != led || m["GPIO27"].Read() != link {
				t.Errorf("light %v, link %v; want %v and %v", m["GPIO17"].Read(), m["GPIO27"].Read(), led, link)
			}
		}
		look(0, gpio.High, gpio.Low) // down begins with its flash
		look(100*time.Millisecond, gpio.Low, gpio.Low)
		look(1900*time.Millisecond, gpio.High, gpio.Low)
		b.SetLink(Handshaking)
		look(10*time.Millisecond, gpio.High, gpio.Low)
		look(250*time.Millisecond, gpio.Low, gpio.Low)
		b.SetLink(Up)
		look(0, gpio.High, gpio.High)
		look(10*time.Second, gpio.High, gpio.High)
		b.Traffic()
		look(0, gpio.Low, gpio.High)
		look(flickerDark, gpio.High, gpio.High)
		b.Traffic() // too soon after the last
		look(0, gpio.High, gpio.High)
		b.SetLink(Up) // no change: nothing begins again
		look(time.Second, gpio.High, gpio.High)
		b.SetLink(Fault)
		look(0, gpio.High, gpio.Low)
		look(100*time.Millisecond, gpio.Low, gpio.Low)
		stop()
		<-done
		look(0, gpio.Low, gpio.Low)
	})
}

// A brokenPin refuses to be set once it is.
type brokenPin struct {
	gpiotest.Pin
	broken bool
}

func (p *brokenPin) Out(l gpio.Level) error {
	if p.broken {
		return errors.New("input/output error")
	}
	return p.Pin.Out(l)
}

func TestBrokenPinIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		pin := &brokenPin{}
		b, err := New(Config{
			Pins:   Pins{LED: "LED1"},
			Lookup: func(string) gpio.PinIO { return pin },
			Log:    slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		pin.broken = true
		if _, err := New(Config{Pins: Pins{LED: "LED1"}, Lookup: func(string) gpio.PinIO { return pin }}); err == nil {
			t.Error("New does not tell of a pin that cannot be set")
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		b.Run(ctx)
		if n := strings.Count(log.String(), "cannot be set"); n != 1 {
			t.Errorf("told %d times:\n%s", n, log.String())
		}
	})
}
