//go:build !nogui

package window

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// signInTools are the tools that keep sign-ins of their own and can take Mooring's.
var signInTools = []trust.Party{trust.Docker, trust.Podman}

// loadAccounts reads from files what is known of sign-ins. Nobody is asked for a
// keyring's password for that.
func (w *Window) loadAccounts() {
	w.accounting.start(func(ctx context.Context, _ func(func())) func() {
		list, err := w.service.Accounts(ctx)
		var tools []trust.Party
		for _, p := range w.service.InstalledParties(ctx) {
			if slices.Contains(signInTools, p) {
				tools = append(tools, p)
			}
		}
		return func() {
			w.accountsErr = err // what could be read is there all the same
			w.accounts = map[string]platform.Account{}
			for _, a := range list {
				w.accounts[a.Registry.String()] = a
			}
			w.tools = tools
			w.page.refresh()
		}
	})
}

// account is what is known of sign-ins to the registry on the page.
func (w *Window) account() platform.Account { return w.accounts[w.selected] }

// signInTab draws who the person is at the registry.
func (p *page) signInTab(d drawn) []fyne.CanvasObject {
	if p.w.accounts == nil {
		return []fyne.CanvasObject{widgets.Busy(p.w.t.Say("account.looking"))}
	}
	v := d.signIn
	out := []fyne.CanvasObject{p.banner(v.Banner)}
	if err := p.w.accountsErr; err != nil {
		out = append(out, p.w.markedProblem(theme.Attention, p.w.t.W.Error(err)))
	}
	left, right := widgets.Column(widgets.GapCard), widgets.Column(widgets.GapCard)
	left.Objects = append(p.section("account.title-kept", v.Kept), p.section("account.title-tools", v.Tools)...)
	right.Objects = append(p.section("account.title-how", v.How), p.clientCertificate(d.registry)...)
	return append(out, widgets.Beside(besideFrom, left, right))
}

// showUse shows what lets tools use the sign-in, or no longer, and does it.
func (w *Window) showUse(tools []trust.Party, on bool) {
	e, ok := w.entry()
	if !ok || len(tools) == 0 {
		return
	}
	r := e.Known.Registry
	key, do, done := "use.", "act.let-use-now", "use.done"
	if !on {
		key, do, done = "use.stop-", "use.stop-do", "use.stopped"
	}
	c := &confirmation{
		title: w.t.SayTools(key+"title", tools, r), question: w.t.SayTools(key+"question", tools, r),
		label: w.t.SayTools(do, tools, r), empty: w.t.Say("use.nothing"), done: w.t.SayTools(done, tools, r), stays: on,
		plan: func(ctx context.Context) (trust.Plan, error) { return w.service.PlanUse(ctx, r, tools, on) },
		act:  w.service.Apply,
	}
	c.open(w)
}

// showMove shows what moves a password that lies in plain text into the keyring.
func (w *Window) showMove() {
	e, ok := w.entry()
	if !ok {
		return
	}
	r := e.Known.Registry
	c := &confirmation{
		title: w.t.Say("move.title"), question: w.t.SayOf("move.question", r.String()), label: w.t.Say("act.move-now"),
		empty: w.t.Say("use.nothing"), done: w.t.Say("move.done"), note: w.t.Say("move.undo-asks"), stays: true,
		plan: func(ctx context.Context) (trust.Plan, error) { return w.service.PlanMove(ctx, r) },
		act:  w.service.Apply,
	}
	c.open(w)
}

// showSignOut shows what signing out means. Tools that get the password from Mooring
// would find none, so they are told first that it no longer keeps one.
func (w *Window) showSignOut() {
	e, ok := w.entry()
	if !ok {
		return
	}
	r, tools := e.Known.Registry, vm.Users(w.account())
	c := &confirmation{
		title: w.t.SayOf("signout.title", r.String()), question: w.t.Say("signout.question"), label: w.t.Say("act.sign-out-now"),
		done: w.t.Say("signout.done"), bare: true,
	}
	if len(tools) > 0 {
		c.question = w.t.SayTools("signout.question-used", tools, r)
	}
	c.plan = func(ctx context.Context) (trust.Plan, error) {
		if len(tools) == 0 {
			return trust.Plan{Registries: []string{r.String()}}, nil
		}
		return w.service.PlanUse(ctx, r, tools, false)
	}
	c.act = func(ctx context.Context, p trust.Plan, progress func(platform.Progress)) (trust.Receipt, error) {
		var receipt trust.Receipt
		if len(p.Pending()) > 0 {
			var err error
			if receipt, err = w.service.Apply(ctx, p, progress); err != nil {
				return receipt, err
			}
		}
		return receipt, w.service.SignOut(ctx, r)
	}
	c.open(w)
}

// actOn does what a row's button says.
func (p *page) actOn(a vm.Act) {
	w := p.w
	switch a.Do {
	case vm.ActUse:
		w.showUse(a.Tools, true)
	case vm.ActStopUse:
		w.showUse(a.Tools, false)
	case vm.ActRestart:
		w.showWaiting(a.Tools...)
	default:
		p.act(a.Do)
	}
}
