// Package delta is both ends' half of convergence: what a peer is known to hold
// of a room's state (Book), and how far it has got in a room's messages (Log).
//
// State is not a log: per key only the newest value counts, and a value that
// came and went unseen costs nothing. Messages are never replaced. It knows no
// stanzas: the roles turn keys and positions into them.
package delta

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sort"
	"strconv"
)

// A Hash stands for the value of a key; 0 for no value.
type Hash uint64

// HashOf hashes a key's value, given as fields. Never 0.
func HashOf(fields ...string) Hash {
	h := sha256.New()
	for _, f := range fields {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f))))
		h.Write([]byte(f))
	}
	return Hash(binary.BigEndian.Uint64(h.Sum(nil))) | 1
}

// A Digest is a sum over a set of keys and values, in any order.
type Digest uint32

// DigestOf sums a set up.
func DigestOf(set map[string]Hash) Digest {
	var d Digest
	for k, v := range set {
		if v != 0 {
			d += Digest(HashOf(k, strconv.FormatUint(uint64(v), 16)) >> 32)
		}
	}
	return d
}

// A Token names one sending to one peer (mirror.Token).
type Token uint64

// A Book compares what a room's state is with what one peer holds of it.
// The zero value is not ready; use NewBook.
type Book struct {
	now    map[string]Hash
	peer   map[string]Hash   // what the peer holds, as far as delivered
	flight map[string][]sent // what was sent for a key and not delivered yet, in order
	maybe  map[string][]Hash // values that may or may not have arrived before the link went down
	dirty  map[string]uint64 // keys to send, in order of their becoming so
	order  uint64
}

type sent struct {
	token Token
	value Hash
}

// NewBook makes the book of a peer that holds nothing.
func NewBook() *Book {
	return &Book{now: map[string]Hash{}, peer: map[string]Hash{}, flight: map[string][]sent{}, maybe: map[string][]Hash{}, dirty: map[string]uint64{}}
}

// Set says what the value of a key is now; 0: it is gone.
func (b *Book) Set(key string, value Hash) {
	if value == 0 {
		delete(b.now, key)
	} else {
		b.now[key] = value
	}
	b.judge(key)
}

// judge decides whether a key has to be sent.
func (b *Book) judge(key string) {
	believed, sure := b.peer[key], len(b.maybe[key]) == 0
	if f := b.flight[key]; len(f) > 0 {
		believed, sure = f[len(f)-1].value, true
	}
	if sure && believed == b.now[key] {
		delete(b.dirty, key)
	} else if _, is := b.dirty[key]; !is {
		b.order++
		b.dirty[key] = b.order
	}
}

// Agree says that both sides know a key's value without a sending: the peer
// told it, or did it itself.
func (b *Book) Agree(key string, value Hash) {
	if value == 0 {
		delete(b.now, key)
		delete(b.peer, key)
	} else {
		b.now[key], b.peer[key] = value, value
	}
	delete(b.flight, key)
	delete(b.maybe, key)
	delete(b.dirty, key)
}

// Value gives what a key is now.
func (b *Book) Value(key string) Hash { return b.now[key] }

// Dirty gives the keys that have to be sent, in the order of their becoming so.
func (b *Book) Dirty() []string {
	out := make([]string, 0, len(b.dirty))
	for k := range b.dirty {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return b.dirty[out[i]] < b.dirty[out[j]] })
	return out
}

// Sent says that the key's value of now is on its way.
func (b *Book) Sent(key string, t Token) {
	b.flight[key] = append(b.flight[key], sent{t, b.now[key]})
	delete(b.dirty, key)
}

// SentAll says that the whole state is on its way as one sending, which
// replaces all that the peer holds.
func (b *Book) SentAll(t Token) {
	keys := map[string]bool{}
	for _, m := range []map[string]Hash{b.now, b.peer} {
		for k := range m {
			keys[k] = true
		}
	}
	for k := range b.maybe {
		keys[k] = true
	}
	for k := range keys {
		b.Sent(k, t)
	}
}

// Delivered says that a sending arrived, and with it all before it of its keys.
func (b *Book) Delivered(t Token) {
	for _, k := range slices.Sorted(maps.Keys(b.flight)) {
		flights := b.flight[k]
		for i, f := range flights {
			if f.token != t {
				continue
			}
			if f.value == 0 {
				delete(b.peer, k)
			} else {
				b.peer[k] = f.value
			}
			delete(b.maybe, k)
			if b.flight[k] = flights[i+1:]; len(b.flight[k]) == 0 {
				delete(b.flight, k)
			}
			b.judge(k)
			break
		}
	}
}

// Lost says that the link is down: what was on its way may have arrived or not.
func (b *Book) Lost() {
	for _, k := range slices.Sorted(maps.Keys(b.flight)) {
		for _, f := range b.flight[k] {
			b.maybe[k] = append(b.maybe[k], f.value)
		}
		delete(b.flight, k)
		b.judge(k)
	}
}

// unsureMax is how many keys Reconcile tries values for: 4096 sums at most.
const unsureMax = 12

// Reconcile settles what the peer holds by its digest. false: it holds
// something else than it can, as far as we know; Forget and send all.
func (b *Book) Reconcile(d Digest) bool {
	unsure := slices.Sorted(maps.Keys(b.maybe))
	if len(unsure) > unsureMax {
		return false
	}
	sure := map[string]Hash{}
	for k, v := range b.peer {
		if len(b.maybe[k]) == 0 {
			sure[k] = v
		}
	}
	budget := 1 << unsureMax
	if !b.try(unsure, d-DigestOf(sure), &budget) {
		return false
	}
	for _, k := range unsure {
		delete(b.maybe, k)
		b.judge(k)
	}
	return true
}

// try finds values for the unsure keys that sum up to rest, and takes them.
func (b *Book) try(unsure []string, rest Digest, budget *int) bool {
	if len(unsure) == 0 {
		return rest == 0
	}
	k, old := unsure[0], b.peer[unsure[0]]
	for _, v := range append([]Hash{old}, b.maybe[k]...) {
		if *budget--; *budget < 0 {
			return false
		}
		if !b.try(unsure[1:], rest-DigestOf(map[string]Hash{k: v}), budget) {
			continue
		}
		if v == 0 {
			delete(b.peer, k)
		} else {
			b.peer[k] = v
		}
		return true
	}
	return false
}

// Forget says that the peer holds nothing.
func (b *Book) Forget() {
	b.peer, b.flight, b.maybe = map[string]Hash{}, map[string][]sent{}, map[string][]Hash{}
	for _, k := range slices.Sorted(maps.Keys(b.dirty)) {
		b.judge(k)
	}
	for _, k := range b.Keys() {
		b.judge(k)
	}
}

// Settled reports whether the peer holds the key's value of now.
func (b *Book) Settled(key string) bool {
	_, dirty := b.dirty[key]
	return len(b.flight[key]) == 0 && len(b.maybe[key]) == 0 && !dirty
}

// Digest sums up what the state is now.
func (b *Book) Digest() Digest { return DigestOf(b.now) }

// Keys gives the keys that have a value, sorted.
func (b *Book) Keys() []string { return slices.Sorted(maps.Keys(b.now)) }
