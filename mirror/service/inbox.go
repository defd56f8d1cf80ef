package service

import (
	"sync"

	"picket/mirror"
)

// An inbox is the queue of what clients send, in one order: that
// a session ended must not overtake its last stanza.
type inbox struct {
	ready chan struct{} // has a token when there is something to take

	mu     sync.Mutex
	room   sync.Cond // on mu
	items  []mirror.Input
	max    int
	closed bool
}

func newInbox(max int) *inbox {
	in := &inbox{ready: make(chan struct{}, 1), max: max}
	in.room.L = &in.mu
	return in
}

// put appends an input. Where wait is set it waits while the queue is full;
// else it goes in regardless: there is at most one such input for a session.
func (in *inbox) put(i mirror.Input, wait bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for wait && len(in.items) >= in.max && !in.closed {
		in.room.Wait()
	}
	if in.closed {
		return
	}
	in.items = append(in.items, i)
	in.wake()
}

// take gives up to n inputs. When some are left, ready has a token again.
func (in *inbox) take(n int) []mirror.Input {
	in.mu.Lock()
	defer in.mu.Unlock()
	n = min(n, len(in.items))
	got := append([]mirror.Input(nil), in.items[:n]...)
	in.items = append(in.items[:0], in.items[n:]...)
	if len(in.items) > 0 {
		in.wake()
	}
	in.room.Broadcast()
	return got
}

func (in *inbox) wake() {
	select {
	case in.ready <- struct{}{}:
	default:
	}
}

func (in *inbox) len() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.items)
}

// close lets go of all that wait; what they brought is dropped unanswered.
func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.items = nil
	in.room.Broadcast()
}
