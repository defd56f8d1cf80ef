package text

// own counts what followed which context inside the message itself: a small
// table, empty at its start.
type own struct {
	slots [ownSlots]uint32 // check<<8 | zeros<<4 | ones
	hash  [ownInputs]uint32
	at    [ownInputs]uint32 // slot of the decision at hand
	tag   [ownInputs]uint32
	bytes uint64 // the classes before, latest lowest
}

const ownSlots = 1 << 12

func (o *own) reset() {
	clear(o.slots[:])
	o.bytes = 0
	o.rehash()
}

// rehash sets the contexts after a byte: orders 1, 2, 3, 4 and 6.
func (o *own) rehash() {
	for i := range o.hash {
		var keep uint64
		switch i {
		case 4:
			keep = 1<<48 - 1
		default:
			keep = 1<<(8*(i+1)) - 1
		}
		h := (o.bytes&keep + uint64(i) + 1) * 0x9e3779b97f4a7c15
		o.hash[i] = uint32(h >> 32)
	}
}

// seek finds the counts for a node.
func (o *own) seek(n uint16) {
	for i := range o.at {
		h := (o.hash[i] + uint32(n)*0x85ebca6b) * 0xc2b2ae35
		h ^= h >> 15
		o.at[i] = h & (ownSlots - 1)
		o.tag[i] = h >> 12 << 12 >> 4 // 20 bits, above the counts
	}
}

func (o *own) counts(i int) (zeros, ones uint32) {
	s := o.slots[o.at[i]]
	if s>>8 != o.tag[i]>>8 {
		return 0, 0
	}
	return s >> 4 & 15, s & 15
}

func (o *own) update(bit int) {
	for i := range o.at {
		zeros, ones := o.counts(i)
		if bit == 1 {
			ones, zeros = ones+1, zeros-zeros/3
		} else {
			zeros, ones = zeros+1, ones-ones/3
		}
		o.slots[o.at[i]] = o.tag[i]&^255 | min(zeros, ownLevels-1)<<4 | min(ones, ownLevels-1)
	}
}

func (o *own) push(class uint8) {
	o.bytes = o.bytes<<8 | uint64(class)
	o.rehash()
}
