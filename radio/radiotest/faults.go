package radiotest

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Faults are what the medium does to frames besides being slow. The zero value
// does nothing.
type Faults struct {
	Loss      float64       // share of frames that vanish, each on its own
	BitErrors float64       // share of bits that arrive wrong: 1e-5 is a fair line, 1e-3 a bad one
	Double    float64       // share of frames that arrive once more
	Delay     float64       // share of frames that others may overtake
	DelayMax  time.Duration // how much later a delayed or doubled frame comes, at most
	FadeUp    time.Duration // mean time that a way works between fades
	FadeDown  time.Duration // mean time of a fade, in which all frames are lost; 0: no fades
}

// SetFaults changes the weather for what is sent from now on.
func (a *Air) SetFaults(f Faults) {
	a.faults = f
	for _, ways := range a.ways {
		for i := range ways {
			ways[i].fade = fade{}
		}
	}
}

// Cut lets nothing more through from one station to another; what is on that
// way is lost. The other direction goes on: acknowledgements can die alone.
func (a *Air) Cut(from, to Side) {
	a.ways[from][to].cut = true
	a.drop(func(f flight) bool { return f.From == from && f.To == to })
}

// CutOff cuts a station from all others, both ways.
func (a *Air) CutOff(side Side) {
	for other := range a.stations {
		if Side(other) != side {
			a.Cut(side, Side(other))
			a.Cut(Side(other), side)
		}
	}
}

// Heal ends a Cut.
func (a *Air) Heal(from, to Side) { a.ways[from][to].cut = false }

// HealAll ends all cuts.
func (a *Air) HealAll() {
	for _, ways := range a.ways {
		for i := range ways {
			ways[i].cut = false
		}
	}
}

// Crash says that a station lost its power: the frame that it is sending is cut
// short and lost, what has left it arrives. It may send again at once.
func (a *Air) Crash(now time.Time, side Side) {
	a.drop(func(f flight) bool { return f.From == side && f.end.After(now) })
	for i := range a.channel {
		if o := &a.channel[i]; o.from == side && o.end.After(now) {
			o.end = now
		}
	}
	a.stations[side].free = time.Time{}
}

func (a *Air) drop(which func(flight) bool) {
	a.flying = slices.DeleteFunc(a.flying, func(f flight) bool {
		if !which(f) {
			return false
		}
		a.stations[f.From].stats.Lost++
		return true
	})
}

func (a *Air) chance(share float64) bool {
	return share > 0 && a.cfg.Rand.Float64() < share
}

func (a *Air) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(a.cfg.Rand.Int64N(int64(d) + 1))
}

// flipBits damages a frame in place. It draws the distance to the next wrong
// bit (geometric), not each bit: a clean frame costs one draw.
func (a *Air) flipBits(frame []byte) (damaged bool) {
	if a.faults.BitErrors <= 0 {
		return false
	}
	perStep := math.Log1p(-min(a.faults.BitErrors, 0.5))
	for bit := 0.0; ; bit++ {
		bit += math.Floor(math.Log1p(-a.cfg.Rand.Float64()) / perStep)
		if bit >= float64(8*len(frame)) {
			return damaged
		}
		frame[int(bit)/8] ^= 1 << (int(bit) % 8)
		damaged = true
	}
}

// A fade is the two-state weather of one way: it works, it does not, for times
// that are exponential around their means. It is stepped by the frames that ask.
type fade struct {
	begun bool
	down  bool
	until time.Time // the state's end
}

// touches says that the way was down at some moment between start and end.
// Starts never step back on one way.
func (f *fade) touches(start, end time.Time, faults Faults, r *rand.Rand) bool {
	if faults.FadeDown <= 0 {
		return false
	}
	if !f.begun {
		share := float64(faults.FadeDown) / float64(faults.FadeDown+faults.FadeUp)
		*f = fade{begun: true, down: r.Float64() < share, until: start}
		f.until = start.Add(f.length(faults, r))
	}
	for !f.until.After(start) {
		f.turn(faults, r)
	}
	touched := f.down
	for !f.until.After(end) {
		f.turn(faults, r)
		touched = touched || f.down
	}
	return touched
}

func (f *fade) turn(faults Faults, r *rand.Rand) {
	f.down = !f.down
	f.until = f.until.Add(f.length(faults, r))
}

// length is at least a millisecond, so that a run always gets on.
func (f *fade) length(faults Faults, r *rand.Rand) time.Duration {
	mean := faults.FadeUp
	if f.down {
		mean = faults.FadeDown
	}
	return max(time.Millisecond, time.Duration(float64(mean)*r.ExpFloat64()))
}
