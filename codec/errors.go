package codec

import "fmt"

// A CorruptError says that bytes are no message of ours.
type CorruptError struct {
	Offset int // of the first byte that makes no sense
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("codec: at byte %d: %s", e.Offset, e.Reason)
}

// A LimitError says that a message is over a limit, to be encoded or decoded.
type LimitError struct {
	What string
	Max  int
}

func (e *LimitError) Error() string { return fmt.Sprintf("codec: more than %d %s", e.Max, e.What) }

// A ReferenceError says that a message refers to a table entry that the
// decoder does not have: a fault of the peer, never a reason to wait.
type ReferenceError struct {
	Table string // "room", "occupant", "string", "number"
	Slot  int
}

func (e *ReferenceError) Error() string {
	return fmt.Sprintf("codec: no entry %d in the table of %ss", e.Slot, e.Table)
}

// A VersionError says that a message is in a form that this decoder does not
// know: the peer speaks a newer version.
type VersionError struct{ What string }

func (e *VersionError) Error() string { return "codec: unknown encoding: " + e.What }

// An InvalidError says that an element cannot be written as XML: a name or a
// text holds characters that XML 1.0 does not allow.
type InvalidError struct{ What string }

func (e *InvalidError) Error() string { return "codec: " + e.What }
