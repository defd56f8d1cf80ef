package seal

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/flynn/noise"
)

// From WIRE.md: changing one breaks peers.
const (
	MessageOverhead = 48 // bytes of a handshake message besides its payload
	WakeBytes       = 12 // of the body of a wake frame

	prologue     = "picket link 1" // and the link's address
	infoWake     = "picket wake 1"
	wakeTagBytes = 8
)

// Errors of the handshake.
var (
	ErrBadMessage = errors.New("seal: not a message of this peer")
)

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2s)

// handshake prepares Noise_KKpsk0_25519_ChaChaPoly_BLAKE2s with the given
// ephemeral key.
func (k Keys) handshake(initiator bool, link uint8, ephemeral []byte) (*noise.HandshakeState, error) {
	public, err := Public(k.Private)
	if err != nil {
		return nil, err
	}
	return noise.NewHandshakeState(noise.Config{
		CipherSuite:   suite,
		Random:        bytes.NewReader(ephemeral),
		Pattern:       noise.HandshakeKK,
		Initiator:     initiator,
		Prologue:      append([]byte(prologue), link),
		PresharedKey:  k.PSK[:],
		StaticKeypair: noise.DHKey{Private: k.Private[:], Public: public[:]},
		PeerStatic:    k.Peer[:],
	})
}

// Public gives the public key of a private one.
func Public(private [KeyBytes]byte) (public [KeyBytes]byte, err error) {
	key, err := ecdh.X25519().NewPrivateKey(private[:])
	if err != nil {
		return public, fmt.Errorf("seal: private key: %w", err)
	}
	copy(public[:], key.PublicKey().Bytes())
	return public, nil
}

// An Opening is a handshake that waits for its answer. Message is what to send,
// as often as it takes.
type Opening struct {
	Message []byte

	keys      Keys
	link      uint8
	ephemeral []byte
	payload   []byte
}

// Start makes a message 1 for a link, with a payload that only the peer can
// read. It reads 32 bytes of rand.
func (k Keys) Start(link uint8, rand io.Reader, payload []byte) (*Opening, error) {
	o := &Opening{keys: k, link: link, ephemeral: make([]byte, KeyBytes), payload: bytes.Clone(payload)}
	if _, err := io.ReadFull(rand, o.ephemeral); err != nil {
		return nil, fmt.Errorf("seal: no random bytes: %w", err)
	}
	_, message, err := o.replay()
	o.Message = message
	return o, err
}

// replay brings a handshake to where it waits. It is done anew for each answer:
// one with a point of low order would leave the state of noise v1.1.0 spoilt
// (TestSpoiltAnswer).
func (o *Opening) replay() (*noise.HandshakeState, []byte, error) {
	hs, err := o.keys.handshake(true, o.link, o.ephemeral)
	if err != nil {
		return nil, nil, err
	}
	message, _, _, err := hs.WriteMessage(nil, o.payload)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: message 1: %w", err)
	}
	return hs, message, nil
}

// Finish takes an answer: its payload and the session. ErrBadMessage leaves the
// Opening as it was.
func (o *Opening) Finish(answer []byte, tagBytes int) ([]byte, *Session, error) {
	hs, _, err := o.replay()
	if err != nil {
		return nil, nil, err
	}
	payload, up, down, err := hs.ReadMessage(nil, answer)
	if err != nil {
		return nil, nil, ErrBadMessage
	}
	s, err := newSession(up.UnsafeKey(), down.UnsafeKey(), tagBytes)
	return payload, s, err
}

// A Challenge is a message 1 that was read and waits for our answer.
type Challenge struct {
	Payload []byte
	state   *noise.HandshakeState
}

// Read opens a message 1: ErrBadMessage if it is not the peer's. It reads 32
// bytes of rand for the answer.
func (k Keys) Read(link uint8, rand io.Reader, message []byte) (*Challenge, error) {
	ephemeral := make([]byte, KeyBytes)
	if _, err := io.ReadFull(rand, ephemeral); err != nil {
		return nil, fmt.Errorf("seal: no random bytes: %w", err)
	}
	hs, err := k.handshake(false, link, ephemeral)
	if err != nil {
		return nil, err
	}
	payload, _, _, err := hs.ReadMessage(nil, message)
	if err != nil {
		return nil, ErrBadMessage
	}
	return &Challenge{payload, hs}, nil
}

// Answer makes the message 2 and the session.
func (c *Challenge) Answer(payload []byte, tagBytes int) ([]byte, *Session, error) {
	message, up, down, err := c.state.WriteMessage(nil, payload)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: message 2: %w", err)
	}
	s, err := newSession(down.UnsafeKey(), up.UnsafeKey(), tagBytes)
	return message, s, err
}

// AppendWake appends the body of a wake frame: the counter of the newest
// message 1 that the responder took, and a tag over header and counter.
func (k Keys) AppendWake(dst, header []byte, counter uint32) []byte {
	body := binary.BigEndian.AppendUint32(nil, counter)
	return append(append(dst, body...), k.wakeTag(k.Peer, k.ownPublic(), header, body)...)
}

// ReadWake gives the counter of a wake frame: ErrBadMessage if it is not the
// peer's.
func (k Keys) ReadWake(header, body []byte) (uint32, error) {
	if len(body) != WakeBytes || !hmac.Equal(body[4:], k.wakeTag(k.ownPublic(), k.Peer, header, body[:4])) {
		return 0, ErrBadMessage
	}
	return binary.BigEndian.Uint32(body), nil
}

func (k Keys) wakeTag(initiator, responder [KeyBytes]byte, parts ...[]byte) []byte {
	key, err := hkdf.Key(sha256.New, k.PSK[:], append(initiator[:], responder[:]...), infoWake, sha256.Size)
	if err != nil {
		panic("BUG: hkdf: " + err.Error())
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)[:wakeTagBytes]
}

func (k Keys) ownPublic() [KeyBytes]byte {
	public, err := Public(k.Private)
	if err != nil {
		panic("BUG: " + err.Error()) // any 32 bytes are a private key
	}
	return public
}
