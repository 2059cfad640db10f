//go:build !nogui

package window

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/window/windowtest"
)

func parsed(t *testing.T, name string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ask has the window do what a later start asks for, and waits for the answer.
func (r *rig) ask(q instance.Request) error {
	r.t.Helper()
	answer := make(chan error, 1)
	go func() {
		answer <- r.w.asked(q)
		r.posted <- func() {} // until looks after each
	}()
	r.until("the answer", func() bool { return len(answer) > 0 })
	return <-answer
}

func TestALaterStartShowsARegistryAndItsPages(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	for _, e := range r.w.book.All() {
		if err := r.ask(instance.Request{Verb: instance.Show, Registry: e.Known.Registry}); err != nil {
			t.Fatal(err)
		}
		r.until("the check of it", r.idle)
		if r.w.selected != e.ID() || r.w.dialogShown() {
			t.Errorf("%s was asked for, %s is shown", e.ID(), r.w.selected)
		}
	}
	calls := len(s.Calls())
	show := instance.Request{Verb: instance.Show, Registry: parsed(t, corpRegistry), Page: instance.PageTrust}
	if err := r.ask(show); err != nil {
		t.Fatal(err)
	}
	r.until("the trust dialog", r.w.dialogShown)
	if !slices.Contains(s.Calls()[calls:], "check 1 engines=false") {
		t.Error("what is shown was not looked at again")
	}
	// What the person began there stays.
	show.Registry, show.Page = r.w.book.All()[0].Known.Registry, ""
	selected, dialog := r.w.selected, r.w.dialog
	if err := r.ask(show); err != nil || r.w.selected != selected || r.w.dialog != dialog {
		t.Errorf("the open dialog was left: %v, %s", err, r.w.selected)
	}
}

func TestALaterStartOpensTheSignIn(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	if err := r.ask(instance.Request{Verb: instance.Show, Registry: parsed(t, corpRegistry), Page: instance.PageSignIn}); err != nil {
		t.Fatal(err)
	}
	r.until("the dialog", r.w.dialogShown)
	if _, ok := r.w.dialog.(*signInDialog); !ok {
		t.Errorf("the dialog is a %T", r.w.dialog)
	}
}

func TestALaterStartIsWaitedForTheList(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := newRig(t, s)
	if err := r.ask(instance.Request{Verb: instance.Show, Registry: parsed(t, corpRegistry)}); err != nil {
		t.Fatal(err)
	}
	r.w.start()
	r.until("the first check to end", r.idle)
	if r.w.selected != corpRegistry {
		t.Errorf("%s is shown", r.w.selected)
	}
}

func TestALaterStartAddsAndContactsNothing(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	selected, calls := r.w.selected, len(s.Calls())
	for _, q := range []instance.Request{
		{Verb: instance.Show, Registry: parsed(t, "evil.example"), Page: instance.PageTrust},
		{Verb: instance.Open, Link: "mooring://trust?registry=evil.example&sha256=" + strings.Repeat("ab", 32)},
	} {
		if err := r.ask(q); err != nil {
			t.Fatal(err)
		}
		r.until("peace", r.idle)
	}
	if got := asked(s, calls); len(got) > 0 || r.w.selected != selected {
		t.Errorf("asked %q, shown %s", got, r.w.selected)
	}
	if !strings.Contains(r.texts(), "evil.example") {
		t.Errorf("the link is not shown:\n%s", r.texts())
	}
	if err := r.w.asked(instance.Request{Verb: instance.CheckNow}); !errors.Is(err, instance.ErrMalformed) {
		t.Errorf("the watcher's verb: %v", err)
	}
}

// A window that hangs does not answer: then another start shows one that does not.
func TestAWindowThatHangsSaysNothing(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.patience = time.Millisecond
	if err := r.w.asked(instance.Request{Verb: instance.Show}); !errors.Is(err, errBusy) {
		t.Error(err)
	}
}
