//go:build integration || e2e

package desk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mooring.dev/mooring/integration/namespace"
)

// furnish makes the machine that the tests may change.
func furnish(dir string, o Options) error {
	// Read before /home is covered: the checkout may be there.
	root, err := namespace.ModuleRoot()
	if err != nil {
		return err
	}
	policy, err := os.ReadFile(filepath.Join(root, "assets/polkit/dev.mooring.policy.in"))
	if err != nil {
		return err
	}
	if err := namespace.Furnish(dir, mounts(dir, o.Bare)); err != nil {
		return err
	}
	if err := namespace.Network("127.0.0.1 localhost\n" + o.Hosts); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return install(string(policy), o.Bare) }, addUsers, startPolkit,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// mounts are what is covered: all of /usr where the tests themselves install.
func mounts(dir string, bare bool) []namespace.Mount {
	list := []namespace.Mount{{Kind: "proc", At: "/proc"}, {Kind: "tmpfs", At: dir}}
	if kept := Artefacts(); kept != "" {
		list = append(list, namespace.Mount{Kind: "bind", From: kept, At: Artefact("")})
	}
	covered := []string{"/etc", "/usr/bin", "/usr/libexec", "/usr/share/polkit-1", "/usr/local/share", "/var"}
	if bare {
		covered = []string{"/etc", "/usr", "/var"}
	}
	for _, at := range covered {
		list = append(list, namespace.Mount{Kind: "overlay", At: at})
	}
	if bare { // whose scripts visit everybody's home
		list = append(list, namespace.Mount{Kind: "tmpfs", At: "/root", Mode: "0700"})
	}
	return append(list,
		namespace.Mount{Kind: "tmpfs", At: "/home"}, namespace.Mount{Kind: "tmpfs", At: "/run"},
		namespace.Mount{Kind: "tmpfs", At: "/tmp/.X11-unix", Mode: "1777"})
}

// install puts the helper and its policy where `make install-helper` does, unless
// bare, and the rest of the desk.
func install(policy string, bare bool) error {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	files := []file{
		{PersonPath, self, 0o755},
		{"/etc/polkit-1/rules.d/10-lab.rules", []byte(rule), 0o644},
		{"/etc/sudoers.d/lab", []byte("Defaults !lecture\nadmin ALL=(ALL) ALL\n"), 0o440},
	}
	if bare {
		return write(files)
	}
	helper, err := os.ReadFile(Built("mooring-helper"))
	if err != nil {
		return err
	}
	policy = strings.ReplaceAll(policy, "@libexecdir@", "/usr/libexec")
	files = append(files, file{HelperPath, helper, 0o755}, file{"/usr/share/polkit-1/actions/dev.mooring.policy", []byte(policy), 0o644})
	if err := write(files); err != nil {
		return err
	}
	return os.Link(HelperPath, HelperDir+"/mooring-helper-computer")
}

type file struct {
	path    string
	content []byte
	mode    os.FileMode
}

func write(files []file) error {
	for _, f := range files {
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
// administrator may decide, and "barred" nothing at all. It says nothing of the
// wide one.
const rule = `polkit.addRule(function(action, subject) {
	if (action.id == "dev.mooring.trust-registry" && subject.user == "allowed") { return polkit.Result.YES; }
	if (subject.user == "barred") { return polkit.Result.NO; }
});`

func addUsers() error {
	for _, argv := range [][]string{
		{"useradd", "-m", "-s", "/bin/sh", "allowed"},
		{"useradd", "-m", "-s", "/bin/sh", "barred"},
		{"useradd", "-m", "-s", "/bin/sh", "-G", "sudo", "admin"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	set := exec.Command("chpasswd")
	set.Stdin = strings.NewReader("admin:" + Password + "\n")
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
		if err := WaitFor("/run/dbus/system_bus_socket", func() bool {
			_, err := os.Stat("/run/dbus/system_bus_socket")
			return err == nil
		}); err != nil {
			return err
		}
	}
	return WaitFor("polkit", func() bool {
		out, _ := exec.Command("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
			"org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.PolicyKit1").Output()
		return strings.Contains(string(out), "true")
	})
}

// waitLimit bounds every waiting: nothing on the desk takes so long.
const waitLimit = 30 * time.Second

// WaitFor waits until ok.
func WaitFor(what string, ok func() bool) error {
	for deadline := time.Now().Add(waitLimit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return nil
		}
	}
	return fmt.Errorf("%s did not come", what)
}
