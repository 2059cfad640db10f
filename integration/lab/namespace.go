//go:build integration

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// inside is set, to the lab's directory, in the process that runs the tests.
const inside = "MOORING_LAB"

// searchPath is PATH for everything that the lab starts.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Main runs the tests of m in the lab and returns the exit status.
func Main(m *testing.M) int {
	if dir := os.Getenv(inside); dir != "" {
		if err := furnish(dir); err != nil {
			fmt.Fprintln(os.Stderr, "lab:", err)
			return 1
		}
		return m.Run()
	}
	if err := ready(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		if os.Getenv("CI") == "true" {
			return 1
		}
		fmt.Fprintln(os.Stderr, "lab: all tests of this package are skipped")
		return 0
	}
	code, err := outside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	return code
}

// outside builds what the tests need, where there is a network, and runs them.
func outside() (code int, err error) {
	engines, err := buildEngines()
	if err != nil {
		return 1, err
	}
	product, err := os.MkdirTemp("", "mooring-built-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(product)
	if err := os.Chmod(product, 0o755); err != nil { // for tests as another user
		return 1, err
	}
	if err := buildMooring(product); err != nil {
		return 1, err
	}
	return reexec(engines, product)
}

// ready says what this machine lacks for the lab.
func ready() error {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return fmt.Errorf("namespaces need root on Linux")
	}
	var missing []string
	for _, name := range []string{
		"dockerd", "docker", "containerd", "ctr", "podman", "skopeo", "docker-registry",
		"htpasswd", "nginx", "curl", "openssl", "ip", "mount", "update-ca-certificates",
	} {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not installed: %s (scripts/deps.sh lab)", strings.Join(missing, " "))
	}
	return nil
}

// reexec runs this test binary again in new namespaces and returns its status.
func reexec(engines, product string) (int, error) {
	dir, err := os.MkdirTemp("", "mooring-lab-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	// The child dies with the thread that started it, so that thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Nothing of the session is taken over: SSL_CERT_FILE, proxies and the like
	// would make each tool trust something else than on a user's machine.
	cmd.Env = []string{
		inside + "=" + dir, "MOORING_LAB_TOOLS=" + engines, "MOORING_LAB_PRODUCT=" + product,
		"PATH=" + searchPath, "HOME=" + filepath.Join(dir, "home"), "LANG=C.UTF-8",
		"TMPDIR=" + filepath.Join(dir, "tmp"),
		"CI=" + os.Getenv("CI"), "ARTEFACTS=" + os.Getenv("ARTEFACTS"),
	}
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

// furnish mounts the lab and brings its network up.
func furnish(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, m := range []struct{ kind, at, data string }{
		{"proc", "/proc", ""},
		{"tmpfs", dir, "mode=0755"},
		{"overlay", "/etc", ""},
		{"overlay", "/var", ""},
		{"overlay", "/usr/local/share/ca-certificates", ""},
		{"tmpfs", "/run", "mode=0755"},
		// Hooks of other packages; Java's keystore differs each time it is written.
		{"tmpfs", "/etc/ca-certificates/update.d", "mode=0755"},
		// Engines keep layers as overlays of their own, which cannot lie on one.
		{"tmpfs", "/var/lib/docker", ""},
		{"tmpfs", "/var/lib/containerd", ""},
		{"tmpfs", "/var/lib/containers", ""},
	} {
		if err := mount(dir, m.kind, m.at, m.data); err != nil {
			return err
		}
	}
	for _, d := range []string{"home", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	return network()
}

func mount(dir, kind, at, data string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if kind == "overlay" {
		layer := filepath.Join(dir, "overlay", strings.ReplaceAll(at, "/", "-"))
		upper, work := filepath.Join(layer, "upper"), filepath.Join(layer, "work")
		for _, d := range []string{upper, work} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
		data = fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", at, upper, work)
	}
	if err := syscall.Mount(kind, at, kind, 0, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, at, err)
	}
	return nil
}

// network makes all of 10.77.0.0/16 local. Addresses in 127.0.0.0/8 would not do:
// Docker does not verify those.
func network() error {
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
	return replace("/etc/hosts", hostsFile())
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
