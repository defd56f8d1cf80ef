package board

import "time"

// A State is what the light says of the link.
type State uint8

// The states, and how they look. They differ by rhythm, not by brightness: seen
// from the side, in sunlight, by someone who looks for two seconds.
const (
	Down        State = iota // a short flash each two seconds: alive, nobody heard
	Handshaking              // blinks evenly, twice a second
	Up                       // steady; a moment dark for each burst of traffic
	Fault                    // two flashes each two seconds: the port is gone, or the disk is full
)

func (s State) String() string {
	switch s {
	case Down:
		return "down"
	case Handshaking:
		return "handshaking"
	case Up:
		return "up"
	case Fault:
		return "fault"
	}
	panic("BUG: no such state of the link")
}

// rhythms are times on and off, in turn, beginning with on.
var rhythms = [...][]time.Duration{
	Down:        {80 * time.Millisecond, 1920 * time.Millisecond},
	Handshaking: {250 * time.Millisecond, 250 * time.Millisecond},
	Fault:       {80 * time.Millisecond, 240 * time.Millisecond, 80 * time.Millisecond, 1600 * time.Millisecond},
}

// Ours.
const (
	flickerDark  = 60 * time.Millisecond  // shorter is not seen
	flickerEvery = 180 * time.Millisecond // so that a busy link stays mostly lit
	steady       = time.Hour              // no change to come
)

// light says whether the light is on, at a time after the state began and after
// the last frame, and for how long that holds.
func (s State) light(since, traffic time.Duration) (lit bool, next time.Duration) {
	if s == Up {
		if traffic < flickerDark {
			return false, flickerDark - traffic
		}
		return true, steady
	}
	var period time.Duration
	for _, d := range rhythms[s] {
		period += d
	}
	at := since % period
	lit = true
	for _, d := range rhythms[s] {
		if at < d {
			return lit, d - at
		}
		at -= d
		lit = !lit
	}
	panic("BUG: a time beyond its period")
}
