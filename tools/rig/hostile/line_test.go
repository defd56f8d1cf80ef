package hostile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"picket/mirror/service"
	"picket/mirror/site"
	"picket/tools/lab"
	"picket/tools/lab/line"
	"picket/tools/rig/story"
)

// status asks a site's program.
func status(t *testing.T, s *story.Stage, name string) service.Status {
	t.Helper()
	st, err := service.AskStatus(filepath.Join(s.Dir, name, site.StateDir, site.StatusFile))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// bad counts the frames of raleigh's link that its two ends did not take.
func bad(t *testing.T, s *story.Stage) (gateway, hq uint64) {
	t.Helper()
	for _, p := range status(t, s, "fairfax").Peers {
		if p.Name == "mirror.raleigh.tridsys.com" {
			hq = p.Bad
		}
	}
	return status(t, s, "raleigh").Peers[0].Bad, hq
}

// inject puts bytes on raleigh's line, in both directions.
func inject(t *testing.T, s *story.Stage, up, down []byte) {
	t.Helper()
	for _, way := range []struct {
		fromHQ bool
		b      []byte
	}{{false, up}, {true, down}} {
		file := filepath.Join(s.Dir, fmt.Sprintf("inject-%t", way.fromHQ))
		if err := os.WriteFile(file, way.b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := lab.Inject(s.Dir, "raleigh", way.fromHQ, file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoise puts a megabyte of random bytes on the line, each way, while people
// talk.
func TestNoise(t *testing.T) {
	const pieces, piece = 64, 16 << 10
	s, scott, kevin, wayne, keith := open(t, 1)
	random := rand.New(rand.NewPCG(1, 2))
	noise := func() []byte {
		b := make([]byte, piece)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	gateway0, hq0 := bad(t, s)
	for i := range pieces {
		inject(t, s, noise(), noise())
		if i%4 == 0 {
			wayne.Tell(fmt.Sprint("through the noise, up ", i))
			kevin.Tell(fmt.Sprint("through the noise, down ", i))
		}
		time.Sleep(piece * 10 * time.Second / rate * 3 / 2) // a third of the line is left to the talk
	}
	for i := 0; i < pieces; i += 4 {
		for _, p := range []*story.Person{scott, kevin, wayne, keith} {
			p.Hears(fmt.Sprint("through the noise, up ", i))
			p.Hears(fmt.Sprint("through the noise, down ", i))
		}
	}
	gateway, hq := bad(t, s)
	t.Logf("%d KiB of noise each way: the gateway counts %d bad frames, headquarters %d", pieces*piece>>10, gateway-gateway0, hq-hq0)
	// The port has dropped nearly all: of 4096 pieces between zero bytes one in
	// some 250 looks like a frame's COBS form.
	if gateway-gateway0 < 3 || hq-hq0 < 3 {
		t.Error("want some at each end")
	}
	calm(t, s, scott, kevin, wayne, keith)
}

// TestReplay plays the line's whole recording back, each way and to its own
// sender too, in the same session and after both programs have begun anew.
func TestReplay(t *testing.T) {
	s, scott, kevin, wayne, keith := open(t, 1)
	everybody := []*story.Person{scott, kevin, wayne, keith}
	for i := range 5 {
		for _, p := range everybody {
			p.Tell(fmt.Sprintf("message %d of %s", i, p.Nick))
		}
	}
	for i := range 5 {
		for _, p := range everybody {
			for _, from := range everybody {
				p.Hears(fmt.Sprintf("message %d of %s", i, from.Nick))
			}
		}
	}
	s.Quiet("raleigh")
	replay(t, s)
	wayne.Tell("between two replays")
	scott.Hears("between two replays")

	s.Do("kill", "fairfax")
	s.Do("start", "fairfax")
	scott, kevin = s.LogIn("fairfax", "scott"), s.LogIn("fairfax", "kevin")
	scott.Enter()
	kevin.Enter()
	replay(t, s)
	wayne.Sees("Scott", "")
	calm(t, s, scott, kevin, wayne, keith)
	said := 4*5 + 1 + 4
	if got := len(story.Bodies(s.LogIn("raleigh", "keith").Enter())); got != min(said, 20) {
		t.Errorf("a newcomer is told %d messages", got)
	}
}

// replay plays all that was recorded, and wants it counted and dropped.
func replay(t *testing.T, s *story.Stage) {
	t.Helper()
	f, err := os.Open(lab.Recording(s.Dir, "raleigh"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pieces, err := line.ReadRecording(f)
	if err != nil {
		t.Fatal(err)
	}
	var up, down []byte
	frames := 0
	for _, p := range pieces {
		if p.From == line.A {
			up = append(up, p.Bytes...)
		} else {
			down = append(down, p.Bytes...)
		}
		frames++
	}
	gateway0, hq0 := bad(t, s)
	inject(t, s, append(up, down...), append(down, up...)) // each end also hears its own frames
	s.Quiet("raleigh")
	gateway, hq := bad(t, s)
	t.Logf("%d recorded frames played to each end: the gateway counts %d bad frames, headquarters %d", frames, gateway-gateway0, hq-hq0)
	if least := uint64(frames * 9 / 10); gateway-gateway0 < least || hq-hq0 < least {
		t.Errorf("want %d bad frames at least, at each end", least)
	}
}
