package enginectl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// machine is a tree with files; names that end in a slash are directories. Nothing
// is run on it unless the test gives it a runner.
func machine(t *testing.T, targetOS string, names ...string) world.World {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		p := filepath.Join(root, name)
		dir := filepath.Dir(p)
		if strings.HasSuffix(name, "/") {
			dir = p
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir != p {
			if err := os.WriteFile(p, nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := world.Under(root, targetOS)
	w.Root = "" // the files stay those of the tree
	w.User = world.User{UID: 1000, Name: "alice", Home: "/home/alice"}
	return w
}

var managers = map[manager][]string{
	systemd: {"/run/systemd/system/", "/usr/bin/systemctl", "/usr/sbin/service", "/etc/init.d/"},
	openrc:  {"/run/openrc/", "/sbin/rc-service", "/etc/init.d/"},
	runit:   {"/run/runit/", "/usr/bin/sv"},
	sysv:    {"/etc/init.d/", "/usr/sbin/service", "/usr/bin/systemctl"},
	"":      {"/usr/bin/systemctl"},
}

func TestTable(t *testing.T) {
	const guess = "?"
	for _, c := range []struct {
		os, manager string
		engine      trust.Engine
		reload      bool
		want        string // "?" in front: not run, for no manager was found
	}{
		{"linux", "systemctl", trust.EngineDocker, false, "systemctl restart docker"},
		{"linux", "systemctl", trust.EngineDocker, true, "systemctl reload docker"},
		{"linux", "systemctl", trust.EngineDockerRootless, false, "systemctl --user restart docker"},
		{"linux", "systemctl", trust.EngineDockerRootless, true, "systemctl --user reload docker"},
		{"linux", "systemctl", trust.EngineDockerSnap, true, "snap restart docker"},
		{"linux", "systemctl", trust.EngineDockerDesktop, false, "systemctl --user restart docker-desktop"},
		{"linux", "systemctl", trust.EngineContainerd, true, "systemctl restart containerd"},
		{"linux", "systemctl", trust.EngineCRIO, false, "systemctl restart crio"},
		{"linux", "systemctl", trust.EnginePodman, false, "systemctl try-restart podman"},
		{"linux", "systemctl", trust.EnginePodmanUser, false, "systemctl --user try-restart podman"},
		{"linux", "systemctl", trust.EngineColima, false, "colima restart"},
		{"linux", "rc-service", trust.EngineDocker, false, "rc-service docker restart"},
		{"linux", "rc-service", trust.EngineDocker, true, "rc-service docker reload"},
		{"linux", "rc-service", trust.EngineDockerRootless, false, guess},
		{"linux", "sv", trust.EngineDocker, true, "sv restart docker"},
		{"linux", "service", trust.EngineDocker, true, "service docker restart"},
		{"linux", "service", trust.EngineContainerd, false, "service containerd restart"},
		{"linux", "", trust.EngineDocker, false, guess + "systemctl restart docker"},
		{"darwin", "", trust.EngineDockerDesktop, false, "docker desktop restart"},
		{"darwin", "", trust.EngineColima, false, "colima restart"},
		{"windows", "", trust.EngineDockerDesktop, false, "docker desktop restart"},
		{"windows", "", trust.EngineDocker, true, "Restart-Service -Force docker"},
		{"windows", "", trust.EngineContainerd, false, "Restart-Service -Force containerd"},
	} {
		w := machine(t, c.os, managers[manager(c.manager)]...)
		r := Of(w, c.engine, c.reload)
		shown, guessed := strings.CutPrefix(c.want, guess)
		y := wayFor(w, c.engine, c.reload)
		if r.Command != shown || y.guessed != guessed {
			t.Errorf("%s, %q, %s: %q, guessed %v", c.os, c.manager, c.engine, r.Command, y.guessed)
		}
		if r.Reload != strings.Contains(c.want, "reload") {
			t.Errorf("%s, %q, %s is said to reload: %v", c.os, c.manager, c.engine, r.Reload)
		}
	}
}

func TestEveryEntryIsWhole(t *testing.T) {
	for _, e := range Engines() {
		r := Of(machine(t, "linux"), e, false)
		if r.Engine != e || r.Party == "" || r.Name == "" || r.Command == "" {
			t.Errorf("%s: %+v", e, r)
		}
	}
	if r := Of(machine(t, "linux"), "rm -rf /", false); r != (trust.Restart{}) {
		t.Errorf("an unknown engine: %+v", r)
	}
}

func TestOfDocker(t *testing.T) {
	w := machine(t, "linux", "/proc/7/", "/proc/8/", "/proc/9/")
	for pid, group := range map[string]string{
		"7": "0::/system.slice/docker.service\n",
		"8": "1:name=systemd:/system.slice/k3s.service\n0::/\n",
		"9": "0::/user.slice/user-0.slice/session-1.scope\n",
	} {
		name := filepath.Join(w.FS.(world.Disk).Root, "proc", pid, "cgroup")
		if err := os.WriteFile(name, []byte(group), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		d       engine.Docker
		want    trust.Engine
		command string
	}{
		{engine.Docker{Host: "unix:///run/docker.sock"}, trust.EngineDocker, "systemctl restart docker"},
		{engine.Docker{PID: 7}, trust.EngineDocker, "systemctl restart docker"},
		{engine.Docker{PID: 8}, "", "systemctl restart k3s.service"},
		{engine.Docker{PID: 9}, trust.EngineDocker, "systemctl restart docker"},
		{engine.Docker{Remote: true}, "", ""},
		{engine.Docker{Rootless: true}, trust.EngineDockerRootless, "systemctl --user restart docker"},
		{engine.Docker{Snap: true}, trust.EngineDockerSnap, "snap restart docker"},
		{engine.Docker{Desktop: true, Remote: true}, trust.EngineDockerDesktop, "systemctl --user restart docker-desktop"},
		{engine.Docker{Host: "unix:///Users/a/.colima/default/docker.sock", Remote: true}, trust.EngineColima, "colima restart"},
		{engine.Docker{Host: "unix:///home/a/.config/colima/default/docker.sock", Remote: true}, trust.EngineColima, "colima restart"},
		{engine.Docker{Host: "unix:///Users/a/.colima/other/docker.sock", Remote: true}, "", ""},
		{engine.Docker{Host: "ssh://x/.colima/default/docker.sock", Remote: true}, "", ""},
	} {
		if r := ForDocker(w, c.d); r.Engine != c.want || r.Command != c.command || r.Name == "" {
			t.Errorf("%+v: %+v", c.d, r)
		}
	}
}
