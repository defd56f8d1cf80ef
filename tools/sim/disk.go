package sim

import (
	"maps"
	"slices"

	"picket/mirror"
	"picket/mirror/node"
)

// A disk is a journal in memory with the manners of a real one at a power cut:
// what is not synced is lost; the transaction that was being written is there
// whole or, torn, not at all. Batches that come while it writes go into the
// next transaction together, in order.
type disk struct {
	records map[string][]byte // what a restart finds
	writing []node.Batch      // in the transaction under way; nil: idle
	waiting []node.Batch      // for the next one
}

// put queues a batch. It tells whether the caller is to begin a transaction.
func (d *disk) put(b node.Batch) (begin bool) {
	d.waiting = append(d.waiting, b)
	return d.writing == nil
}

// begin starts the next transaction, if any batch waits. instant: there is
// nothing to write in it, so it takes no time.
func (d *disk) begin() (started, instant bool) {
	if d.writing != nil || len(d.waiting) == 0 {
		return false, false
	}
	n := 0
	for n < len(d.waiting) && len(d.waiting[n].Persist) == 0 {
		n++
	}
	if instant = n > 0; !instant {
		n = len(d.waiting)
	}
	d.writing, d.waiting = d.waiting[:n:n], d.waiting[n:]
	return true, instant
}

// finish ends the transaction: its records are on the disk, and its batches
// may leave.
func (d *disk) finish() []node.Batch {
	done := d.writing
	for _, b := range done {
		d.apply(b.Persist)
	}
	d.writing = nil
	return done
}

func (d *disk) apply(records []mirror.Record) {
	if d.records == nil {
		d.records = map[string][]byte{}
	}
	for _, r := range records {
		if r.Value == nil {
			delete(d.records, r.Key)
		} else {
			d.records[r.Key] = slices.Clone(r.Value)
		}
	}
}

// crash cuts the power. whole: the transaction under way had just reached the
// disk, although nobody was told.
func (d *disk) crash(whole bool) {
	if whole {
		d.finish()
	}
	d.writing, d.waiting = nil, nil
}

// load gives the records as a restart finds them, in key order.
func (d *disk) load() []mirror.Record {
	var out []mirror.Record
	for _, k := range slices.Sorted(maps.Keys(d.records)) {
		out = append(out, mirror.Record{Key: k, Value: slices.Clone(d.records[k])})
	}
	return out
}
