//go:build !nogui

package window

import (
	"testing"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
)

// content opens the images tab of harbor with n repositories.
func content(t *testing.T, n int, prepare func(*windowtest.Service)) (*rig, *imagesTab) {
	t.Helper()
	s, _ := windowtest.Scene(t)
	s.Fill(harbor, n)
	r := started(t, s)
	if prepare != nil {
		prepare(s)
	}
	r.w.choose(harbor)
	r.shortcut(fyne.Key3, 0)
	return r, r.w.page.images
}

func (r *rig) read(tab *imagesTab) {
	r.t.Helper()
	r.until("the repositories", func() bool { return tab.model.Stage != vm.BeingRead })
}

func TestImages(t *testing.T) {
	r, tab := content(t, 250, nil)
	r.read(tab)
	r.has("250 repositories")
	if got := r.w.win.Canvas().Focused(); got != fyne.Focusable(tab.filter) {
		t.Fatalf("the focus is on %T", got)
	}
	r.write("mobile/service-0010")
	r.has("2 of 250 repositories")
	r.key(fyne.KeyReturn)
	r.until("the tags", func() bool { return tab.model.TagStage == vm.Read && !tab.model.AskingRights })
	r.has("mobile/service-00103")
	r.has("You may push")
	r.has("4 tags")
	r.has("183 MB")
	r.w.win.Canvas().Focus(tab.tags)
	r.key(fyne.KeyDown)
	r.key(fyne.KeyReturn)
	if got, want := r.w.app.Clipboard().Content(), "docker pull "+harbor+"/mobile/service-00103:latest"; got != want {
		t.Errorf("Enter on a tag copies %q, want %q", got, want)
	}
}

// Reading can be stopped, keeps what it has, and goes on when asked.
func TestStopReading(t *testing.T) {
	r, tab := content(t, 1000, func(s *windowtest.Service) { s.Gate = make(chan struct{}) })
	s := r.s
	for range 3 {
		s.Gate <- struct{}{}
	}
	r.until("three pages", func() bool { return len(tab.model.Found()) == 300 })
	r.has("300 repositories so far…")
	r.press("Stop")
	r.has("300 repositories; reading was stopped")
	s.Gate = nil
	r.press("Read again")
	r.read(tab)
	r.has("1000 repositories")
}

// Leaving the tab ends what only it waited for; what comes late is dropped.
func TestLeavingImagesCancels(t *testing.T) {
	r, tab := content(t, 1000, func(s *windowtest.Service) { s.Gate = make(chan struct{}) })
	r.s.Gate <- struct{}{}
	r.until("a page", func() bool { return len(tab.model.Found()) == 100 })
	for _, leave := range []func(){
		func() { r.w.showTab(tabTrust) },
		func() { r.w.choose("quay.io") },
	} {
		leave()
		if r.w.reading.busy() || tab.model.Stage == vm.BeingRead {
			t.Fatal("reading goes on")
		}
		r.w.choose(harbor)
		r.w.showTab(tabImages)
		if tab = r.w.page.images; tab.model.Stage != vm.BeingRead {
			t.Fatal("coming back reads nothing")
		}
	}
}

// What is typed is not lost while results and reports come in.
func TestFilterKeepsTheFocus(t *testing.T) {
	r, tab := content(t, 500, func(s *windowtest.Service) { s.Gate = make(chan struct{}, 100) })
	r.write("pay")
	for range 5 {
		r.s.Gate <- struct{}{}
	}
	r.read(tab)
	r.w.page.drawn = drawn{}
	r.w.page.refresh()
	r.write("ments")
	if tab.filter.Text != "payments" || len(tab.model.Found()) != 100 {
		t.Errorf("the field holds %q, %d match", tab.filter.Text, len(tab.model.Found()))
	}
}

func TestCatalogIsRefused(t *testing.T) {
	r, tab := content(t, 0, func(s *windowtest.Service) {
		s.CatalogError = &catalog.Refusal{Why: catalog.AdminOnly, Product: signin.Harbor, Status: 401, Text: "unauthorized to list catalog"}
	})
	r.read(tab)
	r.has(r.w.t.W.Error(r.s.CatalogError).What)
	r.has("unauthorized to list catalog")
	r.has("If you know a repository’s name, type it above and press Enter.")
	r.button("Sign in…")
	r.write("docker pull " + harbor + "/library/app:1")
	r.key(fyne.KeyReturn)
	r.until("the tags", func() bool { return tab.model.TagStage == vm.Read })
	r.has("library/app")
}

func TestRightsAreSaid(t *testing.T) {
	r, tab := content(t, 3, func(s *windowtest.Service) {
		s.Allowed = map[string]catalog.Rights{"platform/service-00000": {
			Pull: catalog.Yes, Push: catalog.No, PushText: "denied: requested access to the resource is denied",
		}}
	})
	r.read(tab)
	tab.choose("platform/service-00000")
	r.until("the rights", func() bool { return !tab.model.AskingRights })
	r.has("You may pull")
	r.has("You may not push: “denied: requested access to the resource is denied”")
	r.has("Asked as anybody: you are not signed in.")
	r.press("Sign in…")
	if _, ok := r.w.dialog.(*signInDialog); !ok {
		t.Errorf("it opens %T", r.w.dialog)
	}
}

// In a narrow window there is the list or what was chosen in it, and a way back.
func TestImagesInANarrowWindow(t *testing.T) {
	r, tab := content(t, 20, nil)
	r.read(tab)
	r.w.win.Resize(fyne.NewSize(600, 560))
	tab.choose("platform/service-00000")
	r.until("the tags", func() bool { return tab.model.TagStage == vm.Read && !tab.model.AskingRights })
	// What is hidden has no place in the window.
	inSight := func() bool { return r.w.app.Driver().AbsolutePositionForObject(tab.repos).Y > 0 }
	if inSight() {
		t.Error("the list is in sight beside what was chosen")
	}
	r.press("All repositories")
	if !inSight() {
		t.Error("there is no way back to the list")
	}
}
