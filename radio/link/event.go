package link

import "time"

// An Event is one of the structs below.
type Event interface{ event() }

type (
	// Up: a session is open. PeerHello is the peer's Config.Hello.
	Up struct{ PeerHello []byte }
	// Down: the session is over, or could not be opened; Reason is for a person.
	// The Dropped of all that was not Acked follow.
	Down struct{ Reason string }
	// Received: an item of the peer, in order within its class and exactly once
	// in a session. Accept the Handle when it is on disk. Payload is the
	// caller's to keep. Age is how long ago the peer was given it, in whole
	// seconds: the time that it waited and travelled at both ends. Below 5 s it
	// is 0.
	Received struct {
		Handle  Handle
		Class   Class
		Payload []byte
		Age     time.Duration
	}
	// Acked: the peer has accepted the item, it is on its disk.
	Acked struct{ Token Token }
	// Dropped: replaced before anything of it was sent, or the session ended.
	Dropped struct{ Token Token }
	// Persist: the counter must be on disk, then Persisted be called; a handshake
	// waits for it.
	Persist struct{ Counter uint32 }
)

func (Up) event()       {}
func (Down) event()     {}
func (Received) event() {}
func (Acked) event()    {}
func (Dropped) event()  {}
func (Persist) event()  {}
