package frame

import (
	"encoding/binary"
	"fmt"
)

// From WIRE.md: changing one breaks peers.
const (
	ItemMax   = 64 << 10  // bytes of one item
	BitmapMax = 15        // bytes of a bitmap of an acknowledgement
	AgeMax    = 1<<21 - 1 // seconds, 24 days
	ClassMax  = 7

	codePad   = 0x00
	codeOver  = 0x01
	codePing  = 0x02
	codeFloor = 0x03
	codeAge   = 0x04
	codeAck   = 0x40 // 01wh nnnn
	codeData  = 0x80 // 1ffl 0ccc

	bitAckWide = 0x20 // the number has two bytes
	bitAckHeld = 0x10 // a second bitmap follows
	maskAckLen = 0x0f
	bitLength  = 0x10 // the payload's length is given; else it goes to the end
	bitSpare   = 0x08
	maskClass  = 0x07
)

// A Block is one of the structs below.
type Block interface{ block() }

type (
	// Pad is nothing: a medium may ask for longer frames.
	Pad struct{}
	// Over gives the turn to the other side of a half-duplex channel.
	Over struct{}
	// Ping asks for an acknowledgement.
	Ping struct{}
	// Floor says that no packet older than Distance before this one will come
	// any more: what they carried is sent again under new numbers.
	Floor struct{ Distance uint64 }
	// Age says how long ago the items that begin behind it, up to the next Age,
	// were given to the sender's link. Before the first it is 0.
	Age struct{ Seconds int }
	// Ack tells what came in of the other direction.
	Ack struct {
		Wide bool
		Low  uint16 // low 8 or 16 bits of the lowest number not accepted
		Done []byte // bit i%8 of byte i/8: number Low+i is accepted too
		Held []byte // and so: it came, but is not accepted yet. Empty: none
	}
	// Part carries an item or some of it.
	Part struct {
		Class   uint8
		ID      uint8  // low 8 bits of the item's number in its class
		Offset  int    // of Payload in the item
		Total   int    // bytes of the item; 0: not told, Offset is above 0
		ToEnd   bool   // no length: the payload runs to the frame's end
		Payload []byte // of a parsed block: within the frame's bytes
	}
)

func (Pad) block()   {}
func (Over) block()  {}
func (Ping) block()  {}
func (Floor) block() {}
func (Age) block()   {}
func (Ack) block()   {}
func (Part) block()  {}

// Forms of a Part.
const (
	formWhole = iota << 5
	formFirst
	formNext
	formNone
)

// Whole tells whether the part is all of its item.
func (p Part) Whole() bool { return p.Offset == 0 && p.Total == len(p.Payload) }

// Cost is how many bytes an Age takes.
func (a Age) Cost() int { return 1 + uvarintLen(a.Seconds) }

// Cost is how many bytes a Part takes besides its payload.
func (p Part) Cost() int {
	n := 2
	switch {
	case p.Offset > 0:
		n += uvarintLen(p.Offset)
	case !p.Whole():
		n += uvarintLen(p.Total)
	}
	if !p.ToEnd {
		n += uvarintLen(len(p.Payload))
	}
	return n
}

func uvarintLen(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	}
	return 3
}

// AppendBlock appends b. A Part that is ToEnd must be the last of its frame.
func AppendBlock(dst []byte, b Block) []byte {
	switch b := b.(type) {
	case Pad:
		return append(dst, codePad)
	case Over:
		return append(dst, codeOver)
	case Ping:
		return append(dst, codePing)
	case Floor:
		return binary.AppendUvarint(append(dst, codeFloor), b.Distance)
	case Age:
		return binary.AppendUvarint(append(dst, codeAge), uint64(b.Seconds))
	case Ack:
		return appendAck(dst, b)
	case Part:
		return appendPart(dst, b)
	}
	panic(fmt.Sprintf("BUG: block %T", b))
}

func appendAck(dst []byte, a Ack) []byte {
	code := codeAck | byte(len(a.Done))
	if a.Wide {
		code |= bitAckWide
	}
	if len(a.Held) > 0 {
		code |= bitAckHeld
	}
	dst = append(dst, code)
	if a.Wide {
		dst = append(dst, byte(a.Low>>8))
	}
	dst = append(append(dst, byte(a.Low)), a.Done...)
	if len(a.Held) > 0 {
		dst = append(append(dst, byte(len(a.Held))), a.Held...)
	}
	return dst
}

