//go:build integration

package privilege

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// TestUntrustWhatOthersPut: an anchor that mkcert would have put there, taken into
// Debian's real store by its own script, goes with the plan of the machine and the
// installed helper, and OpenSSL refuses; undo brings all of it back to the byte.
func TestUntrustWhatOthersPut(t *testing.T) {
	settleStore(t)
	ca := trusttest.NewCA(t, "mkcert alice@workstation")
	leaf := ca.Leaf()
	anchor := filepath.Join(storeDir, "mkcert_development_CA_271828182845904523.crt")
	own := filepath.Join(certsD, "by-hand.crt")
	for _, name := range []string{anchor, own} {
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, ca.PEM(), 0o640))
		defer settleStore(t)
		defer os.Remove(name)
	}
	settleStore(t)
	if !inBundle(t, ca) || !opensslTrusts(t, leaf) {
		t.Fatal("the store does not hold what was put there by hand")
	}
	before := desk.Snapshot(t, "/etc/ssl", storeDir, "/etc/docker")

	plan := removalOf(t, ca)
	if plan.Reach != trust.ReachComputer {
		t.Fatalf("%+v", plan)
	}
	half := plan.Half(true)
	id := change.NewID(time.Now())
	r := ask(t, &half, helper.TrustComputer, "apply", half.Hash(), id)
	if r.Error != nil || r.Receipt.State != trust.ReceiptApplied {
		t.Fatalf("%v, %+v", r.Error, r.Receipt)
	}
	for _, name := range []string{anchor, own} {
		if _, err := os.Lstat(name); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	if inBundle(t, ca) || opensslTrusts(t, leaf) {
		t.Error("the store still trusts it")
	}
	if r = ask(t, nil, helper.TrustComputer, "undo", id); r.Error != nil {
		t.Fatal(r.Error)
	}
	if !inBundle(t, ca) || !opensslTrusts(t, leaf) {
		t.Error("undo did not bring the trust back")
	}
	if d := cmp.Diff(lines(before), lines(desk.Snapshot(t, "/etc/ssl", storeDir, "/etc/docker"))); d != "" {
		t.Errorf("undo left something else:\n%s", d)
	}
}

// removalOf is the machine's own plan that ends trust in a CA everywhere, made for an
// ordinary user of it.
func removalOf(t *testing.T, ca *trusttest.Cert) trust.Plan {
	t.Helper()
	w := world.World{
		OS: "linux", FS: world.Disk{}, Now: time.Now, Env: func(string) string { return "" },
		User: world.User{UID: 1000, GID: 1000, Name: "alice", Home: t.TempDir()},
	}
	plan, err := platform.New(w).PlanRemoval(t.Context(), platform.UntrustRequest{
		Certificates: []trust.Fingerprint{trust.FingerprintOf(ca.Cert)}, Store: planner.StoreTake,
	})
	must(t, err)
	for i := range plan.Changes { // root runs this test, who may write everywhere
		plan.Changes[i].Privileged = true
	}
	return plan
}
