//go:build linux

package instance

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestMain(m *testing.M) {
	if socket := os.Getenv(strangerVar); socket != "" {
		os.Exit(stranger(socket))
	}
	goleak.VerifyTestMain(m)
}

// home is a live machine whose runtime directory is a fresh one: short, because a
// socket's path is.
func home(t *testing.T) (w world.World, runtimeDir string) {
	t.Helper()
	base, err := os.MkdirTemp("", "m")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	runtimeDir = filepath.Join(base, "run")
	if err := os.Mkdir(runtimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	w = world.Here()
	w.OS = "linux"
	w.User.Home = filepath.Join(base, "home")
	w.Env = func(name string) string {
		if name == "XDG_RUNTIME_DIR" {
			return runtimeDir
		}
		return ""
	}
	return w, runtimeDir
}

// heard collects requests.
type heard struct {
	mu  sync.Mutex
	all []Request
	err error
}

func (h *heard) handle(q Request) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, q)
	return h.err
}

func (h *heard) requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all
}

func listen(t *testing.T, w world.World, e Endpoint, h *heard) *Server {
	t.Helper()
	s, err := Listen(w, e, h.handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func registry(t *testing.T, name string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheSecondFindsTheFirst(t *testing.T) {
	w, dir := home(t)
	h := &heard{}
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); !errors.Is(err, ErrNobody) || Running(w, Window) {
		t.Fatalf("before the first: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "mooring")); err == nil {
		t.Error("looking for somebody made a directory")
	}
	s := listen(t, w, Window, h)
	if _, err := Listen(w, Window, h.handle); !errors.Is(err, ErrRunning) || !Running(w, Window) {
		t.Errorf("a second one listens too: %v", err)
	}
	if Running(w, Watcher) {
		t.Error("the other endpoint is taken too")
	}
	want := []Request{
		{Verb: Show},
		{Verb: CheckNow},
		{Verb: Show, Registry: registry(t, "reg.example:5000")},
		{Verb: Show, Registry: registry(t, "[2001:db8::1]:5000"), Page: PageTrust},
		{Verb: Open, Link: "mooring://trust?registry=reg.example%3A5000&sha256=ab"},
	}
	for _, q := range want {
		if err := Send(t.Context(), w, Window, q); err != nil {
			t.Errorf("%+v: %v", q, err)
		}
	}
	for i, q := range h.requests() {
		if q != want[i] {
			t.Errorf("heard %+v, want %+v", q, want[i])
		}
	}
	h.err = errors.New("no")
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); !errors.Is(err, ErrRefused) {
		t.Errorf("a refusal is %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); !errors.Is(err, ErrNobody) || Running(w, Window) {
		t.Errorf("after the last: %v", err)
	}
}

func TestOneThatIsStartingIsWaitedFor(t *testing.T) {
	w, _ := home(t)
	h := &heard{}
	sent := make(chan error)
	go func() { sent <- SendWhenThere(t.Context(), w, Window, Request{Verb: Show}) }()
	listen(t, w, Window, h)
	if err := <-sent; err != nil || len(h.requests()) != 1 {
		t.Errorf("%v, %v", err, h.requests())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := SendWhenThere(ctx, w, Watcher, Request{Verb: Show}); !errors.Is(err, ErrNobody) {
		t.Errorf("nobody came: %v", err)
	}
}

func TestASocketThatACrashLeftIsTakenOver(t *testing.T) {
	w, _ := home(t)
	p, err := placeOf(w, Window, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); !errors.Is(err, ErrNobody) {
		t.Errorf("a dead socket answers: %v", err)
	}
	h := &heard{}
	listen(t, w, Window, h)
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); err != nil {
		t.Error(err)
	}
}

func TestTheStateDirectoryServesWithoutARuntimeDirectory(t *testing.T) {
	w, dir := home(t)
	w.Env = func(string) string { return "" }
	h := &heard{}
	s := listen(t, w, Watcher, h)
	if strings.HasPrefix(s.place.socket, dir) || !strings.HasPrefix(s.place.socket, w.User.Home) {
		t.Errorf("the socket is %s", s.place.socket)
	}
	i, err := os.Stat(s.place.dir)
	if err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", i, err)
	}
	if err := Send(t.Context(), w, Watcher, Request{Verb: CheckNow}); err != nil {
		t.Error(err)
	}
}

// Where there are no sockets a second watcher is still kept away.
func TestHoldingWithoutListening(t *testing.T) {
	w, _ := home(t)
	s, err := Hold(w, Watcher)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(w, Watcher, nil); !errors.Is(err, ErrRunning) || !Running(w, Watcher) {
		t.Errorf("a second one: %v", err)
	}
	if err := Send(t.Context(), w, Watcher, Request{Verb: CheckNow}); !errors.Is(err, ErrNobody) {
		t.Errorf("somebody answers: %v", err)
	}
	if err := s.Close(); err != nil || Running(w, Watcher) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAForeignTreeHasNobody(t *testing.T) {
	w := world.Under(t.TempDir(), "linux")
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); !errors.Is(err, ErrNobody) || Running(w, Window) {
		t.Error(err)
	}
}

// What is not the user's own, or can be entered by others, is neither used nor
// changed.
func TestUnsafePlacesAreRefused(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dir string) error{
		"link": func(t *testing.T, dir string) error { return os.Symlink(t.TempDir(), filepath.Join(dir, "mooring")) },
		"file": func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, "mooring"), []byte("x"), 0o600)
		},
		"open to others": func(_ *testing.T, dir string) error {
			own := filepath.Join(dir, "mooring")
			return errors.Join(os.Mkdir(own, 0o700), os.Chmod(own, 0o755))
		},
		"socket is a file": func(_ *testing.T, dir string) error {
			own := filepath.Join(dir, "mooring")
			return errors.Join(os.Mkdir(own, 0o700), os.WriteFile(filepath.Join(own, "window.sock"), []byte("x"), 0o600))
		},
		"lock is a link": func(t *testing.T, dir string) error {
			own := filepath.Join(dir, "mooring")
			return errors.Join(os.Mkdir(own, 0o700), os.Symlink(filepath.Join(t.TempDir(), "made"), filepath.Join(own, "window.lock")))
		},
		"of somebody else": func(t *testing.T, dir string) error {
			if os.Getuid() != 0 {
				t.Skip("only root can make a directory of somebody else")
			}
			own := filepath.Join(dir, "mooring")
			return errors.Join(os.Mkdir(own, 0o700), os.Chown(own, 65534, 65534))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := home(t)
			if err := prepare(t, dir); err != nil {
				t.Fatal(err)
			}
			before := listing(t, dir)
			if s, err := Listen(w, Window, nil); !errors.Is(err, ErrUnsafe) {
				t.Errorf("listens: %v, %v", s, err)
			}
			if err := Send(t.Context(), w, Window, Request{Verb: Show}); err == nil {
				t.Error("sends")
			}
			if after := listing(t, dir); after != before && name != "socket is a file" { // the lock is made first
				t.Errorf("changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, i os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		b.WriteString(path + " " + i.Mode().String() + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGarbageIsRefused(t *testing.T) {
	w, _ := home(t)
	h := &heard{}
	s := listen(t, w, Window, h)
	for _, line := range []string{
		"", " ", "show ", "show  reg.example", "show ../etc", "show reg.example ", "show reg.example undo", "show reg.example trust now",
		"SHOW", "show\treg.example", "apply {}", "check-now reg.example", "check-now ", "open", "open ", "open http://x", "open mooring://x y",
		"open mooring://\x1b[2J", "show https://reg.example", "show user:pw@reg.example", "show r\x00", "\xff\xfe", strings.Repeat("a", maxLine+10),
	} {
		if answer := raw(t, s.place.socket, line+"\n"); answer == answerDone+"\n" {
			t.Errorf("%.60q was accepted", line)
		}
	}
	if got := h.requests(); len(got) > 0 {
		t.Errorf("heard %+v", got)
	}
}

// raw writes text to the socket and returns what comes back.
func raw(t *testing.T, socket, text string) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, text) // it may hang up before the end
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// A peer that never ends its line, or says nothing at all, is hung up on, and
// others are served meanwhile.
func TestSlowAndEndlessPeers(t *testing.T) {
	w, _ := home(t)
	h := &heard{}
	s := listen(t, w, Window, h)
	var silent []net.Conn
	for range maxPeers - 1 {
		c, err := net.Dial("unix", s.place.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
	}
	if err := Send(t.Context(), w, Window, Request{Verb: Show}); err != nil {
		t.Errorf("with %d silent peers: %v", len(silent), err)
	}
	endless, err := net.Dial("unix", s.place.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer endless.Close()
	if n, err := io.Copy(endless, io.LimitReader(zeros{}, 64<<20)); err == nil {
		t.Errorf("%d bytes without a line's end were taken", n)
	}
	for _, c := range silent {
		_ = c.SetReadDeadline(time.Now().Add(10 * exchange))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("a silent peer is kept: %v", err)
		}
	}
	if got := h.requests(); len(got) != 1 {
		t.Errorf("heard %+v", got)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

func TestManyPeersAreTurnedAway(t *testing.T) {
	w, _ := home(t)
	s := listen(t, w, Window, &heard{})
	var last net.Conn
	for range 5 * maxPeers {
		c, err := net.Dial("unix", s.place.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		last = c
	}
	began := time.Now()
	_ = last.SetReadDeadline(began.Add(10 * exchange))
	if _, err := last.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) >= exchange {
		t.Errorf("the last of %d silent peers is kept for %v: %v", 5*maxPeers, time.Since(began), err)
	}
}

// A socket that was replaced meanwhile is another's: it is not removed.
func TestAReplacedSocketIsLeftAlone(t *testing.T) {
	w, _ := home(t)
	s := listen(t, w, Window, &heard{})
	if err := os.Remove(s.place.socket); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", s.place.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.place.socket); err != nil {
		t.Errorf("another's socket was removed: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("show reg.example:5000 trust")
	f.Add("open mooring://trust?registry=r")
	f.Add("check-now")
	f.Fuzz(func(t *testing.T, line string) {
		q, err := parse(line)
		if err != nil {
			return
		}
		if q.line() != line {
			t.Errorf("%q is understood as %q", line, q.line())
		}
		if got, err := readLine(bufio.NewReader(strings.NewReader(q.line() + "\n"))); err != nil || got != line {
			t.Errorf("%q does not travel: %q, %v", line, got, err)
		}
	})
}
