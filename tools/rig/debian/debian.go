// Package debian gets the real counterparts that tests run against: Debian
// packages, installed if they are not there.
package debian

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// A Program is a file of a Debian package.
type Program struct{ Path, Package string }

// Ensure installs the packages of the programs that are missing. It wants root,
// and says what to type where it is not.
func Ensure(ctx context.Context, programs ...Program) error {
	var missing []string
	for _, p := range programs {
		if _, err := os.Stat(p.Path); err != nil {
			missing = append(missing, p.Package)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	args := append([]string{"install", "-y", "--no-install-recommends"}, missing...)
	hint := "apt-get " + strings.Join(args, " ")
	if os.Getuid() != 0 {
		return fmt.Errorf("%s is missing; as root: %s", strings.Join(missing, ", "), hint)
	}
	for _, a := range [][]string{args, {"update"}, args} { // the lists may be old or absent
		cmd := exec.CommandContext(ctx, "apt-get", a...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		out, err := cmd.CombinedOutput()
		switch {
		case err == nil && a[0] == "install":
			return nil
		case err != nil && a[0] == "update":
			return fmt.Errorf("apt-get update: %w: %s", err, tail(out))
		case err != nil:
			hint = fmt.Sprintf("%s: %v: %s", hint, err, tail(out))
		}
	}
	return fmt.Errorf("%s", hint)
}

// tail gives the end of a program's output.
func tail(out []byte) string {
	if len(out) > 300 {
		out = out[len(out)-300:]
	}
	return strings.TrimSpace(string(out))
}
