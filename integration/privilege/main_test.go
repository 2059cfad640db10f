//go:build integration

// Package privilege shows the real way to root: an ordinary user, a real polkit
// on a bus of its own, real sudo, the installed helper and Debian's own trust
// store. Everything happens in mount and process namespaces of the test's own;
// the machine is not touched.
package privilege

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inside is set, to the lab's directory, in the process that runs the tests.
const inside = "MOORING_PRIVILEGE_LAB"

const (
	searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	helperPath = "/usr/libexec/mooring/mooring-helper"
	personPath = "/run/lab/person" // this binary, where a user can start it
	password   = "correct horse"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[0] == personPath {
		os.Exit(person(os.Args[1:]))
	}
	if dir := os.Getenv(inside); dir != "" {
		if err := furnish(dir); err != nil {
			fmt.Fprintln(os.Stderr, "lab:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	if err := ready(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		if os.Getenv("CI") == "true" {
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "lab: all tests of this package are skipped")
		return
	}
	os.Exit(outside())
}

// ready says what this machine lacks.
func ready() error {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return fmt.Errorf("namespaces need root on Linux")
	}
	var missing []string
	for _, name := range []string{"dbus-daemon", "dbus-send", "pkexec", "sudo", "useradd", "update-ca-certificates", "openssl"} {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not installed: %s (scripts/deps.sh lab)", strings.Join(missing, " "))
	}
	return nil
}

// outside builds the helper and runs the tests again in new namespaces.
func outside() int {
	dir, err := os.MkdirTemp("", "mooring-privilege-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-tags", "nogui", "-ldflags", "-s -w", "-o", filepath.Join(dir, "mooring-helper"), "mooring.dev/mooring")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "lab: build the helper: %v\n%s", err, out)
		return 1
	}
	// The child dies with the thread that started it, so that thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = []string{inside + "=" + dir, "PATH=" + searchPath, "HOME=/root", "LANG=C.UTF-8", "CI=" + os.Getenv("CI")}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC, Pdeathsig: syscall.SIGKILL,
	}
	if err := cmd.Run(); err != nil {
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			return code
		}
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	return 0
}

// furnish makes the machine that the tests may change: overlays over what is
// there, two users, the helper and its policy installed as make does, and polkit.
func furnish(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	built, err := os.ReadFile(filepath.Join(dir, "mooring-helper"))
	if err != nil {
		return err
	}
	for _, m := range [][2]string{
		{"proc", "/proc"},
		{"tmpfs", dir},
		{"overlay", "/etc"},
		{"overlay", "/usr/bin"},
		{"overlay", "/usr/libexec"},
		{"overlay", "/usr/share/polkit-1"},
		{"overlay", "/usr/local/share"},
		{"overlay", "/var"},
		{"tmpfs", "/home"},
		{"tmpfs", "/run"},
	} {
		if err := mount(dir, m[0], m[1]); err != nil {
			return err
		}
	}
	if err := install(built); err != nil {
		return err
	}
	if err := addUsers(); err != nil {
		return err
	}
	return startPolkit()
}

func mount(dir, kind, at string) error {
	data := ""
	switch kind {
	case "tmpfs":
		data = "mode=0755"
	case "overlay":
		layer := filepath.Join(dir, strings.ReplaceAll(at, "/", "-"))
		for _, d := range []string{"upper", "work"} {
			if err := os.MkdirAll(filepath.Join(layer, d), 0o755); err != nil {
				return err
			}
		}
		data = fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", at, layer, layer)
	}
	if err := syscall.Mount(kind, at, kind, 0, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, at, err)
	}
	return nil
}

func install(helper []byte) error {
	policy, err := os.ReadFile("../../assets/polkit/dev.mooring.policy.in")
	if err != nil {
		return err
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path    string
		content []byte
		mode    os.FileMode
	}{
		{helperPath, helper, 0o755},
		{personPath, self, 0o755},
		{"/usr/share/polkit-1/actions/dev.mooring.policy", []byte(strings.ReplaceAll(string(policy), "@libexecdir@", "/usr/libexec")), 0o644},
		{"/etc/polkit-1/rules.d/10-lab.rules", []byte(rule), 0o644},
		{"/etc/sudoers.d/lab", []byte("Defaults !lecture\nadmin ALL=(ALL) ALL\n"), 0o440},
	} {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(f.path, f.content, f.mode); err != nil {
			return err
		}
		if err := os.Chmod(f.path, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// rule lets the user "allowed" do the narrow action without a password, as an
// administrator may decide. It says nothing of the wide one.
const rule = `polkit.addRule(function(action, subject) {
	if (action.id == "dev.mooring.trust-registry" && subject.user == "allowed") { return polkit.Result.YES; }
});`

func addUsers() error {
	for _, argv := range [][]string{
		{"useradd", "-m", "-s", "/bin/sh", "allowed"},
		{"useradd", "-m", "-s", "/bin/sh", "-G", "sudo", "admin"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	set := exec.Command("chpasswd")
	set.Stdin = strings.NewReader("admin:" + password + "\n")
	if out, err := set.CombinedOutput(); err != nil {
		return fmt.Errorf("chpasswd: %w: %s", err, out)
	}
	return nil
}

// startPolkit starts a system bus and polkit on it. Both end with this process,
// which is process 1 of its namespace.
func startPolkit() error {
	if err := os.MkdirAll("/run/dbus", 0o755); err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"dbus-daemon", "--system", "--nofork", "--nopidfile"},
		{"/usr/lib/polkit-1/polkitd", "--no-debug"},
	} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		if err := waitFor("/run/dbus/system_bus_socket", func() bool {
			_, err := os.Stat("/run/dbus/system_bus_socket")
			return err == nil
		}); err != nil {
			return err
		}
	}
	return waitFor("polkit", func() bool {
		out, _ := exec.Command("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
			"org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.PolicyKit1").Output()
		return strings.Contains(string(out), "true")
	})
}

func waitFor(what string, ok func() bool) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return nil
		}
	}
	return fmt.Errorf("%s did not come", what)
}
