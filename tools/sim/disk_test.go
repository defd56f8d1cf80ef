package sim

import (
	"fmt"
	"testing"

	"picket/mirror"
	"picket/mirror/node"
)

func write(seq uint64, key, value string) node.Batch {
	b := node.Batch{Seq: seq}
	if key != "" {
		b.Persist = []mirror.Record{{Key: key, Value: []byte(value)}}
	}
	return b
}

// TestDiskAtAPowerCut: what is not synced is lost; the transaction under way
// is there whole or not at all.
func TestDiskAtAPowerCut(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    func(*disk)
		whole bool
		want  string
	}{
		{"synced", func(d *disk) { d.put(write(1, "a", "1")); d.begin(); d.finish() }, false, "[{a [49]}]"},
		{"torn", func(d *disk) { d.put(write(1, "a", "1")); d.begin() }, false, "[]"},
		{"just made it", func(d *disk) { d.put(write(1, "a", "1")); d.begin() }, true, "[{a [49]}]"},
		{"waiting", func(d *disk) { d.put(write(1, "a", "1")); d.begin(); d.put(write(2, "b", "2")) }, true, "[{a [49]}]"},
		{"deleted", func(d *disk) {
			d.put(write(1, "a", "1"))
			d.put(node.Batch{Seq: 2, Persist: []mirror.Record{{Key: "a"}}})
			d.begin()
			d.finish()
		}, false, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &disk{}
			tt.do(d)
			d.crash(tt.whole)
			if got := fmt.Sprint(d.load()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestDiskOrder: batches leave in order, and one without records does not wait
// for a sync of its own, nor pass one that does.
func TestDiskOrder(t *testing.T) {
	d := &disk{}
	begin := d.put(write(1, "", ""))
	if started, instant := d.begin(); !begin || !started || !instant {
		t.Error("a batch without records waits")
	}
	d.finish()
	d.put(write(2, "a", "1"))
	if _, instant := d.begin(); instant {
		t.Error("a record takes no time")
	}
	if d.put(write(3, "", "")) {
		t.Error("a second transaction beside the first")
	}
	for _, want := range []uint64{2, 3} {
		done := d.finish()
		if len(done) != 1 || done[0].Seq != want {
			t.Errorf("got %v, want batch %d", done, want)
		}
		d.begin()
	}
}
