package sim

import (
	"fmt"
	"io"
	"os"
)

// runFiles runs scenario transcripts and compares what they print.
func runFiles(opt *options, stdout, stderr io.Writer) int {
	status := 0
	for _, name := range opt.files {
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintf(stderr, "error: %v\nhint:  name scenario files, as those in tools/sim/testdata, or flags before all files\n", err)
			return 2
		}
		rewritten, differ, err := play(string(text))
		if err != nil {
			fmt.Fprintf(stderr, "error: %s: %v\nhint:  the commands are listed in tools/sim/scenario.go and stage.go\n", name, err)
			return 2
		}
		if opt.rewrite {
			if err := os.WriteFile(name, []byte(rewritten), 0o644); err != nil {
				fmt.Fprintf(stderr, "error: %v\n", err)
				return 2
			}
			continue
		}
		for _, m := range differ {
			status = 1
			fmt.Fprintf(stdout, "%s: %v\n", name, m)
		}
		if len(differ) == 0 {
			fmt.Fprintf(stdout, "%s: as written\n", name)
		}
	}
	if status != 0 {
		fmt.Fprintf(stderr, "error: a transcript is not as written\nhint:  picketctl sim -rewrite FILE writes what happens now\n")
	}
	return status
}

// play runs the text of a transcript.
func play(text string) (rewritten string, differ []mismatch, err error) {
	s, err := parseScript(text)
	if err != nil {
		return "", nil, err
	}
	return s.run((&scenario{}).do)
}
