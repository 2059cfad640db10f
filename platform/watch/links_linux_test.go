package watch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mooring.dev/mooring/platform/need"
)

// A network of its own, in which a link comes up: the kernel says so.
func TestTheKernelTellsOfLinks(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make a network namespace")
	}
	for _, program := range []string{"nsenter", "ip"} {
		need.Tool(t, program, "scripts/deps.sh lab")
	}
	ctx, cancel := context.WithCancel(t.Context())
	told, ready, done := make(chan struct{}, 16), make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			ready <- ""
			return
		}
		ready <- fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
		links(ctx, func() { told <- struct{}{} })
	}()
	network := <-ready
	if network == "" {
		need.Lacking(t, "no network namespaces here")
	}
	// The socket may not listen yet, so the link goes up and down until it does.
	for state, deadline := "up", time.Now().Add(10*time.Second); len(told) == 0; {
		if out, err := exec.Command("nsenter", "--net="+network, "ip", "link", "set", "lo", state).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was told")
		}
		state = map[string]string{"up": "down", "down": "up"}[state]
	}
	cancel()
	<-done
}
