package site

import (
	"errors"
	"fmt"
	"io"
)

// Print writes an error for a person: "error:" and what is wrong, "hint:" and
// what to do, where the error knows (a method Hint, or a Problem). Several
// errors joined are printed one after the other.
func Print(w io.Writer, err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			Print(w, e)
		}
		return
	}
	fmt.Fprintf(w, "error: %v\n", err)
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(w, "hint:  %s\n", hint)
	}
}

func hintOf(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Hint
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
