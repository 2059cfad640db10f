package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/ui/words"
)

// ill has ailments.
type ill struct {
	platform.Service
	found []platform.Ailment
}

func (s ill) Ailments(context.Context) ([]platform.Ailment, error) { return s.found, nil }

// What is wrong keeps to the terminal as its hint does.
func TestDoctorKeepsToTheTerminal(t *testing.T) {
	const columnsWide = 60
	s := ill{found: []platform.Ailment{{Code: platform.AilOpenKey, Path: "/etc/docker/certs.d/a/client.key"}}}
	var out bytes.Buffer
	status := Main(t.Context(), []string{"doctor", "--offline"}, IO{In: strings.NewReader(""), Out: &out, Err: io.Discard, Width: columnsWide},
		Wiring{Service: func(Globals) (platform.Service, error) { return s, nil }})
	if status != exitRefused || !strings.HasPrefix(out.String(), "✗ 1 Every user of this computer") {
		t.Errorf("exit status %d:\n%s", status, out.String())
	}
	for line := range strings.Lines(out.String()) {
		if columns(strings.TrimSuffix(line, "\n")) > columnsWide {
			t.Errorf("too wide: %s", line)
		}
	}
}

// The list of verbs reads as one list.
func TestVerbsBeginAlike(t *testing.T) {
	for _, lang := range words.Languages() {
		a := newApp(t.Context(), IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }}, Wiring{}, lang)
		for _, c := range a.root().Commands() {
			if r, _ := utf8.DecodeRuneInString(c.Short); unicode.IsLower(r) && !c.Hidden {
				t.Errorf("%s, %s: %q", lang, c.Name(), c.Short)
			}
		}
	}
}
