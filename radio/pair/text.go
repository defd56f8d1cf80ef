package pair

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"picket/radio/seal"
)

// A key as text is its kind, and 56 letters and digits that no two of look
// alike: 32 bytes of key and 3 of checksum over both, in base32 (RFC 4648, small
// letters).
const (
	privatePrefix = "picket-private-"
	publicPrefix  = "picket-public-"
	sharedPrefix  = "picket-shared-"
	checkBytes    = 3
)

var base = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func encode(prefix string, k [seal.KeyBytes]byte) string {
	return prefix + base.EncodeToString(append(k[:], check(prefix, k[:])...))
}

func check(prefix string, key []byte) []byte {
	sum := sha256.Sum256(append([]byte(prefix), key...))
	return sum[:checkBytes]
}

// A TextError says what is wrong with a key's text. It never holds the text.
type TextError struct{ Reason string }

func (e *TextError) Error() string { return "pair: " + e.Reason }

func decode(prefix string, text []byte) (k [seal.KeyBytes]byte, err error) {
	kind := strings.TrimSuffix(strings.TrimPrefix(prefix, "picket-"), "-")
	s, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(string(text))), prefix)
	if !ok {
		return k, &TextError{fmt.Sprintf("this is no %s key: it would begin with %q", kind, prefix)}
	}
	raw, err := base.DecodeString(s)
	switch {
	case err != nil:
		return k, &TextError{fmt.Sprintf("a %s key holds a character that none has", kind)}
	case len(raw) != seal.KeyBytes+checkBytes:
		return k, &TextError{fmt.Sprintf("a %s key is too short or too long: it has 56 letters and digits", kind)}
	case !bytes.Equal(raw[seal.KeyBytes:], check(prefix, raw[:seal.KeyBytes])):
		return k, &TextError{fmt.Sprintf("a %s key has a typing error: its checksum does not fit", kind)}
	}
	copy(k[:], raw)
	if k == ([seal.KeyBytes]byte{}) {
		return k, &TextError{fmt.Sprintf("a %s key is all zero", kind)}
	}
	return k, nil
}

// MarshalText gives the secret.
func (k PrivateKey) MarshalText() ([]byte, error) {
	return []byte(encode(privatePrefix, [seal.KeyBytes]byte(k))), nil
}

// MarshalText gives the text form.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// MarshalText gives the secret.
func (k PSK) MarshalText() ([]byte, error) {
	return []byte(encode(sharedPrefix, [seal.KeyBytes]byte(k))), nil
}

// UnmarshalText reads the text form; a *TextError says what is wrong.
func (k *PrivateKey) UnmarshalText(b []byte) error {
	return read((*[seal.KeyBytes]byte)(k), privatePrefix, b)
}

// UnmarshalText reads the text form; a *TextError says what is wrong.
func (k *PublicKey) UnmarshalText(b []byte) error {
	return read((*[seal.KeyBytes]byte)(k), publicPrefix, b)
}

// UnmarshalText reads the text form; a *TextError says what is wrong.
func (k *PSK) UnmarshalText(b []byte) error { return read((*[seal.KeyBytes]byte)(k), sharedPrefix, b) }

func read(to *[seal.KeyBytes]byte, prefix string, b []byte) error {
	k, err := decode(prefix, b)
	if err == nil {
		*to = k
	}
	return err
}
