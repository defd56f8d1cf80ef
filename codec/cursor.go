package codec

import (
	"encoding/binary"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Major types of CBOR (RFC 8949 §3.1).
const (
	majorUint = iota
	majorNeg
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// strict refuses, before anything is allocated, what no message of ours holds:
// indefinite lengths, maps of any size, floats that are no numbers, nesting
// and arrays beyond the limits.
var strict = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  64,
		MaxArrayElements: 4096,
		MaxMapPairs:      16,
		IntDec:           cbor.IntDecConvertSignedOrFail,
		BignumTag:        cbor.BignumTagForbidden,
		NaN:              cbor.NaNDecodeForbidden,
		Inf:              cbor.InfDecodeForbidden,
	}.DecMode()
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return m
}()

// wellFormed checks a whole CBOR sequence (RFC 8742) before a cursor reads it.
func wellFormed(b []byte) error {
	if len(b) == 0 {
		return &CorruptError{0, "an empty message"}
	}
	var item cbor.RawMessage
	for rest := b; len(rest) > 0; {
		next, err := strict.UnmarshalFirst(rest, &item)
		if err != nil {
			return &CorruptError{len(b) - len(rest), err.Error()}
		}
		rest = next
	}
	return nil
}

// appendHead appends the head of an item in its shortest form (RFC 8949 §4.2.1).
func appendHead(dst []byte, major int, n uint64) []byte {
	m := byte(major) << 5
	switch {
	case n < 24:
		return append(dst, m|byte(n))
	case n < 1<<8:
		return append(dst, m|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, m|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, m|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, m|27), n)
}

// headBytes is the length of a head.
func headBytes(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}

// A cursor walks a sequence that wellFormed has passed. The first error stays,
// and all reads after it give zero values.
type cursor struct {
	b   []byte
	at  int
	err error
}

func (c *cursor) fail(format string, args ...any) {
	c.failWith(&CorruptError{c.at, fmt.Sprintf(format, args...)})
}

func (c *cursor) failWith(err error) {
	if c.err == nil {
		c.err = err
	}
}

// end reports whether nothing more can be read.
func (c *cursor) end() bool { return c.err != nil || c.at >= len(c.b) }

// peek gives the major type of the next item, -1 at the end.
func (c *cursor) peek() int {
	if c.end() {
		return -1
	}
	return int(c.b[c.at] >> 5)
}

// head reads the head of the next item. Second spellings of a number are
// refused, so that one message has one form.
func (c *cursor) head() (major int, n uint64) {
	if c.end() {
		c.fail("the message is too short")
		return -1, 0
	}
	first := c.b[c.at]
	major, n = int(first>>5), uint64(first&31)
	size := 0
	if n >= 24 {
		size = 1 << (n - 24)
		if n > 27 || c.at+1+size > len(c.b) {
			c.fail("a head that is no number")
			return -1, 0
		}
		n = 0
		for _, x := range c.b[c.at+1 : c.at+1+size] {
			n = n<<8 | uint64(x)
		}
	}
	if major != majorSimple && headBytes(n) != 1+size {
		c.fail("%d is not in its shortest form", n)
		return -1, 0
	}
	c.at += 1 + size
	return major, n
}

// expect reads a head of one major type.
func (c *cursor) expect(major int, what string) uint64 {
	start := c.at
	got, n := c.head()
	if c.err == nil && got != major {
		c.at = start
		c.fail("%s expected", what)
		return 0
	}
	return n
}

// small reads an unsigned number below max.
func (c *cursor) small(max int, what string) int {
	start := c.at
	n := c.expect(majorUint, what)
	if c.err == nil && n >= uint64(max) {
		c.at = start
		c.fail("%s %d beyond %d", what, n, max-1)
		return 0
	}
	return int(n)
}

// content reads the n bytes of a string whose head was read.
func (c *cursor) content(n uint64) []byte {
	if c.err != nil || n > uint64(len(c.b)-c.at) {
		c.fail("a string is cut off")
		return nil
	}
	s := c.b[c.at : c.at+int(n)]
	c.at += int(n)
	return s
}
