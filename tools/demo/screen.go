package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A screen prints the two sides next to each other, line by line as things
// happen: it scrolls and moves no cursor, so that it reads the same on a
// terminal, in a pipe and in a file. Colours go to terminals only.
type screen struct {
	w      io.Writer
	colour bool
	column int // characters of one side
	start  time.Time

	mu sync.Mutex
}

const (
	clockWidth = 6 // "0:07.1"
	widthMin   = 80
	widthMax   = 120
)

func newScreen(w io.Writer, colour bool, width int) *screen {
	width = min(max(width, widthMin), widthMax)
	return &screen{w: w, colour: colour, column: (width - clockWidth - 5) / 2, start: time.Now()}
}

// Colours of ECMA-48, SGR.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s *screen) paint(code, text string) string {
	if !s.colour || code == plain {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// line prints one line across both sides.
func (s *screen) line(code, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.w, s.paint(code, fmt.Sprintf(format, args...)))
}

// titles prints the heads of the two columns.
func (s *screen) titles(left, right string) {
	s.row("", bold, left, right)
	rule := strings.Repeat("─", s.column+1)
	s.line(dim, "%s%s┼%s", strings.Repeat("─", clockWidth+1), rule, rule)
}

// left and right print what is seen at the headquarters and at the gateway.
func (s *screen) left(code, text string)  { s.row(s.clock(), code, text, "") }
func (s *screen) right(code, text string) { s.row(s.clock(), code, "", text) }

func (s *screen) clock() string {
	d := time.Since(s.start)
	return fmt.Sprintf("%d:%04.1f", int(d.Minutes()), d.Seconds()-60*float64(int(d.Minutes())))
}

func (s *screen) row(clock, code, left, right string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, r := wrap(left, s.column), wrap(right, s.column)
	for i := range max(len(l), len(r)) {
		var lt, rt string
		if i < len(l) {
			lt = l[i]
		}
		if i < len(r) {
			rt = r[i]
		}
		pad := strings.Repeat(" ", s.column-utf8.RuneCountInString(lt))
		out := fmt.Sprintf("%s %s %s %s", s.paint(dim, fmt.Sprintf("%-*s", clockWidth, clock)),
			s.paint(code, lt)+pad, s.paint(dim, "│"), s.paint(code, rt))
		fmt.Fprintln(s.w, strings.TrimRight(out, " "))
		clock = ""
	}
}

// wrap breaks text into lines of at most width characters, at spaces where
// there are some. It gives at least one line.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			r := []rune(word)
			lines, word = append(lines, string(r[:width])), string(r[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
