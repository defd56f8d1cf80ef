package link

import (
	"bytes"
	"testing"
	"time"

	"picket/radio/frame"
)

// TestOldAck: an ack that was overtaken says nothing; its 8 bits would be read
// as a number far above the one meant.
func TestOldAck(t *testing.T) {
	w := newWorld(t, 1, medium{rate: 9600}, nil)
	w.meet()
	c := w.ends[0].conn
	p := &c.session.sent
	p.acked, p.next, p.ackFrom = 300, 360, 10
	for _, tt := range []struct {
		name   string
		number uint64
		ack    frame.Ack
		good   bool
		acked  uint64
	}{
		{"of 74, overtaken, not 330", 9, frame.Ack{Low: 74}, true, 300},
		{"of 330", 10, frame.Ack{Low: 74}, true, 330},
		{"of 330 again", 11, frame.Ack{Low: 74}, true, 330},
		{"beyond the last", 12, frame.Ack{Low: 361 & 0xff}, false, 330},
		{"beyond the last in the bitmap", 12, frame.Ack{Low: 350 & 0xff, Done: []byte{0, 4}}, false, 330},
		{"wide", 12, frame.Ack{Wide: true, Low: 340}, true, 340},
		{"wide beyond", 13, frame.Ack{Wide: true, Low: 339}, false, 340},
		{"all", 13, frame.Ack{Low: 360 & 0xff}, true, 360},
	} {
		if good := c.handleAck(w.now, tt.number, tt.ack); good != tt.good || p.acked != tt.acked {
			t.Errorf("ack %s: good %v, acked %d, want %v, %d", tt.name, good, p.acked, tt.good, tt.acked)
		}
	}
}

// TestArrivals is what acks say of what came.
func TestArrivals(t *testing.T) {
	var a arrivals
	check := func(what string, wide bool, low uint16, done, held []byte) {
		t.Helper()
		got := a.block()
		if got.Wide != wide || got.Low != low || !bytes.Equal(got.Done, done) || !bytes.Equal(got.Held, held) {
			t.Errorf("%s: %+v, want %v %d %x %x", what, got, wide, low, done, held)
		}
	}
	check("nothing", false, 0, nil, nil)
	a.note(0, false, 0)
	check("the first", false, 1, nil, nil)
	a.note(2, false, 1)
	a.note(3, false, 0)
	check("1 lost, 2 waits for an item", false, 1, []byte{4}, []byte{2})
	if !a.settle(2) || a.settle(1) || a.settle(0) {
		t.Error("settled wrongly")
	}
	check("its item accepted", false, 1, []byte{6}, nil)
	a.forget(2)
	check("1 is given up", false, 4, nil, nil)
	a.note(100, true, 0)
	if check("a long one", true, 4, append(make([]byte, 12), 1), nil); !a.reach(4+aheadMax-1) || a.reach(4+aheadMax) || a.reach(3) {
		t.Error("reach")
	}
	a.note(5, false, 0)
	a.forget(101)
	check("late short ones change nothing", true, 101, nil, nil)
	a.note(101, false, 0)
	check("short again", false, 102, nil, nil)
}

// TestTwiceUnaccepted: an item that comes twice before it is accepted settles
// neither packet.
func TestTwiceUnaccepted(t *testing.T) {
	w := newWorld(t, 2, medium{rate: 9600}, nil)
	w.meet()
	from, c := w.ends[1].conn.session, w.ends[0].conn
	cum := c.session.got.cum
	whole := frame.Part{Class: 1, Total: 2, ToEnd: true, Payload: []byte("hi")}
	tail := frame.Part{Class: 1, Offset: 1, ToEnd: true, Payload: []byte("i")}
	for range 2 {
		c.HandleFrame(w.now, 0, forge(from, whole))
		c.HandleFrame(w.now, 0, forge(from, tail))
	}
	ev, _ := c.NextEvent()
	got, ok := ev.(Received)
	if _, more := c.NextEvent(); !ok || more || string(got.Payload) != "hi" {
		t.Errorf("got %#v, and more: %v", ev, more)
	}
	if b := c.session.got.block(); c.session.got.cum != cum || len(b.Done) > 0 || !bytes.Equal(b.Held, []byte{15}) {
		t.Errorf("before it was accepted: %+v", b)
	}
	c.Accept(w.now, got.Handle)
	c.Accept(w.now, got.Handle) // nothing
	if c.session.got.cum != cum+4 {
		t.Errorf("afterwards: %+v", c.session.got.block())
	}
	c.HandleFrame(w.now, 0, forge(from, whole)) // and later
	if ev, more := c.NextEvent(); more || c.session.got.cum != cum+5 {
		t.Errorf("after it was accepted: %#v, %+v", ev, c.session.got.block())
	}
}

// TestNoWakeBesideAnOpening: headquarters that lose a session while the next
// waits to open send no wake. Its counter would be the next one's, and end it
// when replayed.
func TestNoWakeBesideAnOpening(t *testing.T) {
	w := newWorld(t, 3, medium{rate: 9600}, nil)
	w.meet()
	w.m.loss = [2]float64{0, 1} // the gateway hears nothing
	w.ends[0].start()
	w.run(time.Second)
	if w.ends[1].conn.half == nil {
		t.Fatal("no session waits to open")
	}
	w.m.cut = true
	w.ends[1].want(1, 10)
	w.run(10 * time.Minute)
	if w.ends[1].up {
		t.Error("still up")
	}
	for i, f := range w.air {
		if h, _, _ := frame.Parse(f); h.Kind == frame.Wake {
			t.Errorf("frame %d is a wake", i)
		}
	}
	w.m.cut, w.m.loss = false, [2]float64{}
	if !w.runUntil(40*time.Second, w.together) {
		t.Error("not together again")
	}
}
