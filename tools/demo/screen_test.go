package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		width      int
		want       []string
	}{
		{"nothing", "", 10, []string{""}},
		{"it fits", "convoy at ford", 14, []string{"convoy at ford"}},
		{"at a space", "convoy at the ford", 10, []string{"convoy at", "the ford"}},
		{"a word that is too long", "a conference.fairfax", 8, []string{"a", "conferen", "ce.fairf", "ax"}},
		{"counted in characters, not bytes", "über größe", 10, []string{"über größe"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := wrap(tt.text, tt.width); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("wrap(%q, %d)\n got %q\nwant %q", tt.text, tt.width, got, tt.want)
			}
		})
	}
}

// A pipe gets no escape codes, and no line is wider than 80 columns.
func TestScreenPiped(t *testing.T) {
	var b bytes.Buffer
	s := newScreen(&b, false, 0)
	s.titles("HEADQUARTERS fairfax.tridsys.com", "GATEWAY raleigh.tridsys.com")
	s.left(green, "Scott: "+strings.Repeat("all work and no play ", 5))
	s.right(yellow, "Wayne joined")
	if strings.Contains(b.String(), "\x1b") {
		t.Error("escape codes in a pipe")
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}
