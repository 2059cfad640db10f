//go:build e2e

package e2e

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/theme"
)

// certDirs are where trust for the registry goes, when the computer's engines are
// those of TestMain.
var certDirs = []string{"/etc/docker/certs.d/" + reg, "/etc/containers/certs.d/" + reg}

// TestTrustAndUndo is the whole way of a person who may: red, compare, green,
// undo, red. The mouse does most of it.
func TestTrustAndUndo(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	root := startRegistry(t, s)
	before := listing(t)
	w := s.mooring()
	w.save("1-empty")
	w.add(reg)
	red := w.until("red", banner(theme.ColorRefusedBack))
	red.save(t, "2-refused")
	if s.pulls() {
		t.Fatal("skopeo accepts a registry that nobody trusts yet")
	}

	w.click(red.buttons()[0])
	w.until("the plan", dialog)
	field := w.focusField()
	w.compare(field, root)
	w.click(w.look().buttons()[0])
	done := w.until("the proof", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) })
	done.save(t, "5-proof")
	w.click(done.buttons()[0])
	green := w.until("green", whole(theme.ColorTrustedBack))
	green.save(t, "6-trusted")
	installed(t, root)
	if !s.pulls() {
		t.Error("skopeo does not accept the registry")
	}

	w.undo(green, "7-undo")
	w.save("8-undone")
	if s.pulls() {
		t.Error("skopeo still accepts the registry")
	}
	if d := cmp.Diff(before, listing(t)); d != "" {
		t.Errorf("undo left something:\n%s", d)
	}
}

// TestKeyboard goes the same way without a mouse.
func TestKeyboard(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	root := startRegistry(t, s)
	w := s.mooring()
	w.trustByKeyboard()
	w.until("the end", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) })
	installed(t, root)
	w.key("Return") // the button to close has taken the place of the one that was pressed
	w.undo(w.until("green", whole(theme.ColorTrustedBack)), "keyboard-undo")
}

// TestRefused: polkit says no. The dialog says so, and nothing has changed.
func TestRefused(t *testing.T) {
	s := login(t, "barred", "1280x900")
	startRegistry(t, s)
	before := listing(t)
	w := s.mooring()
	w.trustByKeyboard()
	w.until("the refusal", func(p picture) bool { return banner(theme.ColorRefusedBack)(p) && dialog(p) }).save(t, "refused-by-polkit")
	if d := cmp.Diff(before, listing(t)); d != "" {
		t.Errorf("a refused change left something:\n%s", d)
	}
	w.key("Escape")
	w.until("still red", whole(theme.ColorRefusedBack))
}

// TestPassword: an administrator answers polkit's prompt, for the change and for
// its undoing.
func TestPassword(t *testing.T) {
	s := login(t, "admin", "1280x900")
	root := startRegistry(t, s)
	w := s.mooring()
	agent := w.agent()
	w.trustByKeyboard()
	w.until("the end", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) })
	installed(t, root)
	w.key("Escape")
	w.undo(w.until("green", whole(theme.ColorTrustedBack)), "password-undo")
	if shown := agent.Stop(); strings.Count(shown, "AUTHENTICATING FOR dev.mooring.trust-registry") != 2 {
		t.Errorf("polkit did not ask twice:\n%s", shown)
	}
	if _, err := os.Stat(certDirs[0]); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", certDirs[0], err)
	}
}

// add types a registry into the search field and takes the offer to add it.
func (w *window) add(name string) {
	w.s.t.Helper()
	w.key("ctrl+f")
	w.typed(name)
	w.key("Return")
}

// trustByKeyboard adds the registry and trusts it; the last control of the dialog
// is its button.
func (w *window) trustByKeyboard() {
	w.s.t.Helper()
	w.add(reg)
	w.until("red", banner(theme.ColorRefusedBack))
	w.key("ctrl+t")
	w.until("the plan", dialog)
	w.key("shift+Tab", "Return")
}

