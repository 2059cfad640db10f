//go:build !nogui

package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Colours of the design that Fyne has no name for. The …Back colours lie behind
// text and icons of their state; each pair has a contrast of at least 4.5:1.
const (
	ColorSidebar       fyne.ThemeColorName = "mooringSidebar"
	ColorCard          fyne.ThemeColorName = "mooringCard"
	ColorLine          fyne.ThemeColorName = "mooringLine"
	ColorField         fyne.ThemeColorName = "mooringField" // around what one types into
	ColorInk           fyne.ThemeColorName = "mooringInk"
	ColorMuted         fyne.ThemeColorName = "mooringMuted"
	ColorAccent        fyne.ThemeColorName = "mooringAccent"
	ColorOnAccent      fyne.ThemeColorName = "mooringOnAccent"
	ColorTrusted       fyne.ThemeColorName = "mooringTrusted"
	ColorTrustedBack   fyne.ThemeColorName = "mooringTrustedBack"
	ColorAttention     fyne.ThemeColorName = "mooringAttention"
	ColorAttentionBack fyne.ThemeColorName = "mooringAttentionBack"
	ColorRefused       fyne.ThemeColorName = "mooringRefused"
	ColorRefusedBack   fyne.ThemeColorName = "mooringRefusedBack"
	ColorUnknown       fyne.ThemeColorName = "mooringUnknown"
	ColorUnknownBack   fyne.ThemeColorName = "mooringUnknownBack"
	ColorSelection     fyne.ThemeColorName = "mooringSelection"
	ColorDim           fyne.ThemeColorName = "mooringDim" // over the window, under a dialog
)

type palette map[fyne.ThemeColorName]color.Color

var (
	light = newPalette(map[fyne.ThemeColorName]uint32{
		fynetheme.ColorNameBackground: 0xF6F8FA,
		ColorSidebar:                  0xEDF1F5,
		ColorCard:                     0xFFFFFF,
		ColorLine:                     0xD5DDE5,
		ColorField:                    0xB4C0CB,
		ColorInk:                      0x13212F,
		ColorMuted:                    0x546475,
		ColorAccent:                   0x0B6E8A,
		ColorOnAccent:                 0xFFFFFF,
		ColorTrusted:                  0x1B7F47,
		ColorTrustedBack:              0xE4F4EA,
		ColorAttention:                0x8A5A00,
		ColorAttentionBack:            0xFFF3D6,
		ColorRefused:                  0xB3261E,
		ColorRefusedBack:              0xFCE8E6,
		ColorUnknown:                  0x5B6B7B,
		ColorUnknownBack:              0xE8EDF2,
		ColorSelection:                0xD8E8EF,
	})
	dark = newPalette(map[fyne.ThemeColorName]uint32{
		fynetheme.ColorNameBackground: 0x10171F,
		ColorSidebar:                  0x0C1218,
		ColorCard:                     0x18212B,
		ColorLine:                     0x2A3744,
		ColorField:                    0x8395A6,
		ColorInk:                      0xE6EDF3,
		ColorMuted:                    0x9DB0C1,
		ColorAccent:                   0x3FB6D3,
		ColorOnAccent:                 0x06202A,
		ColorTrusted:                  0x5BC98A,
		ColorTrustedBack:              0x12301F,
		ColorAttention:                0xE5B454,
		ColorAttentionBack:            0x362A10,
		ColorRefused:                  0xFF8A80,
		ColorRefusedBack:              0x3B1A18,
		ColorUnknown:                  0x9AA9B7,
		ColorUnknownBack:              0x222D38,
		ColorSelection:                0x173242,
	})
)

// paletteOf treats everything that is not light as dark: Fyne's test driver has a
// third variant.
func paletteOf(v fyne.ThemeVariant) palette {
	if v == fynetheme.VariantLight {
		return light
	}
	return dark
}

// newPalette derives what Fyne's own widgets ask for from the design's colours.
func newPalette(base map[fyne.ThemeColorName]uint32) palette {
	p := palette{}
	for name, rgb := range base {
		p[name] = opaque(rgb)
	}
	alias := map[fyne.ThemeColorName]fyne.ThemeColorName{
		fynetheme.ColorNameForeground:          ColorInk,
		fynetheme.ColorNamePlaceHolder:         ColorMuted,
		fynetheme.ColorNameDisabled:            ColorMuted,
		fynetheme.ColorNamePrimary:             ColorAccent,
		fynetheme.ColorNameHyperlink:           ColorAccent,
		fynetheme.ColorNameForegroundOnPrimary: ColorOnAccent,
		fynetheme.ColorNameForegroundOnSuccess: ColorCard,
		fynetheme.ColorNameForegroundOnWarning: ColorCard,
		fynetheme.ColorNameForegroundOnError:   ColorCard,
		fynetheme.ColorNameSuccess:             ColorTrusted,
		fynetheme.ColorNameWarning:             ColorAttention,
		fynetheme.ColorNameError:               ColorRefused,
		fynetheme.ColorNameButton:              ColorCard,
		fynetheme.ColorNameDisabledButton:      ColorUnknownBack,
		fynetheme.ColorNameInputBackground:     ColorCard,
		fynetheme.ColorNameInputBorder:         ColorField,
		fynetheme.ColorNameMenuBackground:      ColorCard,
		fynetheme.ColorNameOverlayBackground:   ColorCard,
		fynetheme.ColorNameHeaderBackground:    ColorSidebar,
		fynetheme.ColorNameSeparator:           ColorLine,
		fynetheme.ColorNameSelection:           ColorSelection,
	}
	for name, of := range alias {
		p[name] = p[of]
	}
	p[fynetheme.ColorNameFocus] = alpha(base[ColorAccent], 0x55)
	p[fynetheme.ColorNameHover] = alpha(base[ColorMuted], 0x12)
	p[fynetheme.ColorNamePressed] = alpha(base[ColorMuted], 0x3d)
	p[fynetheme.ColorNameScrollBar] = alpha(base[ColorMuted], 0x80)
	p[fynetheme.ColorNameScrollBarBackground] = color.NRGBA{}
	p[fynetheme.ColorNameShadow] = color.NRGBA{A: 0x22}
	p[ColorDim] = color.NRGBA{A: 0x80}
	return p
}

func opaque(rgb uint32) color.NRGBA { return alpha(rgb, 0xff) }

func alpha(rgb uint32, a uint8) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: a}
}
