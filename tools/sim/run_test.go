package sim

import (
	"fmt"
	"os"
	"slices"
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

// longMax is how many of the longer worlds run without PICKET_RIG.
const longMax = 5

// TestKeptSeeds runs the worlds that once showed a fault: testdata/seeds, a
// command line each, after a line that says what it showed. The shorter ones
// and the newest few; all with PICKET_RIG=1, as in `make test`.
func TestKeptSeeds(t *testing.T) {
	text, err := os.ReadFile("testdata/seeds")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	slices.Reverse(lines) // the newest first
	long := 0
	for _, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		opt, err := parseArgs(strings.Fields(line), os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		if opt.Storm > time.Hour {
			long++
		}
		skip := opt.Storm > time.Hour && (long > longMax || testing.Short()) && os.Getenv("PICKET_RIG") == ""
		t.Run(line, func(t *testing.T) {
			if skip {
				t.Skip("PICKET_RIG=1 runs all kept seeds")
			}
			t.Parallel()
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
