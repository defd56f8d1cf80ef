package sim

import "picket/mirror"

// A sabotage is a rule broken on purpose, to see that a checker catches it.
// The zero value breaks nothing.
type sabotage struct {
	echoBeforeSync bool                                       // clients see what is not on the disk yet
	wrap           func(*site, mirror.Machine) mirror.Machine // a role with a fault
}
