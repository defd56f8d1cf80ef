package sim

import (
	"fmt"
	"slices"
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
	People                     // owners ban, lock and destroy rooms; users correct, answer and react
)

// AllFaults is every kind.
const AllFaults = People<<1 - 1

var faultNames = []string{"loss", "errors", "burst", "cut", "crash", "clock", "garbage", "replay", "reorder", "hostile", "people"}

// String gives the set as -faults takes it.
func (f Faults) String() string {
	switch f {
	case 0:
		return "none"
	case AllFaults:
		return "all"
	}
	if f == AllFaults&^People {
		return "all,-people" // the worlds of before there were any
	}
	var names []string
	for i, n := range faultNames {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ",")
}

// ParseFaults reads "none", or names separated by commas: "all" is every kind,
// and a name after a minus takes one away ("all,-people").
func ParseFaults(s string) (Faults, error) {
	if s == "none" {
		return 0, nil
	}
	var f Faults
	for _, name := range strings.Split(s, ",") {
		name, without := strings.CutPrefix(name, "-")
		kind := AllFaults
		if name != "all" {
			i := slices.Index(faultNames, name)
			if i < 0 {
				return 0, fmt.Errorf("-faults: %q is no fault; there are all, none, or a list of %s", name, strings.Join(faultNames, ", "))
			}
			kind = 1 << i
		}
		if without {
			f &^= kind
		} else {
			f |= kind
		}
	}
	return f, nil
}
