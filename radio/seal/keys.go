// Package seal makes two paired stations trust what they hear from each other:
// a Noise handshake, the keys of a session, the sealing of its frames with
// short tags, and the window against replays (radio/WIRE.md, "Sealing").
//
// It keeps no time, sends nothing and stores nothing: keys of a session live
// in memory only, so that a power cut can never repeat a nonce. The way in is
// Start and Respond for the handshake; both end in a Session.
package seal

import "fmt"

// KeyBytes is the length of each key of a pairing.
const KeyBytes = 32

// Keys are one end's half of a pairing, made by radio/pair. They never print.
type Keys struct {
	Private [KeyBytes]byte // own static X25519 key
	Peer    [KeyBytes]byte // the peer's static X25519 public key
	PSK     [KeyBytes]byte // known to both ends and nobody else
}

// Format prints a placeholder whatever the verb: a key in a log is a lost key.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("keys(…)")) }
