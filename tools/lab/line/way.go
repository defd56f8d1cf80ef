package line

import (
	"context"
	"math/rand/v2"
	"time"
)

// Ours.
const (
	bitsPerByte = 10 // 8N1
	grain       = 2 * time.Millisecond
	lateMax     = time.Second           // so much of this program's own lateness is caught up
	waitMax     = 20 * time.Millisecond // how late an injection or the end may be noticed
	damageSpan  = 4                     // damage hits one of a frame's first bytes: no frame of a link is shorter
)

// A way is one direction of a line, run by one goroutine.
type way struct {
	line     *Line
	from     End
	in, out  *port
	rand     *rand.Rand
	injected []byte // under line.mu, like stats
	stats    Stats

	busy    time.Time // until when the bytes so far take the line
	inFrame int       // bytes of the frame so far
	damage  int       // which byte of it will be damaged; -1: none
}

func (w *way) run(ctx context.Context) {
	var buf [4096]byte
	for ctx.Err() == nil {
		byteTime, chunk := w.pace()
		n, waited := w.fetch(buf[:min(chunk, len(buf))])
		if n == 0 {
			continue
		}
		if now := time.Now(); now.After(w.busy) && (!waited || now.Sub(w.busy) > lateMax) {
			w.busy = now
		}
		w.busy = w.busy.Add(time.Duration(n) * byteTime)
		time.Sleep(time.Until(w.busy))
		w.pass(buf[:n])
	}
}

// pace gives the time of one byte, and how many pass at a time: one at 9600
// bit/s and below.
func (w *way) pace() (byteTime time.Duration, chunk int) {
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	byteTime = bitsPerByte * time.Second / time.Duration(w.line.baud)
	return byteTime, max(1, int(grain/byteTime))
}

// fetch takes the next bytes to move; 0: nothing came for a while. Waited: they
// were there already, so the line has not been idle.
func (w *way) fetch(buf []byte) (n int, waited bool) {
	w.line.mu.Lock()
	n = copy(buf, w.injected)
	w.injected = w.injected[n:]
	w.line.mu.Unlock()
	if n > 0 {
		return n, true
	}
	waited = w.in.waiting() > 0
	return w.in.read(buf, waitMax), waited
}

// pass hands over what has crossed the line, damaged where chance says so.
func (w *way) pass(b []byte) {
	w.line.mu.Lock()
	cut, loss := w.line.cut, w.line.loss
	s := &w.stats
	for i := range b {
		s.Bytes++
		if b[i] == 0 {
			if w.inFrame > 0 {
				s.Frames++
			}
			w.inFrame = 0
			continue
		}
		if w.inFrame == 0 {
			w.damage = w.draw(loss)
		}
		if w.inFrame == w.damage {
			s.Damaged++
			b[i] = w.wrong(b[i])
		}
		w.inFrame++
	}
	w.line.mu.Unlock()

	passed := 0
	if !cut {
		passed = w.out.write(b)
	}
	w.line.set(func() { s.Lost += len(b) - passed })
	w.line.record.note(w.from, b, cut)
}

// draw decides a frame's fate at its first byte.
func (w *way) draw(loss float64) int {
	if w.rand.Float64() >= loss {
		return -1
	}
	return w.rand.IntN(damageSpan)
}

// wrong gives another byte, but no delimiter: one frame is damaged, not two.
func (w *way) wrong(b byte) byte {
	return (b-1+byte(1+w.rand.IntN(254)))%255 + 1
}
