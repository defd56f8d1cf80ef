package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/pion/dtls/v3/pkg/crypto/ccm"
)

// From WIRE.md: changing one breaks peers.
const (
	EpochBits = 16 // a key seals 2^16 packets

	nonceBytes = 13
	aesBytes   = 16
	infoKey    = "picket frame key 1"
	infoNext   = "picket next epoch 1"
)

// A Session is the two directions that a handshake opened.
type Session struct {
	Out Sealer
	In  Opener
}

func newSession(out, in [KeyBytes]byte, tagBytes int) (*Session, error) {
	if tagBytes != 4 && tagBytes != 8 && tagBytes != 16 {
		return nil, fmt.Errorf("seal: a tag of %d bytes is not 4, 8 or 16", tagBytes)
	}
	return &Session{
		Out: Sealer{newEpoch(out, 0, tagBytes)},
		In:  Opener{now: newEpoch(in, 0, tagBytes)},
	}, nil
}

// An epoch is the key of 2^EpochBits packets and the chain that the next grows
// from. The chain only turns forward: a key taken from memory opens nothing of
// an earlier epoch.
type epoch struct {
	number   uint64
	chain    [KeyBytes]byte
	aead     cipher.AEAD
	tagBytes int
}

func newEpoch(chain [KeyBytes]byte, number uint64, tagBytes int) *epoch {
	block, err := aes.NewCipher(expand(chain, infoKey, aesBytes))
	if err != nil {
		panic("BUG: aes: " + err.Error())
	}
	aead, err := ccm.NewCCM(block, tagBytes, nonceBytes)
	if err != nil {
		panic("BUG: ccm: " + err.Error())
	}
	return &epoch{number, chain, aead, tagBytes}
}

func (e *epoch) next() *epoch {
	return newEpoch([KeyBytes]byte(expand(e.chain, infoNext, KeyBytes)), e.number+1, e.tagBytes)
}

func expand(chain [KeyBytes]byte, info string, n int) []byte {
	b, err := hkdf.Expand(sha256.New, chain[:], info, n)
	if err != nil {
		panic("BUG: hkdf: " + err.Error())
	}
	return b
}

// nonce is the packet number: sealed under one key, no number comes twice.
func nonce(number uint64) []byte {
	b := make([]byte, nonceBytes)
	binary.BigEndian.PutUint64(b[nonceBytes-8:], number)
	return b
}

// A Sealer seals one direction.
type Sealer struct{ now *epoch }

// Overhead is the length of a tag.
func (s *Sealer) Overhead() int { return s.now.tagBytes }

// Seal appends the sealed plain to dst, with header as the clear part that the
// tag covers too. Numbers must rise from call to call: another is a bug, it
// would give a nonce twice.
func (s *Sealer) Seal(dst []byte, number uint64, header, plain []byte) []byte {
	for s.now.number < number>>EpochBits {
		s.now = s.now.next()
	}
	if s.now.number != number>>EpochBits {
		panic(fmt.Sprintf("BUG: packet %d after epoch %d", number, s.now.number))
	}
	return s.now.aead.Seal(dst, nonce(number), plain, header)
}

// An Opener opens one direction. It keeps the key of the epoch before for
// packets that come late, and takes the next with the first packet that it
// opens.
type Opener struct{ now, before *epoch }

// Open gives what was sealed, or false: noise, a forgery or another session's.
// Replays it does not see; that is Window's.
func (o *Opener) Open(number uint64, header, sealed []byte) ([]byte, bool) {
	e := o.now
	switch number >> EpochBits {
	case o.now.number:
	case o.now.number + 1:
		e = o.now.next()
	case o.now.number - 1:
		if e = o.before; e == nil {
			return nil, false
		}
	default:
		return nil, false
	}
	plain, err := e.aead.Open(nil, nonce(number), sealed, header)
	if err != nil {
		return nil, false
	}
	if e.number > o.now.number {
		o.before, o.now = o.now, e
	}
	if o.before != nil && e == o.now && number&(1<<EpochBits-1) >= WindowBits {
		o.before = nil // what is older is out of the window
	}
	return plain, true
}