// focusField goes to the field for the fingerprint with the Tab key. Nothing else
// that can have the focus is so wide and one line high. What is drawn meanwhile may
// look like a focus that moves: then the key goes once more around.
func (w *window) focusField() image.Rectangle {
	w.s.t.Helper()
	var field image.Rectangle
	w.until("the field for the fingerprint", func(before picture) bool {
		w.key("Tab")
		w.until("the focus to move", func(p picture) bool { return !bytes.Equal(before.Pix, p.Pix) })
		field = w.look().focused(400)
		return !field.Empty()
	})
	return field
}

// compare types a wrong fingerprint, and then the right one.
func (w *window) compare(field image.Rectangle, root *trusttest.Cert) {
	w.s.t.Helper()
	below := image.Rect(field.Min.X, field.Max.Y+34, field.Max.X, field.Max.Y+70)
	answer := func(c fyne.ThemeColorName) func(picture) bool {
		return func(p picture) bool { return !p.within(below, c).Empty() }
	}
	w.typed(strings.Repeat("ab", 32))
	p := w.until("the difference", answer(theme.ColorRefused))
	p.save(w.s.t, "3-differs")
	if len(p.buttons()) > 0 {
		w.s.t.Error("a certificate with another fingerprint can be trusted")
	}
	w.key("ctrl+a")
	w.typed(trust.FingerprintOf(root.Cert).String())
	w.until("the match", func(p picture) bool { return answer(theme.ColorTrusted)(p) && dialog(p) }).save(w.s.t, "4-matches")
}

// undo presses the banner's button and confirms.
func (w *window) undo(green picture, name string) {
	w.s.t.Helper()
	b := green.areas(theme.ColorTrustedBack, 300, 40)[0]
	right := image.Rect(b.Min.X+b.Dx()/2, b.Min.Y, b.Max.X, b.Max.Y)
	w.click(green.within(right, theme.ColorAccent))
	p := w.until("the plan to undo", dialog)
	p.save(w.s.t, name)
	w.click(p.buttons()[0])
	w.until("red again", whole(theme.ColorRefusedBack))
}

// banner reports whether there is an area of the colour behind a banner.
func banner(c fyne.ThemeColorName) func(picture) bool {
	return func(p picture) bool { return len(p.areas(c, 300, 40)) > 0 }
}

// whole is banner on a window without a dialog, which dims the sidebar.
func whole(c fyne.ThemeColorName) func(picture) bool {
	return func(p picture) bool { return banner(c)(p) && !p.dimmed() }
}

// dialog reports whether there is a dialog whose button can be pressed.
func dialog(p picture) bool { return p.dimmed() && len(p.buttons()) > 0 }

func (p picture) dimmed() bool { return len(p.areas(theme.ColorSidebar, 200, 100)) == 0 }

// buttons are the filled ones: the one that does what the page or dialog is for.
func (p picture) buttons() []image.Rectangle { return p.areas(theme.ColorAccent, 60, 28) }

// pulls reports whether a real client of this user accepts the registry.
func (s *session) pulls() bool {
	s.t.Helper()
	out, err := s.command("skopeo", "inspect", "--creds", account+":"+secret, "docker://"+image1).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "certificate signed by unknown authority") {
		s.t.Fatalf("skopeo: %v: %s", err, out)
	}
	return err == nil
}

// installed checks what trusting left.
func installed(t *testing.T, root *trusttest.Cert) {
	t.Helper()
	for _, dir := range certDirs {
		path := filepath.Join(dir, "ca.crt")
		i, err := os.Stat(path)
		must(t, err)
		if st := i.Sys().(*syscall.Stat_t); st.Uid != 0 || st.Gid != 0 || i.Mode() != 0o644 {
			t.Errorf("%s: %v, owner %d:%d", path, i.Mode(), st.Uid, st.Gid)
		}
		b, err := os.ReadFile(path)
		must(t, err)
		if string(b) != string(root.PEM()) {
			t.Errorf("%s holds:\n%s", path, b)
		}
		if err := verifies(t, dir); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// listing is everything that a change could touch.
func listing(t *testing.T) []string {
	t.Helper()
	return strings.Split(desk.Snapshot(t, "/etc", "/usr/local/share", "/usr/libexec", "/var/lib/ca-certificates"), "\n")
}
