package serial

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// deframe gives the frames in a stream.
func deframe(d *deframer, stream []byte) (frames [][]byte) {
	for _, b := range stream {
		if d.push(b) {
			frames = append(frames, bytes.Clone(d.frame))
		}
	}
	return frames
}

func TestAppendFrame(t *testing.T) {
	run := func(from, to int) string { // the bytes from..to in hex
		var b []byte
		for i := from; i <= to; i++ {
			b = append(b, byte(i))
		}
		return hex.EncodeToString(b)
	}
	for _, tt := range []struct{ name, frame, line string }{
		// The examples of the COBS paper, as Wikipedia's table has them, each with the delimiter.
		{"one zero", "00", "0101 00"},
		{"two zeros", "0000", "010101 00"},
		{"a zero between", "0011 00", "01 0211 01 00"},
		{"zero within", "1122 0033", "031122 0233 00"},
		{"no zero", "11223344", "0511223344 00"},
		{"zeros at the end", "11 000000", "0211 010101 00"},
		{"254 bytes", run(1, 254), "ff" + run(1, 254) + "00"},
		{"a zero and 254 bytes", "00" + run(1, 254), "01ff" + run(1, 254) + "00"},
		{"255 bytes", run(1, 255), "ff" + run(1, 254) + "02ff 00"},
		{"254 bytes and a zero", run(2, 255) + "00", "ff" + run(2, 255) + "0101 00"},
		{"253 bytes, zero, one", run(3, 255) + "0001", "fe" + run(3, 255) + "0201 00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frame, line := unhex(t, tt.frame), unhex(t, tt.line)
			if got := appendFrame([]byte{9}, frame, false); !bytes.Equal(got[1:], line) || got[0] != 9 {
				t.Errorf("appendFrame(%x)\n got %x\nwant %x", frame, got[1:], line)
			}
			got := deframe(&deframer{max: 300}, line)
			if len(got) != 1 || !bytes.Equal(got[0], frame) {
				t.Errorf("deframe(%x)\n got %x\nwant %x", line, got, frame)
			}
		})
	}
}

// TestWire runs the examples of WIRE.md both ways.
func TestWire(t *testing.T) {
	text, err := os.ReadFile("WIRE.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, mark := range []string{"serial", "serial-crc"} {
		_, rest, _ := strings.Cut(string(text), "```"+mark+"\n")
		block, _, _ := strings.Cut(rest, "```")
		for row := range strings.Lines(block) {
			left, right, ok := strings.Cut(strings.TrimSpace(row), "   ")
			if !ok {
				t.Fatalf("%s: %q has no two columns", mark, row)
			}
			frame, line, crc := unhex(t, left), unhex(t, right), mark == "serial-crc"
			if got := appendFrame(nil, frame, crc); !bytes.Equal(got, line) {
				t.Errorf("%s: %x goes out as %x, want %x", mark, frame, got, line)
			}
			if got := deframe(&deframer{max: 99, crc: crc}, line); len(got) != 1 || !bytes.Equal(got[0], frame) {
				t.Errorf("%s: %x is taken for %x, want %x", mark, line, got, frame)
			}
			examples++
		}
	}
	if examples != 5 {
		t.Errorf("%d examples were found, want 5", examples)
	}
}

func TestDeframe(t *testing.T) {
	for _, tt := range []struct {
		name   string
		max    int
		crc    bool
		line   string
		frames []string
		want   Refused
	}{
		{"delimiters alone", 9, false, "00 00 00", nil, Refused{}},
		{"two frames", 9, false, "0211 00 0222 00", []string{"11", "22"}, Refused{}},
		{"an empty frame", 9, false, "01 00", nil, Refused{}},
		{"cut within a block", 9, false, "0511 00 0222 00", []string{"22"}, Refused{Cut: 1}},
		{"joined with the tail of another", 9, false, "55 0222 00 0222 00", []string{"22"}, Refused{Cut: 1}},
		{"as long as may be", 3, false, "04112233 00", []string{"112233"}, Refused{}},
		{"one more", 3, false, "0511223344 00 0222 00", []string{"22"}, Refused{Long: 1}},
		{"one more by a zero", 3, false, "04112233 0144 00 0222 00", []string{"22"}, Refused{Long: 1}},
		{"an empty last block", 300, false, "ff" + strings.Repeat("41", 254) + "01 00", []string{strings.Repeat("41", 254)}, Refused{}},
		{"CRC", 11, true, "0c 31 32 33 34 35 36 37 38 39 6e 90 00", []string{"313233343536373839"}, Refused{}}, // the check value 0x906e of CRC-16/X-25
		{"wrong CRC", 11, true, "0c 31 32 33 34 35 36 37 38 38 6e 90 00", nil, Refused{CRC: 1}},
		{"CRC alone", 11, true, "03ffff 00", nil, Refused{CRC: 1}},
		{"shorter than a CRC", 11, true, "0211 00", nil, Refused{CRC: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &deframer{max: tt.max, crc: tt.crc}
			var got []string
			for _, f := range deframe(d, unhex(t, tt.line)) {
				got = append(got, hex.EncodeToString(f))
			}
			if strings.Join(got, " ") != strings.Join(tt.frames, " ") || d.refused != tt.want {
				t.Errorf("deframe(%s)\n got %v, %+v\nwant %v, %+v", tt.line, got, d.refused, tt.frames, tt.want)
			}
		})
	}
}

// TestNoiseIsCheap: a megabyte of random bytes costs little time, no memory,
// and the frame after it arrives.
func TestNoiseIsCheap(t *testing.T) {
	noise := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	d := &deframer{max: 255}
	begin := time.Now()
	garbage := len(deframe(d, noise))
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("%v for 1 MiB of noise", took)
	}
	d.push(delimiter)
	if got := deframe(d, appendFrame(nil, []byte("after"), false)); len(got) != 1 || string(got[0]) != "after" {
		t.Errorf("after the noise: got %q", got)
	}
	if cap(d.frame) > 512 {
		t.Errorf("holds %d bytes for frames of 255", cap(d.frame))
	}
	t.Logf("%d garbage frames, %+v", garbage, d.refused)
}

func FuzzFraming(f *testing.F) {
	f.Add([]byte("frame"), true)
	f.Add([]byte{0, 0, 255}, false)
	f.Add(bytes.Repeat([]byte{1}, 510), false)
	f.Fuzz(func(t *testing.T, data []byte, crc bool) {
		const max = 1024
		// As a stream: never panics, never holds more than max.
		d := &deframer{max: max + crcBytes, crc: crc}
		for _, frame := range deframe(d, data) {
			if len(frame) == 0 || len(frame) > d.max {
				t.Fatalf("a frame of %d bytes", len(frame))
			}
		}
		if len(d.frame) > d.max {
			t.Fatalf("holds %d bytes", len(d.frame))
		}
		// As a frame: comes back, whatever stood before it.
		if len(data) == 0 || len(data) > max {
			return
		}
		line := appendFrame([]byte{delimiter}, data, crc)
		if n := len(line) - 1; n > encodedMax(len(data), crc) || bytes.IndexByte(line[1:n], delimiter) >= 0 {
			t.Fatalf("%x on the line: %x", data, line)
		}
		got := deframe(d, line)
		if len(got) == 0 || !bytes.Equal(got[len(got)-1], data) {
			t.Fatalf("%x came back as %x", data, got)
		}
	})
}

func BenchmarkDeframe(b *testing.B) {
	line := appendFrame(nil, bytes.Repeat([]byte{1, 2, 3, 0}, 60), false)
	d := &deframer{max: 255}
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		deframe(d, line)
	}
}
