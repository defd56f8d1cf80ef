package lab

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// upTimeout bounds a whole start; ejabberd on a busy machine is the slowest.
const upTimeout = 120 * time.Second

// A report is one line that the supervisor writes to whoever started it, until
// it is ready or has failed.
type report struct {
	Step  string `json:"step,omitempty"`
	Ready bool   `json:"ready,omitempty"`
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

func runUp(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("up", flag.ContinueOnError)
	var opt Options
	dirFlag := fs.String("dir", "", "")
	fs.IntVar(&opt.Gateways, "gateways", 1, "")
	fs.IntVar(&opt.Rate, "rate", 9600, "")
	fs.Float64Var(&opt.Loss, "loss", 0, "")
	fs.StringVar(&opt.HQ, "hq", "embedded", "")
	fs.StringVar(&opt.Bearer, "bearer", "serial", "")
	fs.Int64Var(&opt.Seed, "seed", 1, "")
	fs.StringVar(&opt.Bin, "bin", "", "")
	fs.DurationVar(&opt.Hold, "hold", 0, "")
	fs.DurationVar(&opt.KeepAlive, "keepalive", 0, "")
	fs.IntVar(&opt.Tries, "tries", 0, "")
	if rest, err := parse(fs, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return wrong("picketctl lab help", "up takes no argument %q", rest[0])
	}
	progress := func(step string) { fmt.Fprintln(stderr, "lab: "+step) }
	dir, err := Up(*dirFlag, opt, progress)
	if err != nil {
		return err
	}
	Remember(dir)
	w, err := Load(dir)
	if err != nil {
		return err
	}
	printWorld(stdout, dir, w)
	return nil
}

// Up brings a world up in dir ("": a new folder) and returns the folder once
// everything is ready. Progress gets a line for each step. After an error
// nothing runs any more.
func Up(dir string, opt Options, progress func(string)) (string, error) {
	if err := opt.check(); err != nil {
		return "", err
	}
	dir, err := prepareDir(dir)
	if err != nil {
		return "", err
	}
	if opt.Bin, err = findPrograms(opt.Bin, dir, progress); err != nil {
		return "", err
	}
	if err := writeJSON(filepath.Join(dir, "options.json"), opt); err != nil {
		return "", err
	}
	if err := startSupervisor(dir, opt.Bin, progress); err != nil {
		return "", err
	}
	return dir, nil
}

// Remember makes the lab in dir the one that commands without -dir mean.
func Remember(dir string) {
	if os.MkdirAll(filepath.Dir(lastFile()), 0o700) == nil {
		os.WriteFile(lastFile(), []byte(dir+"\n"), 0o600) // a comfort only: -dir works without
	}
}

// Build builds the programs into a folder, for Options.Bin: tests that bring up
// several labs build once.
func Build(dir string) (bin string, err error) { return findPrograms("", dir, func(string) {}) }

// Down stops the lab in dir.
func Down(dir string) error {
	_, err := ask(dir, request{Do: "down"})
	return err
}

// Load reads the world of the lab in dir.
func Load(dir string) (*World, error) {
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		return nil, err
	}
	w := new(World)
	return w, json.Unmarshal(b, w)
}

// prepareDir makes the folder, or empties that of a lab which is down: a world
// always starts new.
func prepareDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "picket-lab-")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if _, err := ask(dir, request{Do: "status"}); err == nil {
		return "", fail("picketctl lab down -dir "+dir, "a lab already runs in %s", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, "options.json")); err != nil {
			return "", fail("name an empty folder or a new one", "%s holds files that are no lab's", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// startSupervisor starts `picketctl lab serve` in a session of its own and waits
// for it to be ready. If we end before that, it tears everything down.
func startSupervisor(dir, bin string, progress func(string)) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	log, err := os.OpenFile(filepath.Join(dir, "lab.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.Close()
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(bin, "picketctl"), "lab", "serve", "-dir", dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{w} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(stop)
	reports := make(chan report)
	go func() {
		defer close(reports)
		for in := bufio.NewScanner(r); in.Scan(); {
			var rep report
			if json.Unmarshal(in.Bytes(), &rep) == nil {
				reports <- rep
			}
		}
	}()
	err = awaitReady(reports, stop, dir, progress)
	if err != nil {
		cmd.Process.Signal(syscall.SIGTERM)
		for range reports { // until the supervisor has torn all down and is gone
		}
		cmd.Wait()
		return err
	}
	return cmd.Process.Release()
}

func awaitReady(reports <-chan report, stop <-chan os.Signal, dir string, progress func(string)) error {
	timeout := time.After(upTimeout)
	for {
		select {
		case rep, ok := <-reports:
			switch {
			case !ok:
				return fail("see "+filepath.Join(dir, "lab.log"), "the supervisor ended early")
			case rep.Error != "":
				return &userError{what: rep.Error, hint: rep.Hint}
			case rep.Ready:
				return nil
			default:
				progress(rep.Step)
			}
		case <-stop:
			return fail("", "interrupted; everything was stopped")
		case <-timeout:
			return fail("see the logs in "+dir, "not ready after %v", upTimeout)
		}
	}
}

func printWorld(w io.Writer, dir string, world *World) {
	fmt.Fprintf(w, "the lab in %s is up; room %s\n\n", dir, world.Room)
	for _, s := range world.Sites {
		fmt.Fprintf(w, "%s  %s:%d (STARTTLS), %d (TLS), CA %s\n", s.Domain, s.Host, s.Port, s.TLSPort, s.CA)
		for _, a := range s.Accounts {
			fmt.Fprintf(w, "    %s  %s\n", a.JID, a.Password)
		}
	}
	fmt.Fprintf(w, "\nstop it: picketctl lab down -dir %s\n", dir)
}

// writeJSON replaces a file at once: a reader sees the old or the new one. Only
// the owner may read it, since passwords stand in it.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
