//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/widgets"
)

// showUntrust shows what ceasing to trust the registry on the page removes, and lets
// the person decide on the trust store of this computer where that has a part in it.
func (w *Window) showUntrust() {
	e, ok := w.entry()
	if !ok {
		return
	}
	regs := []trust.Registry{e.Known.Registry}
	with := func(store planner.StoreChoice) func(context.Context) (trust.Plan, error) {
		return func(ctx context.Context) (trust.Plan, error) {
			return w.service.PlanRemoval(ctx, platform.UntrustRequest{Registries: regs, Store: store})
		}
	}
	c := &confirmation{
		title: w.t.SayOf("untrust.title", e.ID()), question: w.t.Say("untrust.question"), label: w.t.Say("untrust.do"),
		empty: w.t.Say("untrust.none"), told: w.t.Untrusted, plan: with(planner.StoreUnshared), act: w.service.Apply,
	}
	c.choice = func(p trust.Plan) fyne.CanvasObject {
		return w.storeChoice(p, func(store planner.StoreChoice) {
			c.plan = with(store)
			c.replan()
		})
	}
	c.open(w)
}

// storeChoice is the two ways to treat the trust store of this computer; nil where
// it has no part in the plan.
func (w *Window) storeChoice(p trust.Plan, choose func(planner.StoreChoice)) fyne.CanvasObject {
	v := w.t.StoreChoice(p)
	if !v.Offered {
		return nil
	}
	option := func(key string, chosen bool, detail string, store planner.StoreChoice) fyne.CanvasObject {
		return widgets.NewChoice(widgets.NewText(w.t.Say(key), widgets.Strong, widgets.Wrap), chosen,
			widgets.NewText(detail, widgets.Secondary, widgets.Wrap), func() {
				if !chosen {
					choose(store)
				}
			})
	}
	return widgets.Column(2,
		widgets.SectionLabel(w.t.Say("untrust.store")),
		option("untrust.leave", !v.Take, v.LeaveDetail, planner.StoreKeep),
		option("untrust.take", v.Take, v.TakeDetail, planner.StoreTake))
}
