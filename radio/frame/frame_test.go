package frame

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestVectors reads testdata/*.txt, and the examples of the specification.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) { datadriven.RunTest(t, f, vector) })
	}
	wire, err := os.ReadFile("../WIRE.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(wire), "\n```frame\n")[1:]
	if len(examples) == 0 {
		t.Error("WIRE.md has no example of a frame")
	}
	for _, e := range examples {
		e, _, _ = strings.Cut(e, "```\n")
		datadriven.RunTestFromString(t, e, vector)
	}
}

func vector(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "parse": // the bytes of a frame
		b := unhex(t, d.Input)
		h, body, err := Parse(b)
		if err != nil {
			return err.Error()
		}
		if again := append(AppendHeader(nil, h), body...); !bytes.Equal(again, b) {
			t.Errorf("%s: appended again: % x", d.Pos, again)
		}
		from := "the gateway"
		if h.FromHQ {
			from = "the headquarters"
		}
		s := fmt.Sprintf("%s from %s, link %d", h.Kind, from, h.Link)
		if h.Kind == Data {
			s += fmt.Sprintf(", number …%0*x", 2+2*map[bool]int{true: 1}[h.Long], h.Low)
		}
		return fmt.Sprintf("%s, then %d bytes", s, len(body))
	case "blocks": // the bytes that are sealed
		b := unhex(t, d.Input)
		var out []string
		var again []byte
		for at := 0; at < len(b); {
			block, next, err := Next(b, at)
			if err != nil {
				return strings.Join(append(out, err.Error()), "\n")
			}
			out, again, at = append(out, text(block)), AppendBlock(again, block), next
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%s: appended again: % x", d.Pos, again)
		}
		return strings.Join(out, "\n")
	case "number": // next=N low=HEX
		var next uint64
		var low string
		d.ScanArgs(t, "next", &next)
		d.ScanArgs(t, "low", &low)
		n, err := strconv.ParseUint(low, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(Header{Long: len(low) == 4, Low: uint16(n)}.Number(next))
	}
	t.Fatalf("%s: no such command", d.Pos)
	return ""
}

func text(b Block) string {
	switch b := b.(type) {
	case Pad:
		return "pad"
	case Over:
		return "over"
	case Ping:
		return "ping"
	case Floor:
		return fmt.Sprintf("floor %d before this", b.Distance)
	case Age:
		return fmt.Sprintf("age %d s, of what begins from here on", b.Seconds)
	case Ack:
		width := 2
		if b.Wide {
			width = 4
		}
		s := fmt.Sprintf("ack below …%0*x, and of it on %s", width, b.Low, bits(b.Done))
		if len(b.Held) > 0 {
			s += "; held " + bits(b.Held)
		}
		return s
	case Part:
		s := fmt.Sprintf("part class %d, item …%02x, bytes %d to %d", b.Class, b.ID, b.Offset, b.Offset+len(b.Payload))
		if b.Total > 0 {
			s += fmt.Sprintf(" of %d", b.Total)
		}
		return s + fmt.Sprintf(": %q", b.Payload)
	}
	return "?"
}

func bits(b []byte) string {
	var s []string
	for i := range 8 * len(b) {
		if b[i/8]>>(i%8)&1 != 0 {
			s = append(s, fmt.Sprintf("+%d", i))
		}
	}
	return "[" + strings.Join(s, " ") + "]"
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNumber: every number within half the span of the expected one is found.
func TestNumber(t *testing.T) {
	for _, next := range []uint64{0, 1, 127, 128, 255, 256, 300, 65535, 65536, 1 << 40} {
		for d := int64(-127); d <= 127; d++ {
			n := next + uint64(d)
			if d < 0 && next < uint64(-d) {
				continue
			}
			if got := (Header{Low: uint16(n & 0xff)}).Number(next); got != n {
				t.Fatalf("next %d, number %d: got %d", next, n, got)
			}
			if got := (Header{Long: true, Low: uint16(n)}).Number(next); got != n {
				t.Fatalf("next %d, long number %d: got %d", next, n, got)
			}
		}
	}
}

// TestCost holds the sizes that the budget counts with.
func TestCost(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    Part
		want int
	}{
		{"whole item, last in the frame", Part{Total: 40, ToEnd: true, Payload: make([]byte, 40)}, 2},
		{"whole item, another follows", Part{Total: 40, Payload: make([]byte, 40)}, 3},
		{"beginning of a long item", Part{Total: 5000, ToEnd: true, Payload: make([]byte, 200)}, 4},
		{"the rest", Part{Offset: 200, ToEnd: true, Payload: make([]byte, 200)}, 4},
	} {
		if got := tt.p.Cost(); got != tt.want {
			t.Errorf("%s: %d bytes, want %d", tt.name, got, tt.want)
		}
		if got := len(AppendBlock(nil, tt.p)) - len(tt.p.Payload); got != tt.want {
			t.Errorf("%s: %d bytes appended, want %d", tt.name, got, tt.want)
		}
	}
}

// TestAgeCost holds what an age adds to a frame.
func TestAgeCost(t *testing.T) {
	for _, tt := range []struct{ seconds, want int }{{5, 2}, {127, 2}, {128, 3}, {4 * 3600, 3}, {AgeMax, 4}} {
		a := Age{tt.seconds}
		if a.Cost() != tt.want || len(AppendBlock(nil, a)) != tt.want {
			t.Errorf("%d s: %d bytes, %d appended, want %d", tt.seconds, a.Cost(), len(AppendBlock(nil, a)), tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"\x07\x2a", "\x47\x01\x2a", "\x80\x47hello", "\x3f\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := Parse(b)
		if err != nil {
			return
		}
		if again := append(AppendHeader(nil, h), body...); !bytes.Equal(again, b) {
			t.Errorf("% x appended again: % x", b, again)
		}
	})
}

func FuzzNext(f *testing.F) {
	for _, s := range []string{"\x01", "\x03\x05", "\x04\x2a\x81\x05hi", "\x42\x07\x01\x02", "\x51\x07\x01\x01\x02", "\x81\x05hi", "\x91\x05\x02hi\x02", "\xa3\x05\x80\x01hi", "\xc3\x05\x10hi"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		for at := 0; at < len(b); {
			block, next, err := Next(b, at)
			if err != nil {
				return
			}
			if next <= at || next > len(b) {
				t.Fatalf("block %#v ends at %d of %d", block, next, len(b))
			}
			again, at = AppendBlock(again, block), next
		}
		if !bytes.Equal(again, b) {
			t.Errorf("% x appended again: % x", b, again)
		}
	})
}
