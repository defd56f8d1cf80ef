package serial

// A frame on the line is its COBS form (Cheshire and Baker, "Consistent
// Overhead Byte Stuffing", 1999) and a zero byte, which stands nowhere else: a
// receiver that has lost its place finds it again at the next zero. With a CRC,
// that stands behind the frame, inside the COBS form.

// From WIRE.md.
const (
	delimiter = 0
	blockMax  = 254 // bytes of a frame that one COBS code byte can head
	crcBytes  = 2
)

// encodedMax is the most bytes that a frame of n bytes takes on the line.
func encodedMax(n int, crc bool) int {
	if crc {
		n += crcBytes
	}
	return n + (n+blockMax-1)/blockMax + 1
}

// appendFrame appends a frame's form on the line. The frame is not empty.
func appendFrame(dst, frame []byte, crc bool) []byte {
	var e encoder
	e.begin(dst)
	for _, b := range frame {
		e.put(b)
	}
	if crc {
		sum := crc16(frame)
		e.put(byte(sum))
		e.put(byte(sum >> 8))
	}
	return e.end()
}

// An encoder writes one COBS form. The code byte of the open block is filled in
// when the block ends.
type encoder struct {
	out  []byte
	code int // where the open block's code byte stands
}

func (e *encoder) begin(dst []byte) {
	e.code = len(dst)
	e.out = append(dst, 0)
}

func (e *encoder) put(b byte) {
	if len(e.out)-e.code > blockMax { // full: the next block follows without a zero between
		e.close()
	}
	if b == 0 {
		e.close()
		return
	}
	e.out = append(e.out, b)
}

func (e *encoder) close() {
	e.out[e.code] = byte(len(e.out) - e.code)
	e.code = len(e.out)
	e.out = append(e.out, 0)
}

func (e *encoder) end() []byte {
	e.out[e.code] = byte(len(e.out) - e.code)
	return append(e.out, delimiter)
}

// A deframer finds frames in a stream of bytes. It holds one frame of at most
// max bytes, whatever comes.
type deframer struct {
	max   int  // bytes of a frame, its CRC included
	crc   bool // frames end in one
	frame []byte

	begun bool // the frame's first code byte has come
	left  int  // bytes of the open block to come
	zero  bool // a zero stands behind the open block, if another one follows
	long  bool // beyond max: skip to the delimiter

	refused Refused
}

// push takes one byte. True: d.frame is a whole frame, until the next push.
func (d *deframer) push(b byte) bool {
	switch {
	case b == delimiter:
		return d.end()
	case d.long:
	case !d.begun:
		d.frame = d.frame[:0]
		d.begun = true
		d.open(b)
	case d.left == 0:
		if d.zero {
			d.store(0)
		}
		d.open(b)
	default:
		d.left--
		d.store(b)
	}
	return false
}

func (d *deframer) open(code byte) {
	d.left = int(code) - 1
	d.zero = code <= blockMax
}

func (d *deframer) store(b byte) {
	if len(d.frame) == d.max {
		d.long = true
		d.refused.Long++
		return
	}
	d.frame = append(d.frame, b)
}

// end judges what stands before a delimiter. Nothing between two is no frame,
// and no error: a sender may clear the line with one.
func (d *deframer) end() (whole bool) {
	begun, left, long := d.begun, d.left, d.long
	d.begun, d.left, d.long = false, 0, false
	switch {
	case !begun || long:
		return false
	case left > 0:
		d.refused.Cut++
		return false
	case d.crc:
		return d.checkCRC()
	}
	return len(d.frame) > 0
}

func (d *deframer) checkCRC() bool {
	n := len(d.frame) - crcBytes
	if n < 1 || crc16(d.frame[:n]) != uint16(d.frame[n])|uint16(d.frame[n+1])<<8 {
		d.refused.CRC++
		return false
	}
	d.frame = d.frame[:n]
	return true
}

// crc16 is CRC-16/X-25, which HDLC and AX.25 use: 0x1021 reflected, begins and
// ends with all ones.
func crc16(b []byte) uint16 {
	sum := uint16(0xffff)
	for _, x := range b {
		sum ^= uint16(x)
		for range 8 {
			sum = sum>>1 ^ sum&1*0x8408
		}
	}
	return ^sum
}
