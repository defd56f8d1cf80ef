package sim

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestOneSeedOneRun: a seed gives the same transcript twice, to the byte.
func TestOneSeedOneRun(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			var first *Result
			for range 2 {
				res, err := Run(small(seed, AllFaults))
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = res
				} else if res.Digest != first.Digest {
					t.Errorf("seed %d: transcript %x, then %x", seed, first.Digest, res.Digest)
				}
			}
		})
	}
}

// TestKeptSeeds runs the worlds that once showed a fault: testdata/seeds, a
// command line each, after a line that says what it showed.
func TestKeptSeeds(t *testing.T) {
	f, err := os.Open("testdata/seeds")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			opt, err := parseArgs(strings.Fields(line), os.Stderr)
			if err != nil {
				t.Fatal(err)
			}
			if testing.Short() && opt.Storm > time.Hour {
				t.Skip("longer than -short allows")
			}
			results, err := runSeeds(opt)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range summarize(results).Violations {
				t.Errorf("%.3f s: %s: %s\n%s", v.Seconds, v.Invariant, v.What, v.Repeat)
			}
		})
	}
}
