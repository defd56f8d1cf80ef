package muc

import "sort"

// An Archive is what a room remembers, bounded: placed messages in the
// master's order, then this replica's own that wait for their place, by number.
type Archive struct {
	Max     int // entries kept; the oldest placed ones go first. 0: 2000
	placed  []*Entry
	waiting []*Entry
	byKey   map[Key]*Entry
	byID    map[string]*Entry // the clients' own ids, at the origin
}

const archiveMaxDefault = 2000

// Add puts an entry in its place and gives the entries that had to go for it.
// false: it is there already.
func (a *Archive) Add(e *Entry) (trimmed []*Entry, added bool) {
	if a.byKey == nil {
		a.byKey, a.byID = map[Key]*Entry{}, map[string]*Entry{}
	}
	if a.byKey[e.Key()] != nil {
		return nil, false
	}
	a.byKey[e.Key()] = e
	if e.ID != "" {
		a.byID[e.ID] = e
	}
	if e.Pos == 0 {
		a.waiting = insert(a.waiting, e, func(x *Entry) bool { return x.Inc > e.Inc || x.Inc == e.Inc && x.Num > e.Num })
	} else {
		a.placed = insert(a.placed, e, func(x *Entry) bool { return x.Pos > e.Pos })
	}
	return a.trim(), true
}

func insert(list []*Entry, e *Entry, after func(*Entry) bool) []*Entry {
	i := sort.Search(len(list), func(i int) bool { return after(list[i]) })
	list = append(list, nil)
	copy(list[i+1:], list[i:])
	list[i] = e
	return list
}

// trim drops the oldest placed entries over Max; what waits for its place is
// never dropped.
func (a *Archive) trim() (gone []*Entry) {
	most := a.Max
	if most == 0 {
		most = archiveMaxDefault
	}
	for len(a.placed) > 1 && len(a.placed)+len(a.waiting) > most {
		e := a.placed[0]
		a.placed = a.placed[1:]
		a.forget(e)
		gone = append(gone, e)
	}
	return gone
}

func (a *Archive) forget(e *Entry) {
	delete(a.byKey, e.Key())
	if a.byID[e.ID] == e {
		delete(a.byID, e.ID)
	}
}

// Place gives the oldest waiting entry its position. nil: none waits.
func (a *Archive) Place(pos uint64) *Entry {
	if len(a.waiting) == 0 {
		return nil
	}
	e := a.waiting[0]
	a.waiting = a.waiting[1:]
	e.Pos = pos
	a.placed = insert(a.placed, e, func(x *Entry) bool { return x.Pos > pos })
	return e
}

// Withdraw takes out an entry that the master refused. nil: it is not waiting.
func (a *Archive) Withdraw(k Key) *Entry {
	e := a.byKey[k]
	if e == nil || e.Pos != 0 {
		return nil
	}
	for i, w := range a.waiting {
		if w == e {
			a.waiting = append(a.waiting[:i:i], a.waiting[i+1:]...)
		}
	}
	a.forget(e)
	return e
}

// Get finds an entry by its name.
func (a *Archive) Get(k Key) *Entry { return a.byKey[k] }

// ByClientID finds an entry of this replica by the id that its client gave it.
func (a *Archive) ByClientID(id string) *Entry {
	if id == "" {
		return nil
	}
	return a.byID[id]
}

// ByStanzaID finds an entry by its archive id.
func (a *Archive) ByStanzaID(id string) *Entry {
	k, ok := parseStanzaID(id)
	if !ok {
		return nil
	}
	return a.byKey[k]
}

// Last gives the highest position that is held, 0 for none.
func (a *Archive) Last() uint64 {
	if n := len(a.placed); n > 0 {
		return a.placed[n-1].Pos
	}
	return 0
}

// After gives the placed entries above a position, in order.
func (a *Archive) After(pos uint64) []*Entry {
	return a.placed[sort.Search(len(a.placed), func(i int) bool { return a.placed[i].Pos > pos }):]
}

// Waiting gives the entries that have no position yet, by number.
func (a *Archive) Waiting() []*Entry { return a.waiting }

// All gives every entry, in the room's order.
func (a *Archive) All() []*Entry {
	return append(append([]*Entry(nil), a.placed...), a.waiting...)
}
