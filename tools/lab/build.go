package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// programs are what a lab runs, by name and Go package.
var programs = []struct{ name, pkg string }{
	{"picket", "./firmware/picket"},
	{"picket-hq", "./tools/picket-hq"},
	{"picketctl", "./tools/picketctl"},
}

// findPrograms gives a folder with the three programs: the one that was named,
// the one that this program stands in, or a new build in dir.
func findPrograms(named, dir string, progress func(string)) (string, error) {
	if named != "" {
		if missing := missingProgram(named); missing != "" {
			return "", fail("make build, and -bin out/linux-"+runtime.GOARCH, "%s is not in %s", missing, named)
		}
		return filepath.Abs(named)
	}
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Dir(self); missingProgram(beside) == "" {
			return beside, nil
		}
	}
	root, err := sourceRoot()
	if err != nil {
		return "", err
	}
	progress("building the programs")
	bin := filepath.Join(dir, "bin")
	for _, p := range programs {
		cmd := exec.Command("go", "build", "-o", filepath.Join(bin, p.name), p.pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fail("go build "+p.pkg, "building %s: %v\n%s", p.name, err, strings.TrimSpace(string(out)))
		}
	}
	return bin, nil
}

func missingProgram(dir string) string {
	for _, p := range programs {
		if st, err := os.Stat(filepath.Join(dir, p.name)); err != nil || st.IsDir() || st.Mode()&0o111 == 0 {
			return p.name
		}
	}
	return ""
}

// sourceRoot finds picket's own sources: the module that we stand in, or the
// place that this file was compiled from.
func sourceRoot() (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fail("install Go 1.26 or give -bin", "there is no go command to build the programs with")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " "); err == nil && path == "picket" {
		return dir, nil
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return root, nil
		}
	}
	return "", fail("run it inside picket's source tree, or give -bin", "the sources of the programs are not here")
}
