package pair

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// Words gives what two people compare by voice to know that both ends hold the
// same pairing: 64 bits of a hash as four words that can be spoken (each 16
// bits: consonant, vowel, consonant, vowel, consonant). The order of the two
// keys does not matter.
func Words(a, b PublicKey, psk PSK) string {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	h := sha256.New()
	h.Write([]byte("picket pairing words"))
	for _, k := range [][]byte{a[:], b[:], psk[:]} {
		h.Write(k)
	}
	sum := h.Sum(nil)
	var words []string
	for i := 0; i < 8; i += 2 {
		words = append(words, word(binary.BigEndian.Uint16(sum[i:])))
	}
	return strings.Join(words, " ")
}

const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aiou"
)

func word(v uint16) string {
	return string([]byte{consonants[v>>12], vowels[v>>10&3], consonants[v>>6&15], vowels[v>>4&3], consonants[v&15]})
}
