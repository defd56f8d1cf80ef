package codec

import (
	"slices"
	"strings"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A pattern is a template taken apart: a name, attributes and nodes that are
// constant or holes.
type pattern struct {
	space, local string
	attrs        []attrPattern
	nodes        []nodePattern
}

type attrPattern struct {
	space string
	local string
	hole  string // "": the value is constant
	value string
}

type nodePattern struct {
	child *pattern
	hole  string // {text} {more} {inner} {tail} {item}
}

// A shape is a pattern with what its holes need, in the order that they go on
// the air (WIRE.md, "Shapes").
type shape struct {
	pattern
	number    int
	usesRoom  bool
	usesNick  bool
	usesJID   bool
	usesPair  bool // the mirror
	usesPeer  bool // a second occupant, by nick
	usesUser  bool // a second occupant, by JID
	affil     bool
	role      bool
	item      bool
	stamp     bool
	values    int
	text      bool
	inner     bool
	tail      bool
	more      bool
	down      bool // from the master to a mirror
	anyone    bool // nick or JID: an occupant, else the room alone
	roomKnown bool // a part: the room around it
}

// The shapes by number, and in the order to try them: what says more of an
// element first, since {more} holds anything.
var (
	shapes     = compileAll(templates, hotSlots, false)
	partShapes = compileAll(partTemplates, 0, true)
	tryShapes  = byDetail(shapes)
	tryParts   = byDetail(partShapes)
)

func byDetail(list []*shape) []*shape {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b *shape) int { return b.detail() - a.detail() })
	return out
}

// detail counts what a pattern fixes: nodes and attributes that must be there.
func (p *pattern) detail() int {
	n := len(p.attrs)
	for _, c := range p.nodes {
		if c.child != nil {
			n += 1 + c.child.detail()
		}
	}
	return n
}

func compileAll(list []string, first int, part bool) []*shape {
	out := make([]*shape, len(list))
	for i, text := range list {
		el, err := xmltree.ParseIn(ns.Client, []byte(text))
		if err != nil {
			panic("BUG: " + err.Error() + " in " + text)
		}
		s := &shape{pattern: *compile(el), number: first + i, roomKnown: part}
		s.note(&s.pattern)
		s.down = part || strings.HasPrefix(el.Get("from"), "{room}")
		s.anyone = s.usesNick || s.usesJID
		out[i] = s
	}
	return out
}

func compile(el *xmltree.Element) *pattern {
	p := &pattern{space: el.Space, local: el.Local}
	for _, a := range el.Attr {
		ap := attrPattern{space: a.Space, local: a.Local, value: a.Value}
		if strings.HasPrefix(a.Value, "{") {
			ap.hole, ap.value = a.Value, ""
		}
		p.attrs = append(p.attrs, ap)
	}
	for _, n := range el.Nodes {
		if n.Element != nil {
			p.nodes = append(p.nodes, nodePattern{child: compile(n.Element)})
			continue
		}
		for _, h := range strings.SplitAfter(n.Text, "}") {
			if h != "" {
				p.nodes = append(p.nodes, nodePattern{hole: h})
			}
		}
	}
	return p
}

// note collects what the holes of a pattern need.
func (s *shape) note(p *pattern) {
	for _, a := range p.attrs {
		h := a.hole
		s.usesRoom = s.usesRoom || strings.Contains(h, "{room}")
		s.usesNick = s.usesNick || strings.Contains(h, "{nick}")
		s.usesJID = s.usesJID || strings.Contains(h, "{jid")
		s.usesPair = s.usesPair || strings.Contains(h, "mirror}")
		s.usesPeer = s.usesPeer || strings.Contains(h, "{peer}")
		s.usesUser = s.usesUser || strings.Contains(h, "{user")
		s.affil = s.affil || h == "{affiliation}"
		s.role = s.role || h == "{role}"
		s.stamp = s.stamp || h == "{stamp}"
		if h == "{value}" {
			s.values++
		}
	}
	for _, n := range p.nodes {
		switch n.hole {
		case "":
			s.note(n.child)
		case "{text}":
			s.text = true
		case "{more}":
			s.more = true
		case "{inner}":
			s.inner = true
		case "{tail}":
			s.tail = true
		case "{item}":
			s.item = true
		}
	}
}

// A binding is what stands in the holes.
type binding struct {
	who               occupant // with its room; only the parts that the shape uses
	peer, user        string
	affiliation, role int
	item              item
	stamp             int64 // seconds since 1970
	values            []string
	text              string
	more, inner, tail []xmltree.Node
}

// match fits el to the shape. What the binding then builds may still differ
// from el: the caller compares.
func (s *shape) match(el *xmltree.Element) (*binding, bool) {
	if el.Local != s.local || el.Space != s.space || len(el.Attr) != len(s.attrs) {
		return nil, false
	}
	b := &binding{}
	b.who.room.down = s.down
	return b, s.pattern.match(el, b)
}

func (p *pattern) match(el *xmltree.Element, b *binding) bool {
	if el.Local != p.local || el.Space != p.space || len(el.Attr) != len(p.attrs) {
		return false
	}
	for i := range p.attrs {
		a := &p.attrs[i]
		v, ok := el.Lookup(a.space, a.local)
		if !ok || a.hole == "" && v != a.value || a.hole != "" && !b.bind(a.hole, v) {
			return false
		}
	}
	nodes := el.Nodes
	rest := slices.IndexFunc(p.nodes, func(n nodePattern) bool { return n.hole == "{more}" || n.hole == "{inner}" || n.hole == "{tail}" })
	if rest < 0 {
		left, ok := b.takeFirst(p.nodes, nodes)
		return ok && len(left) == 0
	}
	nodes, ok := b.takeFirst(p.nodes[:rest], nodes)
	if !ok {
		return false
	}
	for i := len(p.nodes) - 1; i > rest; i-- {
		if nodes, ok = b.takeLast(p.nodes[i], nodes); !ok {
			return false
		}
	}
	switch p.nodes[rest].hole {
	case "{more}":
		b.more = nodes
	case "{inner}":
		b.inner = nodes
	case "{tail}":
		b.tail = nodes
	}
	return true
}

