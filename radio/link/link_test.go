package link

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"picket/radio/frame"
)

// together tells whether both ends are up in one session.
func (w *world) together() bool {
	a, b := w.ends[0].conn.session, w.ends[1].conn.session
	return a != nil && b != nil && a.counter == b.counter && w.ends[0].up && w.ends[1].up
}

// meet brings both ends up.
func (w *world) meet() {
	w.t.Helper()
	if !w.runUntil(time.Minute, w.together) {
		w.failf("not up")
	}
	w.run(10 * time.Second) // the first frame's acknowledgement
}

func TestCleanLine(t *testing.T) {
	w := newWorld(t, 1, medium{rate: 9600}, nil)
	w.meet()
	w.ends[0].want(30, 400)
	w.ends[1].want(30, 400)
	if !w.runUntil(time.Minute, w.settled) {
		t.Fatalf("not settled: %+v %+v", w.ends[0].conn.Stats(), w.ends[1].conn.Stats())
	}
	for i := range 2 {
		if st := w.ends[i].conn.Stats(); st.Resent+st.BadTag+st.Malformed+st.Replayed+st.OverLimit != 0 || st.QueueItems+st.QueueBytes != 0 {
			t.Errorf("end %d on a clean line: %+v", i, st)
		}
	}
}

// TestIdle: an idle link sends nothing, for ever; with a keep-alive, a poll
// each time.
func TestIdle(t *testing.T) {
	for _, tt := range []struct {
		keepAlive time.Duration
		most      int // frames of both ends in a day
		least     int
	}{{0, 0, 0}, {10 * time.Minute, 300, 280}} {
		w := newWorld(t, 1, medium{rate: 1200}, func(c *Config) { c.KeepAlive = tt.keepAlive })
		w.meet()
		n := len(w.air)
		w.run(24 * time.Hour)
		if n = len(w.air) - n; n < tt.least || n > tt.most {
			t.Errorf("keep-alive %s: %d frames a day, want %d to %d", tt.keepAlive, n, tt.least, tt.most)
		}
	}
}

// TestPrice is what a link costs in bytes, before the bearer's framing.
func TestPrice(t *testing.T) {
	w := newWorld(t, 1, medium{rate: 1200}, nil)
	w.runUntil(time.Minute, w.together)
	w.run(10 * time.Second)
	sizes := func(from int) (s []int) {
		for _, f := range w.air[from:] {
			s = append(s, len(f))
		}
		return s
	}
	want := func(what string, from int, sizes []int, want ...int) {
		t.Helper()
		if len(sizes) != len(want) {
			t.Fatalf("%s: %v, want %v", what, sizes, want)
		}
		for i := range want {
			if sizes[i] != want[i] {
				t.Errorf("%s: %v, want %v", what, sizes, want)
			}
		}
	}
	want("handshake, first frame, its acknowledgement", 0, sizes(0), 2+48+6+2, 2+48+6+2, 7, 8)
	n := len(w.air)
	e := w.ends[0]
	e.todo = append(e.todo, note{0, 1, 40 - len("0.1/1/0/0 ")})
	e.tell(e.todo[0])
	w.run(10 * time.Second)
	want("an item of 40 bytes, its acknowledgement", n, sizes(n), 40+8, 8)
}

