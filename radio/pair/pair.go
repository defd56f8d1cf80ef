// Package pair makes the keys of a link and the record that each end keeps of
// the other: key pairs, the shared secret, their text form with a checksum, and
// the words that two people compare.
//
// It stores nothing and sends nothing: the caller writes the text into the
// configuration. Secret keys never print; only MarshalText gives them.
package pair

import (
	"picket/radio/seal"
)

type (
	// A PrivateKey is one end's static X25519 key. Secret.
	PrivateKey [seal.KeyBytes]byte
	// A PublicKey is what the other end knows of it.
	PublicKey [seal.KeyBytes]byte
	// A PSK is shared by the two ends of one pairing. Secret.
	PSK [seal.KeyBytes]byte
)

// A Peer is what one end keeps of the other.
type Peer struct {
	Name     string   // its domain
	Domains  []string // the domains that it may speak for
	LinkID   uint8    // 1..62: both ends' address on a shared channel
	Public   PublicKey
	PSK      PSK
	TagBytes int // 4, 8 or 16
}

// Keys gives what a link needs, given the own private key.
func (p Peer) Keys(own PrivateKey) seal.Keys {
	return seal.Keys{Private: own, Peer: p.Public, PSK: p.PSK}
}
