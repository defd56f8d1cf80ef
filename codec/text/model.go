package text

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Tables is the trained prior: immutable, shared by all models of a process.
type Tables struct {
	id     uint64
	index  *index
	params *params
}

// ID names the tables: two ends that have the same understand each other.
func (t *Tables) ID() uint64 { return t.id }

// A Model codes messages, each for itself: none leaves a trace in it. It is
// not safe for concurrent use; NewModel is cheap.
type Model struct {
	tables    *Tables
	enc       encoder
	dec       decoder
	predictor predictor
}

// NewModel makes a coder with these tables.
func (t *Tables) NewModel() *Model {
	return &Model{tables: t, predictor: predictor{index: t.index, params: t.params}}
}

// ID is the ID of the tables.
func (m *Model) ID() uint64 { return m.tables.id }

// Errors of Decode.
var (
	ErrTooLong   = errors.New("text: coded string stands for more than the limit")
	ErrNotText   = errors.New("text: coded string stands for no UTF-8 text")
	ErrTrailing0 = errors.New("text: coded string ends in 00")
)

// Append appends the coded form of s to dst. It returns nil if s has no coded
// form: it has a NUL or is not UTF-8. The empty string is coded by no bytes.
// Some texts grow: the caller compares and sends those as they are.
func (m *Model) Append(dst []byte, s string) []byte {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return nil
	}
	if dst == nil {
		dst = []byte{}
	}
	start := len(dst)
	m.enc.reset(dst)
	m.predictor.reset()
	for i := range len(s) {
		m.encodeByte(s[i])
		if i+1 == len(s) || utf8.RuneStart(s[i+1]) {
			m.enc.mark()
		}
	}
	return m.enc.finish(start)
}

func (m *Model) encodeByte(c byte) {
	p := &m.predictor
	a := p.index.alphabet
	for whole := false; !whole; {
		bit := int(a.way[c] >> p.depth & 1)
		m.enc.bit(bit, p.predict())
		_, whole = p.update(bit)
	}
}

// Decode gives the text of a coded string. Bytes that Append never made may
// give an error or any valid text, never one beyond maxBytes.
func (m *Model) Decode(b []byte, maxBytes int) (string, error) {
	if len(b) > 0 && b[len(b)-1] == 0 {
		return "", ErrTrailing0
	}
	m.dec.reset(b)
	m.predictor.reset()
	var out []byte
	for {
		if m.predictor.inside == 0 && m.dec.ended() {
			break
		}
		if len(out) >= maxBytes {
			return "", ErrTooLong
		}
		for {
			c, whole := m.predictor.update(m.dec.bit(m.predictor.predict()))
			if whole {
				out = append(out, c)
				break
			}
		}
	}
	if !utf8.Valid(out) {
		return "", ErrNotText
	}
	return string(out), nil
}