// TestHeal cuts a link in each state and looks how soon both ends are up in
// one session again, and what the outage costs.
func TestHeal(t *testing.T) {
	const most = 36 * time.Second // one back-off of 30 s + 15 %, and the handshake
	for _, tt := range []struct {
		name string
		cut  func(w *world)
	}{
		{"idle", func(w *world) {}},
		{"the gateway talks", func(w *world) { w.ends[0].want(20, 50) }},
		{"the headquarters talk", func(w *world) { w.ends[1].want(20, 50) }},
		{"both talk", func(w *world) { w.ends[0].want(20, 50); w.ends[1].want(20, 50) }},
		{"the gateway restarts", func(w *world) { w.ends[0].start() }},
		{"the headquarters restart", func(w *world) { w.ends[1].start() }},
		{"both restart", func(w *world) { w.ends[0].start(); w.ends[1].start() }},
	} {
		for seed := range uint64(5) {
			for _, out := range []time.Duration{time.Second, 20 * time.Second, 10 * time.Minute, 2 * time.Hour} {
				w := newWorld(t, seed, medium{rate: 1200}, nil)
				w.meet()
				w.m.cut = true
				tt.cut(w)
				_, up := w.bytes(0)
				_, down := w.bytes(1)
				w.run(out)
				_, up2 := w.bytes(0)
				_, down2 := w.bytes(1)
				// 58 bytes each 25 s, and what was in flight.
				if cost := up2 + down2 - up - down; cost > 6000+int(out/(25*time.Second))*(60+14) {
					w.failf("%s, out %s: the outage cost %d bytes", tt.name, out, cost)
				}
				w.m.cut = false
				if !w.runUntil(most, w.together) {
					w.failf("%s, out %s: not together %s after the link is back", tt.name, out, most)
				}
				if !w.runUntil(2*time.Minute, w.settled) {
					w.failf("%s, out %s: together, but not settled", tt.name, out)
				}
			}
		}
	}
}

var (
	stormFrom  = flag.Uint64("from", 0, "first seed of TestStorm")
	stormSeeds = flag.Uint64("seeds", 250, "how many")
)

// TestStorm is seeds of faults, then calm: nothing is lost, doubled or out of
// order at any time (world_test.go), all arrives in the calm, then silence.
func TestStorm(t *testing.T) {
	last := *stormFrom + *stormSeeds
	if testing.Short() {
		last = *stormFrom + *stormSeeds/5
	}
	for seed := *stormFrom; seed < last; seed++ {
		w := newWorld(t, seed, medium{
			rate: []int{1200, 9600, 115200}[seed%3], half: seed%5 == 4, turnaround: 20 * time.Millisecond,
			mtu: []int{255, 130, 1200}[seed/3%3],
		}, nil)
		w.storm()
	}
}

func (w *world) storm() {
	rng := w.rng
	for _, e := range w.ends {
		e.slow = time.Duration(1 + rng.Int64N(int64(time.Second)))
	}
	for range 12 {
		w.m.loss = [2]float64{rng.Float64() / 2, rng.Float64() / 2}
		w.m.bits = []float64{0, 1e-5, 1e-4, 1e-3}[rng.IntN(4)]
		w.m.dup, w.m.late = rng.Float64()/5, rng.Float64()/5
		w.m.lateBy = time.Duration(1 + rng.Int64N(int64(30*time.Second)))
		switch rng.IntN(8) {
		case 0:
			w.m.cut = true
		case 1:
			w.m.loss[rng.IntN(2)] = 1
		case 2:
			w.ends[rng.IntN(2)].start()
		case 3, 4:
			w.replay(20)
		}
		for _, e := range w.ends {
			e.want(rng.IntN(10), []int{20, 100, 1000}[rng.IntN(3)])
		}
		w.run(time.Duration(rng.Int64N(int64(20 * time.Second))))
		w.m.cut = false
	}
	w.m.loss, w.m.bits, w.m.dup, w.m.late = [2]float64{}, 0, 0, 0
	most := 45 * time.Second
	if w.m.half {
		most = 3 * time.Minute // bursts of a session that the other end left are in the way
	}
	if !w.runUntil(most, w.together) {
		w.failf("not together %s after the storm: up %v %v", most, w.ends[0].up, w.ends[1].up)
	}
	if !w.runUntil(10*time.Minute, w.settled) {
		w.failf("does not settle: up %v %v, acked %d/%d %d/%d\n%+v\n%+v", w.ends[0].up, w.ends[1].up,
			len(w.ends[0].acked), len(w.ends[0].todo), len(w.ends[1].acked), len(w.ends[1].todo),
			w.ends[0].conn.Stats(), w.ends[1].conn.Stats())
	}
	w.run(2 * time.Minute)
	n := len(w.air)
	w.replay(200) // what the storm took comes now: late, not replayed
	w.run(2 * time.Minute)
	m := len(w.air)
	w.run(24 * time.Hour)
	if m-n > 10 || len(w.air) != m || !w.settled() {
		w.failf("idle: %d frames upon replays, then %d a day", m-n, len(w.air)-m)
	}
}

