package seal

// WindowBits is how far behind the newest packet one may come and still be
// taken.
const WindowBits = 128

// A Window remembers which packet numbers came (RFC 6479's purpose, for a
// window small enough to shift). The zero value has seen none.
type Window struct {
	next uint64    // one more than the highest seen
	seen [2]uint64 // bit i: next-1-i came
}

// Next is one more than the highest number taken.
func (w *Window) Next() uint64 { return w.next }

// Fresh tells whether number neither came nor is too old to know.
func (w *Window) Fresh(number uint64) bool {
	if number >= w.next {
		return true
	}
	back := w.next - 1 - number
	return back < WindowBits && w.seen[back/64]>>(back%64)&1 == 0
}

// Take notes that number came. Only for one that is Fresh and opened well: a
// forgery must not move the window.
func (w *Window) Take(number uint64) {
	if number >= w.next {
		w.shift(number + 1 - w.next)
		w.next = number + 1
	}
	back := w.next - 1 - number
	w.seen[back/64] |= 1 << (back % 64)
}

func (w *Window) shift(n uint64) {
	switch {
	case n >= WindowBits:
		w.seen = [2]uint64{}
	case n >= 64:
		w.seen = [2]uint64{0, w.seen[0] << (n - 64)}
	default:
		w.seen = [2]uint64{w.seen[0] << n, w.seen[1]<<n | w.seen[0]>>(64-n)}
	}
}
