package codec

import "slices"

// Numbers of messages count up, so on the air stands only their low part, as
// in RFC 5795 ("window-based least significant bits"): the decoder takes the
// number nearest to the highest that it has had. The encoder knows bounds of
// that one: at least the highest acknowledged, at most the highest sent.

// A window is how many numbers one form can tell apart.
const (
	narrow = 24  // in one byte
	wide   = 232 // in two
)

// A numberKey names one count of a room: 0 the mirror's numbers, 1 the
// master's places, 2+o the numbers of the origin o.
type numberKey uint16

const (
	countUp numberKey = iota
	countPos
	countOrigin
)

// numbers are the counts of one room, as its encoder sees them.
type numbers map[numberKey]*number

type number struct {
	floor   uint64 // the decoder has had at least this; 0: it may have had none
	highest uint64 // it has had at most this
	limits  []*numberUse
}

// A numberUse is one number on its way.
type numberUse struct {
	of    *number
	value uint64
	limit uint64 // until it arrives no higher number may count; noLimit: any may
}

func (u *numberUse) settle(acked bool) {
	if acked {
		u.of.floor = max(u.of.floor, u.value)
	}
	u.of.limits = slices.DeleteFunc(u.of.limits, func(x *numberUse) bool { return x == u })
}

// fits reports whether the low part of n is understood by a decoder whose
// highest number is anything from lo to hi.
func fits(n, lo, hi, window uint64) bool { return n < lo+window/2 && n+window/2 >= hi }

// form chooses how to write n after the in-message highest (0: none yet).
// window 0: in full; counts: the decoder may take it as the highest.
func (c *number) form(n, inMessage uint64) (window uint64, counts bool) {
	for _, l := range c.limits {
		if n > l.limit {
			return 0, false
		}
	}
	if lo := max(c.floor, inMessage); lo > 0 {
		for _, w := range []uint64{narrow, wide} {
			if fits(n, lo, c.highest, w) {
				return w, true
			}
		}
	}
	return 0, true
}

// nearest gives the number whose low part is v and that is nearest to ref.
func nearest(ref, v, window uint64) (n uint64, ok bool) {
	const wrap = 1 << 62
	if ref >= wrap {
		return 0, false
	}
	d := (v + window - ref%window) % window // how far above ref
	if d >= window/2 {
		if ref+d < window+1 {
			return 0, false
		}
		return ref + d - window, true
	}
	return ref + d, true
}

const noLimit = 1<<64 - 1

// code is the low part as it stands on the air: narrow ones first.
func code(n, window uint64) uint64 {
	if window == narrow {
		return n % narrow
	}
	return narrow + n%wide
}
