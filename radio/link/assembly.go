package link

import (
	"bytes"
	"errors"
	"time"

	"picket/radio/frame"
)

// An inItem is an item on its way in.
type inItem struct {
	class Class
	id    uint64
	buf   []byte
	have  spans
	total int       // bytes; 0: not known yet
	born  time.Time // when the peer was given it, as far as it said

	complete bool
	handle   Handle   // once Received
	packets  []uint64 // settle when it is accepted
}

// assembly puts items together and gives them out in order.
type assembly struct {
	classes [Classes]struct {
		want  uint64 // number of the next item to give out
		items map[uint64]*inItem
	}
	handles map[Handle]*inItem
	bytes   int // of all buf
}

// Why a part is refused.
var (
	errAgainst = errors.New("a part contradicts what came before")
	errOver    = errors.New("more than a peer may make us hold")
)

// take puts a part in. It gives its item if the packet has to wait for that to
// be accepted, else nil. Born is when the item came to be if this begins it:
// an item is as old as any of its parts that came says.
func (a *assembly) take(p frame.Part, born time.Time) (*inItem, error) {
	class := &a.classes[p.Class]
	id := class.want + uint64(int64(int8(p.ID-uint8(class.want))))
	it := class.items[id]
	switch {
	case int64(id-class.want) < 0 && it == nil:
		return nil, nil // accepted long since
	case it != nil && it.complete:
		return it, nil
	case id-class.want >= itemSpan || len(a.handles) >= holdItemsMax:
		return nil, errOver
	case it == nil:
		it = &inItem{class: Class(p.Class), id: id}
	}
	if err := a.fill(it, p); err != nil {
		return nil, err
	}
	if class.items == nil {
		class.items = map[uint64]*inItem{}
	}
	class.items[id] = it
	if it.born.IsZero() || born.Before(it.born) {
		it.born = born
	}
	if it.total == 0 || !it.have.is(it.total) {
		return nil, nil
	}
	it.complete = true
	return it, nil
}

// fill copies the bytes of a part, which may have come before but not with
// another content.
func (a *assembly) fill(it *inItem, p frame.Part) error {
	end := p.Offset + len(p.Payload)
	switch {
	case it.total > 0 && (end > it.total || p.Total > 0 && p.Total != it.total), p.Total > 0 && len(it.buf) > p.Total:
		return errAgainst
	}
	if size := max(end, p.Total, len(it.buf)); size > len(it.buf) {
		if a.bytes+size-len(it.buf) > holdBytesMax {
			return errOver
		}
		a.bytes += size - len(it.buf)
		it.buf = append(it.buf, make([]byte, size-len(it.buf))...)
	}
	here := spans{{p.Offset, end}}
	for _, s := range here.without(here.without(it.have)) { // what is there already
		if !bytes.Equal(it.buf[s.lo:s.hi], p.Payload[s.lo-p.Offset:s.hi-p.Offset]) {
			return errAgainst
		}
	}
	copy(it.buf[p.Offset:], p.Payload)
	it.have = it.have.add(here[0])
	it.total = max(it.total, p.Total)
	return nil
}

// deliver gives the next complete item of a class in order, or nil.
func (a *assembly) deliver(class Class, handle Handle) (*inItem, []byte) {
	c := &a.classes[class]
	it := c.items[c.want]
	if it == nil || !it.complete {
		return nil, nil
	}
	payload := it.buf
	a.bytes -= len(it.buf)
	it.buf, it.have, it.handle = nil, nil, handle
	if a.handles == nil {
		a.handles = map[Handle]*inItem{}
	}
	a.handles[handle] = it
	c.want++
	return it, payload
}

// age is how old an item that is given out now is: 0 if it counts as new.
func (it *inItem) age(now time.Time) time.Duration {
	d := now.Sub(it.born).Truncate(time.Second)
	if d < ageMin*time.Second {
		return 0
	}
	return d
}

// accept forgets an item that was given out, and gives the packets to settle.
func (a *assembly) accept(h Handle) []uint64 {
	it := a.handles[h]
	if it == nil {
		return nil
	}
	delete(a.handles, h)
	delete(a.classes[it.class].items, it.id)
	return it.packets
}
