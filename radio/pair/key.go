package pair

import (
	"crypto/ecdh"
	"fmt"
	"io"

	"picket/radio/seal"
)

// NewPrivateKey makes a key from 32 bytes of rand. (ecdh's own GenerateKey
// ignores its reader since Go 1.26.)
func NewPrivateKey(rand io.Reader) (PrivateKey, error) {
	var k PrivateKey
	_, err := io.ReadFull(rand, k[:])
	return k, err
}

// NewPSK makes a shared secret from 32 bytes of rand.
func NewPSK(rand io.Reader) (PSK, error) {
	var k PSK
	_, err := io.ReadFull(rand, k[:])
	return k, err
}

// Public gives what the other end is told of the key.
func (k PrivateKey) Public() PublicKey {
	priv, err := ecdh.X25519().NewPrivateKey(k[:])
	if err != nil {
		panic("BUG: " + err.Error()) // any 32 bytes are a key (RFC 7748 §5)
	}
	var p PublicKey
	copy(p[:], priv.PublicKey().Bytes())
	return p
}

// Format prints a placeholder whatever the verb: %x and %d do not ask String.
func (PrivateKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key(private)")) }

// Format prints a placeholder whatever the verb.
func (PSK) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key(shared)")) }

// String is the text form: a public key is no secret.
func (k PublicKey) String() string { return encode(publicPrefix, [seal.KeyBytes]byte(k)) }
