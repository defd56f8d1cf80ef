// Package radiotest is the medium of the tests: Air carries frames between
// stations in virtual time, as slowly as the real thing, and loses, damages,
// doubles and delays them from a seed.
//
// An Air is pure: it reads no clock and starts nothing. Two stations are a
// serial line; more share one frequency, where each hears each. The loop around
// it looks like this, whatever it drives:
//
//	when Free(side) has come and there is a frame: Send(now, side, frame)
//	at Next(): for each of Deliver(now): hand Frame to the station To
//
// The same seed and the same calls give the same run. Faults are in faults.go.
package radiotest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"picket/radio"
)

// A Side is the number of a station, from 0.
type Side int

// Config is the medium without its faults.
type Config struct {
	Stations     int           // 2 or more
	BitsPerSec   int           // on the air
	BitsPerByte  int           // 10 on an asynchronous serial line (8N1), 8 on a synchronous one
	FramingBytes int           // what the bearer adds to each frame: 2 with COBS on a serial line
	MTUBytes     int           // of a frame without its framing
	HalfDuplex   bool          // one channel for all: who sends does not hear, and two at once are lost
	Turnaround   time.Duration // from key-down to the first bit, spent at the begin of each burst; half duplex alone
	Latency      time.Duration // from the last bit sent to the frame received
	Rand         *rand.Rand    // where all chance comes from
}

// Validate tells what would make a Config no medium at all.
func (c Config) Validate() error {
	switch {
	case c.Stations < 2:
		return fmt.Errorf("radiotest: %d stations: a medium has two or more", c.Stations)
	case c.BitsPerSec < 1 || c.BitsPerByte < 1 || c.MTUBytes < 1:
		return fmt.Errorf("radiotest: %d bit/s, %d bits a byte, MTU %d: each is 1 or more", c.BitsPerSec, c.BitsPerByte, c.MTUBytes)
	case c.FramingBytes < 0 || c.Turnaround < 0 || c.Latency < 0:
		return fmt.Errorf("radiotest: framing %d, turnaround %v, latency %v: none is negative", c.FramingBytes, c.Turnaround, c.Latency)
	case c.Rand == nil:
		return fmt.Errorf("radiotest: no source of chance: set Rand")
	}
	return nil
}

// A Delivery is a frame that arrives, whole or damaged.
type Delivery struct {
	At       time.Time
	From, To Side
	Frame    []byte // the receiver's own copy
}

// Stats counts what a station has sent; the fates are counted once a receiver.
type Stats struct {
	Frames, Bytes int // bytes with framing: what the air has cost
	Delivered     int // whole
	Damaged       int // delivered with wrong bits
	Lost          int // by Faults.Loss, a fade or a cut
	Doubled       int // delivered once more
	Collided      int // half duplex: another one sent too
}

// Air is the medium. Its zero value carries nothing; use New.
type Air struct {
	cfg      Config
	faults   Faults
	stations []station
	ways     [][]way    // [from][to]
	flying   []flight   // sent, not yet to be delivered; by arrival, then by number
	sent     uint64     // flights so far
	channel  []occupied // half duplex: who holds it, or held it a moment ago
}

type station struct {
	free  time.Time // may send again
	stats Stats
}

// A way is one direction between two stations.
type way struct {
	cut  bool
	fade fade
}

// A flight is a frame on its way to one receiver.
type flight struct {
	Delivery
	number   uint64 // of the sending
	end      time.Time
	damaged  bool
	twin     bool
	collided bool
}

// occupied is a time during which one station held the shared channel.
type occupied struct {
	from       Side
	number     uint64
	start, end time.Time
}

// New panics at a Config that does not validate: a test's own mistake.
func New(cfg Config) *Air {
	if err := cfg.Validate(); err != nil {
		panic("BUG: " + err.Error())
	}
	a := &Air{cfg: cfg, stations: make([]station, cfg.Stations), ways: make([][]way, cfg.Stations)}
	for i := range a.ways {
		a.ways[i] = make([]way, cfg.Stations)
	}
	return a
}

// Capabilities are what a bearer on this medium says of itself.
func (a *Air) Capabilities() radio.Capabilities {
	return radio.Capabilities{
		MTU:        a.cfg.MTUBytes,
		Airtime:    a.Airtime,
		HalfDuplex: a.cfg.HalfDuplex,
		Turnaround: a.cfg.Turnaround,
	}
}

// Airtime is the time that a frame with its framing holds the medium, without
// the turnaround.
func (a *Air) Airtime(frameBytes int) time.Duration {
	bits := (frameBytes + a.cfg.FramingBytes) * a.cfg.BitsPerByte
	return time.Duration(bits) * time.Second / time.Duration(a.cfg.BitsPerSec)
}

