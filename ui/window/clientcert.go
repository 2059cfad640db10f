//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/vm"
)

// clientCertificate is what the sign-in tab shows of client certificates; nothing
// where the registry asks for none and none is installed.
func (p *page) clientCertificate(vm.Registry) []fyne.CanvasObject { return nil }
