//go:build linux

package tray

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A bus that takes connections and says nothing does not keep the tray from ending.
func TestJoinEnds(t *testing.T) {
	dir, err := os.MkdirTemp("", "bus") // the name of a socket must be short
	must(t, err)
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	must(t, err)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	joined := make(chan *session)
	go func() { joined <- join(ctx, onBus(&bus{address: "unix:path=" + dir + "/bus"})) }()
	c, err := l.Accept()
	must(t, err)
	defer c.Close()
	cancel()
	select {
	case s := <-joined:
		if s != nil {
			t.Error("joined")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
}
