package link

import "slices"

// A span is the bytes lo up to hi of an item.
type span struct{ lo, hi int }

// spans is a set of bytes: in order, apart, none empty.
type spans []span

// add puts in a span.
func (s spans) add(n span) spans {
	i := 0
	for i < len(s) && s[i].hi < n.lo {
		i++
	}
	j := i
	for j < len(s) && s[j].lo <= n.hi {
		n = span{min(n.lo, s[j].lo), max(n.hi, s[j].hi)}
		j++
	}
	return slices.Replace(s, i, j, n)
}

// without gives s less all of cut.
func (s spans) without(cut spans) spans {
	var out spans
	for _, a := range s {
		for _, c := range cut {
			if c.hi <= a.lo || c.lo >= a.hi {
				continue
			}
			if c.lo > a.lo {
				out = append(out, span{a.lo, c.lo})
			}
			a.lo = c.hi
		}
		if a.lo < a.hi {
			out = append(out, a)
		}
	}
	return out
}

// is tells whether s is just 0 up to n.
func (s spans) is(n int) bool { return len(s) == 1 && s[0] == span{0, n} }