func appendPart(dst []byte, p Part) []byte {
	form := formNext
	switch {
	case p.Whole():
		form = formWhole
	case p.Offset == 0:
		form = formFirst
	}
	code := codeData | byte(form) | p.Class&maskClass
	if !p.ToEnd {
		code |= bitLength
	}
	dst = append(dst, code, p.ID)
	switch form {
	case formFirst:
		dst = binary.AppendUvarint(dst, uint64(p.Total))
	case formNext:
		dst = binary.AppendUvarint(dst, uint64(p.Offset))
	}
	if !p.ToEnd {
		dst = binary.AppendUvarint(dst, uint64(len(p.Payload)))
	}
	return append(dst, p.Payload...)
}

// Next reads the block at b[at:] and gives where the next begins. A block has
// one form only; another is a *SyntaxError.
func Next(b []byte, at int) (Block, int, error) {
	switch code := b[at]; {
	case code == codePad:
		return Pad{}, at + 1, nil
	case code == codeOver:
		return Over{}, at + 1, nil
	case code == codePing:
		return Ping{}, at + 1, nil
	case code == codeFloor:
		d, end, err := uvarint(b, at+1, 1<<16)
		return Floor{uint64(d)}, end, err
	case code == codeAge:
		s, end, err := uvarint(b, at+1, AgeMax)
		return Age{s}, end, err
	case code >= codeData:
		return nextPart(b, at)
	case code >= codeAck:
		return nextAck(b, at)
	}
	return nil, at, &SyntaxError{at, fmt.Sprintf("unknown block %#02x", b[at])}
}

func nextAck(b []byte, at int) (Block, int, error) {
	code, a := b[at], Ack{Wide: b[at]&bitAckWide != 0}
	end := at + 1
	need := 1 + int(code&maskAckLen)
	if a.Wide {
		need++
	}
	if len(b)-end < need {
		return nil, at, &SyntaxError{at, "acknowledgement is cut off"}
	}
	if a.Wide {
		a.Low = uint16(b[end]) << 8
		end++
	}
	a.Low |= uint16(b[end])
	end++
	var err error
	if a.Done, end, err = bitmap(b, end, int(code&maskAckLen)); err != nil || code&bitAckHeld == 0 {
		return a, end, err
	}
	if end == len(b) || b[end] == 0 || b[end] > BitmapMax || len(b)-end-1 < int(b[end]) {
		return nil, at, &SyntaxError{end, "second bitmap is cut off, empty or too long"}
	}
	a.Held, end, err = bitmap(b, end+1, int(b[end]))
	return a, end, err
}

// bitmap takes n bytes, whose last is not 0: trailing zeros are cut.
func bitmap(b []byte, at, n int) ([]byte, int, error) {
	if n == 0 {
		return nil, at, nil
	}
	if b[at+n-1] == 0 {
		return nil, at, &SyntaxError{at + n - 1, "bitmap ends in a zero"}
	}
	return b[at : at+n], at + n, nil
}

func nextPart(b []byte, at int) (Block, int, error) {
	code := b[at]
	form := int(code & formNone)
	if form == formNone || code&bitSpare != 0 {
		return nil, at, &SyntaxError{at, fmt.Sprintf("unknown block %#02x", code)}
	}
	if len(b)-at < 2 {
		return nil, at, &SyntaxError{at, "part is cut off"}
	}
	p := Part{Class: code & maskClass, ID: b[at+1], ToEnd: code&bitLength == 0}
	end := at + 2
	var err error
	switch form {
	case formFirst:
		p.Total, end, err = uvarint(b, end, ItemMax)
	case formNext:
		p.Offset, end, err = uvarint(b, end, ItemMax-1)
	}
	if err != nil {
		return nil, at, err
	}
	length := len(b) - end
	if !p.ToEnd {
		if length, end, err = uvarint(b, end, ItemMax); err != nil {
			return nil, at, err
		}
	}
	if form == formWhole {
		p.Total = length
	}
	switch {
	case length == 0 || length > len(b)-end:
		return nil, at, &SyntaxError{end, "part is cut off"}
	case form == formFirst && p.Total <= length, form == formNext && p.Offset == 0, p.Offset+length > ItemMax:
		return nil, at, &SyntaxError{at, "part does not fit its item"}
	}
	p.Payload = b[end : end+length]
	return p, end + length, nil
}

// uvarint reads a number of at most max in its shortest form.
func uvarint(b []byte, at, max int) (int, int, error) {
	n, size := binary.Uvarint(b[at:])
	if size <= 0 {
		return 0, at, &SyntaxError{at, "number is cut off"}
	}
	if n > uint64(max) || size > 1 && b[at+size-1] == 0 {
		return 0, at, &SyntaxError{at, "number is too large or not in its shortest form"}
	}
	return int(n), at + size, nil
}