func (b *binding) takeFirst(patterns []nodePattern, nodes []xmltree.Node) ([]xmltree.Node, bool) {
	for _, p := range patterns {
		if len(nodes) == 0 {
			return nil, false
		}
		first := nodes[0]
		if p.hole == "{text}" {
			if first.Element != nil || first.Text == "" {
				return nil, false
			}
			b.text = first.Text
		} else if p.child == nil || first.Element == nil || !p.child.match(first.Element, b) {
			return nil, false
		}
		nodes = nodes[1:]
	}
	return nodes, true
}

func (b *binding) takeLast(p nodePattern, nodes []xmltree.Node) ([]xmltree.Node, bool) {
	var last *xmltree.Element
	if len(nodes) > 0 {
		last = nodes[len(nodes)-1].Element
	}
	switch {
	case p.hole == "{item}":
		if it, ok := itemOf(last); ok {
			b.item = it
			return nodes[:len(nodes)-1], true
		}
		return nodes, true
	case last == nil || p.child == nil || !p.child.match(last, b):
		return nil, false
	}
	return nodes[:len(nodes)-1], true
}

// set gives a part its value; false: it has another already, or none is left.
func set(part *string, v string) bool {
	if v == "" || *part != "" && *part != v {
		return false
	}
	*part = v
	return true
}

func (b *binding) bind(hole, v string) bool {
	o := &b.who
	switch hole {
	case "{room}":
		return set(&o.room.jid, v)
	case "{mirror}":
		return !strings.ContainsAny(v, "@/") && set(&o.room.mirror, v)
	case "{nick}":
		return set(&o.nick, v)
	case "{jid}":
		return set(&o.jid, v)
	case "{room}/{nick}":
		room, nick, _ := strings.Cut(v, "/")
		return set(&o.room.jid, room) && set(&o.nick, nick)
	case "{room}/{peer}":
		room, nick, _ := strings.Cut(v, "/")
		return set(&o.room.jid, room) && set(&b.peer, nick)
	case "{jid@mirror}":
		jid, mirror, ok := unescaped(v)
		return ok && set(&o.room.mirror, mirror) && set(&o.jid, jid)
	case "{user@mirror}":
		jid, mirror, ok := unescaped(v)
		return ok && set(&o.room.mirror, mirror) && set(&b.user, jid)
	case "{affiliation}":
		b.affiliation = slices.Index(affiliations, v)
		return b.affiliation >= 0
	case "{role}":
		b.role = slices.Index(roles, v)
		return b.role >= 0
	case "{stamp}":
		var ok bool
		b.stamp, ok = seconds(v)
		return ok
	case "{value}":
		b.values = append(b.values, v)
		return true
	}
	panic("BUG: no hole " + hole)
}

// fill is what stands in an attribute's hole; values are taken in turn.
func (b *binding) fill(hole string, next *int) string {
	o := &b.who
	switch hole {
	case "{room}":
		return o.room.jid
	case "{mirror}":
		return o.room.mirror
	case "{nick}":
		return o.nick
	case "{jid}":
		return o.jid
	case "{room}/{nick}":
		return o.room.jid + "/" + o.nick
	case "{room}/{peer}":
		return o.room.jid + "/" + b.peer
	case "{jid@mirror}":
		return escaped(o.jid, o.room.mirror)
	case "{user@mirror}":
		return escaped(b.user, o.room.mirror)
	case "{affiliation}":
		return affiliations[b.affiliation]
	case "{role}":
		return roles[b.role]
	case "{stamp}":
		return stamp(b.stamp)
	case "{value}":
		*next++
		return b.values[*next-1]
	}
	panic("BUG: no hole " + hole)
}

// build makes the element of a binding.
func (p *pattern) build(b *binding, next *int) *xmltree.Element {
	el := &xmltree.Element{Space: p.space, Local: p.local}
	if len(p.attrs) > 0 {
		el.Attr = make([]xmltree.Attr, len(p.attrs))
	}
	for i, a := range p.attrs {
		v := a.value
		if a.hole != "" {
			v = b.fill(a.hole, next)
		}
		el.Attr[i] = xmltree.Attr{Space: a.space, Local: a.local, Value: v}
	}
	for _, n := range p.nodes {
		switch n.hole {
		case "":
			el.Nodes = append(el.Nodes, xmltree.Node{Element: n.child.build(b, next)})
		case "{text}":
			el.Nodes = append(el.Nodes, xmltree.Node{Text: b.text})
		case "{more}":
			el.Nodes = append(el.Nodes, b.more...)
		case "{inner}":
			el.Nodes = append(el.Nodes, b.inner...)
		case "{tail}":
			el.Nodes = append(el.Nodes, b.tail...)
		case "{item}":
			if it := b.item.element(); it != nil {
				el.Nodes = append(el.Nodes, xmltree.Node{Element: it})
			}
		}
	}
	return el
}

// items is how many items a binding of a part shape is on the air.
func (s *shape) items(b *binding) int {
	n := 1 + s.values + len(b.more)
	for _, has := range []bool{s.anyone, s.usesPeer || s.usesUser, s.affil, s.item, s.stamp, s.text, s.inner, s.tail} {
		if has {
			n++
		}
	}
	return n
}
