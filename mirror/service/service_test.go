package service

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"picket/mirror"
	"picket/mirror/journal"
	"picket/radio"
)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

// Nothing is delivered before its transaction is on the disk, and what comes
// up while one is written goes into the next together.
func TestCommitsAreMergedAndComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		defer r.stop()
		r.disk.took = 50 * time.Millisecond
		r.Stanza("", message("1"))
		time.Sleep(10 * time.Millisecond)
		for i := 2; i <= 5; i++ {
			r.Stanza("", message(fmt.Sprint(i)))
		}
		time.Sleep(39 * time.Millisecond)
		same(t, "delivered at 49 ms", r.delivered(), []string(nil))
		time.Sleep(2 * time.Millisecond)
		same(t, "delivered at 51 ms", r.delivered(), []string{"1"})
		time.Sleep(50 * time.Millisecond)
		same(t, "delivered at 101 ms", r.delivered(), []string{"1", "2", "3", "4", "5"})
		same(t, "transactions", r.disk.keys(), []string{"m/1 ", "m/2 m/3 m/4 m/5 "})
		same(t, "persisted", slices.DeleteFunc(r.node.lines(), func(l string) bool { return l[:4] != "pers" }),
			[]string{"persisted 1", "persisted 2", "persisted 6"})
	})
}

func TestFullDiskRefusesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		defer r.stop()
		r.disk.fail(true)
		r.Stanza("", message("1")) // accepted: nobody knows yet
		synctest.Wait()
		for _, xml := range []string{
			`<message from='a@b/c' to='room@hq' type='groupchat' id='2'/>`,
			`<iq from='a@b/c' to='room@hq' type='get' id='3'/>`,
			`<iq from='a@b/c' to='room@hq' type='result' id='4'/>`,
			`<message from='a@b/c' to='room@hq' type='error' id='5'/>`,
			`<presence from='a@b/c' to='room@hq/A' id='6'/>`,
			`<presence from='a@b/c' to='room@hq/A' type='unavailable' id='7'/>`,
		} {
			r.Stanza("", stanza(xml))
		}
		r.Gone("a@b/c")
		synctest.Wait()
		same(t, "while it fails", r.delivered(),
			[]string{"2 wait resource-constraint", "3 wait resource-constraint", "6 wait resource-constraint"})
		st, err := r.Status(context.Background())
		if err != nil || st.Journal.State != "failing" || st.Journal.Problem == "" || st.Clients.Refused != 5 {
			t.Errorf("status: %+v, %v", st, err)
		}
		time.Sleep(5 * time.Minute)
		if st, _ := r.Status(context.Background()); st.Journal.Errors > 45 {
			t.Errorf("%d tries in 5 minutes: no back-off", st.Journal.Errors)
		}
		r.disk.fail(false)
		time.Sleep(commitRetryMax + time.Second)
		r.Stanza("", message("8"))
		synctest.Wait()
		same(t, "after it", r.delivered()[3:], []string{"1", "7", "8"})
		same(t, "transactions", r.disk.keys(), []string{"m/1 m/7 ", "m/8 "})
		if st, _ := r.Status(context.Background()); st.Journal.State != "ok" {
			t.Errorf("the journal is %s", st.Journal.State)
		}
	})
}

// The bearer is asked for frames as it can send them, never before: the last
// one is made from what the node has then.
func TestFramesAreMadeWhenTheBearerIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakeBearer(100 * time.Millisecond)
		r := start(t, Bearer{Peer: "hq", ID: 3, Name: "fake", Open: func(context.Context) (radio.Bearer, error) { return port, nil }})
		defer r.stop()
		synctest.Wait()
		r.node.mu.Lock()
		r.node.frames = []string{"one", "two"}
		r.node.mu.Unlock()
		r.Stanza("", message("1")) // any event: then bearers are served
		time.Sleep(150 * time.Millisecond)
		r.node.mu.Lock()
		r.node.frames = []string{"three, newer"}
		r.node.mu.Unlock()
		time.Sleep(250 * time.Millisecond)
		same(t, "sent", port.frames(), []string{"one", "two", "three, newer"})
		port.in <- "hello"
		synctest.Wait()
		if log := r.node.lines(); !slices.Contains(log, "frame hello") {
			t.Errorf("the node has not seen the frame: %q", log)
		}
		st, _ := r.Status(context.Background())
		if b := st.Bearers[0]; b.State != "open" || b.FramesSent != 3 || b.BytesSent != 18 || b.FramesReceived != 1 || b.BytesReceived != 5 {
			t.Errorf("status: %+v", b)
		}
	})
}

func TestBearerIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var port *fakeBearer
		var opens []time.Duration
		began, absent := time.Now(), 0
		r := start(t, Bearer{Peer: "hq", Name: "fake", Open: func(context.Context) (radio.Bearer, error) {
			mu.Lock()
			defer mu.Unlock()
			opens = append(opens, time.Since(began))
			if absent > 0 {
				absent--
				return nil, errors.New("no such device")
			}
			port = newFakeBearer(time.Millisecond)
			return port, nil
		}})
		defer r.stop()
		time.Sleep(time.Minute)
		mu.Lock()
		absent = 2
		port.Close() // unplugged
		mu.Unlock()
		synctest.Wait()
		if st, _ := r.Status(context.Background()); st.Bearers[0].State != "closed" || st.Bearers[0].Problem != "unplugged" {
			t.Errorf("unplugged: %+v", st.Bearers[0])
		}
		time.Sleep(10 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		same(t, "opened", fmt.Sprint(opens), "[0s 1m0.25s 1m0.75s 1m1.75s]")
		r.node.mu.Lock()
		r.node.frames = []string{"again"}
		r.node.mu.Unlock()
		r.Stanza("", message("1"))
		time.Sleep(10 * time.Millisecond)
		same(t, "sent on the new port", port.frames(), []string{"again"})
	})
}

func TestTimersAndClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		defer r.stop()
		synctest.Wait()
		r.node.due = time.Now().Add(1500 * time.Millisecond) // the actor sleeps
		r.Gone("a@b/c")
		time.Sleep(55 * time.Second)
		r.wall.Store(int64(24 * 365 * time.Hour)) // the GPS was found
		time.Sleep(time.Minute)
		var got []string
		for _, l := range r.node.lines() {
			if l[:4] != "pers" {
				got = append(got, l)
			}
		}
		same(t, "the node saw", got, []string{
			"clock 2000-01-01 00:00:00", // synctest's beginning of time
			"gone a@b/c",
			"timeout after 1.5s",
			"clock 2000-12-31 00:01:00",
		})
	})
}

// A session that ends does not overtake its last stanza, and one that sends
// without end is held back while the actor is busy, not anybody else.
func TestInboxKeepsOrderAndHoldsBack(t *testing.T) {
	in := newInbox(2)
	var got []mirror.Input
	put := make(chan int, 10)
	go func() {
		for i := range 4 {
			in.put(mirror.FromClient{Stanza: message(fmt.Sprint(i))}, true)
			put <- i
		}
		close(put)
	}()
	for range 2 {
		<-put
	}
	in.put(mirror.ClientGone{JID: "other"}, false) // never waits
	if n := in.len(); n != 3 {
		t.Errorf("%d inputs wait, want 3", n)
	}
	for len(got) < 5 {
		<-in.ready
		got = append(got, in.take(2)...)
	}
	if _, ok := got[2].(mirror.ClientGone); !ok {
		t.Errorf("order: %v", got)
	}
	in.close()
	in.put(mirror.FromClient{}, true) // lets go at once
}

func TestStopWritesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		r.disk.took = 200 * time.Millisecond
		r.Stanza("", message("1"))
		time.Sleep(time.Millisecond)
		r.Stanza("", message("2"))
		time.Sleep(time.Millisecond)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		same(t, "delivered", r.delivered(), []string{"1", "2"})
		r.Stanza("", message("3")) // after the end: neither echoed nor blocked
		r.Gone("x")
	})
}

func TestStopDoesNotWaitForADeadDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		r.disk.took = time.Hour
		r.Stanza("", message("1"))
		time.Sleep(time.Millisecond)
		began := time.Now()
		if err := r.stop(); err == nil {
			t.Error("it says that all ended")
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		same(t, "delivered", r.delivered(), []string(nil))
		time.Sleep(2 * time.Hour) // the disk comes back: the bubble's goroutines end
	})
}

func TestNewestKeepsTheLastOfEachKey(t *testing.T) {
	got := newest([]mirror.Record{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "c", Value: []byte("1")}})
	want := []journal.Record{{Key: "b", Value: []byte("1")}, {Key: "a"}, {Key: "c", Value: []byte("1")}}
	same(t, "newest", got, want)
}

func TestStatusSocket(t *testing.T) {
	r := start(t)
	defer r.stop()
	path := filepath.Join(t.TempDir(), "status.sock")
	l, err := ListenStatus(path)
	if err != nil {
		t.Fatal(err)
	}
	go r.ServeStatus(l)
	r.Stanza("", message("1"))
	deadline := time.Now().Add(5 * time.Second)
	for {
		st, err := AskStatus(path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Clients.Delivered == 1 {
			if st.Site != "raleigh.tridsys.com" || st.Peers[0].Name != "hq" || st.Journal.Transactions != 1 || st.Notices["joined"] != 1 {
				t.Errorf("%+v", st)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", st)
		}
	}
	if _, err := ListenStatus(path); err == nil {
		t.Error("a second process took the socket")
	}
	l.Close()
	again, err := ListenStatus(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
