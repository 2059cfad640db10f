//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"image"
	"testing"
)

// A pose is what a person does before the photograph of a state: keys, or a text.
type pose struct {
	keys []string
	text string
}

// poses are the states of signing in and of a registry's content, with what leads
// to them.
var poses = map[string][]pose{
	"signin":            {{keys: []string{"ctrl+l"}}},
	"signin-wrong":      {{keys: []string{"ctrl+l"}}, {text: "alice"}, {keys: []string{"Tab"}}, {text: "WRONG"}, {keys: []string{"Return"}}},
	"signin-done":       {{keys: []string{"ctrl+l"}}, {text: account}, {keys: []string{"Tab"}}, {text: secret}, {keys: []string{"Return"}}},
	"signin-used":       {{keys: []string{"ctrl+l"}}, {text: account}, {keys: []string{"Tab"}}, {text: secret}, {keys: []string{"Return"}}, {keys: []string{"Return"}}},
	"signin-no-keyring": {{keys: []string{"ctrl+l"}}},
	"signin-not-kept":   {{keys: []string{"ctrl+l"}}, {text: account}, {keys: []string{"Tab"}}, {text: secret}, {keys: []string{"Return"}}},
	"signin-untrusted":  {{keys: []string{"ctrl+l"}}},
	"signin-long-name":  {{keys: []string{"ctrl+l"}}},
	"account-none":      {{keys: []string{"ctrl+2"}}},
	"account-keyring":   {{keys: []string{"ctrl+2"}}},
	"account-ended":     {{keys: []string{"ctrl+2"}}},
	"account-plain":     {{keys: []string{"ctrl+2"}}},
	"images":            {{keys: []string{"ctrl+3"}}},
	"images-repository": {{keys: []string{"ctrl+3"}}, {text: "service-00002"}, {keys: []string{"Return"}}},
	"images-rights":     {{keys: []string{"ctrl+3"}}, {text: "service-00002"}, {keys: []string{"Return"}}},
	"images-admin":      {{keys: []string{"ctrl+3"}}},
	"images-broken":     {{keys: []string{"ctrl+3"}}},
	"images-empty":      {{keys: []string{"ctrl+3"}}},
}

// signInShots are all of them in English, and those with the longest sentences in
// the other languages.
func signInShots() []shot {
	small, usual := image.Pt(800, 560), image.Pt(1180, 880)
	var out []shot
	for state := range poses {
		out = append(out, shot{state, "en", "light", []image.Point{small, usual}})
	}
	for _, state := range []string{"signin-wrong", "signin-done", "account-plain", "images-repository", "images-admin"} {
		out = append(out, shot{state, "en", "dark", []image.Point{usual}})
		for _, lang := range []string{"ko", "ru"} {
			out = append(out, shot{state, lang, "light", []image.Point{small, usual}})
		}
	}
	out = append(out, shot{"images-repository", "en", "light", []image.Point{image.Pt(1920, 1080), image.Pt(560, 700)}})
	return out
}

// TestGallerySignIn photographs them. What a person types is typed in the size that
// the window opens with.
func TestGallerySignIn(t *testing.T) {
	s := login(t, "allowed", "2000x1200")
	for _, shot := range signInShots() {
		t.Run(fmt.Sprintf("%s-%s-%s", shot.state, shot.lang, shot.look), func(t *testing.T) {
			s := &session{t: t, user: s.user, display: s.display}
			w := s.gallery(shot)
			for _, p := range poses[shot.state] {
				w.strike(p)
			}
			for _, size := range shot.sizes {
				w.drawnIn(size).save(t, fmt.Sprintf("gallery/%s-%s-%s-%dx%d", shot.state, shot.lang, shot.look, size.X, size.Y))
			}
		})
	}
}

// strike does what a pose says, and waits until that has shown and is over.
func (w *window) strike(p pose) {
	w.s.t.Helper()
	before := w.look()
	if p.text != "" {
		w.typed(p.text)
	} else {
		w.key(p.keys...)
	}
	w.until("something to happen", func(now picture) bool { return !bytes.Equal(before.Pix, now.Pix) })
	w.settled()
}

// drawnIn resizes the window and waits until it is drawn anew: on a busy machine the
// old picture is there for a while, cut off.
func (w *window) drawnIn(size image.Point) picture {
	w.s.t.Helper()
	before := w.settled()
	if before.Bounds().Size() == size {
		return before
	}
	w.resize(size)
	both := before.Bounds().Intersect(image.Rectangle{Max: size})
	w.until("the window to be drawn", func(now picture) bool { return !bytes.Equal(before.crop(both), now.crop(both)) })
	return w.settled()
}
