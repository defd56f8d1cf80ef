package codec

import (
	"picket/codec/xmltree"
)

// check tells whether an element may be encoded: it can be printed as XML, and
// the peer will find it within its limits.
func check(el *xmltree.Element, lim Limits) error {
	c := checker{lim: lim}
	c.element(el, 1)
	return c.err
}

type checker struct {
	lim      Limits
	elements int
	expanded int
	err      error
}

func (c *checker) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// charge counts what a decoder makes: 16 bytes a node or attribute, and the
// characters.
func (c *checker) charge(strings ...string) {
	c.expanded += elementBytes
	for _, s := range strings {
		c.expanded += len(s)
	}
	if c.expanded > c.lim.ExpandedBytes {
		c.fail(&LimitError{"bytes expanded", c.lim.ExpandedBytes})
	}
}

func (c *checker) element(el *xmltree.Element, depth int) {
	if el == nil {
		c.fail(&InvalidError{"no element"})
		return
	}
	if depth > c.lim.Depth {
		c.fail(&LimitError{"elements deep", c.lim.Depth})
	}
	if c.elements++; c.elements > c.lim.Elements {
		c.fail(&LimitError{"elements", c.lim.Elements})
	}
	if len(el.Attr) > c.lim.Attrs {
		c.fail(&LimitError{"attributes", c.lim.Attrs})
	}
	c.charge(el.Space, el.Local)
	if c.err != nil {
		return
	}
	if !xmltree.ValidName(el.Local) || !xmltree.ValidText(el.Space) {
		c.fail(&InvalidError{"an element's name that XML cannot hold"})
	}
	c.attrs(el)
	for _, n := range el.Nodes {
		switch {
		case c.err != nil:
			return
		case n.Element != nil:
			c.element(n.Element, depth+1)
		case !xmltree.ValidText(n.Text):
			c.fail(&InvalidError{"a text that XML cannot hold"})
		default:
			c.charge(n.Text)
		}
	}
}

func (c *checker) attrs(el *xmltree.Element) {
	for i, a := range el.Attr {
		c.charge(a.Space, a.Local, a.Value)
		if !xmltree.ValidName(a.Local) || !xmltree.ValidText(a.Space) || !xmltree.ValidText(a.Value) || a.Space == "" && a.Local == "xmlns" {
			c.fail(&InvalidError{"an attribute that XML cannot hold"})
		}
		for _, b := range el.Attr[:i] {
			if a.Local == b.Local && a.Space == b.Space {
				c.fail(&InvalidError{"an attribute that stands twice"})
			}
		}
	}
}