// SetRate changes the rate for what is sent from now on: modems retrain.
func (a *Air) SetRate(bitsPerSec int) { a.cfg.BitsPerSec = bitsPerSec }

// Free tells from when a station may send the next frame. The zero time: at
// once.
func (a *Air) Free(from Side) time.Time { return a.stations[from].free }

// Busy says that a station hears another one's carrier. A wire has none.
func (a *Air) Busy(now time.Time, side Side) bool {
	return slices.ContainsFunc(a.channel, func(o occupied) bool {
		return o.from != side && !o.start.After(now) && o.end.After(now) && !a.ways[o.from][side].cut
	})
}

// Send puts a frame on the air and tells when the next one may follow. The
// sending of a frame that is still in the sender's modem delays it; none is
// refused. The caller keeps the frame's memory.
func (a *Air) Send(now time.Time, from Side, frame []byte) (free time.Time) {
	if len(frame) == 0 || len(frame) > a.cfg.MTUBytes {
		panic(fmt.Sprintf("BUG: a frame of %d bytes on a medium for 1 to %d", len(frame), a.cfg.MTUBytes))
	}
	s := &a.stations[from]
	start := now
	if s.free.After(start) {
		start = s.free
	}
	end := start.Add(a.Airtime(len(frame)))
	if a.cfg.HalfDuplex && !start.Equal(s.free) { // not in one burst with the frame before
		end = end.Add(a.cfg.Turnaround)
	}
	s.free = end
	s.stats.Frames++
	s.stats.Bytes += len(frame) + a.cfg.FramingBytes
	a.sent++
	collided := a.cfg.HalfDuplex && a.occupy(now, occupied{from, a.sent, start, end})
	for to := range a.stations {
		if Side(to) != from {
			a.fly(flight{
				Delivery: Delivery{At: end.Add(a.cfg.Latency), From: from, To: Side(to), Frame: slices.Clone(frame)},
				number:   a.sent,
				end:      end,
				collided: collided,
			}, start)
		}
	}
	return end
}

// occupy notes who holds the channel when. Who meets another one is lost, and
// so is the other.
func (a *Air) occupy(now time.Time, mine occupied) (collided bool) {
	a.channel = slices.DeleteFunc(a.channel, func(o occupied) bool { return !o.end.After(now) })
	for _, o := range a.channel {
		if o.from == mine.from || !o.start.Before(mine.end) || !mine.start.Before(o.end) {
			continue
		}
		collided = true
		for i := range a.flying {
			a.flying[i].collided = a.flying[i].collided || a.flying[i].number == o.number
		}
	}
	a.channel = append(a.channel, mine)
	return collided
}

// fly decides a frame's fate on one way and queues what will arrive.
func (a *Air) fly(f flight, start time.Time) {
	w, stats := &a.ways[f.From][f.To], &a.stations[f.From].stats
	faded := w.fade.touches(start, f.end, a.faults, a.cfg.Rand) // drawn even when cut: a cut does not shift the chances after it
	if faded || a.chance(a.faults.Loss) || w.cut {
		stats.Lost++
		return
	}
	if a.chance(a.faults.Delay) {
		f.At = f.At.Add(a.upTo(a.faults.DelayMax))
	}
	f.damaged = a.flipBits(f.Frame)
	a.queue(f)
	if a.chance(a.faults.Double) {
		f.twin = true
		f.Frame = slices.Clone(f.Frame)
		f.At = f.At.Add(a.upTo(a.faults.DelayMax))
		a.queue(f)
	}
}

func (a *Air) queue(f flight) {
	at, _ := slices.BinarySearchFunc(a.flying, f, func(x, y flight) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return -1 // after all of the same moment
	})
	a.flying = slices.Insert(a.flying, at, f)
}

// Next tells when the next frame arrives; false: none is on its way.
func (a *Air) Next() (time.Time, bool) {
	if len(a.flying) == 0 {
		return time.Time{}, false
	}
	return a.flying[0].At, true
}

// Deliver gives what has arrived until now, in order of arrival.
func (a *Air) Deliver(now time.Time) []Delivery {
	var arrived []Delivery
	n := 0
	for ; n < len(a.flying) && !a.flying[n].At.After(now); n++ {
		f := a.flying[n]
		stats := &a.stations[f.From].stats
		switch {
		case f.collided:
			stats.Collided++
			continue
		case f.twin:
			stats.Doubled++
		case f.damaged:
			stats.Damaged++
		default:
			stats.Delivered++
		}
		arrived = append(arrived, f.Delivery)
	}
	a.flying = slices.Delete(a.flying, 0, n)
	return arrived
}

// Stats counts what a station has sent, and what became of it.
func (a *Air) Stats(from Side) Stats { return a.stations[from].stats }
