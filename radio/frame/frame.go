// Package frame is the bytes of a frame: the clear header and the blocks that
// are sealed behind it (radio/WIRE.md, "Frames"). It holds no state, no key and
// no time; what Parse and Next take, the Append functions give again.
//
// This file is the specification's "Header", block.go its "Blocks".
package frame

import "fmt"

// From WIRE.md: changing one breaks peers.
const (
	LinkHandshake = 0  // the address of frames that open sessions
	LinkMin       = 1  // the lowest address of a link
	LinkMax       = 62 // the highest
	LinkAll       = 63 // reserved: a frame for all

	HeaderMax = 3 // bytes of the longest header

	bitFromHQ = 0x80
	bitLong   = 0x40
	maskLink  = 0x3f
)

// A Kind is what a frame is for.
type Kind uint8

// Kinds. All but Data open sessions and have the address LinkHandshake in
// their first byte, the link's in their second.
const (
	Data     Kind = iota // blocks of a session
	Message1             // the first message of a handshake
	Message2             // its answer
	Wake                 // the headquarters have no session: start one
)

func (k Kind) String() string {
	return [...]string{"data", "message 1", "message 2", "wake"}[k&3]
}

// A Header is the clear part of a frame.
type Header struct {
	FromHQ bool
	Kind   Kind
	Link   uint8  // 1..62
	Long   bool   // Data: two bytes of the packet number, not one
	Low    uint16 // Data: the low bits of the packet number
}

// A SyntaxError says where bytes stop making sense.
type SyntaxError struct {
	Offset int
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("frame: at byte %d: %s", e.Offset, e.Reason)
}

// AppendHeader appends h. A Low beyond what Long says is cut.
func AppendHeader(dst []byte, h Header) []byte {
	first := byte(0)
	if h.FromHQ {
		first = bitFromHQ
	}
	if h.Kind != Data {
		return append(dst, first|LinkHandshake, byte(h.Kind-1)<<6|h.Link&maskLink)
	}
	first |= h.Link & maskLink
	if h.Long {
		return append(dst, first|bitLong, byte(h.Low>>8), byte(h.Low))
	}
	return append(dst, first, byte(h.Low))
}

// Parse reads the header of a frame and gives what follows it: a *SyntaxError
// if it is none.
func Parse(b []byte) (h Header, body []byte, err error) {
	if len(b) < 2 {
		return h, nil, &SyntaxError{len(b), "header is cut off"}
	}
	h.FromHQ = b[0]&bitFromHQ != 0
	h.Link = b[0] & maskLink
	switch {
	case h.Link == LinkHandshake:
		if b[0]&bitLong != 0 {
			return h, nil, &SyntaxError{0, "a handshake has no packet number"}
		}
		h.Kind, h.Link = Kind(b[1]>>6)+1, b[1]&maskLink
		if h.Kind > Wake {
			return h, nil, &SyntaxError{1, "unknown kind of handshake"}
		}
		if h.Link < LinkMin || h.Link > LinkMax {
			return h, nil, &SyntaxError{1, fmt.Sprintf("handshake for link %d", h.Link)}
		}
		return h, b[2:], nil
	case h.Link == LinkAll:
		return h, nil, &SyntaxError{0, "frames for all are of a later version"}
	case b[0]&bitLong == 0:
		h.Low = uint16(b[1])
		return h, b[2:], nil
	case len(b) < HeaderMax:
		return h, nil, &SyntaxError{len(b), "header is cut off"}
	}
	h.Long, h.Low = true, uint16(b[1])<<8|uint16(b[2])
	return h, b[HeaderMax:], nil
}

// Number gives the packet number whose low bits h has: the one closest to next,
// which is one more than the highest received (RFC 9000, A.3).
func (h Header) Number(next uint64) uint64 {
	bits := 8
	if h.Long {
		bits = 16
	}
	span := uint64(1) << bits
	n := next&^(span-1) | uint64(h.Low)
	switch {
	case n+span/2 <= next:
		return n + span
	case n > next+span/2 && n >= span:
		return n - span
	}
	return n
}
