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

// An Encoder codes the elements of one direction of one session.
type Encoder struct {
	text   TextModel
	limits Limits
}

// NewEncoder makes an Encoder for a new session.
func NewEncoder(cfg Config) *Encoder {
	return &Encoder{text: cfg.Text, limits: cfg.Limits.orDefault()}
}

// Encode appends el to dst. An error (LimitError, InvalidError) leaves dst and
// the tables as they were.
func (e *Encoder) Encode(dst []byte, el *xmltree.Element) ([]byte, Ref, error) {
	if err := check(el, e.limits); err != nil {
		return dst, 0, err
	}
	w := writer{text: e.text, maxText: e.limits.TextBytes}
	w.element(el, ns.Client)
	if len(w.b) > e.limits.MessageBytes {
		return dst, 0, &LimitError{"bytes of a message", e.limits.MessageBytes}
	}
	return append(dst, w.b...), 0, nil
}

// Acked says that the peer decoded the message.
func (e *Encoder) Acked(Ref) {}

// Dropped says that the message will never arrive.
func (e *Encoder) Dropped(Ref) {}

// A Decoder reads what the peer's Encoder wrote in one session.
type Decoder struct {
	text   TextModel
	limits Limits
}

// NewDecoder makes a Decoder for a new session.
func NewDecoder(cfg Config) *Decoder {
	return &Decoder{text: cfg.Text, limits: cfg.Limits.orDefault()}
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
	r := reader{cursor: cursor{b: b}, text: d.text, limits: d.limits}
	el := r.message()
	if r.err != nil {
		return nil, r.err
	}
	return el, nil
}
