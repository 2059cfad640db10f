//go:build !nogui

package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// spinner moves while it is on the screen and no longer. Fyne's own goes on when it
// was taken off a page, for it is told only when its renderer is thrown away, which
// its moving prevents: the window would be painted anew sixty times a second for
// ever.
type spinner struct {
	widget.BaseWidget
	dots *widget.Activity
}

func newSpinner() *spinner {
	s := &spinner{dots: widget.NewActivity()}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *spinner) CreateRenderer() fyne.WidgetRenderer {
	r := &spinnerRenderer{WidgetRenderer: widget.NewSimpleRenderer(s.dots), dots: s.dots}
	r.watch = &fyne.Animation{Duration: time.Second, RepeatCount: fyne.AnimationRepeatForever, Tick: r.tick}
	return r
}

// spinnerRenderer starts the dots when it is painted and stops them when it is not:
// painting asks for what is within a widget, and nobody else does for one that is
// on no page.
type spinnerRenderer struct {
	fyne.WidgetRenderer
	dots    *widget.Activity
	watch   *fyne.Animation
	moving  bool
	unasked int // ticks since it was painted
}

// maxUnasked are the ticks that may pass without it being painted. Ticks and frames
// come in turn, on one goroutine, so one would do.
const maxUnasked = 5

// Objects implements fyne.WidgetRenderer.
func (r *spinnerRenderer) Objects() []fyne.CanvasObject {
	r.unasked = 0
	if !r.moving {
		r.moving = true
		r.dots.Start()
		r.watch.Start()
	}
	return r.WidgetRenderer.Objects()
}

func (r *spinnerRenderer) tick(float32) {
	if r.unasked++; r.unasked > maxUnasked {
		r.stop()
	}
}

func (r *spinnerRenderer) stop() {
	r.moving = false
	r.watch.Stop()
	r.dots.Stop()
}

// Destroy implements fyne.WidgetRenderer.
func (r *spinnerRenderer) Destroy() {
	r.stop()
	r.WidgetRenderer.Destroy()
}
