package mirror

import "time"

// A Clock turns the monotone time of a run into wall time for stamps.
type Clock struct{ wall, at time.Time }

// Set says that it is wall at now.
func (c *Clock) Set(now, wall time.Time) { c.at, c.wall = now, wall }

// Wall gives the wall time at now.
func (c *Clock) Wall(now time.Time) time.Time {
	if c.at.IsZero() {
		return now.UTC()
	}
	return c.wall.Add(now.Sub(c.at)).UTC()
}

// Earliest gives the earlier of two deadlines, either of which may be zero for
// "none".
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
