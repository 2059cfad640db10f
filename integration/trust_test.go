//go:build integration

package integration

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// touched is every place that Mooring may change for a registry or the computer.
func touched(l *lab.Lab) []string {
	return []string{
		"/etc/docker", "/etc/containers", "/etc/containerd", "/etc/ssl", "/etc/ca-certificates", "/etc/ca-certificates.conf",
		"/usr/local/share/ca-certificates", filepath.Join(l.Home, ".config/containers"), filepath.Join(l.Home, ".docker"),
	}
}

// caFile is the root as an administrator hands it out.
func (c corp) caFile(t *testing.T, l *lab.Lab) string {
	t.Helper()
	name := filepath.Join(l.Home, "corp-root.pem")
	l.Write(t, name, c.root.PEM(), 0o644)
	return name
}

// expect lets judges pull and compares with what they are to do.
func (c corp) expect(t *testing.T, l *lab.Lab, when string, ok bool, judges ...string) {
	t.Helper()
	for judge, out := range l.Pulls(c.registry, c.image, judges...) {
		switch {
		case out.OK() != ok:
			t.Errorf("%s: %s ended with status %d: %s", when, judge, out.Code, lab.Excerpt(out.Text()))
		case !ok && judge != lab.Curl && !strings.Contains(out.Text(), "x509: certificate signed by unknown authority"):
			t.Errorf("%s: %s failed for another reason: %s", when, judge, lab.Excerpt(out.Text()))
		}
	}
}

