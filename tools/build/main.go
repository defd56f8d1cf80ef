// Command build compiles picket's programs for the machines that they run on:
// static, without paths, times or build ids inside, so that two builds of one
// commit are equal byte for byte. They land in out/linux-ARCH/.
//
// It downloads no toolchain and signs nothing.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A target is a kind of machine.
type target struct {
	name string
	env  []string
}

var targets = []target{
	{"linux-amd64", []string{"GOARCH=amd64", "GOAMD64=v1"}},
	{"linux-arm64", []string{"GOARCH=arm64"}},
	{"linux-armv7", []string{"GOARCH=arm", "GOARM=7"}},
	{"linux-armv6", []string{"GOARCH=arm", "GOARM=6"}}, // Pi Zero and 1
}

// programs are the three, by name and folder.
var programs = []struct{ name, folder string }{
	{"picket", "firmware/picket"},
	{"picket-hq", "tools/picket-hq"},
	{"picketctl", "tools/picketctl"},
}

func main() {
	out := flag.String("o", "out", "the `folder` that the programs land in")
	only := flag.String("target", "", "build for this `target` alone, as linux-armv7")
	flag.Parse()
	if err := run(".", *out, *only); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

// run builds all targets, or one, from the sources below root.
func run(root, out, only string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	built := false
	for _, t := range targets {
		if only != "" && only != t.name {
			continue
		}
		built = true
		begin := time.Now()
		var sizes []string
		for _, p := range programs {
			file := filepath.Join(out, t.name, p.name)
			if err := compile(root, t, p.folder, file); err != nil {
				return err
			}
			info, err := os.Stat(file)
			if err != nil {
				return err
			}
			sizes = append(sizes, fmt.Sprintf("%s %.1f MB", p.name, float64(info.Size())/1e6))
		}
		fmt.Printf("%-12s %s (%.0f s)\n", t.name, strings.Join(sizes, ", "), time.Since(begin).Seconds())
	}
	if !built {
		return fmt.Errorf("target: %q is none of linux-amd64, linux-arm64, linux-armv7, linux-armv6", only)
	}
	return nil
}

// compile builds one program. What could differ between two machines is
// switched off: paths (-trimpath), the commit (-buildvcs), the build id.
func compile(root string, t target, folder, file string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", file, "./"+folder)
	cmd.Dir = root
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS="), t.env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s for %s: %w\n%s", folder, t.name, err, text)
	}
	return nil
}
