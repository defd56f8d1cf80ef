package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// stopWait is what a program gets between SIGTERM and SIGKILL.
const stopWait = 5 * time.Second

// A process is one program of a site, restarted on demand. Its output is
// appended to a log file.
type process struct {
	name    string
	command []string
	logPath string
	started func(*exec.Cmd) error // starter.start

	mu     sync.Mutex
	cmd    *exec.Cmd
	done   chan struct{} // closed when cmd has ended
	killed bool          // by us
	exit   string        // how it ended
}

// A starter starts processes on one thread that lives as long as the
// supervisor: the kernel sends Pdeathsig when that *thread* ends
// (prctl(2), PR_SET_PDEATHSIG), and a lab must not outlive its supervisor.
type starter struct{ jobs chan func() }

func newStarter() *starter {
	s := &starter{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

func (s *starter) start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr.Setpgid = true // a terminal's ^C is for the supervisor
	errs := make(chan error)
	s.jobs <- func() { errs <- cmd.Start() }
	return <-errs
}

// start starts the program, unless it runs.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return fail("", "%s runs already", p.name)
	}
	log, err := os.OpenFile(p.logPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := p.started(cmd); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done, p.killed, p.exit = cmd, done, false, ""
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.exit = "exited"
		if p.killed {
			p.exit = "killed"
		} else if err != nil {
			p.exit = "exited: " + err.Error()
		}
		p.mu.Unlock()
		close(done)
	}()
	return nil
}

func (p *process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// state gives "running", "killed" or how it exited, and the process id.
func (p *process) state() (string, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return "running", p.cmd.Process.Pid
	}
	return p.exit, 0
}

// kill ends the program by SIGKILL and waits until it is gone.
func (p *process) kill() error {
	p.mu.Lock()
	if !p.running() {
		p.mu.Unlock()
		return fail("picketctl lab start "+p.name, "%s does not run", p.name)
	}
	p.killed = true
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-done
	return nil
}

// stop ends the program politely, then not; a program that does not run is
// stopped already.
func (p *process) stop() {
	p.mu.Lock()
	if !p.running() {
		p.mu.Unlock()
		return
	}
	p.killed = true
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-done:
	case <-time.After(stopWait):
		cmd.Process.Kill()
		<-done
	}
}
