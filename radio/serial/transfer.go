package serial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Send writes one frame and returns when its last byte is about to leave, so
// that the next one can be composed as late as can be. An error means that the
// frame is lost. After ErrStuck and the context's own the port goes on; ErrGone
// and os.ErrClosed are for good.
func (p *Port) Send(ctx context.Context, frame []byte) error {
	if len(frame) == 0 || len(frame) > p.cfg.MTU {
		panic(fmt.Sprintf("BUG: a frame of %d bytes for a port of 1 to %d", len(frame), p.cfg.MTU))
	}
	if err := p.over(ctx); err != nil {
		return err
	}
	p.out = p.out[:0]
	if !p.clean || time.Since(p.busy) > quietMax {
		p.out = append(p.out, delimiter)
	}
	p.out = appendFrame(p.out, frame, p.cfg.CRC)

	p.clean = false
	if err := p.write(ctx, p.out); err != nil {
		return err
	}
	p.clean = true
	p.mu.Lock()
	p.status.FramesOut++
	p.status.BytesOut += uint64(len(p.out))
	p.mu.Unlock()
	return p.drain(ctx, len(p.out))
}

// write hands bytes to the kernel, which holds a few thousand: it seldom waits.
func (p *Port) write(ctx context.Context, line []byte) error {
	moved := time.Now()
	for len(line) > 0 {
		n, err := p.dev.write(line)
		line = line[n:]
		if n > 0 {
			moved = time.Now()
		}
		if err := p.check(ctx, moved, err); err != nil {
			return err
		}
	}
	return nil
}

// drain waits until the line is through with what was written: as long as the
// rate says (a PTY's queue always reads empty), then as long as the queue holds
// bytes (flow control).
func (p *Port) drain(ctx context.Context, lineBytes int) error {
	if now := time.Now(); p.busy.Before(now) {
		p.busy = now
	}
	p.busy = p.busy.Add(p.lineTime(lineBytes))
	if err := p.sleep(ctx, time.Until(p.busy)-lead); err != nil {
		return err
	}
	moved, before := time.Now(), -1
	for {
		queued, err := p.dev.queued()
		if queued != before {
			moved, before = time.Now(), queued
		}
		if err := p.check(ctx, moved, err); err != nil {
			return err
		}
		left := p.lineTime(queued)
		if left <= lead {
			return nil
		}
		if err := p.sleep(ctx, min(left-lead/2, pollSlice)); err != nil {
			return err
		}
		p.busy = time.Now().Add(left)
	}
}

// check tells why the sending of a frame has to end, and then clears the way
// for the next one.
func (p *Port) check(ctx context.Context, moved time.Time, err error) error {
	if over := p.over(ctx); over != nil {
		return over
	}
	if err == nil && time.Since(moved) > p.stuck {
		p.clean = false
		return errors.Join(ErrStuck, p.dev.discard())
	}
	return err
}

// Receive waits for a frame. What is no frame is counted in the Status and
// dropped. It ends with ErrGone, os.ErrClosed or the context's error, at most
// 100 ms late.
func (p *Port) Receive(ctx context.Context, buf []byte) (int, error) {
	if len(buf) < p.cfg.MTU {
		panic(fmt.Sprintf("BUG: a buffer of %d bytes for frames of %d", len(buf), p.cfg.MTU))
	}
	for {
		if p.nextFrame() {
			return copy(buf, p.deframer.frame), nil
		}
		if err := p.over(ctx); err != nil {
			return 0, err
		}
		if err := p.fill(ctx); err != nil {
			return 0, err
		}
	}
}

// nextFrame looks for a frame in what was read.
func (p *Port) nextFrame() bool {
	whole := false
	for len(p.rest) > 0 && !whole {
		whole = p.deframer.push(p.rest[0])
		p.rest = p.rest[1:]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Refused = p.deframer.refused
	if whole {
		p.status.FramesIn++
	}
	return whole
}

// fill reads what has come.
func (p *Port) fill(ctx context.Context) error {
	begin := time.Now()
	n, err := p.dev.read(p.raw[:])
	p.rest = p.raw[:n]
	p.mu.Lock()
	p.status.BytesIn += uint64(n)
	p.mu.Unlock()
	switch {
	case p.isClosed():
		return os.ErrClosed
	case n == 0 && err == nil && time.Since(begin) < readTimeout/2:
		return p.sleep(ctx, readTimeout/2) // a driver that does not wait must not cost the CPU
	}
	return err
}
