//go:build !nogui

package window

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"go.uber.org/goleak"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
	"mooring.dev/mooring/ui/words/wordstest"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mooring-window")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"} {
		_ = os.Setenv(name, dir)
	}
	_ = os.Setenv("LANG", "en_US.UTF-8")
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// rig is a window on the test driver. What workers post waits in a queue until
// the test, which is the UI goroutine, takes it.
type rig struct {
	t       *testing.T
	w       *Window
	s       *windowtest.Service
	posted  chan func()
	cancel  context.CancelFunc
	folders []string
	toured  bool
}

func newRig(t *testing.T, s *windowtest.Service) *rig {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New())
	ctx, cancel := context.WithCancel(context.Background())
	r := &rig{t: t, s: s, posted: make(chan func(), 4096), cancel: cancel}
	r.w = New(ctx, a, s, Options{
		Words: wordstest.New(t, "en"),
		Tour: func(context.Context) error {
			r.toured = true
			return nil
		},
		OpenFolder: func(_ context.Context, dir string) error {
			r.folders = append(r.folders, dir)
			return nil
		},
	})
	r.w.d.ui = func(f func()) { r.posted <- f }
	r.w.patience = time.Minute // a busy machine is no window that hangs
	r.w.win.Resize(fyne.NewSize(defaultWidth, defaultHeight))
	t.Cleanup(r.end)
	return r
}

func (r *rig) end() {
	r.cancel()
	r.w.d.wait()
}

// started starts the window and waits until the first check is over.
func started(t *testing.T, s *windowtest.Service) *rig {
	t.Helper()
	r := newRig(t, s)
	r.w.start()
	r.until("the first check to end", r.idle)
	return r
}

func (r *rig) idle() bool {
	w := r.w
	return w.loaded && !w.loading.busy() && !w.checking.busy() && !w.single.busy() && !w.side.busy() && w.rechecks == 0
}

// until runs what is posted until ok.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case f := <-r.posted:
			f()
		case <-deadline:
			r.t.Fatalf("waited too long for %s", what)
		}
	}
}

// objects are all visible objects of the window, or of the dialog on top of it.
func (r *rig) objects() []fyne.CanvasObject {
	if top := r.w.win.Canvas().Overlays().Top(); top != nil {
		return test.LaidOutObjects(top)
	}
	return test.LaidOutObjects(r.w.win.Content())
}

// texts is every text in sight, a line each.
func (r *rig) texts() string {
	var out []string
	for _, o := range r.objects() {
		if t, ok := o.(*widgets.Text); ok && t.Text() != "" {
			out = append(out, t.Text())
		}
	}
	return strings.Join(out, "\n")
}

func (r *rig) has(text string) {
	r.t.Helper()
	if !strings.Contains(r.texts(), text) {
		r.t.Fatalf("nothing in sight says %q:\n%s", text, r.texts())
	}
}

func (r *rig) button(label string) *widgets.Button {
	r.t.Helper()
	for _, o := range r.objects() {
		if b, ok := o.(*widgets.Button); ok && b.Label() == label {
			return b
		}
	}
	r.t.Fatalf("there is no button %q", label)
	return nil
}

func (r *rig) press(label string) {
	r.t.Helper()
	b := r.button(label)
	if b.Disabled() {
		r.t.Fatalf("the button %q is disabled", label)
	}
	test.Tap(b)
}

func (r *rig) key(name fyne.KeyName) {
	e := &fyne.KeyEvent{Name: name}
	c := r.w.win.Canvas()
	if f := c.Focused(); f != nil {
		f.TypedKey(e)
		return
	}
	c.OnTypedKey()(e)
}

// shortcut is given to what has the focus, as the real driver does, else to the
// window.
func (r *rig) shortcut(name fyne.KeyName, mod fyne.KeyModifier) {
	s := &desktop.CustomShortcut{KeyName: name, Modifier: mod | fyne.KeyModifierShortcutDefault}
	if f, ok := r.w.win.Canvas().Focused().(fyne.Shortcutable); ok {
		f.TypedShortcut(s)
		return
	}
	r.w.keys.TypedShortcut(s)
}

