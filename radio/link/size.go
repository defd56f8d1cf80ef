package link

// A sizer finds the length of frames that pays on a channel: whether it loses
// single bits, and short frames get through, or whole stretches, and short
// frames only cost more, shows in what happens to each length.
//
// Lengths are the medium's, a half of it, a quarter and so on. One that was
// never tried counts as good; the next longer is tried now and then.
type sizer struct {
	loss [sizeLevels]float64
	asks int
}

const (
	sizeLevels    = 6
	sizeTryLonger = 8 // frames between two tries of a longer one
)

// level gives the level to use for the next frame.
func (z *sizer) level(mtu, overhead int) int {
	best := 0
	for l := 1; l < sizeLevels && mtu>>l >= packetBytesMin; l++ {
		if z.worth(mtu, overhead, l) > z.worth(mtu, overhead, best) {
			best = l
		}
	}
	if z.asks++; best > 0 && z.asks%sizeTryLonger == 0 {
		best--
	}
	return best
}

// worth is the share of the medium that gets through as payload.
func (z *sizer) worth(mtu, overhead, level int) float64 {
	size := float64(mtu >> level)
	return (1 - z.loss[level]) * (size - float64(overhead)) / size
}

// note takes what became of a frame that was filled.
func (z *sizer) note(level int, lost bool) {
	z.loss[level] -= z.loss[level] / lossShare
	if lost {
		z.loss[level] += 1.0 / lossShare
	}
}
