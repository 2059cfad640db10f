package sessionbus

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// The name of a bus that is gone is free for any user of the machine: one who took
// it is told nothing.
func TestConnectSaysNothingToStrangers(t *testing.T) {
	name := "mooring-test-" + rand.Text()
	l := strange(t, "@"+name)
	heard := listen(l)
	w := session(map[string]string{Variable: "unix:abstract=" + name + ",guid=0a"})
	if os.Getuid() != 0 {
		w.User.UID++ // so that this user is a stranger
	}
	if _, err := Connect(t.Context(), w); !errors.Is(err, errOthersBus) {
		t.Errorf("connected: %v", err)
	}
	if said := <-heard; said != "" {
		t.Errorf("it heard %q", said)
	}
	l.Close()
	for range heard { // until it has ended
	}
}

// strange listens as another user where this one is root, else as this one.
func strange(t *testing.T, name string) net.Listener {
	t.Helper()
	type made struct {
		l   net.Listener
		err error
	}
	got := make(chan made)
	go func() {
		runtime.LockOSThread() // and never let go: the thread ends with the goroutine
		if os.Getuid() == 0 {
			const nobody = 65534
			if _, _, no := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody); no != 0 {
				got <- made{nil, no}
				return
			}
		}
		l, err := net.Listen("unix", name)
		got <- made{l, err}
	}()
	m := <-got
	if m.err != nil {
		t.Fatal(m.err)
	}
	t.Cleanup(func() { m.l.Close() })
	return m.l
}
