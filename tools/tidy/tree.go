// Package tidy holds the rules of the house that no reader can hold in the
// head: which packages are pure (pure.go), who may import whom (imports.go), a
// comment on every package, no long file, no folder for leftovers (tree.go).
//
// It reads sources with go/parser and judges names, not types: quick, and
// enough for rules that nobody breaks on purpose. Check is the way in; the
// package's test runs it over the whole module, so `go test ./tools/tidy`
// tells in a second. It never rewrites anything: gofmt and vet do their own.
package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Problem is one broken rule at one place.
type Problem struct {
	Path string // of the file or the folder, from the module's root
	Line int    // 0: the whole of it
	Text string // what is wrong, and what would be right
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Text)
}

// Ours.
const linesMax = 599 // a file of 600 lines has more than one subject

// longFiles are the files that may be longer, each with the reason.
var longFiles = map[string]string{}

// leftovers are folder names that say nothing of what is inside.
var leftovers = []string{"util", "utils", "common", "helper", "helpers", "misc"}

// A source is one Go file of the module.
type source struct {
	path   string // from the root: "radio/link/conn.go"
	folder string // "radio/link"; "." is the root
	test   bool
	lines  int
	file   *ast.File
	set    *token.FileSet
}

func (s *source) problem(at token.Pos, format string, args ...any) Problem {
	return Problem{s.path, s.set.Position(at).Line, fmt.Sprintf(format, args...)}
}

// Check reads every Go file below the root of a module and gives the broken
// rules, in the order of their paths.
func Check(root fs.FS, module string) ([]Problem, error) {
	sources, problems, err := read(root)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		problems = append(problems, checkSize(s)...)
		if s.test {
			continue // a test may reach for whatever shows that the code is right
		}
		problems = append(problems, checkImports(s, module)...)
		if slices.Contains(pure, s.folder) {
			problems = append(problems, checkPure(s)...)
		}
	}
	problems = append(problems, checkComments(sources)...)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return problems, nil
}

// read parses all Go files but those that the go command does not see either.
func read(root fs.FS) ([]*source, []Problem, error) {
	var sources []*source
	var problems []Problem
	set := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() {
			if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "out") {
				return fs.SkipDir
			}
			if slices.Contains(leftovers, base) {
				problems = append(problems, Problem{name, 0, "a folder is named by what it does, not " + base})
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		sources = append(sources, &source{
			path:   name,
			folder: path.Dir(name),
			test:   strings.HasSuffix(base, "_test.go"),
			lines:  strings.Count(string(text), "\n"),
			file:   file,
			set:    set,
		})
		return nil
	})
	return sources, problems, err
}

func checkSize(s *source) []Problem {
	if s.lines <= linesMax || ast.IsGenerated(s.file) {
		return nil
	}
	if longFiles[s.path] != "" {
		return nil
	}
	return []Problem{{s.path, 0, fmt.Sprintf("%d lines: a file has one subject and at most %d lines (or a reason in longFiles)", s.lines, linesMax)}}
}

// checkComments wants one comment a package; a package of tests alone has it
// in one of them.
func checkComments(sources []*source) []Problem {
	type state struct{ code, commented bool }
	folders := map[string]*state{}
	for _, s := range sources {
		f := folders[s.folder]
		if f == nil {
			f = &state{}
			folders[s.folder] = f
		}
		f.code = f.code || !s.test
	}
	for _, s := range sources {
		f := folders[s.folder]
		if s.file.Doc != nil && !(s.test && f.code) {
			f.commented = true
		}
	}
	var problems []Problem
	for folder, f := range folders {
		if !f.commented {
			problems = append(problems, Problem{folder, 0, "the package has no comment: what it is for, what it never does, the way in"})
		}
	}
	return problems
}
