//go:build integration

package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mooring.dev/mooring/integration/namespace"
)

// Lab is the one machine that all tests of a package share.
type Lab struct {
	Dir   string // the lab's own, gone afterwards
	Home  string // of the person, who is root
	tools string // the engines that were built

	mu       sync.Mutex
	hosts    int // handed out so far
	engines  map[string]*process
	backend  string // address of the registry behind all fronts
	image    int    // images seeded so far
	sessions int    // started so far
}

var shared = sync.OnceValue(func() *Lab {
	dir := os.Getenv(inside)
	return &Lab{
		Dir: dir, Home: filepath.Join(dir, "home"), tools: os.Getenv("MOORING_LAB_TOOLS"),
		engines: map[string]*process{},
	}
})

// Start returns the lab. Its engines start when they are first asked for.
func Start(t *testing.T) *Lab {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Fatal("the package's TestMain does not call lab.Main")
	}
	return shared()
}

// Output is what a finished command left.
type Output struct {
	Code           int // -1 when it had to be killed
	Stdout, Stderr string
	Elapsed        time.Duration
}

// OK reports success.
func (o Output) OK() bool { return o.Code == 0 }

// Text is all that the command said.
func (o Output) Text() string { return strings.TrimSpace(o.Stdout + o.Stderr) }

// commandLimit bounds each command: an engine gives up a hanging server itself
// well before.
const commandLimit = 90 * time.Second

// Env is the environment that every command gets: nothing of the session.
func (l *Lab) Env(more ...string) []string {
	return append([]string{
		"PATH=" + namespace.SearchPath, "HOME=" + l.Home, "LANG=C.UTF-8", "TMPDIR=" + filepath.Join(l.Dir, "tmp"),
	}, more...)
}

// Run runs argv with env added to [Lab.Env].
func (l *Lab) Run(env []string, argv ...string) Output { return l.Feed(env, "", argv...) }

// Feed is Run with something on standard input.
func (l *Lab) Feed(env []string, stdin string, argv ...string) Output {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = l.Env(env...)
	cmd.Dir = l.Home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	out := Output{Stdout: stdout.String(), Stderr: stderr.String(), Elapsed: time.Since(start)}
	switch {
	case cmd.ProcessState != nil && ctx.Err() == nil:
		out.Code = cmd.ProcessState.ExitCode()
	case ctx.Err() != nil:
		out.Code = -1
		out.Stderr += fmt.Sprintf("\nkilled after %s", commandLimit)
	default:
		out.Code = -1
		out.Stderr += err.Error()
	}
	return out
}

// Must is Run for what has to succeed.
func (l *Lab) Must(t *testing.T, argv ...string) Output {
	t.Helper()
	out := l.Run(nil, argv...)
	if !out.OK() {
		t.Fatalf("%s: exit status %d\n%s", strings.Join(argv, " "), out.Code, out.Text())
	}
	return out
}

// Mooring runs the command line under test.
func (l *Lab) Mooring(args ...string) Output {
	return l.Run(nil, append([]string{l.mooring()}, args...)...)
}

// Program is the path of the command line under test.
func (l *Lab) Program() string { return l.mooring() }

func (l *Lab) mooring() string { return filepath.Join(os.Getenv("MOORING_LAB_PRODUCT"), "mooring") }

// Write makes a file, with its directories, and removes what it made when the
// test ends.
func (l *Lab) Write(t *testing.T, name string, content []byte, mode os.FileMode) {
	t.Helper()
	l.MakeDir(t, filepath.Dir(name))
	if err := os.WriteFile(name, content, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(name) })
}

// MakeDir makes a directory, with its parents, and removes what it made when the
// test ends.
func (l *Lab) MakeDir(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Lstat(dir); err == nil {
		return
	}
	l.MakeDir(t, filepath.Dir(dir))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
}

// Eventually waits until ok, which is asked every few milliseconds.
func Eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within %s", what, limit)
		}
	}
}
