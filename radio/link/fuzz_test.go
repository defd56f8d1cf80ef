package link

import (
	"testing"
	"time"

	"picket/radio/frame"
)

// FuzzHandleFrame gives arbitrary bytes to both ends of an idle link: nobody
// answers, and the session goes on.
func FuzzHandleFrame(f *testing.F) {
	w := newWorld(f, 1, medium{rate: 9600}, nil)
	w.meet()
	for _, frame := range w.air {
		f.Add(frame)
		f.Add(frame[:len(frame)-1])
	}
	n := len(w.air)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range w.ends {
			e.conn.HandleFrame(w.now, 0, b)
		}
		w.run(time.Second)
		if len(w.air) != n || !w.together() {
			t.Errorf("%x: %d frames sent", b, len(w.air)-n)
		}
	})
}

// FuzzContent gives an end what a peer with the right keys seals: the limits
// hold, and whatever was sent meanwhile is either acked or waits.
func FuzzContent(f *testing.F) {
	f.Add([]byte{4, 0x81, 5, 'h', 'i', 2, 0x40, 2, 9, 0xa1, 0, 0x80, 0x80, 3, 'a', 'b', 'c', 'd'})
	f.Add([]byte{6, 0x04, 0x90, 1, 0x81, 0, 'a', 7, 0x04, 9, 0xa2, 0, 2, 'a', 0, 4, 0xc2, 0, 1, 'b'})
	f.Add([]byte{3, 0x41, 1, 0x08, 2, 3, 0, 1, 2, 1, 1})
	f.Add([]byte{4, 0xc3, 1, 3, 'x', 5, 0xa3, 1, 4, 'a', 'b', 'c', 4, 0x81, 0, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newWorld(t, 3, medium{rate: 9600}, nil)
		w.meet()
		peer, c := w.ends[1].conn.session, w.ends[0].conn
		s := c.session
		for i := range 5 {
			if _, err := c.Send(w.now, Item{Class: Class(i), Payload: make([]byte, 300)}); err != nil {
				t.Fatal(err)
			}
		}
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			head := frame.AppendHeader(nil, frame.Header{FromHQ: true, Link: 7, Low: uint16(peer.sent.next)})
			c.HandleFrame(w.now, 0, peer.keys.Out.Seal(head, peer.sent.next, head, b[1:1+n]))
			peer.sent.next++
			b = b[1+n:]
			c.AppendFrame(w.now, nil, 0, w.m.can())
			w.now = w.now.Add(100 * time.Millisecond)
			if at, ok := c.NextTimeout(); ok && !at.After(w.now) {
				c.HandleTimeout(w.now)
			}
			for ev, ok := c.NextEvent(); ok; ev, ok = c.NextEvent() {
				if r, ok := ev.(Received); ok && (r.Age < 0 || r.Age > 0 && r.Age < ageMin*time.Second || r.Age%time.Second != 0) {
					t.Fatalf("age %s", r.Age)
				}
				if r, ok := ev.(Received); ok && b != nil {
					c.Accept(w.now, r.Handle)
				}
			}
			if s.in.bytes > holdBytesMax || len(s.in.handles) > holdItemsMax || len(s.got.came) > aheadMax || len(s.sent.open) > 2*aheadMax {
				t.Fatalf("limits: %d bytes, %d items, %d numbers, %d packets", s.in.bytes, len(s.in.handles), len(s.got.came), len(s.sent.open))
			}
		}
	})
}

// BenchmarkBulk moves 64 kB from end to end over a fast medium: all that the
// link computes for it.
func BenchmarkBulk(b *testing.B) {
	b.SetBytes(64 << 10)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, 4, medium{rate: 1 << 20}, nil)
		w.meet()
		e := w.ends[0]
		for range 16 {
			e.todo = append(e.todo, note{len(e.todo), 4, 4096 - 12})
		}
		b.StartTimer()
		for _, n := range e.todo {
			e.tell(n)
		}
		if !w.runUntil(time.Minute, w.settled) {
			b.Fatal("not settled")
		}
	}
}