// replay gives both ends frames of before, their own too.
func (w *world) replay(n int) {
	for range n {
		if len(w.air) > 0 {
			e := w.ends[w.rng.IntN(2)]
			e.conn.HandleFrame(w.now, 0, w.air[w.rng.IntN(len(w.air))])
			e.drain()
		}
	}
}

// TestReplayAll gives both ends each frame of three sessions again, in the
// last: nothing happens, and nobody answers.
func TestReplayAll(t *testing.T) {
	w := newWorld(t, 3, medium{rate: 9600}, nil)
	for range 3 {
		w.meet()
		w.ends[0].want(5, 100)
		w.ends[1].want(5, 100)
		w.run(20 * time.Second)
		w.ends[w.rng.IntN(2)].start()
	}
	w.meet()
	n, ups := len(w.air), w.ends[0].ups
	before := w.ends[1].conn.Stats()
	for _, f := range w.air[:n] {
		for i := range 2 {
			w.ends[i].conn.HandleFrame(w.now, 0, f)
			w.run(time.Second)
		}
	}
	if len(w.air) != n || w.ends[0].ups != ups || !w.together() {
		t.Errorf("replay of %d frames: %d frames sent, %d sessions opened", n, len(w.air)-n, w.ends[0].ups-ups)
	}
	after := w.ends[1].conn.Stats()
	if after.Replayed == before.Replayed || after.Refused == before.Refused || after.Foreign == before.Foreign {
		t.Errorf("not counted: %+v", after)
	}
}

// TestNoise is 1 MB of random bytes in frames of all lengths.
func TestNoise(t *testing.T) {
	w := newWorld(t, 4, medium{rate: 115200}, nil)
	w.meet()
	n := len(w.air)
	rng := rand.New(rand.NewPCG(9, 9))
	for total := 0; total < 1<<20; {
		f := make([]byte, rng.IntN(300))
		for i := range f {
			f[i] = byte(rng.Uint32())
		}
		if len(f) > 1 && total%2 == 0 { // half of it addressed to us
			f[0], f[1] = f[0]&0xc0|7, f[1]&0xc0|7
		}
		total += len(f)
		for i := range 2 {
			w.ends[i].conn.HandleFrame(w.now, 0, f)
		}
		w.now = w.now.Add(20 * time.Millisecond)
	}
	w.run(time.Minute)
	if len(w.air) != n || !w.together() {
		t.Errorf("noise was answered by %d frames", len(w.air)-n)
	}
}

// TestWrap runs a session over the wraps of both forms of the packet number,
// the change of keys at 65536 among them.
func TestWrap(t *testing.T) {
	w := newWorld(t, 5, medium{rate: 1 << 20, loss: [2]float64{0.05, 0.05}}, nil)
	w.meet()
	for w.ends[0].conn.session.sent.next < 1<<16+1000 {
		w.ends[0].want(400, 1500)
		w.ends[1].want(1, 10)
		if !w.runUntil(time.Minute, w.settled) {
			w.failf("stuck at packet %d", w.ends[0].conn.session.sent.next)
		}
		w.air, w.from = nil, nil
	}
	if w.ends[0].ups != 1 {
		t.Errorf("%d sessions", w.ends[0].ups)
	}
	for i := range 2 {
		if st := w.ends[i].conn.Stats(); st.BadTag+st.Malformed+st.OverLimit != 0 {
			t.Errorf("end %d: %+v", i, st)
		}
	}
}

