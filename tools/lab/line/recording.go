package line

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A recording has a line of text a frame, as it left the line: seconds since
// the line began, the sending end, "cut" or "ok", the bytes in hex.
//
//	12.034 a ok 0541c3a90700

// pieceMax bounds a line of the recording when no delimiter comes.
const pieceMax = 1024

// A Piece is what a recording holds of one frame.
type Piece struct {
	At    time.Duration // since the line began; when the last byte had crossed
	From  End
	Cut   bool   // it did not arrive: the line was cut
	Bytes []byte // with the delimiter
}

type recorder struct {
	mu    sync.Mutex
	to    io.Writer
	begin time.Time
	open  [2][]byte // by sender
}

// note collects bytes until a frame ends. A nil recorder notes nothing.
func (r *recorder) note(from End, b []byte, cut bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range b {
		r.open[from] = append(r.open[from], x)
		if x == 0 || len(r.open[from]) == pieceMax {
			state := "ok"
			if cut {
				state = "cut"
			}
			fmt.Fprintf(r.to, "%.3f %v %s %x\n", time.Since(r.begin).Seconds(), from, state, r.open[from])
			r.open[from] = r.open[from][:0]
		}
	}
}

// ReadRecording reads what a line has recorded.
func ReadRecording(r io.Reader) ([]Piece, error) {
	var pieces []Piece
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		p, err := parsePiece(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("recording: line %d: %w", n, err)
		}
		pieces = append(pieces, p)
	}
	return pieces, lines.Err()
}

func parsePiece(text string) (Piece, error) {
	f := strings.Fields(text)
	if len(f) != 4 || (f[1] != "a" && f[1] != "b") || (f[2] != "ok" && f[2] != "cut") {
		return Piece{}, fmt.Errorf("%q is not: seconds a|b ok|cut hex", text)
	}
	seconds, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		return Piece{}, fmt.Errorf("%q is no time in seconds", f[0])
	}
	b, err := hex.DecodeString(f[3])
	if err != nil {
		return Piece{}, err
	}
	return Piece{time.Duration(seconds * float64(time.Second)), End(f[1][0] - 'a'), f[2] == "cut", b}, nil
}
