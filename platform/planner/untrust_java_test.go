package planner

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/java"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/javastore"
	"mooring.dev/mooring/trust/trusttest"
)

// A CA that somebody put into a Java keystore leaves it with the registry that it
// makes trusted; a root that came with the runtime, one by which others are trusted,
// and a keystore that is made from the system's store stay as they are.
func TestUntrustInJava(t *testing.T) {
	const cacerts, derived = "/opt/jdk-21/lib/security/cacerts", "/etc/ssl/certs/java/cacerts"
	ca, bundled := trusttest.NewCA(t, "Corp CA"), trusttest.NewCA(t, "Public CA")
	root := t.TempDir()
	f, err := javastore.Parse(trusttest.Keystore(ca))
	if err != nil {
		t.Fatal(err)
	}
	own, err := f.With("publicroot [jdk]", bundled.Cert, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{cacerts: own, derived: trusttest.Keystore(ca)} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(root, "/usr/lib/jvm/d/lib/security")
	if err := os.MkdirAll(link, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(derived, filepath.Join(link, "cacerts")); err != nil {
		t.Fatal(err)
	}
	w := world.Under(root, "linux")
	table := store.Table{World: w, Kinds: []store.Kind{java.Kind{}}}
	untrust := func(ca *trusttest.Cert, others ...trust.Probe) (trust.Plan, error) {
		return Untrust(Removal{
			Set: consumers.Gather(t.Context(), w), Probes: []trust.Probe{probeOf(t, ca, "reg.lab:5000")}, Others: others,
			Stores: func(list []trust.Anchor) ([]Store, error) {
				return ReadStores(t.Context(), table, list, AnyStore)
			},
			Added:    func(trust.StoreID, trust.Fingerprint) bool { return false },
			Scope:    func(trust.Registry) []trust.Party { return []trust.Party{trust.Java} },
			Writable: func(string) bool { return true },
		})
	}
	plan, err := untrust(ca)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Store != "java:"+cacerts || plan.Changes[0].Was.Settings != "entry-0" || plan.Changes[0].Want.Held {
		t.Errorf("%+v", plan.Changes)
	}
	if slices.ContainsFunc(plan.Consequences, func(c trust.Consequence) bool { return c.Code == trust.LeftPlace }) {
		t.Errorf("%+v", plan.Consequences)
	}
	if plan, err = untrust(bundled); err == nil {
		t.Errorf("a root of the runtime's: %+v", plan.Changes)
	}
	plan, err = untrust(ca, probeOf(t, ca, "other.lab"))
	shared := trust.Consequence{Code: trust.LeftShared, Name: "Corp CA", Registry: "other.lab"}
	if err != nil || len(plan.Changes) > 0 || !slices.Contains(plan.Consequences, shared) {
		t.Errorf("shared: %v, %+v, %+v", err, plan.Changes, plan.Consequences)
	}
}
