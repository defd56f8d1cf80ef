package codec

import (
	"encoding/binary"
	"hash/fnv"

	"picket/codec/ns"
)

// Version of the wire format. It changes when an old decoder would read
// something else, not when a list grows.
const Version = 1

// Fingerprint sums up all that both ends must have in common: the version, the
// static lists as far as the peer knows them, the text model, the domains and
// the limits. Two ends with unequal fingerprints must not use tables, models or
// lists beyond the Known that they agree on.
func (c Config) Fingerprint() uint64 {
	k := Ours
	if c.Peer != nil {
		k = c.Peer.with(Ours)
	}
	h := fnv.New64a()
	put := func(list ...string) {
		for _, s := range list {
			h.Write(binary.AppendUvarint(nil, uint64(len(s))))
			h.Write([]byte(s))
		}
	}
	for _, list := range [][]ns.Name{ns.Names[:k.Names], ns.Attrs[:k.Attrs]} {
		for _, n := range list {
			put(n.Space, n.Local)
		}
	}
	put(ns.Values[:k.Values]...)
	put(templates[:k.Shapes]...)
	put(partTemplates[:k.Parts]...)
	put(c.Master, c.Mirror)
	l := c.Limits.orDefault()
	numbers := []int{Version, l.MessageBytes, l.ExpandedBytes, l.TextBytes, l.Depth, l.Elements, l.Attrs}
	for _, n := range numbers {
		h.Write(binary.AppendUvarint(nil, uint64(n)))
	}
	if c.Text != nil {
		h.Write(binary.BigEndian.AppendUint64(nil, c.Text.ID()))
	}
	return h.Sum64()
}
