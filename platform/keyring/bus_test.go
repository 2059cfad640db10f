package keyring

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"mooring.dev/mooring/platform/sessionbus"
	"mooring.dev/mooring/platform/world"
)

// session is a session of this process's user with an environment of its own.
func session(env map[string]string) world.World {
	return world.World{
		OS: "linux", FS: world.Disk{}, Run: nobody{}, User: world.User{UID: os.Getuid()},
		Env: func(name string) string { return env[name] },
	}
}

// socket is a unix socket that nobody serves.
func socket(t *testing.T) (dir string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a session bus")
	}
	dir, err := os.MkdirTemp("", "bus") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return dir
}

// Without a bus, or with one that is gone, every call says so, and none starts one.
func TestNoBus(t *testing.T) {
	dir := socket(t)
	t.Setenv("PATH", dir)
	marker := filepath.Join(dir, "launched")
	launch := "#!/bin/sh\n: >" + marker + "\n"
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte(launch), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string]map[string]string{
		"none":       {},
		"autolaunch": {sessionbus.Variable: "autolaunch:"},
		"stale":      {sessionbus.Variable: "unix:path=" + dir + "/gone"},
	} {
		t.Setenv(sessionbus.Variable, env[sessionbus.Variable])
		w := session(env)
		w.User.UID = 1 << 30 // without a runtime directory
		if name == "stale" {
			w.User.UID = os.Getuid()
		}
		s := &system{w: w, lib: goKeyring{}, turn: &turn{}}
		_, err := s.Get(t.Context(), "reg")
		for what, err := range map[string]error{
			"get": err, "set": s.Set(t.Context(), "reg", password("u", "s")), "delete": s.Delete(t.Context(), "reg"), "check": Check(t.Context(), w),
		} {
			if stateOf(err) != NoBus {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if world.Exists(world.Disk{}, marker) {
		t.Error("a bus was launched")
	}
}
