//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/widgets"
)

// settler is a machine that can ask root to put its half of an interrupted
// change in order.
type settler interface {
	Settle(ctx context.Context) ([]trust.Receipt, error)
}

// recover finishes or rolls back what a crash left, as far as no rights are
// needed, and reads the history. What waits for root is said on every page.
func (w *Window) recover() {
	w.d.spawn(func() {
		receipts, err := w.service.Recover(w.d.ctx)
		w.d.post(func() { w.recovered(receipts, err) })
	})
}

func (w *Window) recovered(receipts []trust.Receipt, err error) {
	if err != nil {
		w.fail(err)
	}
	settled := 0
	for _, r := range receipts {
		if r.State != trust.ReceiptPending {
			settled++
		}
	}
	if settled > 0 {
		w.say(theme.Trusted, w.t.W.N("window.toast.recovered", settled, nil))
	}
	w.loadHistory()
}

// settle asks root to put in order what is pending.
func (w *Window) settle() {
	s, ok := w.service.(settler)
	if !ok {
		return
	}
	w.side.start(func(ctx context.Context, _ func(func())) func() {
		receipts, err := s.Settle(ctx)
		return func() { w.recovered(receipts, err) }
	})
}

// pendingNotice is said while a change waits to be put in order; nil for none.
func (w *Window) pendingNotice() fyne.CanvasObject {
	for _, r := range w.receipts {
		if r.State == trust.ReceiptPending {
			return widgets.Banner(widgets.BannerData{
				State: theme.Attention, Sentence: w.t.Say("pending.sentence"), Detail: w.t.Say("pending.detail"),
				Action: w.t.Say("pending.do"), Kind: widgets.Outline, OnAction: w.settle,
			})
		}
	}
	return nil
}
