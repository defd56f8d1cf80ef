// Package qemu runs a program that was built for a gateway's processor on this
// machine, by QEMU's user-mode emulation: the processor is another one, the
// kernel is ours.
//
// It shows that the program runs on ARM, 32 bits wide and without a C library;
// it says nothing of a board's devices. Wrap is the way in.
package qemu

import (
	"context"
	"fmt"
	"os"

	"picket/tools/rig/debian"
)

// Emulator is QEMU for 32-bit ARM.
const Emulator = "/usr/bin/qemu-arm-static"

// Ensure installs the emulator, if it is not there.
func Ensure(ctx context.Context) error {
	return debian.Ensure(ctx, debian.Program{Path: Emulator, Package: "qemu-user-static"})
}

// Wrap writes a script that stands for an ARM program, so that whoever starts
// programs by name starts this one. The process becomes the emulator: signals
// reach it.
func Wrap(script, program string) error {
	return os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nexec %s '%s' \"$@\"\n", Emulator, program), 0o755)
}
