//go:build integration || e2e

package desk

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is a terminal where one command of a user runs, and a person who
// answers every prompt for a password there.
type Terminal struct {
	cmd     *exec.Cmd
	screen  *screen
	reading sync.WaitGroup
	tooLong *time.Timer
}

// InTerminal starts a command in a terminal of its own; answer is what is typed
// at every prompt for a password.
func (u User) InTerminal(t testing.TB, answer string, cmd *exec.Cmd) *Terminal {
	t.Helper()
	master, slave, err := openTerminal()
	must(t, err)
	must(t, slave.Chown(int(u.Cred.Uid), -1))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.Cred, Setsid: true, Setctty: true, Ctty: 0}
	must(t, cmd.Start())
	slave.Close()
	term := &Terminal{cmd: cmd, screen: &screen{answer: answer, master: master}}
	term.reading.Go(term.screen.watch)
	term.tooLong = time.AfterFunc(time.Minute, term.kill)
	return term
}

func (term *Terminal) kill() { _ = syscall.Kill(-term.cmd.Process.Pid, syscall.SIGKILL) }

// Wait waits for the command's end and returns what the terminal showed.
func (term *Terminal) Wait() (shown string, err error) {
	defer term.tooLong.Stop()
	err = term.cmd.Wait()
	term.screen.master.Close()
	term.reading.Wait()
	return term.screen.shown(), err
}

// Stop ends the command and returns what the terminal showed.
func (term *Terminal) Stop() string {
	term.kill()
	shown, _ := term.Wait()
	return shown
}

// Shown is what the terminal shows.
func (term *Terminal) Shown() string { return term.screen.shown() }

func openTerminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	return master, slave, err
}

// screen is what a terminal shows, and who answers there.
type screen struct {
	master *os.File
	answer string
	mu     sync.Mutex
	text   strings.Builder
	done   int // how much of text has been answered
}

func (s *screen) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
}

func (s *screen) watch() {
	b := make([]byte, 4096)
	for {
		n, err := s.master.Read(b)
		s.write(b[:n])
		if err != nil {
			return
		}
		text := s.shown()
		tail := strings.ToLower(strings.TrimRight(text[s.done:], " "))
		if strings.HasSuffix(tail, "password:") || strings.HasSuffix(tail, "password for admin:") {
			// What is typed before the echo is off is thrown away.
			_ = WaitFor("a silent terminal", func() bool { return !echoes(s.master) })
			s.done = len(text)
			_, _ = s.master.WriteString(s.answer + "\n")
		}
	}
}

func echoes(terminal *os.File) bool {
	t, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	return err == nil && t.Lflag&unix.ECHO != 0
}
