//go:build e2e

package e2e

import (
	"bytes"
	"image"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/ui/theme"
)

// window is a program's window on the session's display.
type window struct {
	s       *session
	id      string
	program *program
	pointer image.Point // where a click left it
}

// open starts a program of the desk on a session bus of its own and waits for its
// window.
func (s *session) open(title string, cmd *exec.Cmd) *window {
	s.t.Helper()
	return s.appears(title, s.start("window", cmd))
}

// appears waits for a program's window.
func (s *session) appears(title string, p *program) *window {
	s.t.Helper()
	w := &window{s: s, program: p}
	s.wait("the window "+title, func() bool {
		w.id = s.shown(title)
		return w.id != ""
	})
	return w
}

// shown is the first window of that title that can be seen, "" for none.
func (s *session) shown(title string) string {
	out, _ := s.command("xdotool", "search", "--onlyvisible", "--name", title).Output() // it fails for none
	id, _, _ := strings.Cut(string(out), "\n")
	return id
}

// mooring opens Mooring's window.
func (s *session) mooring(args ...string) *window {
	s.t.Helper()
	w := s.open("^Mooring$", s.command(append([]string{"dbus-run-session", "--", desk.Built("mooring")}, args...)...))
	s.wait("the first picture", func() bool { return len(w.look().areas(theme.ColorSidebar, 200, 100)) > 0 })
	return w
}

func (w *window) log() string { return w.s.log("window") }

// xdotool runs one command of the person's hands.
func (w *window) xdotool(args ...string) {
	w.s.t.Helper()
	if out, err := w.s.command(append([]string{"xdotool"}, args...)...).CombinedOutput(); err != nil {
		w.s.t.Fatalf("xdotool %v: %v: %s", args, err, out)
	}
}

// click presses the mouse in the middle of r, which must be a button: it changes
// its colour once the pointer is over it. A person sees that too, and a click in
// the same instant as the move would still go to where the pointer was.
func (w *window) click(r image.Rectangle) {
	w.s.t.Helper()
	at := r.Min.Add(r.Size().Div(2))
	cold := w.look().crop(r)
	w.xdotool("mousemove", "--window", w.id, strconv.Itoa(at.X), strconv.Itoa(at.Y))
	if !w.pointer.In(r) {
		w.until("the button under the pointer", func(p picture) bool { return !bytes.Equal(cold, p.crop(r)) })
	}
	w.pointer = at
	w.xdotool("click", "1")
}

func (w *window) typed(text string) { w.s.t.Helper(); w.xdotool("type", "--delay", "25", text) }
func (w *window) key(keys ...string) {
	w.s.t.Helper()
	w.xdotool(append([]string{"key", "--delay", "40"}, keys...)...)
}

// until looks at the window until ok, and returns the picture that was.
func (w *window) until(what string, ok func(picture) bool) picture {
	w.s.t.Helper()
	var p picture
	if err := desk.WaitFor(what, func() bool { p = w.look(); return ok(p) }); err != nil {
		p.save(w.s.t, "failed-"+strings.ReplaceAll(w.s.t.Name(), "/", "-"))
		w.s.t.Fatalf("%v; the window is failed-….png in %s/screenshots\n%s", err, desk.Artefacts(), w.log())
	}
	return p
}

func (s *session) wait(what string, ok func() bool) {
	s.t.Helper()
	must(s.t, desk.WaitFor(what, ok))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// save photographs the window for the artefacts.
func (w *window) save(name string) { w.s.t.Helper(); w.look().save(w.s.t, name) }

// agent starts polkit's text agent for the window's program, and a person who
// types the password there.
func (w *window) agent() *desk.Terminal {
	w.s.t.Helper()
	pid, err := w.s.command("xdotool", "getwindowpid", w.id).Output()
	must(w.s.t, err)
	r, ready, err := os.Pipe()
	must(w.s.t, err)
	defer r.Close()
	cmd := w.s.command("pkttyagent", "--process", strings.TrimSpace(string(pid)), "--notify-fd", "3")
	cmd.ExtraFiles = []*os.File{ready}
	terminal := w.s.user.InTerminal(w.s.t, desk.Password, cmd)
	ready.Close()
	_, err = io.ReadAll(r) // it closes its end once it is registered
	must(w.s.t, err)
	return terminal
}
