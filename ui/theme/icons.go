//go:build !nogui

package theme

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/assets/icons"
)

// IconName names a drawing of assets/icons.
type IconName string

// The icons of actions and things; those of states are in [State.Icon].
const (
	IconLogo         IconName = "logo"
	IconCopy         IconName = "copy"
	IconSearch       IconName = "search"
	IconRefresh      IconName = "refresh"
	IconChevronDown  IconName = "chevron-down"
	IconChevronRight IconName = "chevron-right"
	IconChevronLeft  IconName = "chevron-left"
	IconFolder       IconName = "folder"
	IconPlus         IconName = "plus"
	IconMore         IconName = "more"
	IconClose        IconName = "close"
	IconMenu         IconName = "menu"
	IconUndo         IconName = "undo"
	IconFile         IconName = "file"
	IconHistory      IconName = "history"
	IconTour         IconName = "tour"
	IconCheck        IconName = "check"
	IconSave         IconName = "save"
)

// Icon returns the drawing in the colour that c has when it is painted.
func Icon(name IconName, c fyne.ThemeColorName) fyne.Resource {
	b, err := icons.Files.ReadFile(string(name) + ".svg")
	if err != nil {
		panic(err) // the names above are the embedded files; a test walks them
	}
	return &drawing{name: name, source: b, fore: c}
}

// AppIcon is the program's icon for title bars and task lists.
func AppIcon() fyne.Resource {
	b, err := icons.Files.ReadFile("app.svg")
	if err != nil {
		panic(err) // embedded
	}
	return fyne.NewStaticResource("mooring.svg", b)
}

// drawing fills an SVG's two colours in at painting time, so that the same
// resource serves light and dark. Fyne's own themed resource knows one colour
// only, and colours no strokes.
type drawing struct {
	name   IconName
	source []byte
	fore   fyne.ThemeColorName
}

// Name is the key under which Fyne caches the picture: it must tell the colours.
func (d *drawing) Name() string {
	return fmt.Sprintf("mooring-%s-%s-%s.svg", d.name, hex(Color(d.fore))[1:], hex(Color(ColorCard))[1:])
}

func (d *drawing) Content() []byte {
	b := bytes.ReplaceAll(d.source, []byte("currentColor"), []byte(hex(Color(d.fore))))
	return bytes.ReplaceAll(b, []byte("onColor"), []byte(hex(Color(ColorCard))))
}

func hex(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
}
