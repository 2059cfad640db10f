//go:build !nogui

// Package theme is the look of Mooring's window: its colours in light and dark,
// its type, its grid and its icons, as package fyne wants them. It knows only
// Fyne. Widgets ask it by name, so that a change of variant reaches all of them.
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/assets/fonts"
)

// Sizes of the design that Fyne has no name for.
const (
	SizeTitle       fyne.ThemeSizeName = "mooringTitle" // a page's heading
	SizeBrand       fyne.ThemeSizeName = "mooringBrand" // the product's name
	SizeDialogTitle fyne.ThemeSizeName = "mooringDialogTitle"
	SizeName        fyne.ThemeSizeName = "mooringName"      // a card's common name
	SizeSecondary   fyne.ThemeSizeName = "mooringSecondary" // muted second lines
	SizeSection     fyne.ThemeSizeName = "mooringSection"   // capitals over a group
	SizeMono        fyne.ThemeSizeName = "mooringMono"      // fingerprints and paths
)

var sizes = map[fyne.ThemeSizeName]float32{
	SizeTitle:       22,
	SizeName:        15.5,
	SizeBrand:       16,
	SizeDialogTitle: 18,
	SizeSecondary:   12.5,
	SizeSection:     12,
	SizeMono:        12,

	fynetheme.SizeNameText:            14,
	fynetheme.SizeNameHeadingText:     22,
	fynetheme.SizeNameSubHeadingText:  16,
	fynetheme.SizeNameCaptionText:     12.5,
	fynetheme.SizeNamePadding:         4,
	fynetheme.SizeNameInnerPadding:    8,
	fynetheme.SizeNameInlineIcon:      18,
	fynetheme.SizeNameInputRadius:     8,
	fynetheme.SizeNameSelectionRadius: 8,
	fynetheme.SizeNameButtonRadius:    8,
	fynetheme.SizeNameCardRadius:      9,
	fynetheme.SizeNameDialogRadius:    12,
	fynetheme.SizeNamePopupRadius:     10,
	fynetheme.SizeNameScrollBar:       10,
	fynetheme.SizeNameScrollBarSmall:  4,
	// A blurred backdrop costs a full redraw of the window behind every dialog on
	// machines without a graphics card; the design dims it instead.
	fynetheme.SizeNameModalBlurRadius: 0,
}

type mooring struct {
	regular, semiBold fyne.Resource
}

// New returns the theme. It follows the system's choice of light or dark.
func New() fyne.Theme {
	return &mooring{
		regular:  fyne.NewStaticResource("Inter-Regular.ttf", fonts.Regular),
		semiBold: fyne.NewStaticResource("Inter-SemiBold.ttf", fonts.SemiBold),
	}
}

// Color implements fyne.Theme.
func (m *mooring) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	if c, ok := paletteOf(variant)[name]; ok {
		return c
	}
	return fynetheme.DefaultTheme().Color(name, variant)
}

// Font implements fyne.Theme. The design has two weights and no italics.
func (m *mooring) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Monospace || style.Symbol:
		return fynetheme.DefaultTheme().Font(style)
	case style.Bold:
		return m.semiBold
	default:
		return m.regular
	}
}

// Icon implements fyne.Theme.
func (m *mooring) Icon(name fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (m *mooring) Size(name fyne.ThemeSizeName) float32 {
	if s, ok := sizes[name]; ok {
		return s
	}
	return fynetheme.DefaultTheme().Size(name)
}

// Color is the colour that name has in the theme in force now.
func Color(name fyne.ThemeColorName) color.Color {
	s := fyne.CurrentApp().Settings()
	return s.Theme().Color(name, s.ThemeVariant())
}

// Size is the size that name has in the theme in force now.
func Size(name fyne.ThemeSizeName) float32 {
	return fyne.CurrentApp().Settings().Theme().Size(name)
}
