package main

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuildRepeats builds for ARM v7 from two folders, the second time without
// a cache, and compares: an operator can check that a program is what these
// sources give.
func TestBuildRepeats(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("builds everything twice: set PICKET_RIG=1")
	}
	const arch = "linux-armv7"
	sums := [2][]string{}
	from := "../.."
	for i := range sums {
		root := filepath.Join(t.TempDir(), strings.Repeat("deep/", 3*i)+"picket")
		if err := copySources(from, root); err != nil {
			t.Fatal(err)
		}
		from = root // the first copy, in case somebody edits meanwhile
		if i == 1 {
			t.Setenv("GOCACHE", t.TempDir())
		}
		out := t.TempDir()
		if err := run(root, out, arch); err != nil {
			t.Fatal(err)
		}
		for _, p := range programs {
			file := filepath.Join(out, arch, p.name)
			sums[i] = append(sums[i], sum(t, file))
			checkStatic(t, file)
		}
	}
	for n, p := range programs {
		if sums[0][n] != sums[1][n] {
			t.Errorf("%s: two builds differ: %s and %s", p.name, sums[0][n], sums[1][n])
		}
	}
}

func TestUnknownTarget(t *testing.T) {
	if err := run("../..", t.TempDir(), "linux-z80"); err == nil || !strings.Contains(err.Error(), "linux-armv6") {
		t.Errorf("got %v, want an error that names the targets", err)
	}
}

// copySources copies what the go command reads: all but the version control
// and what was built.
func copySources(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if rel == ".git" || rel == "out" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
}

func sum(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// checkStatic: a gateway has no C library.
func checkStatic(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if libs, _ := f.ImportedLibraries(); len(libs) > 0 || f.Machine != elf.EM_ARM {
		t.Errorf("%s: machine %v, needs %v; want a static ARM program", file, f.Machine, libs)
	}
}
