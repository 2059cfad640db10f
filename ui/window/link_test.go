//go:build !nogui

package window

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
)

const corpRegistry = "registry.corp.example:5000"

func claimOf(t *testing.T, registry string, sha256 ...string) link.Claim {
	t.Helper()
	c, err := link.Parse("mooring://trust?registry=" + registry + "&sha256=" + strings.Join(sha256, ","))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func digits(c windowtest.Corp) string { return trust.FingerprintOf(c.Root.Cert).String() }

// opening starts the window on a link.
func opening(t *testing.T, s *windowtest.Service, claims ...link.Claim) *rig {
	t.Helper()
	r := newRig(t, s)
	r.w.options.Claims = claims
	r.w.start()
	r.until("the first check to end", r.idle)
	return r
}

// asked are the calls that reach further than this machine, or change it, apart
// from those for the registries that were in the list before.
func asked(s *windowtest.Service, calls int) []string {
	var out []string
	for _, c := range s.Calls()[calls:] {
		if !strings.HasPrefix(c, "registries ") {
			out = append(out, c)
		}
	}
	return out
}

// Nothing is contacted and nothing added before the click, whatever is done with
// the dialog; after it the trust dialog shows the claim as one.
func TestLinkWaitsForAClick(t *testing.T) {
	s, corp := windowtest.Scene(t)
	s.AddHost(t, "new.corp.example", windowtest.Host{})
	if err := s.Remove(t.Context(), claimOf(t, "new.corp.example", digits(corp)).Registry); err != nil {
		t.Fatal(err)
	}
	s.SetSent("new.corp.example", corp.Leaf(t, 60, "new.corp.example"), corp.Issuing, corp.Root)
	r := started(t, s)
	calls := len(s.Calls())
	r.w.OpenClaims([]link.Claim{claimOf(t, "new.corp.example", digits(corp))})
	r.has("A link asks you to trust a registry")
	r.has("new.corp.example")
	r.has("Nothing was contacted, and nothing was changed.")
	r.has("This is the sender’s claim. It confirms nothing by itself")
	r.key(fyne.KeyEscape)
	r.w.OpenClaims([]link.Claim{claimOf(t, "new.corp.example", digits(corp))})
	r.until("quiet", r.idle)
	if got := asked(s, calls); len(got) > 0 {
		t.Fatalf("before any click: %v", got)
	}
	if _, known := r.w.book.Entry("new.corp.example"); known {
		t.Fatal("it was added before any click")
	}

	r.press("Look at this registry")
	r.until("the plan", func() bool { return r.w.dialogShown() && !r.button("Trust it").Disabled() })
	if got := asked(s, calls); len(got) < 2 || got[0] != "add new.corp.example" || got[1] != "check 1 engines=false" {
		t.Errorf("after the click: %v", got)
	}
	r.has("The same as the link says. That is its sender’s word, and no comparison.")
	r.has("Not compared yet.")
	if strings.Contains(r.texts(), "The fingerprints are the same.") {
		t.Error("a claim counts as a comparison")
	}
	d := r.w.dialog.(*trustDialog)
	if d.paste.Text != "" {
		t.Errorf("the field for comparing holds %q", d.paste.Text)
	}
	for _, text := range []string{"Everything on this computer", "Copy as command"} {
		if strings.Contains(r.texts(), text) {
			t.Errorf("a link offers %q", text)
		}
	}
	r.has("A link can ask for nothing wider.")
	r.press("Trust it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	for _, c := range s.Calls() {
		if strings.HasPrefix(c, "plan") && !strings.HasSuffix(c, " registry") {
			t.Errorf("planned %s", c)
		}
	}
}

// What matches a claim is never drawn in the colours of trust.
func TestClaimIsNeverGreen(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	for name, sha256 := range map[string]string{"same": digits(corp), "other": strings.Repeat("ab", 32)} {
		e, _ := r.w.book.Entry(corpRegistry)
		c := claimOf(t, corpRegistry, sha256)
		form := vm.NewTrustForm(*e.Report, windowtest.New().Reaches())
		form.Claim = &c
		cs, err := s.Candidates(t.Context(), *e.Report, nil)
		if err != nil {
			t.Fatal(err)
		}
		form.SetCandidates(cs)
		p := r.w.t.TrustPage(form)
		if p.Compare.Mark != vm.MarkAttention {
			t.Errorf("%s: comparing says %+v", name, p.Compare)
		}
		if p.Claim.Remark.Mark == vm.MarkTrusted || p.Claim.Strong != (name == "other") {
			t.Errorf("%s: %+v", name, p.Claim)
		}
	}
}

func TestAnotherFingerprintThanTheLinkSays(t *testing.T) {
	s, corp := windowtest.Scene(t)
	wrong := strings.Repeat("ab", 32)
	r := started(t, s)
	r.w.OpenClaims([]link.Claim{claimOf(t, corpRegistry, wrong)})
	r.has("In your list already: Unknown authority")
	r.press("Look at this registry")
	r.until("the plan", func() bool {
		return r.w.dialogShown() && strings.Contains(r.texts(), "/etc/docker/certs.d/")
	})
	r.has("The link names another certificate. Either the CA was replaced, or somebody stands between you and the registry.")
	r.has("ABAB ABAB ABAB ABAB ABAB ABAB ABAB ABAB")
	if !r.button("Trust it").Disabled() {
		t.Fatal("a certificate that is not the one in the link can be trusted")
	}
	r.has("To go on, paste the fingerprint from your administrator.")
	d := r.w.dialog.(*trustDialog)
	// The link's own fingerprint opens nothing: it is not this certificate's.
	d.paste.SetText(wrong)
	if !r.button("Trust it").Disabled() {
		t.Fatal("the claim serves as comparison")
	}
	d.paste.SetText(digits(corp))
	r.has("The fingerprints are the same.")
	r.has("The link names another certificate.")
	if r.button("Trust it").Disabled() {
		t.Error("the administrator's fingerprint does not help")
	}
}

// A claim takes away what is wider than one registry, even from a form that is
// told to go further.
func TestClaimReachesOneRegistry(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	e, _ := r.w.book.Entry(corpRegistry)
	c := claimOf(t, corpRegistry, digits(corp))
	form := vm.NewTrustForm(*e.Report, windowtest.New().Reaches())
	form.Claim = &c
	form.AddGiven([]trust.Anchor{{Cert: corp.Root.Cert, Source: "given"}}, "")
	form.Others = r.w.book.Visible()
	form.SetReach(trust.ReachComputer)
	form.SetAlso(true)
	q, ok := form.Request()
	if !ok || q.Reach != trust.ReachRegistry || len(q.Registries) != 1 {
		t.Errorf("%+v", q)
	}
	if p := r.w.t.TrustPage(form); len(p.Reaches) != 1 || p.Also != nil || p.Command != "" {
		t.Errorf("%+v", p)
	}
}

func TestHostileNames(t *testing.T) {
	long := strings.Repeat("real-registry-of-your-company.", 7) + "evil.example:5000"
	for registry, shows := range map[string][]string{
		"r%D0%B5g.example": {"xn--rg-nlc.example", "Read this name twice", "looks like “reg.example” but is another host"},
		long:               {long, "Read this name twice", "it belongs to whoever owns evil.example."},
		"REG.example":      {"REG.example", "Read this name twice"},
		"builder":          {"builder", "Docker takes “builder” for a user on Docker Hub"},
		"%5B::1%5D:5000":   {"[::1]:5000"},
	} {
		s, corp := windowtest.Scene(t)
		r := opening(t, s, claimOf(t, registry, digits(corp)))
		for _, text := range shows {
			r.has(text)
		}
		// The host is drawn whole: no line of it is cut.
		name := r.find(func(o fyne.CanvasObject) bool {
			text, ok := o.(*widgets.Text)
			return ok && text.Text() == shows[0]
		})
		var drawn strings.Builder
		for _, o := range test.WidgetRenderer(name.(fyne.Widget)).Objects() {
			if line, ok := o.(*canvas.Text); ok {
				drawn.WriteString(line.Text)
			}
		}
		if drawn.String() != shows[0] {
			t.Errorf("%s is drawn as %q", shows[0], drawn.String())
		}
	}
}

func TestRefusedLink(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := newRig(t, s)
	_, r.w.options.Refused = link.Parse("mooring://apply?registry=reg%E2%80%AE.example")
	r.w.start()
	r.until("the first check to end", r.idle)
	r.has("This was not opened")
	r.has("This link asks for “apply”.")
	r.has("Nothing was contacted, and nothing was changed.")
	r.press("Close")
	// A link in the search field is opened, not searched for.
	r.w.sidebar.search.SetText("mooring://trust?registry=reg%E2%80%AE.example")
	r.w.sidebar.submit()
	r.has("has invisible or control characters in it")
}

const projectText = `version: 1
registries:
  - {registry: "registry.corp.example:5000", sha256: %s, note: Ask in room 12}
  - {registry: "harbor.lab.example", sha256: %s}
  - {registry: "ghcr.io", sha256: %s}
  - {registry: "new.example", sha256: %s}
`

// A project's registries are listed with how each stands, and looked at one at a
// time; the way leads back to the list.
func TestProjectFile(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	path := filepath.Join(t.TempDir(), link.ProjectFile)
	text := strings.NewReplacer("%s", digits(corp)).Replace(projectText)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	calls := len(s.Calls())
	r.w.dropped(fyne.NewPos(5, 5), []fyne.URI{storage.NewFileURI(path)})
	r.until("the file", r.w.dialogShown)
	r.has("This project names 4 registries")
	r.has("From " + path)
	for _, text := range []string{"Trusted, by the CA that the file names", "Trusted, but by another CA than the file names", "Not looked at yet"} {
		r.has(text)
	}
	if got := asked(s, calls); len(got) > 0 {
		t.Fatalf("before any click: %v", got)
	}
	row := r.find(func(o fyne.CanvasObject) bool { _, ok := o.(*widgets.FoldRow); return ok }).(*widgets.FoldRow)
	row.SetOpen(true)
	r.has("Note: Ask in room 12")
	r.press("What is asked for it…")
	r.has("A project file asks you to trust a registry")
	r.press("Back")
	r.has("This project names 4 registries")
	r.press("What is asked for it…")
	r.press("Look at this registry")
	r.until("the plan", func() bool { return r.w.dialogShown() && !r.button("Trust it").Disabled() })
	r.press("Trust it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.press("Close")
	r.has("This project names 4 registries")
	if n := strings.Count(r.texts(), "Trusted, by the CA that the file names"); n != 2 {
		t.Errorf("%d registries are trusted by the CA of the file, want 2:\n%s", n, r.texts())
	}
}

// A registry that trust cannot help is told of, and a trusted one compared.
func TestLinkToWhatNeedsNoTrust(t *testing.T) {
	for name, want := range map[string][]string{
		"harbor.lab.example": {"trust this registry.", "Trusted, by the CA that the link names"},
		"ghcr.io":            {"trust this registry.", "Trusted, but by another CA than the link names"},
		"nas.home:5000":      {"This registry was not reached."},
	} {
		s, corp := windowtest.Scene(t)
		r := opening(t, s, claimOf(t, name, digits(corp)))
		r.press("Look at this registry")
		r.until("what was found", func() bool { return r.w.dialogShown() && r.idle() })
		for _, text := range want {
			r.has(text)
		}
		r.press("Close")
	}
}

// A link must not take a dialog away while changes are made.
func TestLinkWaitsForChanges(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose(corpRegistry)
	r.w.showTrust(nil)
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	d := r.w.dialog.(*trustDialog)
	d.form.Phase = vm.Applying
	r.w.OpenClaims([]link.Claim{claimOf(t, "new.example", digits(corp))})
	if r.w.dialog != dialogBox(d) || !d.shown() {
		t.Fatal("the link took the dialog away")
	}
	r.has("A link wants to be opened. Finish this first, then open it again.")
	d.form.Phase = vm.Deciding
}

func TestTeamLink(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	item := func(id string) menuItem {
		e, ok := r.w.book.Entry(id)
		if !ok {
			t.Fatal(id)
		}
		return r.w.teamLinkItem(e)
	}
	if it := item(corpRegistry); !it.off || it.label != "Link for your team: nothing here trusts it yet" {
		t.Errorf("%+v", it)
	}
	it := item("harbor.lab.example")
	if it.off || it.icon != theme.IconCopy {
		t.Fatalf("%+v", it)
	}
	it.do()
	if got, want := r.w.app.Clipboard().Content(), "mooring://trust?registry=harbor.lab.example&sha256="+digits(corp); got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
	r.has("The link was copied. It holds harbor.lab.example, the fingerprint of its CA, and no secret.")
}
