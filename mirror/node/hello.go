package node

import (
	"encoding/binary"
	"errors"
	"hash/fnv"

	"picket/codec"
)

// A hello is what each end tells the other in the handshake: how much of the
// codec's lists it knows, and what else both must have in common to use it.
// On the link: seven numbers (unsigned LEB128): codec.Version, then the Known
// fields, then 4 bytes of the text model's ID and 2 of a hash of the two domains.
type hello struct {
	version uint64
	known   codec.Known
	text    uint32 // 0: no model
	domains uint16
}

func helloOf(text codec.TextModel, master, mirror string) hello {
	h := hello{version: codec.Version, known: codec.Ours}
	if text != nil {
		h.text = uint32(text.ID()) | 1
	}
	sum := fnv.New32a()
	sum.Write([]byte(master + "\x00" + mirror))
	h.domains = uint16(sum.Sum32())
	return h
}

func (h hello) append(dst []byte) []byte {
	for _, n := range []int{int(h.version), h.known.Names, h.known.Attrs, h.known.Values, h.known.Shapes, h.known.Parts} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	dst = binary.BigEndian.AppendUint32(dst, h.text)
	return binary.BigEndian.AppendUint16(dst, h.domains)
}

var errHello = errors.New("its hello makes no sense")

func parseHello(b []byte) (h hello, err error) {
	var n [6]uint64
	for i := range n {
		v, size := binary.Uvarint(b)
		if size <= 0 || v > 1<<20 {
			return h, errHello
		}
		n[i], b = v, b[size:]
	}
	if len(b) < 6 { // more is of a later version, and passed over
		return h, errHello
	}
	return hello{n[0], codec.Known{Names: int(n[1]), Attrs: int(n[2]), Values: int(n[3]), Shapes: int(n[4]), Parts: int(n[5])},
		binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:])}, nil
}
