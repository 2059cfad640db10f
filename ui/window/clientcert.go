//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// clientCertificate is what the sign-in tab shows of client certificates; nothing
// where the registry asks for none and nothing is wrong with one.
func (p *page) clientCertificate(r vm.Registry) []fyne.CanvasObject {
	if len(r.Client) == 0 {
		return nil
	}
	w := p.w
	add := widgets.NewSmallButton(theme.IconFile, w.t.Say("menu.client-cert"), w.showClientCert)
	p.focus["client-cert"] = add
	return append(p.section("heading.client-cert", r.Client), widgets.Row(0, -1, false, add))
}

// clientCertItem is the entry of the registry's menu.
func (w *Window) clientCertItem() menuItem {
	return menuItem{label: w.t.Say("menu.client-cert"), icon: theme.IconFile, do: w.showClientCert}
}
