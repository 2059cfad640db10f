package sessionbus

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// session is a session of this process's user with an environment of its own.
func session(env map[string]string) world.World {
	return world.World{
		OS: "linux", FS: world.Disk{}, User: world.User{UID: os.Getuid()},
		Env: func(name string) string { return env[name] },
	}
}

// socket is a unix socket "bus" in a directory of its own. What is said to it is
// sent to heard, and never answered.
func socket(t *testing.T) (dir string, heard <-chan string) {
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
	return dir, listen(l)
}

// listen hands on all that each client said until it left.
func listen(l net.Listener) <-chan string {
	heard := make(chan string, 8)
	go func() {
		defer close(heard)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			said, _ := io.ReadAll(c)
			c.Close()
			heard <- string(said)
		}
	}()
	return heard
}

func TestAddress(t *testing.T) {
	dir, _ := socket(t)
	path := filepath.Join(dir, "bus")
	for name, tt := range map[string]struct {
		env  map[string]string
		uid  int
		want string
		err  error
	}{
		"named":              {map[string]string{Variable: "unix:path=" + path + ",guid=0a"}, 0, "unix:path=" + path + ",guid=0a", nil},
		"abstract":           {map[string]string{Variable: "unix:abstract=/tmp/x"}, 0, "unix:abstract=/tmp/x", nil},
		"not there (stale)":  {map[string]string{Variable: "unix:path=/nonexistent"}, 0, "unix:path=/nonexistent", nil},
		"in the runtime dir": {map[string]string{"XDG_RUNTIME_DIR": dir}, 0, "unix:path=" + path, nil},
		"none":               {map[string]string{"XDG_RUNTIME_DIR": "/nonexistent"}, 1 << 30, "", ErrNone},
		"to be started":      {map[string]string{Variable: "autolaunch:"}, 0, "", errAutolaunch},
		"started as X says":  {map[string]string{Variable: "autolaunch:scope=*x"}, 0, "", errAutolaunch},
		"over the network":   {map[string]string{Variable: "tcp:host=10.0.0.1,port=1"}, 0, "", errNotUnix},
		"second over it":     {map[string]string{Variable: "unix:path=" + path + ";tcp:host=10.0.0.1"}, 0, "", errNotUnix},
		"badly escaped":      {map[string]string{Variable: "unix:path=%zz"}, 0, "", errNotUnix},
		"another user's":     {map[string]string{Variable: "unix:path=" + path}, 1, "", errOthersBus},
		"another's, escaped": {map[string]string{Variable: "unix:guid=0a,path=%2f" + path[1:]}, 1, "", errOthersBus},
		"another's runtime":  {map[string]string{"XDG_RUNTIME_DIR": dir}, 1, "", errOthersBus},
	} {
		w := session(tt.env)
		w.User.UID += tt.uid
		got, err := Address(w)
		if !errors.Is(err, tt.err) || err == nil && got != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A bus that takes connections and says nothing holds nobody up, and neither does
// one that is gone, or listed before another.
func TestConnectEnds(t *testing.T) {
	dir, heard := socket(t)
	path := filepath.Join(dir, "bus")
	for _, address := range []string{"unix:path=" + path, "unix:path=" + dir + "/gone;unix:path=" + path} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		begin := time.Now()
		_, err := Connect(ctx, session(map[string]string{Variable: address}))
		cancel()
		var late *TimeoutError
		if !errors.As(err, &late) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > Limit {
			t.Errorf("%s: %v after %v", address, err, time.Since(begin))
		}
		if said := <-heard; said == "" {
			t.Errorf("%s: the bus was not spoken to", address)
		}
	}
	_, err := Connect(t.Context(), session(map[string]string{Variable: "unix:path=" + dir + "/gone"}))
	var late *TimeoutError
	if err == nil || errors.As(err, &late) {
		t.Errorf("no bus: %v", err)
	}
	_, err = Connect(t.Context(), session(map[string]string{Variable: "unix:guid=0a"}))
	if !errors.Is(err, errNotUnix) {
		t.Errorf("no socket: %v", err)
	}
}
