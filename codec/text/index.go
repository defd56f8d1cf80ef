package text

import "math/bits"

// index holds the training text so that all that ever followed a context is
// counted in a few steps, for contexts of any length: the Burrows-Wheeler
// transform of the text as a wavelet tree (Ferragina and Manzini's FM-index,
// turned round: contexts lie before what is counted).
//
// The rows are the places of the text, sorted by what stands before them, read
// backwards. The rows of one context are neighbours. A row's symbol is the byte
// at its place; each node of the alphabet's tree has one bit for each row whose
// byte lies below it, in the order of the rows.
type index struct {
	alphabet *alphabet
	rows     uint32
	words    []uint64      // the bits of all nodes, one after another
	ones     []uint32      // bits set before each word
	start    [nodes]uint32 // a node's first bit
	before   [nodes]uint32 // bits set before it
	first    [257]uint32   // of a class: how many rows have a lesser class before them
}

// newIndex builds the index from the rows' symbols.
func newIndex(a *alphabet, symbols []byte) *index {
	x := &index{alphabet: a, rows: uint32(len(symbols))}
	var freq [256]uint32
	for _, c := range symbols {
		freq[c]++
	}
	var counts [nodes]uint32
	for c := range freq {
		x.first[int(a.class[c])+1] += freq[c]
		n := uint16(rootNode)
		for i := range a.depth[c] {
			counts[n] += freq[c]
			n = a.child[n][a.way[c]>>i&1]
		}
	}
	for k := range len(x.first) - 1 {
		x.first[k+1] += x.first[k]
	}
	total := uint32(0)
	for n := range counts {
		x.start[n] = total
		total += counts[n]
	}
	x.words = make([]uint64, total/64+1)
	at := x.start
	for _, c := range symbols {
		n, way := uint16(rootNode), a.way[c]
		for {
			bit := way & 1
			x.words[at[n]>>6] |= bit << (at[n] & 63)
			at[n]++
			if n = a.child[n][bit]; n >= leaf {
				break
			}
			way >>= 1
		}
	}
	x.ones = make([]uint32, len(x.words))
	sum := uint32(0)
	for i, w := range x.words {
		x.ones[i] = sum
		sum += uint32(bits.OnesCount64(w))
	}
	for n := range x.before {
		x.before[n] = x.rank(x.start[n])
	}
	return x
}

// rank counts the bits set before i.
func (x *index) rank(i uint32) uint32 {
	return x.ones[i>>6] + uint32(bits.OnesCount64(x.words[i>>6]&(1<<(i&63)-1)))
}

// span is a run of rows: of a context, at some node.
type span struct{ lo, hi uint32 }

// below gives the rows of s that take branch 1 at node n, as rows of that
// branch.
func (x *index) below(n uint16, s span) span {
	start, before := x.start[n], x.before[n]
	return span{x.rank(start+s.lo) - before, x.rank(start+s.hi) - before}
}