// foretells checks the registry as seen with each daemon and compares what is
// said of each judge.
func (c corp) foretells(t *testing.T, l *lab.Lab, when string, want trust.State, effective string, judges ...string) {
	t.Helper()
	for _, judge := range judges {
		r := l.Check(t, lab.View(judge), c.registry)[c.registry]
		p, ok := r.Foretold(l, judge)
		switch {
		case !ok:
			t.Errorf("%s: nothing is said of %s", when, judge)
		case p.Verdict != want:
			t.Errorf("%s: %s is foretold %s (%s), not %s", when, judge, p.Verdict, p.Reason, want)
		case want == trust.Refused && p.Reason != "unknown-authority" && p.Reason != "restart-needed":
			t.Errorf("%s: the reason given for %s is %q", when, judge, p.Reason)
		}
		if got := deref(p.Effective); got != effective {
			t.Errorf("%s: what will count for %s is said to do so %q, not %q", when, judge, got, effective)
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// must runs Mooring, expects an exit status and returns the JSON answer.
func must[T any](t *testing.T, l *lab.Lab, status int, args ...string) T {
	t.Helper()
	out := l.Mooring(args...)
	if out.Code != status {
		t.Fatalf("mooring %s: exit status %d, not %d\n%s", strings.Join(args, " "), out.Code, status, out.Text())
	}
	var v T
	if err := json.Unmarshal([]byte(out.Stdout), &v); err != nil {
		t.Fatalf("mooring %s: %v\n%s", strings.Join(args, " "), err, out.Text())
	}
	return v
}

// refusedWithoutChange runs Mooring and expects it to change nothing.
func refusedWithoutChange(t *testing.T, l *lab.Lab, status int, args ...string) {
	t.Helper()
	before := l.Snapshot(t, touched(l)...)
	if out := l.Mooring(args...); out.Code != status {
		t.Errorf("mooring %s: exit status %d, not %d\n%s", strings.Join(args, " "), out.Code, status, out.Text())
	}
	lab.SameAs(t, before, l.Snapshot(t, touched(l)...))
}

// TestTrustForARegistry is the main job from end to end: refused, foretold,
// trusted with one command, pulled, undone to the byte.
func TestTrustForARegistry(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	c := newCorp(t, l)
	ca := c.caFile(t, l)
	engines := lab.Without(lab.Curl)

	before := l.Snapshot(t, touched(l)...)
	c.foretells(t, l, "before", trust.Refused, "", lab.Judges...)
	c.expect(t, l, "before", false, lab.Judges...)

	refusedWithoutChange(t, l, 2, "trust", c.registry, "--yes")
	refusedWithoutChange(t, l, 0, "trust", c.registry, "--ca", ca, "--dry-run")
	other := filepath.Join(l.Home, "other.pem")
	l.Write(t, other, trusttest.NewCA(t, "Corp Root CA").PEM(), 0o644)
	refusedWithoutChange(t, l, 1, "trust", c.registry, "--ca", other, "--fingerprint", trust.FingerprintOf(c.root.Cert).String(), "--yes")

	receipt := must[trust.Receipt](t, l, 0, "trust", c.registry, "--ca", ca, "--yes", "--json")
	if receipt.State != trust.ReceiptApplied || receipt.Reach != trust.ReachRegistry {
		t.Errorf("the receipt says %s, %s", receipt.State, receipt.Reach)
	}
	c.foretells(t, l, "after trust", trust.Trusted, "", engines...)
	c.expect(t, l, "after trust", true, engines...)
	c.foretells(t, l, "after trust", trust.Refused, "", lab.Curl) // least reach
	c.expect(t, l, "after trust", false, lab.Curl)

	undone := must[trust.Receipt](t, l, 0, "undo", "--yes", "--json")
	if undone.ID != receipt.ID || undone.State != trust.ReceiptUndone {
		t.Errorf("undone is %s (%s), not %s", undone.ID, undone.State, receipt.ID)
	}
	lab.SameAs(t, before, l.Snapshot(t, touched(l)...))
	c.foretells(t, l, "after undo", trust.Refused, "", lab.Judges...)
	c.expect(t, l, "after undo", false, lab.Judges...)
}

// TestTrustForTheComputer goes through the OS store: new processes see it at
// once, daemons when they are restarted, and Mooring says so beforehand.
func TestTrustForTheComputer(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	c := newCorp(t, l)
	ca := c.caFile(t, l)
	// As this system itself derives the store, whatever the machine had done to it.
	l.Must(t, "update-ca-certificates", "--fresh")
	engines := append(slices.Clone(lab.Dockers), lab.Containerd2)
	for _, e := range engines {
		l.Restart(t, e)
	}
	before := l.Snapshot(t, touched(l)...)

	plan := must[trust.Plan](t, l, 0, "trust", c.registry, "--ca", ca, "--for", "system", "--dry-run", "--json")
	if plan.Reach != trust.ReachComputer {
		t.Errorf("a plan for the system reaches %q", plan.Reach)
	}
	if !slices.ContainsFunc(plan.Forecast, func(f trust.Forecast) bool {
		return f.Party == trust.Docker && f.Operation == trust.OpPull && f.After == trust.Refused && f.Effective == "after restart of docker"
	}) {
		t.Errorf("the plan does not say that docker has to be restarted: %+v", plan.Forecast)
	}
	lab.SameAs(t, before, l.Snapshot(t, touched(l)...))
	// A daemon reads the store when it first needs it.
	c.expect(t, l, "before", false, lab.Judges...)

	daemons := append(slices.Clone(engines), lab.Login, lab.CRI)
	fresh := lab.Without(daemons...)
	must[trust.Receipt](t, l, 0, "trust", c.registry, "--ca", ca, "--for", "system", "--yes", "--json")
	c.expect(t, l, "before the restart", true, fresh...)
	c.expect(t, l, "before the restart", false, daemons...)
	c.foretells(t, l, "before the restart", trust.Trusted, "", lab.Podman, lab.Curl)
	c.foretells(t, l, "before the restart", trust.Refused, "after restart of docker", lab.Dockers...)
	for _, e := range engines {
		l.Restart(t, e)
	}
	c.foretells(t, l, "after the restart", trust.Trusted, "", lab.Dockers...)
	c.expect(t, l, "after the restart", true, lab.Judges...)

	must[trust.Receipt](t, l, 0, "undo", "--yes", "--json")
	lab.SameAs(t, before, l.Snapshot(t, touched(l)...))
	c.expect(t, l, "after undo", false, fresh...)
	c.expect(t, l, "after undo, before the restart", true, daemons...) // they read the store when they started
	for _, e := range engines {
		l.Restart(t, e)
	}
	c.foretells(t, l, "after undo", trust.Refused, "", lab.Judges...)
	c.expect(t, l, "after undo", false, lab.Judges...)
}
