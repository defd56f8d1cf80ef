package service

import (
	"context"
	"errors"
	"time"

	"picket/radio"
)

// A bearer is one that runs. All but Bearer and out belong to the actor.
type bearer struct {
	Bearer
	out chan []byte // a frame for the writer, which is free

	port    radio.Bearer // nil: not open
	idle    bool         // the writer waits for a frame
	heard   time.Time    // the last frame; zero: none yet
	state   string
	problem string

	opens, failures               uint64
	framesSent, bytesSent         uint64 // handed to the writer
	framesReceived, bytesReceived uint64
}

type frameIn struct {
	from  *bearer
	frame []byte
}

// A bearerChange says that a bearer was opened, or why it is closed.
type bearerChange struct {
	b    *bearer
	port radio.Bearer // nil: closed
	err  error
}

var errStopped = errors.New("stopped")

// runBearer keeps a bearer open until ctx ends.
func (s *Service) runBearer(ctx context.Context, b *bearer) {
	var wait time.Duration
	for ctx.Err() == nil {
		began := time.Now()
		err := s.useBearer(ctx, b)
		if ctx.Err() != nil {
			return
		}
		if wait == 0 { // the first of a row of failures; the status shows the others
			s.cfg.Log.Warn("bearer closed; it is opened again", "bearer", b.Name, "peer", b.Peer, "error", err)
		}
		s.tell(ctx, bearerChange{b: b, err: err})
		if time.Since(began) > openSteady {
			wait = 0
		}
		wait = min(max(2*wait, openRetryMin), openRetryMax)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// useBearer opens a bearer and moves frames until it fails.
func (s *Service) useBearer(ctx context.Context, b *bearer) error {
	port, err := b.Open(ctx)
	if err != nil {
		return err
	}
	select { // a frame that its last life left behind is stale
	case <-b.out:
	default:
	}
	s.cfg.Log.Info("bearer open", "bearer", b.Name, "peer", b.Peer)
	s.tell(ctx, bearerChange{b: b, port: port})
	ctx, cancel := context.WithCancelCause(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		cancel(s.readFrames(ctx, b, port))
	}()
	cancel(s.writeFrames(ctx, b, port))
	err = context.Cause(ctx) // of whichever failed first
	port.Close()             // lets go of a reader that does not heed ctx
	<-read
	return err
}

func (s *Service) readFrames(ctx context.Context, b *bearer, port radio.Bearer) error {
	buf := make([]byte, port.Capabilities().MTU)
	for {
		n, err := port.Receive(ctx, buf)
		if err != nil {
			return err
		}
		select {
		case s.frames <- frameIn{b, append([]byte(nil), buf[:n]...)}:
		case <-ctx.Done():
			return errStopped
		}
	}
}

// writeFrames says that the bearer is free, waits for a frame, sends it.
func (s *Service) writeFrames(ctx context.Context, b *bearer, port radio.Bearer) error {
	for {
		select {
		case s.free <- b:
		case <-ctx.Done():
			return errStopped
		}
		select {
		case frame := <-b.out:
			if err := port.Send(ctx, frame); err != nil {
				return err
			}
		case <-ctx.Done():
			return errStopped
		}
	}
}

func (s *Service) tell(ctx context.Context, c bearerChange) {
	select {
	case s.changed <- c:
	case <-ctx.Done():
	}
}
