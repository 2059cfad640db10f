package peer

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestOf(t *testing.T) {
	dir, err := os.MkdirTemp("", "peer") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Process{"linux": {os.Geteuid(), os.Getpid()}, "darwin": {os.Geteuid(), os.Getpid()}}
	told, tells := want[runtime.GOOS]
	if got, ok := Of(c.(*net.UnixConn)); got != told || ok != tells {
		t.Errorf("%+v, %v", got, ok)
	}
	c.Close()
	if got, ok := Of(c.(*net.UnixConn)); ok {
		t.Errorf("of a closed connection: %+v", got)
	}
}
