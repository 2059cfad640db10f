//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/ui/theme"
)

// active is the window that has the focus.
func (s *session) active() string {
	out, _ := s.command("xdotool", "getactivewindow").Output()
	return strings.TrimSpace(string(out))
}

// again starts Mooring once more in a session where it runs, and waits for its end.
func (s *session) again(args ...string) {
	s.t.Helper()
	p := s.start("again", s.command(append([]string{"dbus-run-session", "--", desk.Built("mooring")}, args...)...))
	s.wait("the end of the second start", func() bool {
		select {
		case <-p.done:
			return true
		default:
			return false
		}
	})
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("the second start ends with %d\n%s", code, s.log("again"))
	}
}

// cover puts another window over everything.
func (s *session) cover() {
	s.t.Helper()
	s.start("hello", s.command("dbus-run-session", "--", desk.Built("hello"), "large"))
	s.wait("another window in front", func() bool {
		out, err := s.command("xdotool", "search", "--onlyvisible", "--name", "^Hello$").Output()
		id, _, _ := strings.Cut(string(out), "\n")
		return err == nil && id != "" && s.active() == id
	})
}

// TestASecondStartShowsTheFirst: one window, in front again, whatever was over it,
// with what the second start was for.
func TestASecondStartShowsTheFirst(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	w := s.mooring()
	s.cover()
	s.again()
	s.wait("the first window in front", func() bool { return s.active() == w.id })
	out, err := s.command("xdotool", "search", "--name", "^Mooring$").Output()
	must(t, err)
	if n := len(strings.Fields(string(out))); n != 1 {
		t.Errorf("%d windows", n)
	}

	s.again("open", "mooring://trust?registry="+reg+"&sha256="+strings.Repeat("ab", 32))
	w.until("what the link asks for", func(p picture) bool { return len(p.areas(theme.ColorSidebar, 200, 100)) == 0 })
	w.save("second-start-link")

	w.xdotool("windowminimize", w.id)
	s.wait("the window to be away", func() bool { return s.active() != w.id })
	s.again()
	s.wait("the minimised window in front", func() bool { return s.active() == w.id })

	// And a first one that was ended leaves no trace that a next one could stumble on.
	w.program.stop()
	s.wait("its end", func() bool {
		out, _ := s.command("xdotool", "search", "--name", "^Mooring$").Output()
		return len(out) == 0
	})
	s.mooring()
}
