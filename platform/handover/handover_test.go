package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/peer"
)

// dialled makes this test binary the process that connects: "NAME PID".
const dialled = "MOORING_TEST_DIAL"

func TestMain(m *testing.M) {
	if to := os.Getenv(dialled); to != "" {
		os.Exit(other(to))
	}
	goleak.VerifyTestMain(m)
}

// other connects and sends back what it is sent, twice.
func other(to string) int {
	name, number, _ := strings.Cut(to, " ")
	pid, _ := strconv.Atoi(number)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := Dial(ctx, name, pid)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer c.Close()
	b, err := c.Receive(ctx, 8<<20)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	for range 2 {
		if err := c.Send(ctx, b); err != nil {
			fmt.Println(err)
			return 3
		}
	}
	return 0
}

// start starts a process that connects to l, believing that pid listens there.
func start(t *testing.T, l *Listener, pid int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), dialled+"="+l.Name()+" "+strconv.Itoa(pid))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	must(t, cmd.Start())
	return cmd
}

// is knows one process by its number, or where the system tells none of it by its
// user.
func is(cmd **exec.Cmd) Who {
	return func(p peer.Process) bool { return *cmd != nil && p.PID == (*cmd).Process.Pid }
}

func listen(t *testing.T) *Listener {
	t.Helper()
	l, err := Listen()
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTwoProcesses(t *testing.T) {
	for _, size := range []int{0, 1, bufferish, 4 << 20} {
		l, ctx := listen(t), within(t)
		cmd := start(t, l, os.Getpid())
		c, err := l.Accept(ctx, is(&cmd))
		must(t, err)
		want := bytes.Repeat([]byte{7}, size)
		must(t, c.Send(ctx, want))
		got, err := c.Receive(ctx, size)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes came back as %d: %v", size, len(got), err)
		}
		if size > 0 {
			if _, err := c.Receive(ctx, size-1); !errors.Is(err, ErrTooLong) {
				t.Errorf("a message of %d bytes with a limit below: %v", size, err)
			}
		}
		must(t, c.Close())
		_ = cmd.Wait() // who is not listened to may fail
	}
}

// bufferish is about as much as a pipe holds by itself.
const bufferish = 64<<10 + 1

// TestStrangers: who connects first and was not started is sent away with nothing,
// and the process that was started is served then.
func TestStrangers(t *testing.T) {
	l, ctx := listen(t), within(t)
	stranger := start(t, l, os.Getpid())
	var asked *exec.Cmd
	c, err := l.Accept(ctx, func(p peer.Process) bool {
		if asked == nil {
			if p.PID != stranger.Process.Pid {
				t.Errorf("%+v is no stranger", p)
			}
			asked = start(t, l, os.Getpid())
			return false
		}
		return is(&asked)(p)
	})
	must(t, err)
	if err := stranger.Wait(); stranger.ProcessState.ExitCode() != 2 {
		t.Errorf("the stranger: %v", err)
	}
	// The place is taken: nobody else comes in.
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if second, err := Dial(short, l.Name(), os.Getpid()); err == nil {
		second.Close()
		t.Error("a second process came in")
	}
	must(t, c.Send(ctx, []byte("x")))
	if got, err := c.Receive(ctx, 1); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	must(t, c.Close())
	_ = asked.Wait()
}

func TestManyStrangers(t *testing.T) {
	l, ctx := listen(t), within(t)
	done := make(chan error, 1)
	go func() {
		_, err := l.Accept(ctx, func(peer.Process) bool { return false })
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if !errors.Is(err, ErrStranger) {
				t.Error(err)
			}
			return
		default:
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		if c, err := Dial(short, l.Name(), os.Getpid()); err == nil {
			_, _ = c.Receive(short, 1)
			_ = c.Close()
		}
		cancel()
	}
}

// TestAnotherListens: who connects serves only the process that it was told of.
func TestAnotherListens(t *testing.T) {
	l, ctx := listen(t), within(t)
	cmd := start(t, l, os.Getpid()+1)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_ = cmd.Wait()
		cancel()
	}()
	c, err := l.Accept(ctx, is(&cmd))
	if err == nil {
		_, err = c.Receive(ctx, 1) // it hangs up
		_ = c.Close()
	}
	if err == nil {
		t.Error("it stayed")
	}
	<-ctx.Done()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}

func TestNames(t *testing.T) {
	l := listen(t)
	if !ValidName(l.Name()) {
		t.Error(l.Name())
	}
	other := listen(t)
	if l.Name() == other.Name() {
		t.Error("the same name twice")
	}
	for _, name := range []string{
		"", "x", "..", "../../etc", strings.ToUpper(strings.Repeat("ab", 16)), strings.Repeat("a", 31), strings.Repeat("a", 33),
		`..\pipe\other` + strings.Repeat("a", 19), strings.Repeat("a", 31) + "\x00", strings.Repeat("a", 31) + "'",
	} {
		if ValidName(name) {
			t.Errorf("%q is valid", name)
		}
		if c, err := Dial(t.Context(), name, os.Getpid()); err == nil {
			c.Close()
			t.Errorf("connected to %q", name)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := Dial(ctx, strings.Repeat("0", 32), os.Getpid()); err == nil {
		t.Error("connected to nothing")
	}
}

// TestGivesUp: nothing waits longer than it is asked to.
func TestGivesUp(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Accept(ctx, func(peer.Process) bool { return true }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("accept: %v", err)
	}
	l = listen(t)
	long := within(t)
	cmd := start(t, l, os.Getpid())
	c, err := l.Accept(long, is(&cmd))
	must(t, err)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Receive(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("receive: %v", err)
	}
	must(t, c.Close())
	_ = cmd.Wait()
}

// memory is a stream of bytes that somebody sent.
type memory struct{ io.Reader }

func (memory) Write(b []byte) (int, error) { return len(b), nil }
func (memory) Close() error                { return nil }
func (memory) SetDeadline(time.Time) error { return nil }

// FuzzReceive: whatever comes, no more is taken than was agreed.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 'x'}, 1)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, 100)
	f.Add([]byte{0, 0, 0}, 0)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		limit &= 1<<16 - 1
		got, err := (&Conn{memory{bytes.NewReader(b)}}).Receive(t.Context(), limit)
		if err == nil && (len(got) > limit || len(b) < 4+len(got) || !bytes.Equal(b[4:4+len(got)], got)) {
			t.Errorf("%d bytes of %d, limit %d", len(got), len(b), limit)
		}
	})
}
