//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Shell is the window's frame: a sidebar beside the page, or, in a narrow
// window, a drawer over it.
type Shell struct {
	Object *fyne.Container
	// OnNarrow is told when the sidebar becomes a drawer or a bar again.
	OnNarrow func(narrow bool)

	layout *shellLayout
}

// DrawerBelow is the window width under which the sidebar becomes a drawer.
const DrawerBelow float32 = 700

const sidebarWidth, sidebarMin float32 = 292, 244

// NewShell frames page and sidebar; over lies on top of both.
func NewShell(sidebar, page, over fyne.CanvasObject) *Shell {
	s := &Shell{}
	veil := newBlocker()
	veil.onTap = func() { s.SetDrawer(false) }
	bar := container.NewStack(NewSurface(theme.ColorSidebar, "", ""), sidebar)
	// Fyne clears the window with a tone that is lighter than the theme's: it divides
	// by 255² where it should by 65535.
	page = container.NewStack(NewSurface(fynetheme.ColorNameBackground, "", ""), page)
	s.layout = &shellLayout{
		shell: s, bar: bar, line: Rule(), page: page,
		dim: NewSurface(theme.ColorDim, "", ""), veil: veil, over: over,
	}
	s.Object = container.New(s.layout, s.layout.objects()...)
	return s
}

// SetDrawer opens or closes the drawer; in a wide window it does nothing.
func (s *Shell) SetDrawer(open bool) {
	s.layout.open = open
	s.Object.Refresh()
}

// Narrow reports whether the sidebar is a drawer now.
func (s *Shell) Narrow() bool { return s.layout.narrow }

// DrawerOpen reports whether the drawer is open.
func (s *Shell) DrawerOpen() bool { return s.layout.narrow && s.layout.open }

type shellLayout struct {
	shell                            *Shell
	bar, line, page, dim, veil, over fyne.CanvasObject
	narrow, open, told               bool
}

// objects is what is drawn, from below. The order is that of the Tab key too: the
// sidebar comes first unless it has to lie over the page.
func (l *shellLayout) objects() []fyne.CanvasObject {
	if l.narrow {
		return []fyne.CanvasObject{l.page, l.dim, l.veil, l.bar, l.line, l.over}
	}
	return []fyne.CanvasObject{l.bar, l.line, l.page, l.over}
}

func (l *shellLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	narrow := size.Width < DrawerBelow
	changed := narrow != l.narrow || !l.told
	l.narrow, l.told = narrow, true
	width := min(sidebarWidth, max(sidebarMin, size.Width*0.28))
	left := width + 1
	if narrow {
		left = 0
	}
	setVisible(l.bar, !narrow || l.open)
	setVisible(l.line, !narrow || l.open)
	setVisible(l.dim, narrow && l.open)
	setVisible(l.veil, narrow && l.open)
	l.bar.Resize(fyne.NewSize(width, size.Height))
	l.line.Move(fyne.NewPos(width, 0))
	l.line.Resize(fyne.NewSize(1, size.Height))
	l.page.Move(fyne.NewPos(left, 0))
	l.page.Resize(fyne.NewSize(size.Width-left, size.Height))
	for _, o := range []fyne.CanvasObject{l.dim, l.veil, l.over} {
		o.Resize(size)
	}
	if !changed {
		return
	}
	l.shell.Object.Objects = l.objects()
	if l.shell.OnNarrow != nil {
		l.shell.OnNarrow(narrow)
	}
}

// MinSize is that of the smallest window: a drawer and a page both fit into it.
func (l *shellLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(420, 360) }

func setVisible(o fyne.CanvasObject, on bool) {
	if on != o.Visible() {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
}
