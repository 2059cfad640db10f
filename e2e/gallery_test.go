//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/ui/theme"
)

var variants = map[string]fyne.ThemeVariant{"light": fynetheme.VariantLight, "dark": fynetheme.VariantDark}

// A shot is one state of the window, in the sizes in which it is photographed.
type shot struct {
	state, lang, look string
	sizes             []image.Point
}

// shots are all states in English, and in the other languages those with the
// longest sentences.
func shots() []shot {
	small, usual, large := image.Pt(800, 560), image.Pt(1180, 880), image.Pt(1920, 1080)
	all := []string{"empty", "refused", "dialog", "trusted", "expiring", "token", "insecure", "plain-http", "unreachable", "faults", "long-name", "many"}
	var out []shot
	for _, state := range all {
		out = append(out,
			shot{state, "en", "light", []image.Point{small, usual, large}},
			shot{state, "en", "dark", []image.Point{usual}})
	}
	for _, lang := range []string{"ko", "ru"} {
		for _, state := range []string{"empty", "refused", "dialog", "plain-http", "faults"} {
			out = append(out, shot{state, lang, "light", []image.Point{small, usual}})
		}
		out = append(out, shot{"trusted", lang, "dark", []image.Point{small, usual}})
	}
	return append(append(out, askedShots()...), healthShots()...)
}

// askedShots are the dialogs of links, project files, client certificates and the
// watcher, in each language and theme.
func askedShots() []shot {
	small, usual := image.Pt(800, 560), image.Pt(1180, 880)
	var out []shot
	for _, state := range []string{
		"link-new", "link-doubtful", "link-long", "link-refused", "link-same", "link-lies", "project",
		"client", "client-good", "client-problems", "client-locked", "client-request", "watch", "watch-stopped",
	} {
		out = append(out, shot{state, "en", "light", []image.Point{small, usual}})
	}
	for _, lang := range []string{"ko", "ru"} {
		for _, state := range []string{"link-doubtful", "link-lies", "project", "client-problems", "client-locked", "watch"} {
			out = append(out, shot{state, lang, "dark", []image.Point{small, usual}})
		}
	}
	return out
}

// healthShots are the page on this computer and the dialog that ends trust.
func healthShots() []shot {
	small, usual := image.Pt(800, 560), image.Pt(1180, 880)
	out := []shot{{"health-well", "en", "dark", []image.Point{usual}}, {"untrust", "en", "light", []image.Point{small, usual}}}
	for _, lang := range []string{"en", "ko", "ru"} {
		out = append(out,
			shot{"health", lang, "light", []image.Point{small, usual}},
			shot{"health", lang, "dark", []image.Point{usual}},
			shot{"untrust", lang, "dark", []image.Point{usual}})
	}
	return out
}

// leads are the keys that lead from where a program of another state starts to the
// state of a shot.
var leads = map[string]struct{ from, keys string }{
	"dialog":    {"refused", "ctrl+t"},
	"link-same": {"link", "shift+Tab Return"},
	"link-lies": {"link-differs", "shift+Tab Return"},
}

// behind reports whether a state is a dialog, which dims the window.
func behind(state string) bool {
	kind, _, _ := strings.Cut(state, "-")
	return slices.Contains([]string{"dialog", "link", "project", "client", "watch", "untrust"}, kind)
}

// TestGallery photographs the window in every state, for people to look at, and
// checks of each picture what a machine can.
func TestGallery(t *testing.T) {
	s := login(t, "allowed", "2000x1200")
	for _, shot := range shots() {
		t.Run(fmt.Sprintf("%s-%s-%s", shot.state, shot.lang, shot.look), func(t *testing.T) {
			s := &session{t: t, user: s.user, display: s.display}
			w := s.gallery(shot)
			for _, size := range shot.sizes {
				w.resize(size)
				w.settled() // on a busy machine the old picture may stay for a while
				p := w.settled()
				p.save(t, fmt.Sprintf("gallery/%s-%s-%s-%dx%d", shot.state, shot.lang, shot.look, size.X, size.Y))
				back := theme.New().Color(fynetheme.ColorNameBackground, variants[shot.look])
				if !behind(shot.state) && p.count(back) < size.X*size.Y/10 {
					t.Errorf("%v: hardly anything has the background of the %s theme", size, shot.look)
				}
			}
		})
	}
	t.Logf("look at %s/screenshots", desk.Artefacts())
}

// gallery opens the window of a shot and waits until its machine is checked.
func (s *session) gallery(shot shot) *window {
	s.t.Helper()
	state, lead := shot.state, leads[shot.state]
	if lead.from != "" {
		state = lead.from
	}
	cmd := s.command("dbus-run-session", "--", desk.Built("gallery"), state, shot.lang)
	cmd.Env = append(cmd.Env, "FYNE_THEME="+shot.look, "LANG="+shot.lang+".UTF-8")
	out, err := cmd.StdoutPipe()
	must(s.t, err)
	w := s.open("^Mooring$", cmd)
	if state != "empty" {
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			s.t.Fatalf("it said %q: %v\n%s", line, err, w.log())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until it ends
	w.settled()
	if lead.keys != "" {
		w.key(strings.Fields(lead.keys)...)
		w.settled()
	}
	return w
}

func (w *window) resize(size image.Point) {
	w.s.t.Helper()
	w.xdotool("windowsize", w.id, strconv.Itoa(size.X), strconv.Itoa(size.Y))
	w.until("the size", func(p picture) bool { return p.Bounds().Size() == size })
}

// settled waits until the window shows the same twice, and more than one colour.
func (w *window) settled() picture {
	w.s.t.Helper()
	last := w.look()
	return w.until("a picture that stays", func(p picture) bool {
		same := bytes.Equal(p.Pix, last.Pix) && p.count(p.At(1, 1)) < len(p.Pix)/4
		last = p
		return same
	})
}
