//go:build !nogui

package window

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
	"mooring.dev/mooring/ui/words/wordstest"
)

const staleFile = "/etc/docker/certs.d/registry.corp.example:5000/copy.crt"

// ill is what an examination of the scene finds.
func ill(t *testing.T) []platform.Ailment {
	reg := parsed(t, corpRegistry)
	return []platform.Ailment{
		{Code: platform.AilOpenKey, Path: "/etc/docker/certs.d/registry.corp.example:5000/client.key", Registry: reg},
		{Code: platform.AilDuplicate, Path: staleFile, Other: "/etc/docker/certs.d/registry.corp.example:5000/ca.crt", Registry: reg, Plan: true},
		{Code: platform.AilInsecureYet, Path: "/etc/docker/daemon.json", Registry: reg, Repair: []string{"trust", corpRegistry}},
	}
}

// rowAction presses what an ailment's row offers.
func (r *rig) rowAction(code platform.AilmentCode) {
	r.t.Helper()
	i := slices.IndexFunc(r.w.health.Found, func(a platform.Ailment) bool { return a.Code == code })
	if i < 0 {
		r.t.Fatalf("%s was not found", code)
	}
	row := r.w.t.Health(r.w.health).Rows[i]
	if len(row.Acts) != 1 {
		r.t.Fatalf("%s offers %+v", code, row.Acts)
	}
	r.w.treat(r.w.health.Found[i], row.Acts[0].Do)
}

// From the list through the preview to the receipt, and back to a list without it.
func TestHealthMendsAndLooksAgain(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Ill = ill(t)
	r := started(t, s)
	r.shortcut(fyne.KeyE, fyne.KeyModifierShortcutDefault)
	r.until("the examination", func() bool { return r.w.health.Done })
	r.has("3 things here need attention.")
	r.has("The same CA twice")

	r.rowAction(platform.AilDuplicate)
	r.until("the plan", func() bool { return r.w.dialogShown() && !r.button("Mend it").Disabled() })
	r.has(staleFile)
	r.press("Mend it")
	r.until("the list without it", func() bool { return len(r.w.health.Found) == 2 && !r.w.health.Running })
	r.has("Mended.")
	r.button("Undo")
	r.press("Close")
	if strings.Contains(r.texts(), "The same CA twice") {
		t.Error("what was mended is still on the list")
	}
}

// What must be decided leads to where it is decided.
func TestHealthLeadsToTheTrustDialog(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Ill = ill(t)
	r := started(t, s)
	r.w.showHealthPage()
	r.until("the examination", func() bool { return r.w.health.Done })
	r.rowAction(platform.AilInsecureYet)
	r.until("the trust dialog", func() bool { _, ok := r.w.dialog.(*trustDialog); return ok && r.w.dialogShown() })
	if r.w.selected != corpRegistry || r.w.page.mode != showRegistry {
		t.Errorf("the page shows %q", r.w.selected)
	}
}

// A healthy computer is said to be, a failure is no health, and leaving ends the
// examination.
func TestHealthStates(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.showHealthPage()
	r.until("the examination", func() bool { return r.w.health.Done })
	r.has("Nothing is wrong, and nothing is stale.")

	s.ExamineError = trust.NameError{Code: trust.NameEmpty}
	r.w.examine()
	r.until("the failure", func() bool { return r.w.health.Err != nil })
	if strings.Contains(r.texts(), "Nothing is wrong") {
		t.Error("a failed examination counts as health")
	}

	s.ExamineError, s.Gate = nil, make(chan struct{})
	r.w.examine()
	r.until("its progress", func() bool { return strings.Contains(r.texts(), "Asking registries: 0 of 3") })
	r.key(fyne.KeyEscape)
	if r.w.page.mode != showRegistry || r.w.health.Running || r.w.examining.busy() {
		t.Error("it goes on although nobody looks")
	}
}

