//go:build integration

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// process is a server that runs until the lab ends, or is stopped.
type process struct {
	name string
	argv []string
	env  []string
	up   func() bool

	cmd  *exec.Cmd
	done chan struct{}
}

// startLimit bounds how long a server may take until it answers.
const startLimit = 90 * time.Second

func (l *Lab) logFile(name string) string { return filepath.Join(l.Dir, name+".log") }

// start starts p and waits until it answers.
func (p *process) start(t *testing.T, l *Lab) {
	t.Helper()
	log, err := os.OpenFile(l.logFile(p.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.argv[0], p.argv[1:]...)
	p.cmd.Env = l.Env(p.env...)
	p.cmd.Dir = l.Dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	p.done = done
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // how it ended is in its log
		close(done)
	}(p.cmd)
	Eventually(t, startLimit, p.name+" answers", func() bool {
		select {
		case <-done:
			t.Fatalf("%s ended: %s\n%s", p.name, p.cmd.ProcessState, l.tail(p.name))
		default:
		}
		return p.up()
	})
}

// stop ends p and waits for that.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-p.done:
	case <-time.After(startLimit):
		t.Errorf("%s does not stop", p.name)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	p.cmd = nil
}

// tail is the end of a server's log.
func (l *Lab) tail(name string) string {
	b, err := os.ReadFile(l.logFile(name))
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b[max(0, len(b)-4000):])
}
