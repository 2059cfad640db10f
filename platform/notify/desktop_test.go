package notify

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mooring.dev/mooring/platform/world"
)

// A bus that takes connections and says nothing holds a note up until its caller
// gives in, and the end not at all.
func TestABusThatHangs(t *testing.T) {
	dir, err := os.MkdirTemp("", "bus") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := New(world.World{OS: "linux", FS: world.Disk{}, User: world.User{UID: os.Getuid()}, Env: func(name string) string {
		return map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + dir + "/bus"}[name]
	}}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- n.Notify(ctx, Note{Key: "k", Title: "t"}) }()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it was shown")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
