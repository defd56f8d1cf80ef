// Command model trains the text model that codec/text has built in, from the
// corpora beside it: the same text gives the same file, byte for byte.
//
//	go run ./tools/model                 writes codec/text/model.bin
//	go run ./tools/model -measure FILE…  trains without every 20th line and says
//	                                     what those, and the lines of each FILE, cost
//
// It never runs on a gateway. corpus/README.md says where the text is from.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"picket/codec/text"
)

func main() {
	out := flag.String("o", "codec/text/model.bin", "model `file` to write")
	measuring := flag.Bool("measure", false, "hold lines out, write no file, print what they cost")
	flag.Parse()
	if err := run(os.Stdout, *out, *measuring, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, out string, measuring bool, judges []string) error {
	all, err := sources()
	if err != nil {
		return err
	}
	train, held := split(all, measuring)
	for _, name := range judges {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		held = append(held, source{name: filepath.Base(name), lines: strings.Split(strings.TrimRight(string(b), "\n"), "\n")})
	}
	file, err := text.Train(train)
	if err != nil {
		return err
	}
	tables, err := text.Parse(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d lines, %d bytes of model, id %016x\n", len(train), len(file), tables.ID())
	if !measuring {
		return os.WriteFile(out, file, 0o644)
	}
	m := tables.NewModel()
	for _, s := range held {
		if err := measure(w, m, s); err != nil {
			return err
		}
	}
	return nil
}

// classEnds bound the length classes, in bytes.
var classEnds = []int{5, 10, 20, 40, 80, 160, 400, 1 << 30}

// measure prints bits a character: all lines, then by length. A line that
// would grow counts as it is.
func measure(w io.Writer, m *text.Model, s source) error {
	bits, chars := make([]int, len(classEnds)+1), make([]int, len(classEnds)+1)
	for _, line := range s.lines {
		coded := m.Append(nil, line)
		if back, err := m.Decode(coded, len(line)); err != nil || back != line {
			return fmt.Errorf("%q came back as %q, %v", line, back, err)
		}
		class := 1
		for len(line) > classEnds[class-1] {
			class++
		}
		for _, c := range []int{0, class} {
			bits[c] += 8 * min(len(coded), len(line))
			chars[c] += utf8.RuneCountInString(line)
		}
	}
	fmt.Fprintf(w, "%-16s %6d lines %8d characters  %6.3f b/char ", s.name, len(s.lines), chars[0], ratio(bits[0], chars[0]))
	for i := range classEnds {
		fmt.Fprintf(w, " %5.2f", ratio(bits[i+1], chars[i+1]))
	}
	fmt.Fprintln(w)
	return nil
}

func ratio(bits, chars int) float64 {
	if chars == 0 {
		return 0
	}
	return float64(bits) / float64(chars)
}
