//go:build !nogui

package widgets

import (
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2/test"

	"mooring.dev/mooring/ui/theme"
)

func themed(t testing.TB) {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New())
}

const path = "/etc/containers/certs.d/registry.corp.example:5000/ca.crt"

func TestCutMiddleKeepsBothEnds(t *testing.T) {
	themed(t)
	full := Mono.measure(path).Width
	for width := float32(30); width < full; width += 17 {
		got := cutMiddle(path, width, Mono)
		head, tail, cut := strings.Cut(got, ellipsis)
		if !cut || !strings.HasPrefix(path, head) || !strings.HasSuffix(path, tail) {
			t.Fatalf("%v: %q is not the path without its middle", width, got)
		}
		if w := Mono.measure(got).Width; w > width {
			t.Errorf("%q takes %v of %v", got, w, width)
		}
	}
	if got := cutMiddle(path, full+1, Mono); got != path {
		t.Errorf("a path that fits became %q", got)
	}
	if got := cutMiddle(path, 1, Mono); got != ellipsis {
		t.Errorf("without room it became %q", got)
	}
}

func TestWrapLosesNothing(t *testing.T) {
	themed(t)
	for _, s := range []string{
		"", "one", "Docker and Podman refuse this registry: nobody here knows “Corp Root CA”, which signed its chain.",
		path, strings.Repeat("x", 300), "두 개의 도구가 이 레지스트리를 거부합니다", "a\nb c\n\nd",
	} {
		for _, width := range []float32{5, 60, 200, 2000} {
			lines := wrap(s, width, Body)
			joined := strings.Join(lines, "")
			if want := strings.Join(strings.Fields(s), ""); strings.ReplaceAll(joined, " ", "") != want {
				t.Errorf("%v: %q became %q", width, s, lines)
			}
			for _, l := range lines {
				if Body.measure(l).Width > width && utf8.RuneCountInString(l) > 1 {
					t.Errorf("%v: the line %q is too wide", width, l)
				}
			}
		}
	}
}

func TestLongWordsBreakWhereTheyRead(t *testing.T) {
	themed(t)
	for _, l := range wrap(path, 200, Mono) {
		if !strings.HasSuffix(path, l) && !strings.ContainsAny(l[len(l)-1:], "/.-:@") {
			t.Errorf("%q breaks within a word", l)
		}
	}
}