// An ailment keeps its sentence, its files and its severity in every language.
func TestHealthRows(t *testing.T) {
	for _, lang := range []string{"en", "ko", "ru"} {
		tl := vm.Teller{W: wordstest.New(t, lang)}
		h := tl.Health(vm.Examination{Done: true, Found: ill(t)})
		if h.Summary.Mark != vm.MarkRefused || len(h.Rows) != 3 || h.Well || h.More != "" {
			t.Errorf("%s: %+v", lang, h)
		}
		if r := h.Rows[0]; r.Mark != vm.MarkRefused || len(r.Acts) != 0 || len(r.Notes) != 1 || len(r.Looked) != 1 {
			t.Errorf("%s: %+v", lang, r)
		}
		if r := h.Rows[1]; r.Mark != vm.MarkAttention || len(r.Looked) != 2 || r.Acts[0].Do != vm.ActRepair {
			t.Errorf("%s: %+v", lang, r)
		}
		var many []platform.Ailment
		for range 250 {
			many = append(many, platform.Ailment{Code: platform.AilUnusedInStore, Name: "CA"})
		}
		if h := tl.Health(vm.Examination{Done: true, Found: many}); len(h.Rows) != 100 || h.More == "" || h.Summary.Mark != vm.MarkUnknown {
			t.Errorf("%s: %d rows, %q", lang, len(h.Rows), h.More)
		}
	}
}

// The trust store is left or taken as the person decides, and the plan is made anew
// for that.
func TestUntrustChoosesTheStore(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.ForRemoval(func(q platform.UntrustRequest) trust.Plan {
		p := trust.Plan{Schema: trust.PlanSchema, Action: "untrust", Reach: trust.ReachRegistry, Registries: []string{corpRegistry}}
		p.Changes = []trust.Change{{Kind: trust.RemoveFile, Path: staleFile, Status: trust.StatusRemoved, Privileged: true}}
		switch q.Store {
		case planner.StoreTake:
			p.Reach = trust.ReachComputer
			p.Consequences = []trust.Consequence{{Code: trust.StoreLoses, Name: "Corp Root"}, {Code: trust.OthersLose, Name: "Corp Root", Registry: "other.example"}}
		case planner.StoreKeep:
			p.Consequences = []trust.Consequence{{Code: trust.LeftStore, Name: "Corp Root"}}
		default:
			p.Consequences = []trust.Consequence{{Code: trust.LeftShared, Name: "Corp Root", Registry: "other.example"}}
		}
		return p
	})
	r := started(t, s)
	r.w.choose(corpRegistry)
	r.w.showUntrust()
	r.until("the plan", func() bool { return !r.button("Stop trusting").Disabled() })
	r.has("these are trusted by it, too: other.example")
	c := r.w.dialog.(*confirmation)
	chosen := func() (take bool) { return r.w.t.StoreChoice(*c.made).Take }
	if chosen() {
		t.Error("what others need is taken without being asked for")
	}
	c.made = nil
	r.option("Take the CA out of it, too")
	r.until("the other plan", func() bool { return c.made != nil })
	r.has("These are trusted by “Corp Root”, too, and lose it: other.example.")
	if !chosen() || c.made.Reach != trust.ReachComputer {
		t.Errorf("the plan is %+v", c.made)
	}
	r.press("Stop trusting")
	r.until("the end", func() bool { return !r.w.dialogShown() })
	if calls := s.Calls(); !slices.Contains(calls, "plan removal ["+corpRegistry+"] store=take") {
		t.Errorf("asked was %q", calls)
	}
}

// option taps the choice with this title.
func (r *rig) option(title string) {
	r.t.Helper()
	var last *widgets.Choice
	for _, o := range r.objects() {
		if c, ok := o.(*widgets.Choice); ok {
			last = c
		}
		if t, ok := o.(*widgets.Text); ok && t.Text() == title && last != nil {
			test.Tap(last)
			return
		}
	}
	r.t.Fatalf("there is no choice %q", title)
}
