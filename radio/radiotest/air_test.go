package radiotest

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func line(seed uint64) Config {
	return Config{
		Stations: 2, BitsPerSec: 1200, BitsPerByte: 10, FramingBytes: 2, MTUBytes: 255,
		Rand: rand.New(rand.NewPCG(seed, 0)),
	}
}

func TestLineTakesItsTime(t *testing.T) {
	a := New(line(1))
	frame := bytes.Repeat([]byte{7}, 58)
	// 60 bytes of 10 bits at 1200 bit/s: half a second each.
	if got, want := a.Send(t0, 0, frame), t0.Add(500*time.Millisecond); !got.Equal(want) {
		t.Errorf("first: free at %v, want %v", got, want)
	}
	if got, want := a.Send(t0, 0, frame), t0.Add(time.Second); !got.Equal(want) {
		t.Errorf("second, right after: free at %v, want %v", got, want)
	}
	a.Send(t0.Add(100*time.Millisecond), 1, frame[:1]) // the other way does not wait
	frame[0] = 0                                       // the medium has its own copy

	next, ok := a.Next()
	if want := t0.Add(125 * time.Millisecond); !ok || !next.Equal(want) {
		t.Errorf("Next() = %v, %v, want %v", next, ok, want)
	}
	if got := a.Deliver(t0.Add(124 * time.Millisecond)); got != nil {
		t.Errorf("delivered early: %v", got)
	}
	got := a.Deliver(t0.Add(time.Hour))
	if len(got) != 3 || got[0].To != 0 || got[1].To != 1 || got[2].To != 1 || got[1].Frame[0] != 7 {
		t.Errorf("got %v", got)
	}
	if _, ok := a.Next(); ok {
		t.Error("there is still something on its way")
	}
	if got, want := a.Stats(0), (Stats{Frames: 2, Bytes: 120, Delivered: 2}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestSharedChannel(t *testing.T) {
	cfg := line(1)
	cfg.Stations, cfg.HalfDuplex, cfg.Turnaround = 3, true, 100*time.Millisecond
	ms := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Millisecond) }
	type sending struct {
		at   int
		from Side
	}
	for _, tt := range []struct {
		name     string
		sendings []sending // of 10 bytes with framing 12: 100 ms, and the turnaround before them
		arrive   []int     // ms, twice each: there are two receivers
	}{
		{"one", []sending{{0, 0}}, []int{200}},
		{"a burst turns once", []sending{{0, 0}, {0, 0}}, []int{200, 300}},
		{"one after the other", []sending{{0, 0}, {200, 1}}, []int{200, 400}},
		{"two at once", []sending{{0, 0}, {150, 1}}, nil},
		{"the third is clear", []sending{{0, 0}, {150, 1}, {350, 2}}, []int{550}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := New(cfg)
			for _, s := range tt.sendings {
				a.Send(ms(s.at), s.from, make([]byte, 10))
			}
			var got, want []time.Time
			for _, d := range a.Deliver(t0.Add(time.Hour)) {
				got = append(got, d.At)
			}
			for _, n := range tt.arrive {
				want = append(want, ms(n), ms(n))
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("arrive at %v, want %v", got, want)
			}
		})
	}

	a := New(cfg)
	a.Send(t0, 0, make([]byte, 10))
	if !a.Busy(ms(100), 1) || a.Busy(ms(100), 0) || a.Busy(ms(200), 1) {
		t.Error("station 1 hears a carrier while 0 sends; 0 never hears its own")
	}
}

func TestCutAndCrash(t *testing.T) {
	second := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }
	frame := make([]byte, 118) // a second
	for _, tt := range []struct {
		name string
		do   func(*Air)
		want [2]int // delivered of station 0, of station 1
		lost [2]int
	}{
		{"nothing", func(a *Air) {}, [2]int{3, 3}, [2]int{}},
		{"one way", func(a *Air) { a.Cut(0, 1) }, [2]int{0, 3}, [2]int{3, 0}},
		{"both ways", func(a *Air) { a.CutOff(1) }, [2]int{0, 0}, [2]int{3, 3}},
		{"healed before the third", func(a *Air) { a.CutOff(1); a.HealAll() }, [2]int{1, 1}, [2]int{2, 2}},
		{"one way healed", func(a *Air) { a.CutOff(1); a.Heal(1, 0) }, [2]int{0, 1}, [2]int{3, 2}},
		{"crash after the first", func(a *Air) { a.Crash(second(1), 0) }, [2]int{2, 3}, [2]int{1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := New(line(1))
			for range 2 {
				a.Send(t0, 0, frame)
				a.Send(t0, 1, frame)
			}
			tt.do(a)
			a.Send(second(9), 0, frame)
			a.Send(second(9), 1, frame)
			a.Deliver(second(99))
			for side := range Side(2) {
				if s := a.Stats(side); s.Delivered != tt.want[side] || s.Lost != tt.lost[side] {
					t.Errorf("station %d: %+v, want %d delivered, %d lost", side, s, tt.want[side], tt.lost[side])
				}
			}
		})
	}
	a := New(line(1))
	a.Send(t0, 0, frame)
	a.Crash(t0, 0)
	if !a.Free(0).Equal(time.Time{}) {
		t.Errorf("after a crash: free at %v, want at once", a.Free(0))
	}
}

