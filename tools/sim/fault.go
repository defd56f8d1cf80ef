package sim

import (
	"fmt"
	"strings"
)

// Faults is a set of the kinds of trouble that a storm may hold.
type Faults uint16

// Kinds of faults.
const (
	Loss    Faults = 1 << iota // single frames do not arrive
	Errors                     // bits flip
	Burst                      // for some seconds most frames are lost
	Cut                        // a line carries nothing, from seconds to most of an hour
	Crash                      // either side dies at any moment, its last record torn
	Clock                      // wall clocks start in 1970 and jump
	Garbage                    // bytes of nobody come in
	Replay                     // recorded frames come again
	Reorder                    // frames come twice, or overtake each other
	Hostile                    // a paired gateway speaks for others
)

// AllFaults is every kind.
const AllFaults = Hostile<<1 - 1

var faultNames = []string{"loss", "errors", "burst", "cut", "crash", "clock", "garbage", "replay", "reorder", "hostile"}

// String gives the set as -faults takes it.
func (f Faults) String() string {
	switch f {
	case 0:
		return "none"
	case AllFaults:
		return "all"
	}
	var names []string
	for i, n := range faultNames {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ",")
}

// ParseFaults reads "all", "none" or names separated by commas.
func ParseFaults(s string) (Faults, error) {
	switch s {
	case "all":
		return AllFaults, nil
	case "none":
		return 0, nil
	}
	var f Faults
next:
	for _, name := range strings.Split(s, ",") {
		for i, n := range faultNames {
			if n == name {
				f |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("-faults: %q is no fault; there are all, none, or a list of %s", name, strings.Join(faultNames, ", "))
	}
	return f, nil
}
