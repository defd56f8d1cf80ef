package story

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"picket/tools/lab"
)

// What is promised of a line of 1200 bit/s (README, "Prices on the air").
const (
	slowRate       = 1200
	messageMost    = 1500 * time.Millisecond // median, from the client's send to the other client's receipt, the line idle
	messageBytes   = 60                      // of 48 characters, all in: both directions of the line
	knownRoomMost  = 2 * time.Second
	secondJoinMost = 48 // bytes up
	firstJoinMost  = 25 * time.Second
	occupants      = 20
	history        = 20
)

// words are what people say, 48 characters a message: from the field, and from
// headquarters.
var words = []string{
	"Two vehicles at the ford, moving north and slow.",
	"Patrol two is at checkpoint bravo, nothing seen.",
	"We need water and batteries before it gets dark.",
	"The bridge on road 40 holds, light traffic only.",
	"Weather: wind 240 at 12 kt, visibility under 8 k",
	"Medic asks for a pickup at grid 33UXP04, no rush",
	"Convoy leaves at 1430 by route blue, six trucks.",
}

var orders = []string{
	"Copy. Hold your position and report back at six.",
	"Relief is on the way, expect them within an hour",
	"Road 12 is closed; take the old track to camp 3.",
	"Send us your fuel state and the number of trucks",
	"Stay off the ridge until the storm has moved on.",
	"Your water comes with the evening convoy, 40 can",
	"Helicopter can not fly before noon, fog in town.",
}

// TestBars measures what is promised of a slow line, with real clients.
func TestBars(t *testing.T) {
	s := Open(t, lab.Options{Rate: slowRate})
	scott, kevin := s.LogIn("fairfax", "scott"), s.LogIn("fairfax", "kevin")
	wayne, keith := s.LogIn("raleigh", "wayne"), s.LogIn("raleigh", "keith")
	scott.OpenRoom()
	kevin.Enter()
	wayne.Enter()
	s.Quiet("raleigh")

	up, _ := s.Bytes("raleigh")
	begin := time.Now()
	keith.Enter()
	joined := time.Since(begin)
	scott.Sees("Keith", "")
	seen := time.Since(begin)
	after, _ := s.Quiet("raleigh")
	t.Logf("second user of a room: in after %v, seen at headquarters after %v, %d bytes up", joined.Round(time.Millisecond), seen.Round(time.Millisecond), after-up)
	if joined > knownRoomMost || seen > knownRoomMost {
		t.Errorf("joining a known room: %v, seen after %v; want at most %v", joined, seen, knownRoomMost)
	}
	if after-up > secondJoinMost {
		t.Errorf("a second user's join: %d bytes up, want at most %d", after-up, secondJoinMost)
	}
	messages(t, s, "up", words, wayne, scott)
	messages(t, s, "down", orders, kevin, keith)
}

// messages measures latency and bytes of messages one way. It judges medians: on
// a busy machine an answer may come so late that a link tries again.
func messages(t *testing.T, s *Stage, way string, bodies []string, from, to *Person) {
	t.Helper()
	var late []time.Duration
	var cost []int
	for _, body := range bodies {
		if len(body) != 48 {
			t.Fatalf("%q has %d bytes", body, len(body))
		}
		u0, d0 := s.Quiet("raleigh")
		begin := time.Now()
		from.Tell(body)
		late = append(late, to.Hears(body).Time.Sub(begin))
		u1, d1 := s.Quiet("raleigh")
		cost = append(cost, u1-u0+d1-d0)
	}
	t.Logf("48 characters %s: %v, bytes on the line %v", way, late, cost)
	slices.Sort(late)
	slices.Sort(cost)
	if median := late[len(late)/2]; median > messageMost {
		t.Errorf("48 characters %s: %v at the median, want at most %v", way, median, messageMost)
	}
	if median := cost[len(cost)/2]; median > messageBytes {
		t.Errorf("48 characters %s: %d bytes on the line at the median, want at most %d", way, median, messageBytes)
	}
}

// TestFirstJoin measures the dearest thing: a gateway learns a room that is full.
func TestFirstJoin(t *testing.T) {
	s := Open(t, lab.Options{Rate: slowRate})
	crowd := crowd(t, s)
	for i := range history {
		body := fmt.Sprintf("%s %d", words[i%len(words)], i+1)
		who := crowd[i%len(crowd)]
		who.Tell(body)
		crowd[0].Hears(body)
	}
	wayne := s.LogIn("raleigh", "wayne")
	u0, d0 := s.Quiet("raleigh")
	begin := time.Now()
	got := wayne.Enter()
	took := time.Since(begin)
	u1, d1 := s.Quiet("raleigh")
	t.Logf("first join of a room with %d occupants and %d messages: %v, %d bytes up, %d down", occupants, history, took.Round(time.Millisecond), u1-u0, d1-d0)
	if took > firstJoinMost {
		t.Errorf("a first join took %v, want at most %v", took, firstJoinMost)
	}
	present := map[string]bool{}
	for _, e := range got {
		if e.Kind == "presence" {
			present[e.From] = true
		}
	}
	if len(present) != occupants+1 || len(Bodies(got)) != history {
		t.Errorf("%d occupants and %d messages came, want %d and %d", len(present), len(Bodies(got)), occupants+1, history)
	}
	if last := Bodies(got); len(last) > 0 && !strings.HasSuffix(last[len(last)-1], fmt.Sprint(" ", history)) {
		t.Errorf("the last message is %q", last[len(last)-1])
	}
}

// crowd fills the room at headquarters.
func crowd(t *testing.T, s *Stage) []*Person {
	t.Helper()
	names := []string{"scott", "kevin"}
	for i := len(names); i < occupants; i++ {
		name := fmt.Sprintf("%s%d", []string{"alex", "robin", "sasha", "kim"}[i%4], i)
		if _, err := lab.NewAccount(s.Dir, "fairfax", name, false); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	w, err := lab.Load(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s.World = w
	people := make([]*Person, len(names))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, name := range names {
		slots <- struct{}{}
		wait.Go(func() {
			people[i] = s.LogIn("fairfax", name)
			<-slots
		})
	}
	wait.Wait()
	people[0].OpenRoom()
	for _, p := range people[1:] {
		p.Enter()
	}
	return people
}
