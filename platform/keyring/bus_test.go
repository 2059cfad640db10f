package keyring

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

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

func TestBusAddress(t *testing.T) {
	dir := socket(t)
	path := filepath.Join(dir, "bus")
	for name, tt := range map[string]struct {
		env  map[string]string
		uid  int
		want string
		err  error
	}{
		"named":              {map[string]string{busVariable: "unix:path=" + path + ",guid=0a"}, 0, "unix:path=" + path + ",guid=0a", nil},
		"abstract":           {map[string]string{busVariable: "unix:abstract=/tmp/x"}, 0, "unix:abstract=/tmp/x", nil},
		"not there (stale)":  {map[string]string{busVariable: "unix:path=/nonexistent"}, 0, "unix:path=/nonexistent", nil},
		"in the runtime dir": {map[string]string{"XDG_RUNTIME_DIR": dir}, 0, "unix:path=" + path, nil},
		"none":               {map[string]string{"XDG_RUNTIME_DIR": "/nonexistent"}, 1 << 30, "", errNoAddress},
		"to be started":      {map[string]string{busVariable: "autolaunch:"}, 0, "", errAutolaunch},
		"started as X says":  {map[string]string{busVariable: "autolaunch:scope=*x"}, 0, "", errAutolaunch},
		"over the network":   {map[string]string{busVariable: "tcp:host=10.0.0.1,port=1"}, 0, "", errNotUnix},
		"second over it":     {map[string]string{busVariable: "unix:path=" + path + ";tcp:host=10.0.0.1"}, 0, "", errNotUnix},
		"badly escaped":      {map[string]string{busVariable: "unix:path=%zz"}, 0, "", errNotUnix},
		"another user's":     {map[string]string{busVariable: "unix:path=" + path}, 1, "", errOthersBus},
		"another's, escaped": {map[string]string{busVariable: "unix:guid=0a,path=%2f" + path[1:]}, 1, "", errOthersBus},
		"another's runtime":  {map[string]string{"XDG_RUNTIME_DIR": dir}, 1, "", errOthersBus},
	} {
		w := session(tt.env)
		w.User.UID += tt.uid
		got, err := busAddress(w)
		if !errors.Is(err, tt.err) || err == nil && got != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
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
		"autolaunch": {busVariable: "autolaunch:"},
		"stale":      {busVariable: "unix:path=" + dir + "/gone"},
	} {
		t.Setenv(busVariable, env[busVariable])
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
