// Package codec turns elements into few bytes and back, over one direction of
// one link (WIRE.md). An Encoder and the peer's Decoder are a pair: both start
// empty at each new session of the link, and what the one learns the other
// learns by decoding.
//
// A message may use what an earlier one defined only once the link says that
// the peer decoded that one (Acked): so any order, any loss and any replacement
// of messages decodes. A message is decoded at most once.
//
// It is pure, and knows the kinds of stanzas only by the templates of shapes.go,
// which a stanza may fit or not: what fits none goes in the generic form. Read
// codec.go first, then generic.go, value.go, shape.go and table.go.
package codec

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A TextModel codes text in fewer bytes than UTF-8. The same text in the same
// state of the model gives the same bytes on every machine.
type TextModel interface {
	// Append appends the coded form of s to dst. The last byte is never 0.
	Append(dst []byte, s string) []byte
	// Decode gives back the text; an error if it is longer than maxBytes.
	Decode(b []byte, maxBytes int) (string, error)
	// ID names the model and its state; both ends compare it.
	ID() uint64
}

// Config of an Encoder or a Decoder. Zero fields have the defaults of
// DefaultLimits; both ends of a link must have the same.
type Config struct {
	Text TextModel // nil: text is UTF-8
	Peer *Known    // what the peer's Decoder knows; nil: what we know

	// Master and Mirror are the domains at the two ends of the link, the same
	// at both ends (Fingerprint): they are not spelled out. "": not known.
	Master, Mirror string

	Limits
}

// Limits bound what a message may cost the one who decodes it.
type Limits struct {
	MessageBytes  int // coded
	ExpandedBytes int // decoded, in all: names, values, texts and 16 for each node
	TextBytes     int // of one text that the model coded; longer ones go as UTF-8
	Depth         int // of elements, the outermost counted
	Elements      int
	Attrs         int // of one element
}

// DefaultLimits let pass all that xmltree.DefaultLimits let in, up to 64 KiB.
var DefaultLimits = Limits{
	MessageBytes:  64 << 10,
	ExpandedBytes: 256 << 10,
	TextBytes:     16 << 10,
	Depth:         33,
	Elements:      1024,
	Attrs:         64,
}

func (l Limits) orDefault() Limits {
	for _, f := range []struct{ have, def *int }{
		{&l.MessageBytes, &DefaultLimits.MessageBytes},
		{&l.ExpandedBytes, &DefaultLimits.ExpandedBytes},
		{&l.TextBytes, &DefaultLimits.TextBytes},
		{&l.Depth, &DefaultLimits.Depth},
		{&l.Elements, &DefaultLimits.Elements},
		{&l.Attrs, &DefaultLimits.Attrs},
	} {
		if *f.have == 0 {
			*f.have = *f.def
		}
	}
	return l
}

// A Ref names an encoded message to the Encoder that made it. 0: nobody needs
// to tell what became of it.
type Ref uint64

// Known is how much of the static lists an end knows. They grow at their end
// only, so the smaller of two is what both know.
type Known struct{ Names, Attrs, Values, Shapes, Parts int }

// Ours is what this version knows.
var Ours = Known{len(ns.Names), len(ns.Attrs), len(ns.Values), len(templates), len(partTemplates)}

// An Encoder codes the elements of one direction of one session.
type Encoder struct {
	text     TextModel
	limits   Limits
	peer     Known
	master   string
	mirror   string
	tables   *tables
	last     uint64 // the last message
	inflight map[Ref]*use
}

// NewEncoder makes an Encoder for a new session.
func NewEncoder(cfg Config) *Encoder {
	e := &Encoder{text: cfg.Text, limits: cfg.Limits.orDefault(), peer: Ours, master: cfg.Master, mirror: cfg.Mirror,
		tables: newTables(true), inflight: map[Ref]*use{}}
	if cfg.Peer != nil {
		e.peer = cfg.Peer.with(Ours)
	}
	return e
}

// with gives what both know.
func (k Known) with(o Known) Known {
	return Known{min(k.Names, o.Names), min(k.Attrs, o.Attrs), min(k.Values, o.Values), min(k.Shapes, o.Shapes), min(k.Parts, o.Parts)}
}

// inflightMax bounds what an Encoder keeps for messages whose fate it has not
// heard. Beyond it messages are spelled out.
const inflightMax = 1024

// Encode appends el to dst. An error (LimitError, InvalidError) leaves dst as
// it was. The Ref wants Acked or Dropped.
func (e *Encoder) Encode(dst []byte, el *xmltree.Element) ([]byte, Ref, error) {
	if err := check(el, e.limits); err != nil {
		return dst, 0, err
	}
	e.last++
	w := writer{tables: e.tables, text: e.text, limits: e.limits, peer: e.peer,
		master: e.master, mirror: e.mirror, id: e.last, numbered: map[*number]uint64{}}
	if len(e.inflight) >= inflightMax {
		w.tables = newTables(false)
	}
	w.message(el)
	if len(w.b) > e.limits.MessageBytes {
		w.use.settle(false)
		return dst, 0, &LimitError{"bytes of a message", e.limits.MessageBytes}
	}
	dst = append(dst, w.b...)
	if w.use.empty() {
		return dst, 0, nil
	}
	w.use.send()
	e.inflight[Ref(w.id)] = &w.use
	return dst, Ref(w.id), nil
}

// Acked says that the peer decoded the message. Others' Refs do nothing.
func (e *Encoder) Acked(r Ref) { e.settle(r, true) }

// Dropped says that the message will never arrive.
func (e *Encoder) Dropped(r Ref) { e.settle(r, false) }

func (e *Encoder) settle(r Ref, acked bool) {
	if u := e.inflight[r]; u != nil {
		delete(e.inflight, r)
		u.settle(acked)
	}
}

// A Decoder reads what the peer's Encoder wrote in one session.
type Decoder struct {
	text   TextModel
	limits Limits
	master string
	mirror string
	tables heard
}

// NewDecoder makes a Decoder for a new session.
func NewDecoder(cfg Config) *Decoder {
	return &Decoder{text: cfg.Text, limits: cfg.Limits.orDefault(), master: cfg.Master, mirror: cfg.Mirror, tables: newHeard()}
}

// Decode reads one message. An error is a CorruptError, LimitError,
// ReferenceError or VersionError, and leaves the tables as they were.
func (d *Decoder) Decode(b []byte) (*xmltree.Element, error) {
	if len(b) > d.limits.MessageBytes {
		return nil, &LimitError{"bytes of a message", d.limits.MessageBytes}
	}
	if err := wellFormed(b); err != nil {
		return nil, err
	}
	r := reader{cursor: cursor{b: b}, text: d.text, limits: d.limits, master: d.master, mirror: d.mirror,
		have: &d.tables, new: newHeard()}
	el := r.message()
	if r.err != nil {
		return nil, r.err
	}
	d.tables.take(&r.new)
	return el, nil
}
