package link

import (
	"strings"
	"testing"
	"time"

	"picket/radio/frame"
)

// TestAge follows what a link says of items that wait for it, at either end.
func TestAge(t *testing.T) {
	const rate = 1200
	for _, tt := range []struct {
		name   string
		size   int
		wait   func(w *world, send func()) // what happens from Send on, until nothing more has to
		least  time.Duration
		most   time.Duration
		blocks int // ages in the frames that begin or go on with it
	}{
		{"an idle line", 40, func(w *world, send func()) { send() }, 0, 0, 0},
		{"a line that is away for a short while", 40, func(w *world, send func()) {
			w.m.cut = true
			send()
			w.run(2 * time.Second)
			w.m.cut = false
		}, 0, 0, 0},
		{"a line that loses all for a minute", 40, func(w *world, send func()) {
			w.m.cut = true
			send()
			w.run(time.Minute)
			w.m.cut = false
		}, time.Minute, 2 * time.Minute, 2},
		{"behind what is more urgent", 40, func(w *world, send func()) {
			w.ends[0].tell(note{0, 0, 9000})
			send()
		}, 75 * time.Second, 90 * time.Second, 2},
		{"a long item, the beginning at once", 4000, func(w *world, send func()) {
			send()
			w.run(10 * time.Second)
			w.m.cut = true
			w.run(30 * time.Second)
			w.m.cut = false
		}, 60 * time.Second, 80 * time.Second, 0},
		{"handed over late", 40, func(w *world, send func()) {
			w.ends[0].old = time.Hour
			send()
		}, time.Hour, time.Hour, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 21, medium{rate: rate}, func(c *Config) { c.Tries = 100 })
			w.meet()
			w.run(5 * time.Second)
			e, peer := w.ends[0], w.ends[1]
			var got []Received
			peer.onReceived = func(r Received) { got = append(got, r) }
			from := len(w.air)
			tt.wait(w, func() { e.tell(note{1, 3, tt.size}) })
			w.run(5 * time.Minute)
			if len(got) == 0 || !strings.HasPrefix(string(got[len(got)-1].Payload), "0.1/3/0/") {
				t.Fatalf("received %v", got)
			}
			if age := got[len(got)-1].Age; age < tt.least || age > tt.most {
				t.Errorf("age %s, want %s to %s", age, tt.least, tt.most)
			}
			if n := ageBytes(t, w, from); n > 0 != (tt.blocks > 0) || n > 0 && n%tt.blocks != 0 {
				t.Errorf("ages cost %d bytes, want %d a frame that begins it", n, tt.blocks)
			}
		})
	}
}

// ageBytes opens what the gateway sent since from and counts the bytes of ages.
func ageBytes(t *testing.T, w *world, from int) (n int) {
	t.Helper()
	keys := w.ends[1].conn.session.keys
	for i, raw := range w.air[from:] {
		if w.from[from+i] != 0 {
			continue
		}
		h, body, err := frame.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		plain, ok := keys.In.Open(h.Number(w.ends[1].conn.session.replay.Next()), raw[:len(raw)-len(body)], body)
		if !ok {
			t.Fatalf("frame %x does not open", raw)
		}
		for at := 0; at < len(plain); {
			b, end, err := frame.Next(plain, at)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := b.(frame.Age); ok {
				n += end - at
			}
			at = end
		}
	}
	return n
}

// TestAgesShareAFrame: items of the same age share one block, to 5 s; a new one
// behind an old one is told to be new.
func TestAgesShareAFrame(t *testing.T) {
	w := newWorld(t, 22, medium{rate: 9600}, nil)
	w.meet()
	w.run(5 * time.Second)
	e, peer := w.ends[0], w.ends[1]
	var got []time.Duration
	peer.onReceived = func(r Received) { got = append(got, r.Age) }
	from := len(w.air)
	for i, age := range []time.Duration{3, 60, 63, 58, 65, 2} {
		e.old = age * time.Second
		e.tell(note{i, 1, 1})
	}
	w.run(5 * time.Second)
	want := []time.Duration{0, 60, 60, 60, 65, 0}
	if len(got) != len(want) {
		t.Fatalf("received %v, want %d items", got, len(want))
	}
	for i := range want {
		if got[i] != want[i]*time.Second {
			t.Errorf("item %d: age %s, want %s", i, got[i], want[i]*time.Second)
		}
	}
	if n := ageBytes(t, w, from); n != 3*2 {
		t.Errorf("%d bytes of ages, want three blocks of 2", n)
	}
}

// TestAgeOfParts: whatever comes first of an item, it is as old as its beginning
// says and as the time since any of it came; an age in front of other parts is
// not theirs.
func TestAgeOfParts(t *testing.T) {
	w := newWorld(t, 23, medium{rate: 9600}, nil)
	w.meet()
	from, to := w.ends[1].conn.session, w.ends[0].conn
	var got []time.Duration
	hear := func(blocks ...frame.Block) {
		to.HandleFrame(w.now, 0, forge(from, blocks...))
		for ev, ok := to.NextEvent(); ok; ev, ok = to.NextEvent() {
			if r, ok := ev.(Received); ok {
				got = append(got, r.Age)
			}
		}
	}
	begin := func(id uint8) frame.Part { return frame.Part{Class: 2, ID: id, Total: 4, Payload: []byte("ab")} }
	end := func(id uint8) frame.Part { return frame.Part{Class: 2, ID: id, Offset: 2, Payload: []byte("cd")} }
	whole := func(id uint8) frame.Part { return frame.Part{Class: 2, ID: id, Total: 1, Payload: []byte("a")} }

	hear(frame.Age{Seconds: 100}, end(0)) // says nothing of it
	w.now = w.now.Add(20 * time.Second)
	hear(frame.Age{Seconds: 7}, begin(0))
	hear(end(1))
	hear(frame.Age{Seconds: 700}, begin(1))
	hear(frame.Age{Seconds: 9}, begin(2), frame.Age{Seconds: 30}, whole(3))
	w.now = w.now.Add(10 * time.Second)
	hear(frame.Age{Seconds: 50}, end(2))
	hear(frame.Age{Seconds: 4}, whole(4))
	hear(frame.Age{Seconds: frame.AgeMax}, whole(5))
	want := []time.Duration{20, 700, 19, 40, 0, frame.AgeMax}
	if len(got) != len(want) {
		t.Fatalf("received %v, want %d items", got, len(want))
	}
	for i := range want {
		if got[i] != want[i]*time.Second {
			t.Errorf("item %d: age %s, want %s", i, got[i], want[i]*time.Second)
		}
	}
}
