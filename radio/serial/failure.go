package serial

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrStuck says that the other end takes no bytes: its flow control holds, or
// nobody reads.
var ErrStuck = errors.New("serial: the line takes no bytes")

// ErrGone says that the device is not there any more: unplugged, or the other
// end of a PTY closed.
var ErrGone = errors.New("serial: the device is gone")

// A PortError says why a port cannot be used, and what to do about it.
type PortError struct {
	Path string
	What string // "no such port"
	Hint string // "" or what to do
	Err  error  // the cause; nil if it is a rule of ours
}

func (e *PortError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("serial: %s: %s", e.Path, e.What)
	}
	return fmt.Sprintf("serial: %s: %s: %s", e.Path, e.What, e.Hint) // a status has one line for it
}

func (e *PortError) Unwrap() error { return e.Err }

// portError words the errors that people meet.
func portError(path, byID string, err error) *PortError {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return &PortError{path, "no such port", "is it plugged in? " + presentPorts(byID), err}
	case errors.Is(err, unix.ENOTTY):
		return &PortError{path, "is no serial port", presentPorts(byID), err}
	case errors.Is(err, fs.ErrPermission):
		return &PortError{path, "not permitted", "run as root, or as a member of the group dialout", err}
	case errors.Is(err, unix.EWOULDBLOCK):
		return &PortError{path, "another program has it", "is picket running already? `fuser " + path + "` tells who", err}
	}
	return &PortError{path, err.Error(), "", err}
}

// presentPorts tells which ports there are, by names that stay the same when
// a port is plugged in elsewhere.
func presentPorts(byID string) string {
	entries, err := os.ReadDir(byID)
	if err != nil || len(entries) == 0 {
		return "no USB serial port is plugged in (" + byID + " is empty)"
	}
	var names []string
	for _, e := range entries {
		names = append(names, filepath.Join(byID, e.Name()))
	}
	return "there are: " + strings.Join(names, ", ")
}
