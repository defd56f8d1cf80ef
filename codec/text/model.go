package text

import (
	"errors"
	"unicode/utf8"
)

// Tables is the trained prior: immutable, shared by all models of a process.
type Tables struct {
	id uint64
}

// Load unpacks the tables that are built into the program.
func Load() (*Tables, error) { return &Tables{id: 1}, nil }

// ID names the tables: two ends that have the same understand each other.
func (t *Tables) ID() uint64 { return t.id }

// A Model codes messages, each for itself: none leaves a trace in it. It is
// not safe for concurrent use; NewModel is cheap.
type Model struct {
	tables  *Tables
	enc     encoder
	dec     decoder
	history predictor
}

// NewModel makes a coder with these tables.
func (t *Tables) NewModel() *Model { return &Model{tables: t} }

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
	if !utf8.ValidString(s) {
		return nil
	}
	if dst == nil {
		dst = []byte{}
	}
	start := len(dst)
	m.enc.reset(dst)
	m.history.reset()
	for i := range len(s) {
		c := s[i]
		if c == 0 {
			return nil
		}
		for bit := 7; bit >= 0; bit-- {
			b := int(c >> bit & 1)
			m.enc.bit(b, m.history.p())
			m.history.update(b)
		}
		if i+1 == len(s) || utf8.RuneStart(s[i+1]) {
			m.enc.mark()
		}
	}
	return m.enc.finish(start)
}

// Decode gives the text of a coded string. Bytes that Append never made may
// give an error or any valid text, never one beyond maxBytes.
func (m *Model) Decode(b []byte, maxBytes int) (string, error) {
	if len(b) > 0 && b[len(b)-1] == 0 {
		return "", ErrTrailing0
	}
	m.dec.reset(b)
	m.history.reset()
	var out []byte
	need := 0 // bytes missing in the current character
	for {
		if need == 0 && m.dec.ended() {
			break
		}
		if len(out) >= maxBytes {
			return "", ErrTooLong
		}
		c := byte(0)
		for range 8 {
			bit := m.dec.bit(m.history.p())
			m.history.update(bit)
			c = c<<1 | byte(bit)
		}
		out = append(out, c)
		switch {
		case c == 0:
			return "", ErrNotText
		case c&0xc0 == 0x80:
			if need == 0 {
				return "", ErrNotText
			}
			need--
		case need > 0:
			return "", ErrNotText
		case c >= 0xf0:
			need = 3
		case c >= 0xe0:
			need = 2
		case c >= 0xc0:
			need = 1
		}
	}
	if !utf8.Valid(out) {
		return "", ErrNotText
	}
	return string(out), nil
}

// predictor: order 2 within the message.
type predictor struct {
	ctx   uint32
	node  uint32
	probs [3][1 << 12]uint16
	slot  [3]uint32
}

func (h *predictor) reset() {
	h.ctx, h.node = 0, 1
	for i := range h.probs {
		for j := range h.probs[i] {
			h.probs[i][j] = 0
		}
	}
}

func (h *predictor) p() uint32 {
	var n, sum int32
	for i := range h.probs {
		mask := uint32(1)<<(8*i) - 1
		h.slot[i] = (h.ctx&mask*0x9e3779b1 + h.node*0x85ebca6b) >> 20
		if v := h.probs[i][h.slot[i]]; v != 0 {
			w := int32(1) << (2 * i)
			sum += w * int32(v)
			n += w
		}
	}
	prior := int32(1 << 15)
	if h.node == 1 {
		prior = 1 << 11
	}
	p := uint32((sum + prior) / (n + 1))
	return min(max(p, 64), 65536-64)
}

func (h *predictor) update(bit int) {
	for i := range h.probs {
		v := &h.probs[i][h.slot[i]]
		if *v == 0 {
			*v = 1 << 15
		}
		if bit == 1 {
			*v += (65535 - *v) >> 2
		} else {
			*v -= *v >> 2
		}
	}
	if h.node = h.node<<1 | uint32(bit); h.node >= 256 {
		h.ctx = h.ctx<<8 | h.node&255
		h.node = 1
	}
}
