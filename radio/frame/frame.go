// Package frame is the bytes of a frame: the clear header and the blocks that
// are sealed behind it (radio/WIRE.md, "Frames"). It holds no state, no key and
// no time; Parse and Append are inverse.
package frame

// From WIRE.md: changing one breaks peers.
const (
	LinkHandshake = 0  // the address of frames that open sessions
	LinkMin       = 1  // the lowest address of a link
	LinkMax       = 62 // the highest
	LinkAll       = 63 // reserved: a frame for all
)
