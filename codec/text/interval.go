package text

// The arithmetic coder narrows an interval of [0, 1) with every decision. A
// coded string is a number in it: its bytes are the digits after the point, in
// base 256, followed by zeros for ever.
//
// No symbol marks the end of a message. The length of the coded string is known
// to the reader, and that is information: each beginning of a message owns one
// number of its interval, the one with the fewest bytes that no shorter
// beginning owns, and a number decodes to the beginning that owns it. So every
// byte string that does not end in 00 means exactly one message (D. Scott's
// bijective arithmetic coding is the idea), and an end costs no bits.

const (
	windowBits = 48                    // of the interval's numbers that are held in registers
	leastRange = 1 << (windowBits - 8) // the range is kept above
	probBits   = 16                    // of a probability
)

// interval is [low, low+size) below the point, in units of 256^-shift * 2^-48.
// Digits that left the window are the caller's: advance hands them out.
type interval struct {
	low, size uint64
	spent     []uint64 // numbers inside that shorter beginnings own, less low
}

func (iv *interval) reset() {
	*iv = interval{size: 1<<windowBits - 1, spent: iv.spent[:0]}
}

// split gives the size of the lower part: the one for a decision that is 1
// with probability p/65536.
func (iv *interval) split(p uint32) uint64 { return iv.size >> probBits * uint64(p) }

// narrow keeps the part of the given size at offset. It reports a carry out of
// the window.
func (iv *interval) narrow(offset, size uint64) (carry bool) {
	iv.low += offset
	iv.size = size
	kept := iv.spent[:0]
	for _, d := range iv.spent {
		if d >= offset && d-offset < size {
			kept = append(kept, d-offset)
		}
	}
	iv.spent = kept
	carry = iv.low>>windowBits != 0
	iv.low &= 1<<windowBits - 1
	return carry
}

// advance moves the window by one byte and returns the one that left it. The
// caller does so while size < leastRange.
func (iv *interval) advance() byte {
	digit := byte(iv.low >> (windowBits - 8))
	iv.low = iv.low << 8 & (1<<windowBits - 1)
	iv.size <<= 8
	for i := range iv.spent {
		iv.spent[i] <<= 8
	}
	return digit
}

// own takes the number with the fewest bytes in the interval that is still
// free, and returns it less low. There always is one: the interval holds
// 2^40 numbers of the window and 2^8 at most are taken between two advances.
func (iv *interval) own() uint64 {
	for step := uint64(1) << windowBits; ; step >>= 8 {
		for d := -iv.low & (step - 1); d < iv.size; d += step {
			if !iv.isSpent(d) {
				iv.spent = append(iv.spent, d)
				return d
			}
		}
	}
}

func (iv *interval) isSpent(d uint64) bool {
	for _, s := range iv.spent {
		if s == d {
			return true
		}
	}
	return false
}

// An encoder collects the digits that are certain.
type encoder struct {
	interval
	out   []byte // digits that left the window
	owned uint64 // the number of the message so far, less low
}

func (e *encoder) reset(dst []byte) {
	e.interval.reset()
	e.out = dst
	e.owned = e.own()
}

// bit codes a decision that is 1 with probability p/65536, 0 < p < 65536.
func (e *encoder) bit(bit int, p uint32) {
	lower := e.split(p)
	offset, size := uint64(0), lower
	if bit == 0 {
		offset, size = lower, e.size-lower
	}
	if e.narrow(offset, size) {
		e.carry()
	}
	for e.size < leastRange {
		e.out = append(e.out, e.advance())
	}
}

// carry adds one to the digits that left. They cannot all be 255: the interval
// ends at or below 1.
func (e *encoder) carry() {
	for i := len(e.out) - 1; ; i-- {
		e.out[i]++
		if e.out[i] != 0 {
			return
		}
	}
}

// mark makes what was coded so far a message that could end here.
func (e *encoder) mark() { e.owned = e.own() }

// finish appends the number of the last mark to start and drops zeros at its
// end. start is how much of out was there at reset.
func (e *encoder) finish(start int) []byte {
	n := e.low + e.owned
	if n>>windowBits != 0 {
		e.carry()
		n &= 1<<windowBits - 1
	}
	for ; n != 0; n = n << 8 & (1<<windowBits - 1) {
		e.out = append(e.out, byte(n>>(windowBits-8)))
	}
	for len(e.out) > start && e.out[len(e.out)-1] == 0 {
		e.out = e.out[:len(e.out)-1]
	}
	return e.out
}

// A decoder follows one number down the intervals.
type decoder struct {
	interval
	code uint64 // the number, less low, as far as the window shows it
	rest []byte // digits beyond the window
}

func (d *decoder) reset(b []byte) {
	d.interval.reset()
	d.code, d.rest = 0, b
	for range windowBits / 8 {
		d.code = d.code<<8 | uint64(d.next())
	}
}

func (d *decoder) next() byte {
	if len(d.rest) == 0 {
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// bit reads a decision that was coded with p.
func (d *decoder) bit(p uint32) int {
	lower := d.split(p)
	bit := 1
	if d.code < lower {
		d.narrow(0, lower)
	} else {
		bit = 0
		d.code -= lower
		d.narrow(lower, d.size-lower)
	}
	for d.size < leastRange {
		d.advance()
		d.code = d.code<<8 | uint64(d.next())
	}
	return bit
}

// ended says whether the number belongs to what was decoded so far.
func (d *decoder) ended() bool {
	return d.own() == d.code && len(d.rest) == 0
}
