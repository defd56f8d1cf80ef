package link

import (
	"slices"
	"time"

	"picket/radio/frame"
)

// An outItem is an item on its way out.
type outItem struct {
	token   Token
	class   Class
	key     string
	payload []byte
	since   time.Time // it came to be

	id    uint64 // its number in its class, given when the first of it is sent
	next  int    // bytes before it were sent at least once
	again spans  // sent, taken for lost
	acked spans
	gone  bool // all acked
}

// A queue holds the items of one session, by class.
type queue struct {
	waiting [Classes][]*outItem // nothing of them was sent
	begun   [Classes][]*outItem // in the order of their ids
	nextID  [Classes]uint64

	items, bytes           int // all
	begunItems, begunBytes int // what the peer may have to hold
}

// add puts an item at the end of its class. It gives the item that it replaces,
// or nil: the new one goes to the end all the same, for what was queued between
// the two may be meant to come before it.
func (q *queue) add(it *outItem) (replaced *outItem) {
	w := q.waiting[it.class]
	if it.key != "" {
		if i := slices.IndexFunc(w, func(o *outItem) bool { return o.key == it.key }); i >= 0 {
			replaced = w[i]
			q.items--
			q.bytes -= len(replaced.payload)
			w = slices.Delete(w, i, i+1)
		}
	}
	q.waiting[it.class] = append(w, it)
	q.items++
	q.bytes += len(it.payload)
	return replaced
}

// replaces tells how many bytes an item of that class and key would free.
func (q *queue) replaces(class Class, key string) (bytes int, found bool) {
	if key == "" {
		return 0, false
	}
	for _, o := range q.waiting[class] {
		if o.key == key {
			return len(o.payload), true
		}
	}
	return 0, false
}

// A choice is what could go out next: some of an item, from lo at most to hi.
type choice struct {
	item *outItem
	span span
}

// choose gives the most urgent bytes to send.
func (q *queue) choose() (choice, bool) {
	for class := range Class(Classes) {
		if c, ok := q.chooseIn(class); ok {
			return c, true
		}
	}
	return choice{}, false
}

func (q *queue) chooseIn(class Class) (choice, bool) {
	begun := q.begun[class]
	for _, it := range begun {
		if len(it.again) > 0 {
			return choice{it, it.again[0]}, true
		}
	}
	if n := len(begun); n > 0 && begun[n-1].next < len(begun[n-1].payload) {
		return choice{begun[n-1], span{begun[n-1].next, len(begun[n-1].payload)}}, true
	}
	if len(q.waiting[class]) == 0 || !q.mayBegin(q.waiting[class][0]) {
		return choice{}, false
	}
	it := q.waiting[class][0]
	return choice{it, span{0, len(it.payload)}}, true
}

// mayBegin keeps what the peer has to hold within what it is bound to hold, and
// leaves room for the urgent.
func (q *queue) mayBegin(it *outItem) bool {
	items, bytes := itemsBegunMax, holdBytesMax
	if it.class >= urgentClasses {
		items, bytes = items-urgentItems, bytes-urgentBytes
	}
	begun := q.begun[it.class]
	return q.begunItems < items && q.begunBytes+len(it.payload) <= bytes &&
		(len(begun) == 0 || q.nextID[it.class]-begun[0].id < itemSpan)
}

// take notes that the bytes of c are being sent.
func (q *queue) take(c choice) {
	it := c.item
	if w := q.waiting[it.class]; len(w) > 0 && w[0] == it {
		q.waiting[it.class] = w[1:]
		it.id = q.nextID[it.class]
		q.nextID[it.class]++
		q.begun[it.class] = append(q.begun[it.class], it)
		q.begunItems++
		q.begunBytes += len(it.payload)
	}
	it.again = it.again.without(spans{c.span})
	it.next = max(it.next, c.span.hi)
}

// lost notes that bytes of an item have to be sent again.
func (q *queue) lost(c choice) {
	if !c.item.gone {
		c.item.again = c.item.again.add(c.span).without(c.item.acked)
	}
}

// ack notes that bytes of an item are on the peer's disk, and tells whether
// that was all of it.
func (q *queue) ack(c choice) bool {
	it := c.item
	if it.gone {
		return false
	}
	it.acked = it.acked.add(c.span)
	it.again = it.again.without(it.acked)
	if !it.acked.is(len(it.payload)) {
		return false
	}
	it.gone = true
	begun := q.begun[it.class]
	i := slices.Index(begun, it)
	q.begun[it.class] = slices.Delete(begun, i, i+1)
	q.items--
	q.bytes -= len(it.payload)
	q.begunItems--
	q.begunBytes -= len(it.payload)
	return true
}

// all gives the tokens of all items, the most urgent class first, in order.
func (q *queue) all() []Token {
	var tokens []Token
	for class := range Classes {
		for _, it := range slices.Concat(q.begun[class], q.waiting[class]) {
			tokens = append(tokens, it.token)
		}
	}
	return tokens
}

// age is what the peer is to be told of an item that begins in a frame made
// now: whole seconds, 0 if it counts as new.
func (it *outItem) age(now time.Time) int {
	s := int(min(now.Sub(it.since)/time.Second, frame.AgeMax))
	if s < ageMin {
		return 0
	}
	return s
}

// part gives the block that carries a choice.
func (c choice) part() frame.Part {
	p := frame.Part{
		Class:   uint8(c.item.class),
		ID:      uint8(c.item.id),
		Offset:  c.span.lo,
		Payload: c.item.payload[c.span.lo:c.span.hi],
	}
	if p.Offset == 0 {
		p.Total = len(c.item.payload)
	}
	return p
}