func TestUrgentCutsIn(t *testing.T) {
	w := newWorld(t, 6, medium{rate: 1200}, nil)
	w.meet()
	e := w.ends[0]
	for range 5 {
		e.todo = append(e.todo, note{len(e.todo), 4, 4000})
		e.tell(e.todo[len(e.todo)-1])
	}
	w.run(30 * time.Second)
	e.todo = append(e.todo, note{len(e.todo), 0, 30})
	e.tell(e.todo[5])
	began := w.now
	if !w.runUntil(time.Minute, func() bool { return len(w.ends[1].stored) > 0 && w.ends[1].got[e.session+"/0"] == 1 }) {
		t.Fatal("never came")
	}
	if took := w.now.Sub(began); took > w.m.airtime(255)+w.m.airtime(60) {
		t.Errorf("an urgent item behind 20 kB took %s", took)
	}
}

func TestReplace(t *testing.T) {
	w := newWorld(t, 7, medium{rate: 1200}, nil)
	w.meet()
	c := w.ends[0].conn
	var tokens []Token
	for i, key := range []string{"", "a", "b", "a", ""} {
		token, err := c.Send(w.now, Item{Class: 2, Key: key, Payload: []byte{byte('0' + i)}})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	ev, _ := c.NextEvent()
	if (ev != Dropped{tokens[1]}) {
		t.Errorf("got %#v, want Dropped of the second", ev)
	}
	if st := c.Stats(); st.QueueItems != 4 {
		t.Errorf("%d items queued", st.QueueItems)
	}
	f := c.AppendFrame(w.now, nil, 0, w.m.can())
	w.ends[1].conn.HandleFrame(w.now, 0, f)
	got := ""
	for ev, ok := w.ends[1].conn.NextEvent(); ok; ev, ok = w.ends[1].conn.NextEvent() {
		got += string(ev.(Received).Payload)
	}
	if got != "0234" {
		t.Errorf("came %q, want 0, 2, the newer 3, 4", got)
	}
}

func TestSendErrors(t *testing.T) {
	w := newWorld(t, 8, medium{rate: 1200}, func(c *Config) { c.QueueItems, c.QueueBytes = 3, 100000 })
	c := w.ends[0].conn
	send := func(class Class, key string, size int) error {
		_, err := c.Send(w.now, Item{Class: class, Key: key, Payload: make([]byte, size)})
		return err
	}
	if err := send(0, "", 1); err != ErrDown {
		t.Errorf("down: %v", err)
	}
	w.meet()
	for _, tt := range []struct {
		name string
		key  string
		size int
		want error
	}{
		{"empty", "", 0, ErrEmpty},
		{"too long", "", ItemMax + 1, ErrTooLong},
		{"longest", "k", ItemMax, nil},
		{"too many bytes", "", ItemMax, ErrQueueFull},
		{"one more", "", 1, nil},
		{"and one", "l", 1, nil},
		{"too many items", "", 1, ErrQueueFull},
		{"in another's place", "l", 2, nil},
	} {
		if err := send(1, tt.key, tt.size); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestVersions: ends without a version or a tag length in common say so, at
// both ends, and open nothing; else the highest common version is spoken.
func TestVersions(t *testing.T) {
	for _, tt := range []struct {
		name     string
		versions [2]versions
		tags     [2]int
		want     [2]string // "": up
	}{
		{"same", [2]versions{{1, 1}, {1, 1}}, [2]int{4, 4}, [2]string{}},
		{"overlap", [2]versions{{1, 3}, {2, 5}}, [2]int{8, 8}, [2]string{}},
		{"newer headquarters", [2]versions{{1, 1}, {2, 3}}, [2]int{4, 4}, [2]string{
			"the peer speaks protocol version 2 or later, this end 1 at most: update this end",
			"the peer speaks protocol version 1 at most, this end 2 or later: update the peer"}},
		{"older headquarters", [2]versions{{2, 2}, {1, 1}}, [2]int{4, 4}, [2]string{
			"the peer speaks protocol version 1 at most, this end 2 or later: update the peer",
			"the peer speaks protocol version 2 or later, this end 1 at most: update this end"}},
		{"tags", [2]versions{{1, 1}, {1, 1}}, [2]int{4, 8}, [2]string{
			"tags of 4 bytes are configured here, of 8 at the peer: make them the same",
			"tags of 8 bytes are configured here, of 4 at the peer: make them the same"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 9, medium{rate: 1200}, func(c *Config) {
				i := 1
				if c.Initiator {
					i = 0
				}
				c.versions, c.TagBytes = tt.versions[i], tt.tags[i]
			})
			w.run(5 * time.Minute)
			for i, e := range w.ends {
				got := strings.Join(e.downs, "; ")
				if got != tt.want[i] || e.up != (tt.want[i] == "") {
					t.Errorf("end %d: up %v, %q\nwant %q", i, e.up, got, tt.want[i])
				}
			}
			if n := len(w.air); tt.want[0] != "" && n > 40 {
				t.Errorf("a refusal cost %d frames in 5 minutes", n)
			}
		})
	}
}

func TestShortBearer(t *testing.T) {
	w := newWorld(t, 9, medium{rate: 1200, mtu: MTUMin - 1}, nil)
	w.run(5 * time.Minute)
	const want = "the bearer takes frames of 119 bytes, a handshake needs 120"
	if got := strings.Join(w.ends[0].downs, "; "); got != want || len(w.air) > 0 {
		t.Errorf("%q and %d frames, want %q", got, len(w.air), want)
	}
	w.m.mtu = MTUMin // the longest hello fits
	if !w.runUntil(time.Minute, w.together) {
		t.Error("not up")
	}
}

// TestUnwritten: no handshake frame leaves before its counter is on disk.
func TestUnwritten(t *testing.T) {
	w := newWorld(t, 10, medium{rate: 1200}, nil)
	gw, hq := w.ends[0].conn, w.ends[1].conn
	if f := gw.AppendFrame(w.now, nil, 0, w.m.can()); len(f) != 0 {
		t.Error("message 1 left unwritten")
	}
	gw.Persisted(w.now, 1)
	f := gw.AppendFrame(w.now, nil, 0, w.m.can())
	hq.HandleFrame(w.now, 0, f)
	if g := hq.AppendFrame(w.now, nil, 0, w.m.can()); len(f) == 0 || len(g) != 0 {
		t.Error("message 2 left unwritten")
	}
	hq.Persisted(w.now, 1)
	g := hq.AppendFrame(w.now, nil, 0, w.m.can())
	hq.HandleFrame(w.now, 0, f)
	if again := hq.AppendFrame(w.now, nil, 0, w.m.can()); len(g) == 0 || !bytes.Equal(g, again) {
		t.Error("the same message 1 did not get the same answer")
	}
	for range 10 { // a replayer spends little of our air time
		hq.HandleFrame(w.now, 0, f)
		hq.AppendFrame(w.now, nil, 0, w.m.can())
	}
	if st := hq.Stats(); st.FramesSent != answersBurst {
		t.Errorf("%d answers at once, want %d", st.FramesSent, answersBurst)
	}
}

// TestSameSeed: given the same randomness and inputs, the same frames.
func TestSameSeed(t *testing.T) {
	run := func() []byte {
		w := newWorld(t, 11, medium{rate: 9600, loss: [2]float64{0.2, 0.2}}, nil)
		w.run(20 * time.Second)
		w.ends[0].want(20, 500)
		w.ends[1].want(20, 500)
		w.run(time.Minute)
		return bytes.Join(w.air, nil)
	}
	if !bytes.Equal(run(), run()) {
		t.Error("two runs of one seed differ")
	}
}

// TestHostilePeer: a peer with the right keys that breaks the rules is counted,
// and held to the limits.
func TestHostilePeer(t *testing.T) {
	part := func(class, id uint8, offset, total int, payload string) frame.Part {
		return frame.Part{Class: class, ID: id, Offset: offset, Total: total, Payload: []byte(payload)}
	}
	for _, tt := range []struct {
		name   string
		frames [][]frame.Block
		count  func(Stats) uint64
	}{
		{"ack of an unsent number", [][]frame.Block{{frame.Ack{Low: 200}}}, func(s Stats) uint64 { return s.Malformed }},
		{"ack beyond in the bitmap", [][]frame.Block{{frame.Ack{Low: 1, Done: []byte{0, 0x80}}}}, func(s Stats) uint64 { return s.Malformed }},
		{"floor before the first", [][]frame.Block{{frame.Floor{Distance: 50}}}, func(s Stats) uint64 { return s.Malformed }},
		{"overlap with other bytes", [][]frame.Block{{part(3, 0, 0, 10, "abc")}, {part(3, 0, 1, 0, "xx")}}, func(s Stats) uint64 { return s.Malformed }},
		{"two totals", [][]frame.Block{{part(3, 0, 0, 10, "abc")}, {part(3, 0, 0, 11, "abc")}}, func(s Stats) uint64 { return s.Malformed }},
		{"beyond the total", [][]frame.Block{{part(3, 0, 0, 10, "abc")}, {part(3, 0, 9, 0, "abc")}}, func(s Stats) uint64 { return s.Malformed }},
		{"item far ahead", [][]frame.Block{{part(3, 70, 0, 1, "a")}}, func(s Stats) uint64 { return s.OverLimit }},
		{"more than fits", [][]frame.Block{
			{part(1, 1, 0, 65000, "a")}, {part(1, 2, 0, 65000, "a")}, {part(1, 3, 0, 65000, "a")},
			{part(1, 4, 0, 65000, "a")}, {part(1, 5, 0, 65000, "a")}}, func(s Stats) uint64 { return s.OverLimit }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 12, medium{rate: 1200}, nil)
			w.meet()
			from, to := w.ends[1].conn.session, w.ends[0].conn
			if tt.count(to.Stats()) != 0 {
				t.Fatal("counted before")
			}
			for _, blocks := range tt.frames {
				to.HandleFrame(w.now, 0, forge(from, blocks...))
			}
			if n := tt.count(to.Stats()); n != 1 {
				t.Errorf("counted %d times: %+v", n, to.Stats())
			}
			if to.session == nil || to.session.in.bytes > holdBytesMax {
				t.Errorf("%d bytes held", to.session.in.bytes)
			}
		})
	}
}

// forge seals blocks as the peer that has session s, the headquarters.
func forge(s *session, blocks ...frame.Block) []byte {
	head := frame.AppendHeader(nil, frame.Header{FromHQ: true, Link: 7, Low: uint16(s.sent.next)})
	var plain []byte
	for _, b := range blocks {
		plain = frame.AppendBlock(plain, b)
	}
	s.sent.next++
	return s.keys.Out.Seal(head, s.sent.next-1, head, plain)
}

// TestSlowDisk: what is not accepted is not acknowledged, the link stays up
// meanwhile, and the word gets through afterwards.
func TestSlowDisk(t *testing.T) {
	w := newWorld(t, 13, medium{rate: 9600, loss: [2]float64{0.2, 0.2}}, nil)
	w.meet()
	w.ends[1].slow = 5 * time.Minute
	w.ends[0].want(40, 300)
	w.run(10 * time.Second)
	if n := len(w.ends[0].acked); n > 10 {
		t.Errorf("%d items acked by a disk that takes minutes", n)
	}
	if !w.runUntil(20*time.Minute, w.settled) || w.ends[0].ups != 1 {
		t.Errorf("settled %v, %d sessions", w.settled(), w.ends[0].ups)
	}
}