func TestFromRedToGreenAndBack(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose("registry.corp.example:5000")
	r.has("Docker and Podman refuse this registry: nobody here knows “Corp Root CA”, which signed its chain.")
	r.has("docker pull fails with: x509: certificate signed by unknown authority")
	r.has("the chain breaks here: no tool knows this CA")

	r.press("Trust this registry…")
	r.until("the plan", func() bool {
		return strings.Contains(r.texts(), "/etc/docker/certs.d/registry.corp.example:5000/ca.crt")
	})
	r.has("2 new files, nothing overwritten, no restart")
	r.has("Not compared yet. Whoever owns the network could have sent this certificate.")
	r.press("Trust it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.has("Docker and Podman trust this registry.")
	r.has("Docker trusts it: /etc/docker/certs.d/registry.corp.example:5000/ca.crt")
	r.press("Close")

	r.has("Docker and Podman trust this registry.")
	r.has("TRUST ANCHOR")
	r.press("Undo")
	r.until("the plan to undo", func() bool { return strings.Contains(r.texts(), "This will be taken back") })
	r.has("Undo: Trusted “Corp Root CA” for registry.corp.example:5000")
	r.press("Undo it")
	r.until("red again", func() bool { return strings.Contains(r.texts(), "nobody here knows") })
	r.has("Undone. Everything is as it was before.")
}

// A row keeps its place while the person looks at it, and moves when they look
// elsewhere.
func TestRowsKeepTheirPlace(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose("registry.corp.example:5000")
	before := r.w.sidebar.list.Items()
	r.w.showTrust(&given{anchors: []trust.Anchor{{Cert: corp.Root.Cert, Source: "given"}}})
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.press("Trust it")
	r.until("the end", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.press("Close")
	after := r.w.sidebar.list.Items()
	for i := range before {
		if before[i].ID != after[i].ID {
			t.Fatalf("row %d was %q and is %q now", i, before[i].ID, after[i].ID)
		}
	}
	r.w.choose("docker.io")
	items := r.w.sidebar.list.Items()
	heading := ""
	for _, it := range items {
		if it.Heading != "" {
			heading = it.Heading
		}
		if it.ID == "registry.corp.example:5000" && !strings.HasPrefix(heading, "TRUSTED") {
			t.Errorf("it stands under %q after the person looked elsewhere", heading)
		}
	}
}

func TestMismatchBlocks(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose("registry.corp.example:5000")
	r.w.showTrust(nil)
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	d := r.w.dialog.(*trustDialog)
	d.paste.SetText(strings.Repeat("ab", 32))
	r.has("The fingerprints differ. This is not the certificate your administrator means: do not trust it.")
	if !r.button("Trust it").Disabled() {
		t.Error("a certificate with another fingerprint can be trusted")
	}
	d.paste.SetText("SHA256:" + strings.ToUpper(trust.FingerprintOf(corp.Root.Cert).String()))
	r.has("The fingerprints are the same.")
	if r.button("Trust it").Disabled() {
		t.Error("a certificate with the right fingerprint cannot be trusted")
	}
}

func TestFailureSaysWhatWhyAndLeavesNothing(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.ApplyError = context.DeadlineExceeded
	r := started(t, s)
	r.w.choose("registry.corp.example:5000")
	r.w.showTrust(nil)
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.press("Trust it")
	r.until("the failure", func() bool { return strings.Contains(r.texts(), "Nothing was changed.") })
	r.has("This took too long and was stopped.")
	s.ApplyError = nil
	r.press("Try again")
	r.until("a new plan", func() bool { return !r.button("Trust it").Disabled() })
}

// Escape must not leave the dialog while changes are made, and must leave it
// otherwise; the field of the fingerprint has the focus in both cases.
func TestEscape(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose("registry.corp.example:5000")
	r.w.showTrust(nil)
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	d := r.w.dialog.(*trustDialog)
	r.w.win.Canvas().Focus(d.paste)
	d.form.Phase = vm.Applying
	r.key(fyne.KeyEscape)
	if !d.shown() {
		t.Fatal("Escape closed the dialog while changes were made")
	}
	d.form.Phase = vm.Deciding
	r.key(fyne.KeyEscape)
	if d.shown() {
		t.Fatal("Escape did not close the dialog")
	}
}

func TestKeys(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	w := r.w
	r.shortcut(fyne.KeyF, 0)
	if w.win.Canvas().Focused() != fyne.Focusable(w.sidebar.search) {
		t.Fatal("Ctrl+F does not go to the search field")
	}
	test.Type(w.sidebar.search, "quay")
	if n := w.sidebar.shown.Found; n != 1 {
		t.Errorf("found %d registries for quay, want 1", n)
	}
	r.key(fyne.KeyReturn)
	if w.selected != "quay.io" {
		t.Errorf("Enter shows %q, want quay.io", w.selected)
	}
	r.key(fyne.KeyEscape)
	if w.sidebar.search.Text != "" {
		t.Error("Escape does not clear the search")
	}
	// A shortcut reaches the window although a field has the focus.
	r.shortcut(fyne.KeyN, 0)
	if !w.dialogShown() {
		t.Fatal("Ctrl+N opens nothing while the search field has the focus")
	}
	r.shortcut(fyne.KeyH, 0)
	if w.page.mode == showHistory {
		t.Error("a shortcut reaches through an open dialog")
	}
	r.key(fyne.KeyEscape)
	if w.dialogShown() {
		t.Fatal("Escape does not close the dialog")
	}
	w.win.Canvas().Focus(w.sidebar.list)
	at := w.selected
	r.key(fyne.KeyDown)
	if w.selected == at {
		t.Error("the down key does not move in the list")
	}
	calls := len(s.Calls())
	r.key(fyne.KeyF5)
	r.until("the check", func() bool { return len(s.Calls()) > calls && r.idle() })
}

func TestAdd(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.sidebar.search.SetText("docker pull new.example:5000/team/app:1")
	if r.w.sidebar.shown.Add != "new.example:5000" {
		t.Fatalf("offers to add %q", r.w.sidebar.shown.Add)
	}
	r.w.sidebar.submit()
	r.until("the new registry", func() bool { return r.w.selected == "new.example:5000" && r.idle() })
	r.has("This registry was not reached.")
	r.w.showAdd()
	r.has("Add a registry")
	if !r.button("Add").Disabled() {
		t.Error("nothing can be added")
	}
	_, note := r.w.read("../../etc")
	if note == "" {
		t.Error("a path is not explained")
	}
}

func TestDroppedFile(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	path := filepath.Join(t.TempDir(), "corp-ca.pem")
	if err := os.WriteFile(path, trusttest.PEM(corp.Root.Cert, corp.Issuing.Cert), 0o600); err != nil {
		t.Fatal(err)
	}
	drop := func() { r.w.dropped(fyne.NewPos(5, 5), []fyne.URI{storage.NewFileURI(path)}) }
	drop()
	r.until("the file", r.w.dialogShown)
	r.has("2 certificates, PEM")
	r.has("Corp Root CA")
	r.press("Use as CA for…")
	r.has("Use “Corp Root CA” as CA for which registry?")
	list := r.find(func(o fyne.CanvasObject) bool { _, ok := o.(*widgets.SideList); return ok }).(*widgets.SideList)
	if first := list.Items()[0].ID; first != "a-very-long-registry-name.department-of-very-long-names.europe-west-4.internal.corp.example:50000" {
		t.Errorf("the first registry offered is %q, which this CA does not sign", first)
	}
	list.OnChosen("registry.corp.example:5000")
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.has("Not compared. You brought this file yourself.")
	// A file dropped on the open dialog is taken by it.
	drop()
	r.until("the second file", func() bool { return len(r.w.dialog.(*trustDialog).form.GivenAnchors()) == 2 && r.idle() })
}

// A file that the window is started with is shown as a dropped one is, whatever is in
// it, and nobody is asked for it.
func TestStartedOnAFile(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"corp-ca.pem": {nil, "1 certificate, PEM"},
		"broken.crt":  {[]byte("no certificate"), "No certificate was found in this file."},
	} {
		s, corp := windowtest.Scene(t)
		r := newRig(t, s)
		if c.data == nil {
			c.data = corp.Root.PEM()
		}
		r.w.options.File = &File{Path: filepath.Join(t.TempDir(), name), Data: c.data}
		r.w.start()
		r.until("the file", func() bool { return r.w.dialogShown() && r.idle() })
		r.has(name)
		r.has(c.want)
		for _, call := range s.Calls() {
			if strings.HasPrefix(call, "plan") || strings.HasPrefix(call, "apply") || strings.HasPrefix(call, "add") {
				t.Errorf("%s: looking leads to %s", name, call)
			}
		}
	}
}

func (r *rig) find(ok func(fyne.CanvasObject) bool) fyne.CanvasObject {
	r.t.Helper()
	for _, o := range r.objects() {
		if ok(o) {
			return o
		}
	}
	r.t.Fatal("there is no such object")
	return nil
}

func TestEmptyMachine(t *testing.T) {
	r := started(t, windowtest.New())
	for _, text := range []string{"No registries yet", "Scan this machine", "Add a registry", "Take the tour"} {
		r.has(text)
	}
	r.w.scan()
	r.until("the scan", r.idle)
	if calls := strings.Join(r.s.Calls(), "\n"); !strings.Contains(calls, "registries engines=true") {
		t.Errorf("a scan asked no engine:\n%s", calls)
	}
	r.has("Scanned: 0 registries known")
}

// Nothing asks an engine for its images before the person wants a scan.
func TestStartAsksNoEngine(t *testing.T) {
	s, _ := windowtest.Scene(t)
	started(t, s)
	for _, c := range s.Calls() {
		if strings.Contains(c, "engines=true") {
			t.Errorf("the start asked: %s", c)
		}
	}
}

func TestStopKeepsWhatIsKnown(t *testing.T) {
	s := windowtest.Many(t, 40)
	s.Gate = make(chan struct{})
	r := newRig(t, s)
	r.w.start()
	r.until("the list", func() bool { return r.w.progress.total == 40 })
	for range 5 {
		s.Gate <- struct{}{}
	}
	r.until("five reports", func() bool { return r.w.progress.done == 5 })
	r.has("Checking: 5 of 40")
	r.press("Stop")
	if r.w.book.Checking() != 0 {
		t.Error("registries are still marked as being checked")
	}
	r.has("Stopped. What was not reached keeps its last result.")
}

// Leaving a page ends the check that only it waited for.
func TestLeavingCancels(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose("quay.io")
	s.Gate = make(chan struct{}) // nothing is answered from here on
	r.w.checkSelected()
	if e, _ := r.w.entry(); !e.Checking {
		t.Fatal("it is not being checked")
	}
	r.w.choose("docker.io")
	if e, _ := r.w.book.Entry("quay.io"); e.Checking || r.w.single.busy() {
		t.Error("the check goes on")
	}
}

// A late result of a job that was replaced must not be drawn.
func TestLateResultsAreDropped(t *testing.T) {
	r := newRig(t, windowtest.New())
	j := r.w.d.newJob()
	held, done := make(chan struct{}), ""
	j.start(func(context.Context, func(func())) func() {
		<-held
		return func() { done += "first" }
	})
	j.start(func(context.Context, func(func())) func() { return func() { done += "second" } })
	close(held)
	r.w.d.wait()
	for len(r.posted) > 0 {
		(<-r.posted)()
	}
	if done != "second" {
		t.Errorf("drew %q, want the second job only", done)
	}
}

func TestHistory(t *testing.T) {
	s, corp := windowtest.Scene(t)
	reg, _, err := trust.ParseRegistry("registry.corp.example:5000")
	if err != nil {
		t.Fatal(err)
	}
	plan, _ := s.PlanTrust(t.Context(), platformRequest(reg, corp))
	if _, err := s.Apply(t.Context(), plan, func(platform.Progress) {}); err != nil {
		t.Fatal(err)
	}
	r := started(t, s)
	r.until("the history", func() bool { return len(r.w.receipts) == 1 })
	r.shortcut(fyne.KeyH, 0)
	r.has("Trusted “Corp Root CA” for registry.corp.example:5000")
	r.key(fyne.KeyEscape)
	r.w.choose("docker.io")
	r.w.page.tab = tabHistory
	r.w.page.refresh()
	r.has("Nothing has been changed for this registry.")
}

func platformRequest(reg trust.Registry, corp windowtest.Corp) platform.TrustRequest {
	return platform.TrustRequest{
		Registries: []trust.Registry{reg}, Anchors: []trust.Anchor{{Cert: corp.Root.Cert, Source: "given"}}, Reach: trust.ReachRegistry,
	}
}

func TestNarrowWindowHasADrawer(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.win.Resize(fyne.NewSize(600, 560))
	if !r.w.shell.Narrow() || r.w.shell.DrawerOpen() {
		t.Fatal("the sidebar of a narrow window is not a closed drawer")
	}
	r.w.openDrawer()
	if !r.w.shell.DrawerOpen() {
		t.Fatal("the drawer does not open")
	}
	r.key(fyne.KeyEscape)
	if r.w.shell.DrawerOpen() {
		t.Fatal("Escape does not close the drawer")
	}
}

// Opening and leaving every page many times leaves no goroutine behind.
func TestPagesLeakNothing(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Run("window", func(t *testing.T) {
		s, _ := windowtest.Scene(t)
		r := started(t, s)
		for range 3 {
			for _, e := range r.w.book.All() {
				r.w.choose(e.ID())
				r.w.checkSelected()
				r.w.showTrust(nil)
				if r.w.dialogShown() {
					r.w.dialog.(interface{ close() }).close()
				}
			}
			r.w.showHistoryPage()
			r.w.showKeys()
			r.key(fyne.KeyEscape)
			r.key(fyne.KeyEscape)
		}
		r.until("quiet", r.idle)
	})
	goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction("fyne.io/fyne/v2/internal/animation.(*Runner).runAnimations"))
}
