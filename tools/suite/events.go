package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// An event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// showEvents prints a line a test as it ends, all that a failed one has said,
// and the closing lines of each package.
func showEvents(w io.Writer, events io.Reader) {
	said := map[string]*bytes.Buffer{}
	for lines := json.NewDecoder(events); ; {
		var e event
		if err := lines.Decode(&e); err != nil {
			return // the end, or a build that failed: the go command tells on stderr
		}
		key := e.Package + "." + e.Test
		switch e.Action {
		case "output", "build-output":
			if e.Test == "" {
				if e.Action == "build-output" || isClosing(e.Output) {
					io.WriteString(w, e.Output)
				}
				continue
			}
			if strings.HasPrefix(e.Output, "=== ") {
				continue // that it began
			}
			if said[key] == nil {
				said[key] = &bytes.Buffer{}
			}
			said[key].WriteString(e.Output)
		case "pass", "fail", "skip":
			if e.Test == "" {
				continue
			}
			if e.Action == "fail" && said[key] != nil {
				w.Write(said[key].Bytes())
			}
			delete(said, key)
			if !strings.Contains(e.Test, "/") { // subtests are many
				fmt.Fprintf(w, "    %s %s (%.1f s)\n", e.Action, e.Test, e.Elapsed)
			}
		}
	}
}

// isClosing says that a line of a package tells how it ended: "ok …", "FAIL …",
// or why it did not.
func isClosing(line string) bool {
	for _, word := range []string{"ok  \t", "FAIL\t", "?   \t", "panic:", "error:"} {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}
