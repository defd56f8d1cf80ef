package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"picket/mirror"
	"picket/radio"
)

// The light follows the port, the peer and the disk; the switch holds frames
// back until it is opened.
func TestPanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inhibited, plugged atomic.Bool
		var frames atomic.Int32
		var light atomic.Uint32
		port := newFakeBearer(time.Millisecond)
		cfg := &Panel{Show: func(l Light) { light.Store(uint32(l)) }, Frame: func() { frames.Add(1) }, Inhibited: inhibited.Load}
		r := startWith(t, cfg, Bearer{Peer: "hq", Name: "fake", Open: func(context.Context) (radio.Bearer, error) {
			if !plugged.Load() {
				return nil, errors.New("no such device")
			}
			return port, nil
		}})
		defer r.stop()
		var seen []Light
		look := func() {
			time.Sleep(300 * time.Millisecond)
			seen = append(seen, Light(light.Load()))
		}
		look() // no port
		plugged.Store(true)
		time.Sleep(time.Minute)
		look() // nobody there
		port.in <- "hello"
		look() // somebody
		r.node.mu.Lock()
		r.node.notices = []mirror.Notice{{Kind: mirror.LinkUp, Peer: "hq"}}
		r.node.mu.Unlock()
		port.in <- "up"
		look()
		r.disk.fail(true)
		r.Stanza("", message("1"))
		look()
		r.disk.fail(false)
		time.Sleep(time.Minute)
		look()
		same(t, "lights", fmt.Sprint(seen), fmt.Sprint([]Light{Fault, LinkDown, Handshaking, LinkUp, Fault, LinkUp}))

		inhibited.Store(true)
		r.node.mu.Lock()
		r.node.frames = []string{"held back"}
		r.node.mu.Unlock()
		time.Sleep(time.Minute)
		same(t, "sent while inhibited", port.frames(), []string(nil))
		inhibited.Store(false)
		time.Sleep(300 * time.Millisecond)
		same(t, "sent after it", port.frames(), []string{"held back"})
		if n := frames.Load(); n != 3 || !slices.Contains(r.node.lines(), "frame up") {
			t.Errorf("%d frames were shown, want 3", n)
		}
	})
}
