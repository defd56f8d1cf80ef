package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSourcesAreText(t *testing.T) {
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if len(s.lines) == 0 {
			t.Errorf("%s has no lines", s.name)
		}
		for i, l := range s.lines {
			if l == "" || !utf8.ValidString(l) || strings.ContainsRune(l, 0) {
				t.Errorf("%s, line %d: %q is no text to train on", s.name, i+1, l)
			}
		}
	}
}

func TestRadioLines(t *testing.T) {
	a, b := radioLines(500), radioLines(500)
	if strings.Join(a, "\n") != strings.Join(b, "\n") {
		t.Error("two runs of radioLines differ")
	}
	for _, l := range a {
		if len(l) > 200 || strings.ContainsAny(l, "{}%") && !strings.Contains(l, "battery") {
			t.Errorf("%q is no line of radio procedure", l)
		}
	}
}

func TestSplit(t *testing.T) {
	all := []source{{name: "talk", lines: make([]string, 40), copies: 1}, {name: "list", lines: make([]string, 40), copies: 1, list: true}}
	for _, tt := range []struct {
		measuring   bool
		train, held int
	}{{false, 80, 0}, {true, 78, 2}} {
		train, held := split(all, tt.measuring)
		n := 0
		for _, s := range held {
			n += len(s.lines)
		}
		if len(train) != tt.train || n != tt.held {
			t.Errorf("split(measuring %v): %d to train, %d held out, want %d and %d", tt.measuring, len(train), n, tt.train, tt.held)
		}
	}
}

// TestTrainsTheShippedModel trains again and compares: a minute of work.
func TestTrainsTheShippedModel(t *testing.T) {
	if os.Getenv("PICKET_RIG") != "1" {
		t.Skip("trains for a minute: set PICKET_RIG=1")
	}
	out := filepath.Join(t.TempDir(), "model.bin")
	if err := run(t.Output(), out, false, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../codec/text/model.bin")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("training gave another file than codec/text/model.bin: run go run ./tools/model and commit it")
	}
}
