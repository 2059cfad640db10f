package planner

import (
	"slices"
	"testing"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/keychain"
	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// On a Mac the anchor of a registry lies in no file: it leaves the keychain, and
// nothing is said to stay; or it stays where others put it, and that is said.
func TestUntrustOnAMac(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp CA")
	mac := keychaintest.New("/Users/alice")
	mac.Hold(mac.Login(), ca.Cert)
	mac.Say(keychaintest.UserDomain, ca.Cert, keychaintest.Rule("ssl", "reg.lab", 0))
	w := mac.World(t.TempDir())
	var others []trust.Probe
	table := store.Table{World: w, Kinds: []store.Kind{keychain.Kind{}}}
	untrust := func(ours bool) (trust.Plan, error) {
		return Untrust(Removal{
			Set: consumers.Gather(t.Context(), w), Probes: []trust.Probe{probeOf(t, ca, "reg.lab:5000")}, Others: others,
			Stores: func(list []trust.Anchor) ([]Store, error) {
				return ReadStores(t.Context(), table, list, AnyStore)
			},
			Added:    func(trust.StoreID, trust.Fingerprint) bool { return ours },
			Scope:    func(trust.Registry) []trust.Party { return []trust.Party{trust.System} },
			Writable: func(string) bool { return true },
		})
	}
	plan, err := untrust(true)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Store != "keychain:user" || plan.Changes[0].Want.Held || plan.Changes[0].Was.Settings != "trust ssl host=reg.lab" {
		t.Errorf("%+v", plan.Changes)
	}
	if plan.Reach != trust.ReachAccount || !slices.ContainsFunc(plan.Consequences, func(c trust.Consequence) bool { return c.Code == trust.MacAsksPerson }) {
		t.Errorf("%s %+v", plan.Reach, plan.Consequences)
	}
	if slices.ContainsFunc(plan.Consequences, left) {
		t.Errorf("something is said to stay: %+v", plan.Consequences)
	}
	for _, f := range plan.Forecast {
		if f.Party == trust.System && (f.Before != trust.Trusted || f.After != trust.Refused) {
			t.Errorf("%+v", f)
		}
	}
	// Of an anchor that counts for another registry, too, this one's host alone goes.
	mac.Say(keychaintest.UserDomain, ca.Cert, keychaintest.Rule("ssl", "reg.lab", 0), keychaintest.Rule("ssl", "other.lab", 0))
	others = []trust.Probe{probeOf(t, ca, "other.lab")}
	plan, err = untrust(true)
	if err != nil || len(plan.Changes) != 1 || *plan.Changes[0].Want != (trust.Membership{Held: true, Settings: "trust ssl host=other.lab"}) || plan.Changes[0].Status != trust.StatusReplaced {
		t.Errorf("shared: %v %+v", err, plan.Changes)
	}
	if len(plan.Forecast) == 0 {
		t.Error("shared: nothing is foretold")
	}
	for _, f := range plan.Forecast {
		if want := map[string]trust.State{"reg.lab:5000": trust.Refused, "other.lab": trust.Trusted}[f.Registry]; f.Party == trust.System && f.After != want {
			t.Errorf("shared: %+v", f)
		}
	}
	if slices.ContainsFunc(plan.Consequences, left) {
		t.Errorf("shared: something is said to stay: %+v", plan.Consequences)
	}
	plan, err = untrust(false)
	want := trust.Consequence{Code: trust.LeftPlace, Path: "keychain:user", Name: "Corp CA"}
	if err != nil || len(plan.Changes) > 0 || !slices.Contains(plan.Consequences, want) {
		t.Errorf("of others: %v %+v %+v", err, plan.Changes, plan.Consequences)
	}
}

// probeOf is what a registry shows whose certificate ca signed.
func probeOf(t *testing.T, ca *trusttest.Cert, name string) trust.Probe {
	t.Helper()
	reg := parse(t, name)
	return trust.Probe{Registry: reg, Endpoints: []trust.Endpoint{{
		Role: trust.RoleRegistry, Host: reg.Host(), Address: reg.Address(), Sent: ca.Leaf(trusttest.Names(reg.Host())).Sent(),
	}}}
}
