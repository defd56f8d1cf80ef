package codec

import (
	"strings"

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
	err      error
}

func (c *checker) fail(err error) {
	if c.err == nil {
		c.err = err
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
	if c.err != nil {
		return
	}
	if !validName(el.Local) || !xmltree.ValidText(el.Space) {
		c.fail(&InvalidError{"an element's name that XML cannot hold"})
	}
	for _, a := range el.Attr {
		if !validName(a.Local) || !xmltree.ValidText(a.Space) || !xmltree.ValidText(a.Value) {
			c.fail(&InvalidError{"an attribute that XML cannot hold"})
		}
	}
	for _, n := range el.Nodes {
		if n.Element != nil {
			c.element(n.Element, depth+1)
		} else if !xmltree.ValidText(n.Text) {
			c.fail(&InvalidError{"a text that XML cannot hold"})
		}
	}
}

func validName(s string) bool {
	return s != "" && xmltree.ValidText(s) && !strings.ContainsAny(s, " \t\r\n<>&'\"=/:")
}
