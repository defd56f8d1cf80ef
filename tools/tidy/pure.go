package tidy

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
)

// pure are the packages without I/O, goroutines, clocks and hidden randomness:
// what comes out depends on what went in, so a run repeats from its seed.
var pure = []string{
	"codec", "codec/xmltree", "codec/ns", "codec/text",
	"radio/frame", "radio/seal", "radio/pair", "radio/link", "radio/channel", "radio/radiotest",
	"mirror", "mirror/muc", "mirror/delta", "mirror/dmuc", "mirror/policy",
	"mirror/replica", "mirror/master", "mirror/node",
}

// impureImports are refused whole, with all that is below them.
var impureImports = []string{
	"os", "net", "sync", "syscall", "log", "io/ioutil", "crypto/rand", "context", "testing",
	"golang.org/x/sys", "golang.org/x/net", "golang.org/x/sync",
}

// partly pure packages: the names of them that a pure package may use.
var (
	// A Notice is a slog.LogValuer; making a value logs nothing.
	slogNames = []string{
		"Value", "LogValuer", "Attr", "Kind",
		"Any", "Bool", "Duration", "Float64", "Group", "GroupAttrs", "Int", "Int64", "String", "Time", "Uint64",
		"AnyValue", "BoolValue", "DurationValue", "Float64Value", "GroupValue", "IntValue", "Int64Value",
		"StringValue", "TimeValue", "Uint64Value",
	}
	// A *rand.Rand comes in the Config; the package's own functions draw from
	// a source that no seed reaches.
	randNames = []string{"Rand", "Source", "Source64", "New", "NewSource", "NewPCG", "NewChaCha8", "PCG", "ChaCha8", "Zipf", "NewZipf"}
	// What reads the clock, or waits for it.
	timeNames = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Timer", "Ticker", "Local", "LoadLocation"}
)

func checkPure(s *source) []Problem {
	var problems []Problem
	imported := map[string]string{} // the name in this file -> the path
	for _, spec := range s.file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value) // checkImports has seen it
		if target != "log/slog" && slices.ContainsFunc(impureImports, func(x string) bool { return within(target, x) }) {
			problems = append(problems, s.problem(spec.Pos(), "%s is pure: no %s", s.folder, target))
		}
		name := path.Base(target)
		if target == "math/rand/v2" {
			name = "rand"
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = target
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "go statement"
		case *ast.SelectStmt:
			what = "select"
		case *ast.ChanType:
			what = "channel"
		case *ast.SelectorExpr:
			what = impureName(n, imported)
		}
		if what != "" {
			problems = append(problems, s.problem(n.Pos(), "%s is pure: no %s", s.folder, what))
		}
		return true
	})
	return problems
}

// impureName judges package.Name; "" is fine.
func impureName(sel *ast.SelectorExpr, imported map[string]string) string {
	left, ok := sel.X.(*ast.Ident)
	if !ok || left.Obj != nil { // Obj: a variable of this file hides the package
		return ""
	}
	name, bad := sel.Sel.Name, false
	switch imported[left.Name] {
	case "time":
		bad = slices.Contains(timeNames, name)
	case "log/slog":
		bad = !slices.Contains(slogNames, name)
	case "math/rand", "math/rand/v2":
		bad = !slices.Contains(randNames, name)
	}
	if !bad {
		return ""
	}
	return left.Name + "." + name
}
