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
	reg := parse(t, "reg.lab:5000")
	leaf := ca.Leaf(trusttest.Names("reg.lab"))
	probe := trust.Probe{Registry: reg, Endpoints: []trust.Endpoint{{Role: trust.RoleRegistry, Host: "reg.lab", Address: reg.Address(), Sent: leaf.Sent()}}}
	table := store.Table{World: w, Kinds: []store.Kind{keychain.Kind{}}}
	untrust := func(ours bool) (trust.Plan, error) {
		return Untrust(Removal{
			Set: consumers.Gather(t.Context(), w), Probes: []trust.Probe{probe},
			Stores: func(list []trust.Anchor) (out []Store, err error) {
				for _, i := range table.Find(t.Context()) {
					s := Store{Info: i}
					for _, a := range list {
						m, err := table.Get(t.Context(), i.ID, a.Cert)
						if err != nil {
							return nil, err
						}
						s.Was = append(s.Was, m)
					}
					out = append(out, s)
				}
				return out, nil
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
	plan, err = untrust(false)
	want := trust.Consequence{Code: trust.LeftPlace, Path: "keychain:user", Name: "Corp CA"}
	if err != nil || len(plan.Changes) > 0 || !slices.Contains(plan.Consequences, want) {
		t.Errorf("of others: %v %+v %+v", err, plan.Changes, plan.Consequences)
	}
}
