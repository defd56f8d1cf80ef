package text

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The model file is one deflate stream: a magic number, the frequencies that
// shape the alphabet's tree, the trained numbers, and the rows' symbols.
const magic = "picket text 1\n"

//go:embed model.bin
var modelFile []byte

// weightShift is what a weight in the file lacks in precision.
const weightShift = weightBits - 12

const rowsMax = 8 << 20 // more would not fit a gateway's memory

// Load unpacks the tables that are built into the program.
func Load() (*Tables, error) { return Parse(modelFile) }

// Parse reads a model file.
func Parse(file []byte) (*Tables, error) {
	r := flate.NewReader(bytes.NewReader(file))
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != magic {
		return nil, errors.New("text: this is no model file")
	}
	p := newParams()
	var freq [256]uint32
	var rows uint32
	for _, part := range append(p.parts(), freq[:], &rows) {
		if err := readPart(r, part); err != nil {
			return nil, fmt.Errorf("text: model file is cut off: %w", err)
		}
	}
	if rows > rowsMax {
		return nil, fmt.Errorf("text: model of %d rows, at most %d are allowed", rows, rowsMax)
	}
	symbols := make([]byte, rows)
	if _, err := io.ReadFull(r, symbols); err != nil {
		return nil, fmt.Errorf("text: model file is cut off: %w", err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, errors.New("text: model file does not end where it should")
	}
	sum := sha256.Sum256(file)
	return &Tables{
		id:     binary.BigEndian.Uint64(sum[:]),
		index:  newIndex(newAlphabet(&freq), symbols),
		params: p,
	}, nil
}

// parts are the trained numbers in the file's order.
func (p *params) parts() []any {
	parts := []any{p.guess[:], p.final[:]}
	for _, w := range p.weights {
		parts = append(parts, w)
	}
	return parts
}

// readPart fills int32 weights from 16 bits each, all else from its own size.
func readPart(r io.Reader, part any) error {
	weights, ok := part.([]int32)
	if !ok {
		return binary.Read(r, binary.LittleEndian, part)
	}
	short := make([]int16, len(weights))
	if err := binary.Read(r, binary.LittleEndian, short); err != nil {
		return err
	}
	for i, w := range short {
		weights[i] = int32(w) << weightShift
	}
	return nil
}

// build makes the model file of what was trained.
func build(p *params, freq *[256]uint32, symbols []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(z, magic); err != nil {
		return nil, err
	}
	for _, part := range append(p.parts(), freq[:], uint32(len(symbols)), symbols) {
		if weights, ok := part.([]int32); ok {
			part = shorten(weights)
		}
		if err := binary.Write(z, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func shorten(weights []int32) []int16 {
	short := make([]int16, len(weights))
	for i, w := range weights {
		w = (w + 1<<(weightShift-1)) >> weightShift
		short[i] = int16(min(max(w, -1<<15), 1<<15-1))
	}
	return short
}
