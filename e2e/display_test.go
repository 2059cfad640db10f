//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mooring.dev/mooring/integration/desk"
)

// session is a user's desktop: a display, a window manager, and a home directory
// that no program has seen yet.
type session struct {
	t       testing.TB
	user    desk.User
	display string // :0

	registry *program // the server that startRegistry started last
}

// login opens a session on a screen of the given size, until the test ends.
func login(t testing.TB, name, size string) *session {
	t.Helper()
	s := &session{t: t, user: desk.Login(t, name)}
	s.freshHome()
	s.startDisplay(size)
	s.start("openbox", s.command("openbox"))
	s.wait("a window manager", func() bool { return s.command("xdotool", "get_num_desktops").Run() == nil })
	return s
}

func (s *session) freshHome() {
	s.t.Helper()
	entries, err := os.ReadDir(s.user.Home)
	must(s.t, err)
	for _, e := range entries {
		must(s.t, os.RemoveAll(filepath.Join(s.user.Home, e.Name())))
	}
	must(s.t, os.MkdirAll(filepath.Dir(s.runtimeDir()), 0o755))
	must(s.t, os.RemoveAll(s.runtimeDir()))
	must(s.t, os.Mkdir(s.runtimeDir(), 0o700))
	must(s.t, os.Chown(s.runtimeDir(), int(s.user.Cred.Uid), int(s.user.Cred.Gid)))
}

func (s *session) runtimeDir() string { return fmt.Sprintf("/run/user/%d", s.user.Cred.Uid) }

// startDisplay lets Xvfb choose its number: another display may be there. Without
// -noreset a first program that ends would take away the display from one that is
// just starting.
func (s *session) startDisplay(size string) {
	s.t.Helper()
	r, w, err := os.Pipe()
	must(s.t, err)
	defer r.Close()
	cmd := s.user.Command("Xvfb", "-displayfd", "3", "-noreset", "-screen", "0", size+"x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	s.start("Xvfb", cmd)
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		s.t.Fatalf("Xvfb says no display: %v\n%s", err, s.log("Xvfb"))
	}
	s.display = ":" + strings.TrimSpace(number)
}

// command is a command of the user in this session; env is added.
func (s *session) command(argv ...string) *exec.Cmd {
	cmd := s.user.Command(argv...)
	cmd.Env = append(cmd.Env, "DISPLAY="+s.display, "XDG_RUNTIME_DIR="+s.runtimeDir(), "LANG=en_US.UTF-8", "FYNE_SCALE=1", "FYNE_THEME=light")
	return cmd
}

// rootCommand is a command of the administrator: a server.
func rootCommand(argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + desk.SearchPath}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func (s *session) logFile(name string) string {
	return desk.Artefact(filepath.Join("e2e", strings.ReplaceAll(s.t.Name(), "/", "-")+"-"+name+".log"))
}

func (s *session) log(name string) string {
	b, _ := os.ReadFile(s.logFile(name))
	return string(b)
}

// start runs cmd, with its output in a log, until the test ends.
func (s *session) start(name string, cmd *exec.Cmd) *program {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(s.logFile(name)), 0o755))
	log, err := os.Create(s.logFile(name))
	must(s.t, err)
	defer log.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	cmd.Stderr = log
	must(s.t, cmd.Start())
	p := &program{s: s, name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	s.t.Cleanup(p.stop)
	return p
}

// program is a running program with all that it started.
type program struct {
	s    *session
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// stop ends the whole process group: dbus-run-session would leave its program.
// What a test is about has been seen by then, so a program that does not end is
// told in the log, where it leaves what its goroutines do.
func (p *program) stop() {
	group := -p.cmd.Process.Pid
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGKILL} {
		_ = syscall.Kill(group, signal)
		err := desk.WaitFor("the end of "+p.name, func() bool { return p.gone(group) })
		if err == nil {
			return
		}
		p.s.t.Logf("after signal %d: %v; see %s", signal, err, p.s.logFile(p.name))
	}
}

// gone reports whether the program and what it left behind, which is then a child
// of this process 1, have ended.
func (p *program) gone(group int) bool {
	select {
	case <-p.done:
	default:
		return false
	}
	for {
		pid, err := syscall.Wait4(group, nil, syscall.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return err == syscall.ECHILD
		}
	}
}
