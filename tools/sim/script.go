package sim

import (
	"fmt"
	"strings"
)

// A script is a transcript: comments, and directives with what they printed.
//
//	# why this story is told
//	command argument key=value key="with spaces" key=(a, b)
//	input, any number of lines
//	----
//	what the command printed, up to an empty line
//
// It is the form of github.com/cockroachdb/datadriven, read here because
// `picketctl sim FILE` runs the same files as the tests, and because chat is
// easier to read in quotes.
type script struct {
	directives []directive
	tail       string // comments after the last directive
}

// A directive is one command of a script.
type directive struct {
	line     int    // of the command, from 1
	lead     string // comments and empty lines before it
	text     string // the command's line
	name     string
	args     []string // without a key
	keys     map[string]string
	input    string
	expected string
}

// separator stands between a command with its input and its output.
const separator = "----"

// A ScriptError says where a transcript cannot be read or run.
type ScriptError struct {
	Line   int
	Reason string
}

func (e *ScriptError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// parseScript reads a transcript.
func parseScript(text string) (*script, error) {
	s := &script{}
	lines := strings.SplitAfter(text, "\n")
	var lead strings.Builder
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "#") {
			lead.WriteString(lines[i])
			continue
		}
		d := directive{line: i + 1, lead: lead.String(), text: lines[i]}
		lead.Reset()
		if err := d.parse(line); err != nil {
			return nil, err
		}
		var input, expected strings.Builder
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != separator; i++ {
			input.WriteString(lines[i])
		}
		if i == len(lines) {
			return nil, &ScriptError{d.line, "no ---- follows"}
		}
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
			expected.WriteString(lines[i])
		}
		i-- // the empty line belongs to what follows
		d.input, d.expected = input.String(), expected.String()
		s.directives = append(s.directives, d)
	}
	s.tail = lead.String()
	return s, nil
}

// parse reads the command's line.
func (d *directive) parse(line string) error {
	d.keys = map[string]string{}
	d.name, line, _ = strings.Cut(line, " ")
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		key, end := "", strings.IndexAny(line, " =")
		if end >= 0 && line[end] == '=' {
			key, line = line[:end], line[end+1:]
		}
		value, rest, err := cutValue(line)
		if err != "" {
			return &ScriptError{d.line, err}
		}
		line = rest
		if key == "" {
			d.args = append(d.args, value)
		} else {
			d.keys[key] = value
		}
	}
	return nil
}

// cutValue takes one value off the line: a word, or what stands in quotes or
// parentheses.
func cutValue(line string) (value, rest, problem string) {
	if line == "" || line[0] != '"' && line[0] != '(' {
		value, rest, _ = strings.Cut(line, " ")
		return value, rest, ""
	}
	end := map[byte]string{'"': `"`, '(': ")"}[line[0]]
	value, rest, ok := strings.Cut(line[1:], end)
	if !ok {
		return "", "", "no " + end + " closes " + line
	}
	return value, rest, ""
}

// list splits a value in parentheses.
func list(value string) []string {
	var out []string
	for _, v := range strings.Split(value, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// A mismatch is a directive that printed something else than it should.
type mismatch struct {
	line      int
	command   string
	got, want string
}

func (m mismatch) String() string {
	return fmt.Sprintf("line %d: %s\n got:\n%swant:\n%s", m.line, m.command, indent(m.got), indent(m.want))
}

func indent(s string) string {
	if s == "" {
		return "    (nothing)\n"
	}
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ") + "\n"
}

// run executes the directives and gives the script with their true output,
// and where that differs.
func (s *script) run(do func(*directive) (string, error)) (rewritten string, differ []mismatch, err error) {
	var out strings.Builder
	for i := range s.directives {
		d := &s.directives[i]
		got, err := do(d)
		if err != nil {
			return "", differ, &ScriptError{d.line, err.Error()}
		}
		if got != "" && !strings.HasSuffix(got, "\n") {
			got += "\n"
		}
		if got != d.expected {
			differ = append(differ, mismatch{d.line, strings.TrimSpace(d.text), got, d.expected})
		}
		out.WriteString(d.lead + d.text + d.input + separator + "\n" + got)
	}
	return out.String() + s.tail, differ, nil
}
