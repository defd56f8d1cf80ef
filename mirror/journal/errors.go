package journal

import (
	"errors"
	"fmt"

	berrors "go.etcd.io/bbolt/errors"
)

// ErrInvalid is the error of Append for a record outside the limits.
var ErrInvalid = errors.New("journal: a record has no key, or is too long")

// A LockedError says that another process, or another Journal of this one, has
// the file open. Two writers would destroy it.
type LockedError struct{ Path string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("journal: %s is in use by another process", e.Path)
}

// Hint says what to do.
func (e *LockedError) Hint() string {
	return "only one picket can run on a state folder: stop the other one, or give this one a folder of its own"
}

// A CorruptError says that a file cannot be read as a journal: damaged by its
// medium, cut short by a copy, or not a journal at all. A power cut does not
// cause it.
type CorruptError struct{ Path, Reason string }

func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal: %s is damaged: %s", e.Path, e.Reason)
}

// Hint says what to do, and what it costs.
func (e *CorruptError) Hint() string {
	return fmt.Sprintf("put a backup back, or move the file away (mv %[1]s %[1]s.damaged) and start empty: "+
		"messages not yet delivered are then lost, rooms and rosters come back from the other side; check the disk before that", e.Path)
}

// A FullError says that a transaction would make the file larger than it may
// be. Transactions that delete still work.
type FullError struct {
	Path    string
	SizeMax int64 // bytes
}

func (e *FullError) Error() string {
	return fmt.Sprintf("journal: %s has reached its limit of %d MiB", e.Path, e.SizeMax>>20)
}

// Hint says what to do.
func (e *FullError) Hint() string {
	return "raise journal.size_max_mib, or restore the link: what waits for it is kept until it is delivered"
}

// openError names what bbolt's errors mean for a journal.
func openError(path string, err error) error {
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt):
		return err
	case errors.Is(err, berrors.ErrTimeout):
		return &LockedError{Path: path}
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return &CorruptError{Path: path, Reason: err.Error()}
	}
	return fmt.Errorf("journal: %w", err)
}
