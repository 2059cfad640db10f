//go:build integration

package privilege

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// inTerminal runs the person's Mooring in a terminal of its own, answers every
// prompt for a password with answer, and returns what it said and what the
// terminal showed.
func (w who) inTerminal(answer string, args ...string) (said, string) {
	w.t.Helper()
	master, slave, err := openTerminal()
	must(w.t, err)
	must(w.t, slave.Chown(int(w.cred.Uid), -1))
	cmd := w.command(append([]string{personPath}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.cred, Setsid: true, Setctty: true, Ctty: 0}
	must(w.t, cmd.Start())
	slave.Close()
	shown := &screen{answer: answer, master: master}
	var reading sync.WaitGroup
	reading.Go(shown.watch)
	tooLong := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer tooLong.Stop()
	if err := cmd.Wait(); err != nil {
		master.Close()
		reading.Wait()
		w.t.Fatalf("%q: %v\n%s", args, err, shown.text.String())
	}
	master.Close()
	reading.Wait()
	return w.said(), shown.text.String()
}

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
	text   strings.Builder
	done   int // how much of text has been answered
}

func (s *screen) watch() {
	b := make([]byte, 4096)
	for {
		n, err := s.master.Read(b)
		s.text.Write(b[:n])
		if err != nil {
			return
		}
		tail := strings.ToLower(strings.TrimRight(s.text.String()[s.done:], " "))
		if strings.HasSuffix(tail, "password:") || strings.HasSuffix(tail, "password for admin:") {
			// What is typed before the echo is off is thrown away.
			_ = waitFor("a silent terminal", func() bool { return !echoes(s.master) })
			s.done = s.text.Len()
			_, _ = s.master.WriteString(s.answer + "\n")
		}
	}
}

func echoes(terminal *os.File) bool {
	t, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	return err == nil && t.Lflag&unix.ECHO != 0
}
