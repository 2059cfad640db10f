//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
)

// HostName sets a registry large and whole: what somebody else chose must be read
// to its end, so it is wrapped and never cut.
func HostName(registry string) fyne.CanvasObject {
	return NewText(registry, Look{Size: theme.SizeTitle, Bold: true}, Wrap)
}
