//go:build linux

package tray

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
	"mooring.dev/mooring/ui/words"
)

// childVar makes this test binary the program: the watcher over the machine in the
// directory named there.
const childVar = "MOORING_TEST_TRAY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

// child is what main does, on the main goroutine as there.
func child(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	m := platform.New(desk(dir))
	m.Program = "/opt/my apps/mooring"
	m.Prober.Proxy = probe.Direct
	m.Prober.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	err := Run(ctx, m, Options{
		Words: words.New("en"), Log: os.Stderr,
		StartWindow: func() error { return os.WriteFile(filepath.Join(dir, "started"), nil, 0o600) },
	})
	switch {
	case errors.Is(err, instance.ErrRunning):
		return 5
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// desk is a live machine of an ordinary user without any engine, all of whose files
// lie in dir.
func desk(dir string) world.World {
	w := world.Here()
	w.FS = only{world.Disk{}, dir}
	w.Run = nothingInstalled{}
	w.User = world.User{UID: cmp.Or(os.Getuid(), 1000), GID: 1000, Name: "me", Home: filepath.Join(dir, "home")}
	w.Env = func(name string) string {
		if name == "XDG_RUNTIME_DIR" {
			return filepath.Join(dir, "run")
		}
		if name == "DBUS_SESSION_BUS_ADDRESS" {
			return os.Getenv(name)
		}
		return ""
	}
	return w
}

// only is what lies in one directory of a disk.
type only struct {
	world.Disk
	dir string
}

func (o only) within(path string) error {
	if path == o.dir || strings.HasPrefix(path, o.dir+"/") {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (o only) ReadFile(path string) ([]byte, error) {
	if err := o.within(path); err != nil {
		return nil, err
	}
	return o.Disk.ReadFile(path)
}

func (o only) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := o.within(path); err != nil {
		return nil, err
	}
	return o.Disk.ReadDir(path)
}

func (o only) Stat(path string) (world.Info, error) {
	if err := o.within(path); err != nil {
		return world.Info{}, err
	}
	return o.Disk.Stat(path)
}

func (o only) Lstat(path string) (world.Info, error) {
	if err := o.within(path); err != nil {
		return world.Info{}, err
	}
	return o.Disk.Lstat(path)
}

type nothingInstalled struct{}

func (nothingInstalled) Run(context.Context, world.Command) (world.Result, error) {
	return world.Result{}, exec.ErrNotFound
}
func (nothingInstalled) Look(string) (string, error) { return "", exec.ErrNotFound }

// machine is the directory of such a machine.
type machine struct {
	t         *testing.T
	dir       string
	systemBus *bus // nil for none
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "tray")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &machine{t: t, dir: dir}
	must(t, os.MkdirAll(filepath.Join(dir, "home"), 0o700))
	must(t, os.Mkdir(filepath.Join(dir, "run"), 0o700))
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, "home", name) }

func (m *machine) write(name, content string) {
	m.t.Helper()
	must(m.t, os.MkdirAll(filepath.Dir(m.path(name)), 0o700))
	must(m.t, os.WriteFile(m.path(name), []byte(content), 0o600))
}

func (m *machine) remove(name string) { m.t.Helper(); must(m.t, os.Remove(m.path(name))) }

// watch puts registries on the list, for podman.
func (m *machine) watch(names ...string) {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "[[registry]]\nname = %q\nadded = true\nscope = [\"podman\"]\n", name)
	}
	m.write(".config/mooring/registries.toml", b.String())
}

// caFile is where podman finds a registry's CA.
func caFile(name string) string { return ".config/containers/certs.d/" + name + "/ca.crt" }

// process is a watcher that runs.
type process struct {
	m    *machine
	cmd  *exec.Cmd
	done chan struct{}
	code int
	log  *lockedBuffer
}

// races fails for a data race in this module. The tray's library has some of its
// own, between a panel that reads and what is changed just then: the number of the
// menu's version, and the bytes of the picture.
func (m *machine) races() {
	logs, err := filepath.Glob(filepath.Join(m.dir, "race.*"))
	must(m.t, err)
	for _, name := range logs {
		b, err := os.ReadFile(name)
		must(m.t, err)
		for report := range strings.SplitSeq(string(b), "==================\n") {
			if ours(report) {
				m.t.Error(report)
			}
		}
	}
}

// ours reports whether one of the two accesses of a race is in this module.
func ours(report string) bool {
	lines := strings.Split(report, "\n")
	for i, line := range lines[:max(0, len(lines)-1)] {
		access := strings.Contains(line, " at 0x") && strings.Contains(line, "by goroutine")
		if access && strings.Contains(lines[i+1], "mooring.dev/mooring/") {
			return true
		}
	}
	return false
}

// lockedBuffer is what a process says, to be read while it does.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// tray starts the watcher; b is its session's bus, nil for none.
func (m *machine) tray(b *bus) *process {
	m.t.Helper()
	p := &process{m: m, log: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd = exec.Command("/proc/self/exe")
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(m.dir, "home"), childVar + "=" + m.dir}
	system := "unix:path=/nonexistent"
	if m.systemBus != nil {
		system = m.systemBus.address
	}
	p.cmd.Env = append(p.cmd.Env, "DBUS_SYSTEM_BUS_ADDRESS="+system)
	p.cmd.Env = append(p.cmd.Env, "GORACE=exitcode=0 log_path="+filepath.Join(m.dir, "race"))
	if b != nil {
		p.cmd.Env = append(p.cmd.Env, "DBUS_SESSION_BUS_ADDRESS="+b.address)
	}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(m.t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		p.code = p.cmd.ProcessState.ExitCode()
		close(p.done)
	}()
	m.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		m.races()
		if m.t.Failed() {
			m.t.Logf("the watcher said:\n%s", p.log)
		}
	})
	return p
}

// ends waits for the process's end.
func (p *process) ends() int {
	p.m.t.Helper()
	eventually(p.m.t, "the watcher's end", func() bool {
		select {
		case <-p.done:
			return true
		default:
			return false
		}
	})
	return p.code
}

// shown collects what a window is asked for.
type shown struct {
	mu  sync.Mutex
	all []instance.Request
}

func (s *shown) handle(q instance.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, q)
	return nil
}

// next waits for one more request and returns it.
func (s *shown) next(t *testing.T, n int) instance.Request {
	t.Helper()
	var q instance.Request
	eventually(t, "the window to be asked", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.all) < n {
			return false
		}
		q = s.all[n-1]
		return true
	})
	return q
}

func parsed(t testing.TB, name string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(name)
	must(t, err)
	return r
}