// TestFaultsKeepTheirShares sends ten thousand frames through each fault.
func TestFaultsKeepTheirShares(t *testing.T) {
	const frames = 10_000
	for _, tt := range []struct {
		name   string
		faults Faults
		share  func(Stats) int
		want   float64
	}{
		{"none", Faults{}, func(s Stats) int { return s.Delivered }, 1},
		{"loss", Faults{Loss: 0.3}, func(s Stats) int { return s.Lost }, 0.3},
		{"loss of all", Faults{Loss: 1}, func(s Stats) int { return s.Lost }, 1},
		{"double", Faults{Double: 0.2, DelayMax: time.Second}, func(s Stats) int { return s.Doubled }, 0.2},
		{"bit errors", Faults{BitErrors: 1e-3}, func(s Stats) int { return s.Damaged }, 0.381}, // 1 - (1-1e-3)^480
		{"half of all bits", Faults{BitErrors: 0.5}, func(s Stats) int { return s.Damaged }, 1},
		{"short fades", Faults{FadeUp: 7 * time.Second, FadeDown: 3 * time.Second}, func(s Stats) int { return s.Lost }, 0.35},
		{"long fades", Faults{FadeUp: 5 * time.Second, FadeDown: 5 * time.Second}, func(s Stats) int { return s.Lost }, 0.55},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := New(line(7))
			a.SetFaults(tt.faults)
			for range frames {
				a.Send(t0, 0, make([]byte, 60))
			}
			a.Deliver(t0.Add(24 * time.Hour))
			got := float64(tt.share(a.Stats(0))) / frames
			if got < tt.want-0.04 || got > tt.want+0.04 {
				t.Errorf("%v of %d frames: %.3f, want %.3f (%+v)", tt.name, frames, got, tt.want, a.Stats(0))
			}
		})
	}
}

func TestDelayReorders(t *testing.T) {
	a := New(line(3))
	a.SetFaults(Faults{Delay: 0.5, DelayMax: 10 * time.Second})
	for i := range 100 {
		a.Send(t0, 0, []byte{byte(i)})
	}
	var last time.Time
	overtaken := 0
	highest := -1
	for _, d := range a.Deliver(t0.Add(time.Hour)) {
		if d.At.Before(last) {
			t.Fatalf("delivered at %v after %v", d.At, last)
		}
		last = d.At
		if int(d.Frame[0]) < highest {
			overtaken++
		}
		highest = max(highest, int(d.Frame[0]))
	}
	if overtaken == 0 || a.Stats(0).Delivered != 100 {
		t.Errorf("%d overtaken of %+v, want some of all", overtaken, a.Stats(0))
	}
}

// TestOneSeedOneRun: the same seed and calls give the same arrivals, bit by bit.
func TestOneSeedOneRun(t *testing.T) {
	run := func(seed uint64) []Delivery {
		a := New(line(seed))
		a.SetFaults(Faults{Loss: 0.1, BitErrors: 1e-3, Double: 0.1, Delay: 0.1, DelayMax: time.Second, FadeUp: 9 * time.Second, FadeDown: time.Second})
		for range 200 {
			a.Send(t0, 0, make([]byte, 40))
			a.Send(t0, 1, make([]byte, 20))
		}
		return a.Deliver(t0.Add(time.Hour))
	}
	if !reflect.DeepEqual(run(1), run(1)) {
		t.Error("two runs of seed 1 differ")
	}
	if reflect.DeepEqual(run(1), run(2)) {
		t.Error("seeds 1 and 2 give one run")
	}
}

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Config)
		err    string
	}{
		{"a line", func(c *Config) {}, ""},
		{"alone", func(c *Config) { c.Stations = 1 }, "1 stations"},
		{"no rate", func(c *Config) { c.BitsPerSec = 0 }, "0 bit/s"},
		{"negative", func(c *Config) { c.Latency = -1 }, "none is negative"},
		{"no chance", func(c *Config) { c.Rand = nil }, "set Rand"},
	} {
		cfg := line(1)
		tt.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.err)
		}
	}
}
