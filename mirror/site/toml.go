package site

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// A Duration is a time.Duration that stands in a file as "90s" or "10m".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration takes; a negative one is refused.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no time span such as 90s, 10m or 2h", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes it as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string { return time.Duration(d).String() }

// A Validator is a configuration that knows what makes no sense in it. Its
// problems name the Key; Decode adds file and line.
type Validator interface{ Validate() []Problem }

// Decode reads a TOML file into v, which holds the defaults. A key that v does
// not know is an error, not a wish that nobody hears. All problems are given,
// joined.
func Decode(path string, v Validator) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return decode(path, doc, v)
}

// Peek reads some keys of a TOML file and passes over the others.
func Peek(path string, v any) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := toml.Unmarshal(doc, v); err != nil {
		return decodeProblem(path, err)
	}
	return nil
}

func decode(path string, doc []byte, v Validator) error {
	dec := toml.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return decodeProblem(path, err)
	}
	var all []error
	for _, p := range v.Validate() {
		p.File, p.Line = path, lineOf(doc, p.Key)
		all = append(all, &p)
	}
	return errors.Join(all...)
}

// decodeProblem gives file, line and key of what go-toml refused.
func decodeProblem(path string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var all []error
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			all = append(all, &Problem{File: path, Line: line, Key: strings.Join(e.Key(), "."),
				What: "there is no such key", Hint: "see the comments of a fresh file: init -config /tmp/fresh.toml"})
		}
		return errors.Join(all...)
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		return &Problem{File: path, Line: line, Key: strings.Join(bad.Key(), "."),
			What: strings.TrimPrefix(bad.Error(), "toml: "), Hint: "the file is TOML: key = \"text\", key = 5, key = true"}
	}
	return &Problem{File: path, What: err.Error()}
}

// lineOf finds the line of a key, or that of its section where the key is
// left out; 0: neither stands there.
func lineOf(doc []byte, key string) int {
	section, name := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		section, name = key[:i], key[i+1:]
	}
	in, best := "", 0
	for n, line := range strings.Split(string(doc), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = strings.Trim(strings.TrimSpace(strings.SplitN(line, "#", 2)[0]), "[] ")
			if in == section && best == 0 {
				best = n + 1
			}
			continue
		}
		if left, _, ok := strings.Cut(line, "="); ok && in == section && strings.TrimSpace(left) == name {
			return n + 1
		}
	}
	return best
}
