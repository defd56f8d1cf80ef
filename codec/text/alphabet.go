package text

import "slices"

// A byte is coded as a way down a binary tree: a Huffman tree over groups of
// bytes, so that a frequent letter takes few decisions. The two cases of a
// letter part last, and digits and the bytes inside a UTF-8 sequence stand
// under nodes of their own.
//
// A context is made of classes, not of bytes: the cases of a letter are one
// class, the digits are one.

const (
	nodes     = 255 // inner nodes of a tree with 256 leaves
	rootNode  = 0   // 0: main, 1: specialNode
	special   = 1   // 0: NUL, 1: the bytes inside a sequence (10xxxxxx)
	insideTop = 2   // the root of those
	mainTop   = insideTop + 63
)

// alphabet is the tree. A child below 256 is a node, else a byte plus 256.
type alphabet struct {
	child   [nodes][2]uint16
	way     [256]uint64 // decisions of a byte from the root, first in bit 0
	depth   [256]uint8
	class   [256]uint8   // of a byte
	closes  [nodes]uint8 // the class whose top this node is; 0: of none
	classes int
}

const leaf = 256

// kinds of bytes, for choosing weights
const (
	kindInside = iota
	kindLead
	kindLower
	kindUpper
	kindDigit
	kindSpace
	kindPoint
	kindControl
	kinds
)

func kindOf(c byte) int {
	switch {
	case c >= 0xc0:
		return kindLead
	case c >= 0x80:
		return kindInside
	case c >= 'a' && c <= 'z':
		return kindLower
	case c >= 'A' && c <= 'Z':
		return kindUpper
	case c >= '0' && c <= '9':
		return kindDigit
	case c == ' ':
		return kindSpace
	case c < ' ' || c == 0x7f:
		return kindControl
	default:
		return kindPoint
	}
}

// newAlphabet builds the tree for these frequencies.
func newAlphabet(freq *[256]uint32) *alphabet {
	a := &alphabet{}
	next := uint16(mainTop)
	// Inside a sequence the order of the bytes means something: halve it.
	a.halve(insideTop, 0x80, 64)

	var units []piece
	for c := 1; c < 256; c++ {
		b := byte(c)
		switch kindOf(b) {
		case kindInside, kindUpper, kindDigit:
			continue
		case kindLower:
			upper := b - 'a' + 'A'
			a.child[next] = [2]uint16{uint16(b) + leaf, uint16(upper) + leaf}
			units = append(units, piece{next, uint64(freq[b]) + uint64(freq[upper]) + 2})
			next++
		default:
			units = append(units, piece{uint16(c) + leaf, uint64(freq[b]) + 1})
		}
	}
	var digits []piece
	for c := '0'; c <= '9'; c++ {
		digits = append(digits, piece{uint16(c) + leaf, uint64(freq[c]) + 1})
	}
	number := a.huffman(digits, &next)
	units = append(units, number)
	top := a.huffman(units, &next)
	a.child[rootNode] = [2]uint16{top.tree, special}
	a.child[special] = [2]uint16{leaf, insideTop}
	a.walk(rootNode, 0, 0)
	a.classify(number.tree)
	return a
}

// piece is a part of a tree and how often it is taken.
type piece struct {
	tree   uint16
	weight uint64
}

// halve makes nodes from n on for count bytes from c.
func (a *alphabet) halve(n uint16, c, count int) uint16 {
	if count == 1 {
		return uint16(c) + leaf
	}
	half := count / 2
	left := n + 1
	a.child[n][0] = a.halve(left, c, half)
	a.child[n][1] = a.halve(left+uint16(half)-1, c+half, half)
	return n
}

// huffman joins pieces, rarest first; of equals the first in the list.
func (a *alphabet) huffman(pieces []piece, next *uint16) piece {
	pieces = slices.Clone(pieces)
	for len(pieces) > 1 {
		slices.SortStableFunc(pieces, func(x, y piece) int {
			switch {
			case x.weight > y.weight:
				return -1
			case x.weight < y.weight:
				return 1
			}
			return 0
		})
		x, y := pieces[len(pieces)-1], pieces[len(pieces)-2]
		a.child[*next] = [2]uint16{y.tree, x.tree}
		pieces = append(pieces[:len(pieces)-2], piece{*next, x.weight + y.weight})
		*next++
	}
	return pieces[0]
}

func (a *alphabet) walk(tree uint16, way uint64, depth uint8) {
	if tree >= leaf {
		a.way[tree-leaf] = way
		a.depth[tree-leaf] = depth
		return
	}
	a.walk(a.child[tree][0], way, depth+1)
	a.walk(a.child[tree][1], way|1<<depth, depth+1)
}

// classify numbers the classes: NUL first, then by byte.
func (a *alphabet) classify(number uint16) {
	a.classes = 1
	for c := 1; c < 256; c++ {
		b := byte(c)
		switch kindOf(b) {
		case kindUpper:
			continue
		case kindDigit:
			if b != '0' {
				a.class[b] = a.class['0']
				continue
			}
		}
		a.class[b] = uint8(a.classes)
		a.classes++
	}
	a.closes[number] = a.class['0']
	for n := range a.child {
		if x := a.child[n][0]; x >= leaf && kindOf(byte(x-leaf)) == kindLower {
			upper := byte(x-leaf) - 'a' + 'A'
			a.class[upper] = a.class[x-leaf]
			a.closes[n] = a.class[upper]
		}
	}
}
