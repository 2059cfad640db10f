//go:build !nogui

package theme_test

import (
	"image/color"
	"io/fs"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/assets/icons"
	"mooring.dev/mooring/ui/theme"
)

var variants = map[string]fyne.ThemeVariant{"light": fynetheme.VariantLight, "dark": fynetheme.VariantDark}

func luminance(c color.Color) float64 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	lin := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(n.R) + 0.7152*lin(n.G) + 0.0722*lin(n.B)
}

// contrast is the ratio of WCAG 2.
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// Every text can be read on what it lies on.
func TestContrast(t *testing.T) {
	test.NewTempApp(t)
	th := theme.New()
	page, card, side := fynetheme.ColorNameBackground, theme.ColorCard, theme.ColorSidebar
	pairs := [][2]fyne.ThemeColorName{
		{theme.ColorInk, page},
		{theme.ColorInk, card},
		{theme.ColorInk, side},
		{theme.ColorInk, theme.ColorSelection},
		{theme.ColorMuted, page},
		{theme.ColorMuted, card},
		{theme.ColorMuted, side},
		{theme.ColorMuted, theme.ColorSelection},
		{theme.ColorMuted, theme.ColorUnknownBack},
		{theme.ColorOnAccent, theme.ColorAccent},
		{theme.ColorAccent, page},
		{theme.ColorAccent, card},
		{theme.ColorAccent, side},
	}
	for _, s := range theme.States() {
		pairs = append(pairs, [2]fyne.ThemeColorName{s.Color(), card},
			[2]fyne.ThemeColorName{theme.ColorInk, s.Back()}, [2]fyne.ThemeColorName{theme.ColorMuted, s.Back()})
	}
	for name, v := range variants {
		for _, p := range pairs {
			if got := contrast(th.Color(p[0], v), th.Color(p[1], v)); got < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", name, p[0], p[1], got)
			}
		}
		// On its own background a state has its shape only, which needs less.
		for _, s := range theme.States() {
			if got := contrast(th.Color(s.Color(), v), th.Color(s.Back(), v)); got < 3 {
				t.Errorf("%s: the shape of %s has a contrast of %.2f on its background, want 3", name, s, got)
			}
		}
	}
}

func TestFynesNamesAreDefined(t *testing.T) {
	test.NewTempApp(t)
	test.AssertAllColorNamesDefined(t, theme.New(), "mooring")
}

// Each state has a shape of its own, so that it can be told in grey.
func TestStatesDifferInShape(t *testing.T) {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New())
	seen := map[string]theme.State{}
	for _, s := range theme.States() {
		img := canvas.NewImageFromResource(s.Icon())
		img.SetMinSize(fyne.NewSquareSize(24))
		shot := software.Render(img, theme.New())
		var grey strings.Builder
		for y := range shot.Bounds().Dy() {
			for x := range shot.Bounds().Dx() {
				grey.WriteByte(color.GrayModel.Convert(shot.At(x, y)).(color.Gray).Y / 128)
			}
		}
		if other, dup := seen[grey.String()]; dup {
			t.Errorf("%s and %s look the same in grey", s, other)
		}
		seen[grey.String()] = s
		if strings.Count(grey.String(), "\x00") == 0 || strings.Count(grey.String(), "\x01") == 0 {
			t.Errorf("%s draws nothing", s)
		}
	}
}

func TestUnknownStateIsNeverTrusted(t *testing.T) {
	if theme.State("something new").Color() != theme.Unknown.Color() {
		t.Error("a state that is not known is not drawn as unknown")
	}
}

// Every drawing can be painted, in the colours of the theme in force.
func TestIcons(t *testing.T) {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New())
	files, err := fs.Glob(icons.Files, "*.svg")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		res := theme.Icon(theme.IconName(strings.TrimSuffix(f, ".svg")), theme.ColorAccent)
		content := string(res.Content())
		if strings.Contains(content, "currentColor") || strings.Contains(content, "onColor") {
			t.Errorf("%s keeps a placeholder", f)
		}
		img := canvas.NewImageFromResource(res)
		img.SetMinSize(fyne.NewSquareSize(20))
		if blank(t, img) {
			t.Errorf("%s draws nothing", f)
		}
	}
	if theme.AppIcon().Name() == "" {
		t.Error("the program has no icon")
	}
}

func blank(t *testing.T, o fyne.CanvasObject) bool {
	t.Helper()
	shot := software.Render(o, theme.New())
	first := shot.At(0, 0)
	for y := range shot.Bounds().Dy() {
		for x := range shot.Bounds().Dx() {
			if shot.At(x, y) != first {
				return false
			}
		}
	}
	return true
}
