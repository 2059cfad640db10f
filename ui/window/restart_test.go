//go:build !nogui

package window

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
)

const staleHost = "stale.corp.example"

// stale is a machine whose docker has not read the store since the CA was added.
func stale(t *testing.T) (*rig, *windowtest.Service) {
	t.Helper()
	s, corp := windowtest.Scene(t)
	leaf := corp.Leaf(t, 60, staleHost)
	s.AddHost(t, staleHost, windowtest.Host{
		Sent:   []*x509.Certificate{leaf.Cert, corp.Issuing.Cert, corp.Root.Cert},
		System: []*x509.Certificate{corp.Root.Cert}, Stale: true,
	})
	s.Impact = platform.RestartImpact{Known: true, Running: 3, Stops: 3, Containers: []string{"web", "db", "cache"}}
	r := started(t, s)
	r.w.choose(staleHost)
	return r, s
}

// TestRestartFromThePage goes from the banner to green: what would stop, a click, and
// the registry checked again.
func TestRestartFromThePage(t *testing.T) {
	r, s := stale(t)
	e, _ := r.w.entry()
	page := r.w.t.Registry(e)
	if page.Banner.Action != vm.ActRestart || page.Banner.Label != "Restart docker…" {
		t.Errorf("the banner offers %q: %q", page.Banner.Action, page.Banner.Label)
	}
	if want := "Docker will trust this registry after a restart of docker."; page.Banner.Sentence != want {
		t.Errorf("the banner says %q", page.Banner.Sentence)
	}
	if i := slices.IndexFunc(page.Parties, func(row vm.Row) bool { return row.Party == trust.Docker }); len(page.Parties[i].Acts) != 1 {
		t.Errorf("docker's row offers %+v", page.Parties[i].Acts)
	}
	r.press("Restart docker…")
	r.until("the impact", func() bool { return r.hasButton("Restart now") })
	r.has("3 containers are running and will stop.")
	r.has("Running: web, db, cache")
	r.has("systemctl restart docker")
	if slices.Contains(s.Calls(), "restart docker") {
		t.Fatal("restarted before a click")
	}
	r.press("Restart now")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "Checked again") })
	r.has("docker was restarted and answers again.")
	r.press("Close")
	r.until("quiet", r.idle)
	if e, _ := r.w.entry(); e.Report.Verdict() != trust.Trusted {
		t.Errorf("after the restart: %s", e.Report.Verdict())
	}
	if n := len(slices.DeleteFunc(s.Calls(), func(c string) bool { return c != "restart docker" })); n != 1 {
		t.Errorf("restarted %d times", n)
	}
}

// TestRestartThatIsRefused shows why, and looks again before another try.
func TestRestartThatIsRefused(t *testing.T) {
	r, s := stale(t)
	s.RestartError = &enginectl.Error{Code: enginectl.NoRights, Name: "docker", Command: "systemctl restart docker"}
	r.press("Restart docker…")
	r.until("the impact", func() bool { return r.hasButton("Restart now") })
	r.press("Restart now")
	r.until("the refusal", func() bool { return strings.Contains(r.texts(), "Nothing was stopped.") })
	s.Impact = platform.RestartImpact{Known: true, Running: 2, LiveRestore: true}
	r.press("Try again")
	r.until("the impact again", func() bool { return strings.Contains(r.texts(), "live-restore keeps them") })
	r.press("Not now")
	if r.w.dialogShown() {
		t.Error("the dialog is still there")
	}
}

// While an engine is being restarted the dialog does not go away: nobody would see
// what came of it.
func TestRestartIsNotLeftAlone(t *testing.T) {
	r, s := stale(t)
	r.until("quiet", r.idle)
	r.press("Restart docker…")
	r.until("the impact", func() bool { return r.hasButton("Restart now") })
	s.Gate = make(chan struct{})
	r.press("Restart now")
	r.until("under way", func() bool { return strings.Contains(r.texts(), "Restarting docker…") })
	r.key(fyne.KeyEscape)
	if !r.w.dialogShown() {
		t.Error("Escape closed it")
	}
	close(s.Gate)
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "Checked again") })
	r.key(fyne.KeyEscape)
	if r.w.dialogShown() {
		t.Error("Escape does not close it when all is done")
	}
}

// An engine that does not run has nothing to be restarted for.
func TestRestartOfWhatDoesNotRun(t *testing.T) {
	r, s := stale(t)
	s.Impact = platform.RestartImpact{Known: true, Stopped: true}
	r.press("Restart docker…")
	r.until("the answer", func() bool { return strings.Contains(r.texts(), "is not running") })
	if r.hasButton("Restart now") {
		t.Error("it can be restarted")
	}
	r.press("Close")
}

func (r *rig) hasButton(label string) bool {
	return slices.ContainsFunc(r.objects(), func(o fyne.CanvasObject) bool {
		b, ok := o.(*widgets.Button)
		return ok && b.Label() == label
	})
}
