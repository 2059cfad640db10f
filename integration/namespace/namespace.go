//go:build integration || e2e

// Package namespace runs a test binary once more where it can harm nothing: in
// mount, network, process and IPC namespaces of its own. What it starts ends with
// it, since it is process 1 there; what it mounts nobody else sees.
package namespace

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// SearchPath is PATH for everything that runs inside.
const SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Ready says what this machine lacks; set is the argument of scripts/deps.sh that
// installs the programs.
func Ready(set string, programs ...string) error {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return fmt.Errorf("namespaces need root on Linux")
	}
	var missing []string
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not installed: %s (scripts/deps.sh %s)", strings.Join(missing, " "), set)
	}
	return nil
}

// Skip answers for a test binary whose machine lacks something: its exit status.
// Only where CI promises that all is there is it a failure.
func Skip(why error) int {
	fmt.Fprintln(os.Stderr, "lab:", why)
	if os.Getenv("CI") == "true" {
		return 1
	}
	fmt.Fprintln(os.Stderr, "lab: all tests of this package are skipped")
	return 0
}

// Run runs this test binary again, with nothing but env as its environment, and
// returns its exit status. Nothing of the session is taken over: SSL_CERT_FILE,
// proxies and the like would make each tool trust something else than on a user's
// machine.
func Run(env ...string) (int, error) {
	// The child dies with the thread that started it, so that thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append([]string{"PATH=" + SearchPath, "LANG=C.UTF-8", "CI=" + os.Getenv("CI")}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := cmd.Run(); err != nil {
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			return code, nil
		}
		return 1, err
	}
	return 0, nil
}

// A Mount is a file system that the tests may change.
type Mount struct {
	Kind string // tmpfs, proc, overlay (over what is at At), bind (of From)
	At   string
	From string
	Mode string // of a tmpfs, "" for 0755
}

// Furnish makes the mounts, in order. The layers of overlays are kept in dir,
// which must be a tmpfs by then.
func Furnish(dir string, mounts []Mount) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, m := range mounts {
		if err := m.mount(dir); err != nil {
			return fmt.Errorf("mount %s on %s: %w", m.Kind, m.At, err)
		}
	}
	return nil
}

func (m Mount) mount(dir string) error {
	if err := os.MkdirAll(m.At, 0o755); err != nil {
		return err
	}
	switch m.Kind {
	case "bind":
		return syscall.Mount(m.From, m.At, "", syscall.MS_BIND, "")
	case "tmpfs":
		mode := m.Mode
		if mode == "" {
			mode = "0755"
		}
		return syscall.Mount("tmpfs", m.At, "tmpfs", 0, "mode="+mode)
	case "overlay":
		upper := Written(dir, m.At)
		work := filepath.Join(filepath.Dir(upper), "work")
		for _, d := range []string{upper, work} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
		return syscall.Mount("overlay", m.At, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", m.At, upper, work))
	}
	return syscall.Mount(m.Kind, m.At, m.Kind, 0, "")
}

// Written is where what was written below an overlay lies, and nothing else: files,
// the directories on the way to them, and a character device 0, 0 for what was
// removed. dir is that of [Furnish].
func Written(dir, at string) string {
	return filepath.Join(dir, "overlay", strings.ReplaceAll(at, "/", "-"), "upper")
}

// Network makes all of 10.77.0.0/16 local, and hosts the only names there are.
// Addresses in 127.0.0.0/8 would not do: Docker does not verify those. /etc must
// be an overlay by then.
func Network(hosts string) error {
	for _, argv := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "address", "add", "10.77.0.1/16", "dev", "lo"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	// No name server: what is not in /etc/hosts does not exist, at once.
	if err := replace("/etc/resolv.conf", ""); err != nil {
		return err
	}
	return replace("/etc/hosts", hosts)
}

// replace writes a file that may be a link or bind mount from outside.
func replace(name, content string) error {
	if err := syscall.Unmount(name, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL && err != syscall.ENOENT {
		return fmt.Errorf("unmount %s: %w", name, err)
	}
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile(name, []byte(content), 0o644)
}

// ModuleRoot is the directory of go.mod, above the package that is tested.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("no go.mod above the test")
}
