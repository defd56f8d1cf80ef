package codec

// A use is what one message on its way names, and what it defines.
type use struct {
	rooms     []*slot[room]
	occupants []*slot[occupant]
	strings   []*slot[string]
	nums      []*numberUse
}

func release[T comparable](slots []*slot[T], acked bool) {
	for _, s := range slots {
		s.inflight--
		// A message that only refers was allowed to because the entry is there.
		s.acked = s.acked || acked
	}
}

func (u *use) empty() bool {
	return len(u.rooms) == 0 && len(u.occupants) == 0 && len(u.strings) == 0 && len(u.nums) == 0
}

// send starts the message on its way: until it is settled its numbers limit
// what others may be written as.
func (u *use) send() {
	for _, n := range u.nums {
		if n.limit != noLimit {
			n.of.limits = append(n.of.limits, n)
		}
	}
}

// settle ends a message: decoded by the peer, or never to arrive.
func (u *use) settle(acked bool) {
	release(u.rooms, acked)
	release(u.occupants, acked)
	release(u.strings, acked)
	for _, n := range u.nums {
		n.settle(acked)
	}
}

// name notes that a message defines an entry or refers to it.
func name[T comparable](list *[]*slot[T], s *slot[T], message uint64) {
	if s.message == message {
		return // once is enough
	}
	s.message = message
	s.inflight++
	*list = append(*list, s)
}
