package instance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// strangerVar makes this test binary another user's program: it says "show" at the
// socket named there.
const strangerVar = "MOORING_TEST_STRANGER"

func stranger(socket string) int {
	c, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Println("dial:", err)
		return 3
	}
	defer c.Close()
	_, _ = io.WriteString(c, "show\n")
	answer, _ := io.ReadAll(c)
	fmt.Printf("answer: %q\n", answer)
	if len(answer) > 0 {
		return 4
	}
	return 0
}

// Another user is not even read from, though the socket lies open to everybody by
// somebody's mistake.
func TestStrangersAreNotAnswered(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	w, dir := home(t)
	h := &heard{}
	s := listen(t, w, Window, h)
	run := func() (string, error) {
		self := filepath.Join(filepath.Dir(dir), "stranger")
		b, err := os.ReadFile("/proc/self/exe")
		if err == nil {
			err = os.WriteFile(self, b, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = []string{strangerVar + "=" + s.place.socket}
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if out, err := run(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("a stranger gets to the socket: %s, %v", out, err)
	}
	for _, path := range []string{dir, s.place.dir} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(s.place.socket, 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := run(); err != nil {
		t.Errorf("a stranger is answered: %s, %v", out, err)
	}
	if got := h.requests(); len(got) > 0 {
		t.Errorf("heard %+v", got)
	}
}

// Who sends looks at the other end too: a socket of another user's is nobody.
func TestStrangersAreNotAsked(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make a socket of somebody else")
	}
	w, _ := home(t)
	p, err := placeOf(w, Window, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := unix.Chown(p.socket, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); !errors.Is(err, ErrNobody) {
		t.Errorf("it was asked: %v", err)
	}
}
