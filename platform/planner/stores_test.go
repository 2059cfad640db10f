package planner

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
)

// storeInput is a plan for one registry with these parties in scope on a machine
// that has two OS stores, a database and a keystore; the certificate is held as was
// says.
func storeInput(t *testing.T, reach trust.Reach, was trust.Membership, scope ...trust.Party) Input {
	t.Helper()
	ca := trusttest.NewCA(t, "Corp CA")
	reg := parse(t, "reg.lab:5000")
	like := func(kind, name string, party trust.Party, at trust.Location, asks ...trust.ConsequenceCode) Store {
		return Store{Info: store.Info{
			ID: trust.NewStoreID(kind, name), Party: party, Location: at, Privileged: at == trust.LocationComputer, Asks: asks,
			Want: func(_ *x509.Certificate, regs []trust.Registry) trust.Membership {
				return trust.Membership{Held: true, Settings: kind + " " + regs[0].Host()}
			},
			Commands: func(*x509.Certificate, trust.Membership) []string { return []string{"one " + kind, "two"} },
		}, Was: []trust.Membership{was}}
	}
	const nss, java = trust.Party("nss"), trust.Party("java")
	return Input{
		Set:     consumers.Gather(t.Context(), world.Under(t.TempDir(), "darwin")),
		Probes:  []trust.Probe{{Registry: reg, Endpoints: []trust.Endpoint{{Role: trust.RoleRegistry, Address: reg.Address(), Sent: ca.Leaf().Sent()}}}},
		Anchors: []trust.Anchor{{Cert: ca.Cert, Source: "given"}},
		Stores: []Store{
			like(trust.StoreKeychain, "user", trust.System, trust.LocationUser, trust.PodmanLogin),
			like(trust.StoreKeychain, "admin", trust.System, trust.LocationComputer),
			like(trust.StoreNSS, "/home/a/db", nss, trust.LocationUser),
			like(trust.StoreJava, "/opt/cacerts", java, trust.LocationComputer),
		},
		Reach: reach, Scope: func(trust.Registry) []trust.Party { return scope },
		Writable: func(string) bool { return true },
	}
}

// A keystore that is made from the store of the system gets anchors by way of that,
// and what a store says already in other words is left as it is.
func TestDerivedAndEnough(t *testing.T) {
	in := storeInput(t, "", trust.Membership{Held: true, Settings: "other words"}, trust.NSS, trust.Java)
	in.Stores[2].Join = func(was, _ trust.Membership) trust.Membership { return was }
	in.Stores[3].Derived = true
	plan, err := Trust(in)
	if err != nil {
		t.Fatal(err)
	}
	c := plan.Changes
	if len(c) != 2 || c[0].Store != "nss:/home/a/db" || c[0].Status != trust.StatusUnchanged || *c[0].Was != *c[0].Want {
		t.Errorf("%+v", c)
	}
	if c[1].Store != "keychain:user" || !slices.Equal(c[1].Parties, []trust.Party{trust.Java}) || c[1].Status != trust.StatusReplaced {
		t.Errorf("%+v", c[1])
	}
}

func TestStoresByScopeAndReach(t *testing.T) {
	const nss, java = trust.Party("nss"), trust.Party("java")
	for name, c := range map[string]struct {
		reach trust.Reach
		scope []trust.Party
		want  []trust.StoreID
		got   trust.Reach // of the plan
		root  bool
	}{
		"the narrowest":             {"", []trust.Party{trust.System}, []trust.StoreID{"keychain:user"}, trust.ReachAccount, false},
		"the person's, as asked":    {trust.ReachAccount, []trust.Party{trust.System}, []trust.StoreID{"keychain:user"}, trust.ReachAccount, false},
		"the computer's, as asked":  {trust.ReachComputer, []trust.Party{trust.System}, []trust.StoreID{"keychain:admin"}, trust.ReachComputer, true},
		"a database":                {"", []trust.Party{nss}, []trust.StoreID{"nss:/home/a/db"}, trust.ReachAccount, false},
		"a keystore of all":         {"", []trust.Party{java}, []trust.StoreID{"java:/opt/cacerts"}, trust.ReachComputer, true},
		"several, each in its turn": {"", []trust.Party{trust.System, nss}, []trust.StoreID{"keychain:user", "nss:/home/a/db"}, trust.ReachAccount, false},
	} {
		t.Run(name, func(t *testing.T) {
			in := storeInput(t, c.reach, trust.Membership{}, c.scope...)
			plan, err := Trust(in)
			if err != nil {
				t.Fatal(err)
			}
			var got []trust.StoreID
			for _, ch := range plan.Changes {
				if ch.Kind != trust.ChangeStore {
					t.Errorf("change %+v", ch)
					continue
				}
				got = append(got, ch.Store)
				if string(ch.Content) != string(certfile.Normalize(in.Anchors[0].Cert)) || ch.Was.Held || !ch.Want.Held || len(ch.StoreCommands()) != 2 {
					t.Errorf("change %+v", ch)
				}
			}
			if !slices.Equal(got, c.want) || plan.Reach != c.got || plan.Privileged() != c.root {
				t.Errorf("%v, reach %s, privileged %v", got, plan.Reach, plan.Privileged())
			}
			if root := plan.Half(true); root.Reach == trust.ReachAccount {
				t.Error("root is asked for something of this account")
			}
		})
	}
}

func TestStoresThatHoldIt(t *testing.T) {
	in := storeInput(t, "", trust.Membership{Held: true, Settings: "keychain reg.lab"}, trust.System)
	plan, err := Trust(in)
	if err != nil || len(plan.Pending()) != 0 || len(plan.Changes) != 1 || plan.Reach != trust.ReachRegistry || len(plan.Consequences) != 0 {
		t.Errorf("held already: %+v, %v", plan, err)
	}
	in = storeInput(t, "", trust.Membership{Held: true, Settings: "less"}, trust.System)
	plan, err = Trust(in)
	if err != nil || len(plan.Pending()) != 1 || plan.Changes[0].Status != trust.StatusReplaced || plan.Changes[0].Was.Settings != "less" {
		t.Errorf("held otherwise: %+v, %v", plan, err)
	}
	if len(plan.Consequences) != 1 || plan.Consequences[0].Code != trust.PodmanLogin {
		t.Errorf("what the system asks is not announced: %+v", plan.Consequences)
	}
}

func TestNoStoreOfTheSystem(t *testing.T) {
	in := storeInput(t, "", trust.Membership{}, trust.System)
	in.Stores = nil
	var none *NoStoreError
	if _, err := Trust(in); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
}

// Of the servers of a registry those are named to a store that need the anchor.
func TestServersThatNeedAnAnchor(t *testing.T) {
	ca, public := trusttest.NewCA(t, "Corp CA"), trusttest.NewCA(t, "Public CA")
	token := ca.Leaf(trusttest.Names("auth.lab"))
	for name, tt := range map[string]struct {
		registry, token []*x509.Certificate
		want            []string
	}{
		"both":               {ca.Leaf(trusttest.Names("reg.lab")).Sent(), token.Sent(), []string{"reg.lab:5000", "auth.lab:443"}},
		"the registry alone": {ca.Leaf(trusttest.Names("reg.lab")).Sent(), public.Leaf(trusttest.Names("auth.lab")).Sent(), []string{"reg.lab:5000"}},
		"the token server":   {public.Leaf(trusttest.Names("reg.lab")).Sent(), token.Sent(), []string{"auth.lab:443"}},
		"none":               {public.Leaf(trusttest.Names("reg.lab")).Sent(), nil, []string{"reg.lab:5000"}},
	} {
		in := storeInput(t, "", trust.Membership{}, trust.System)
		in.Anchors = []trust.Anchor{{Cert: ca.Cert}}
		in.Stores[0].Join = func(was, want trust.Membership) trust.Membership {
			want.Settings = was.Settings + "+" + want.Settings
			return want
		}
		in.Stores[0].Was = []trust.Membership{{Held: true, Settings: "before"}}
		in.Stores[0].Want = func(_ *x509.Certificate, regs []trust.Registry) trust.Membership {
			var names []string
			for _, r := range regs {
				names = append(names, r.String())
			}
			return trust.Membership{Held: true, Settings: strings.Join(names, " ")}
		}
		in.Probes[0].Endpoints = []trust.Endpoint{
			{Role: trust.RoleRegistry, Host: "reg.lab", Address: "reg.lab:5000", Sent: tt.registry},
			{Role: trust.RoleToken, Host: "auth.lab", Address: "auth.lab:443", Sent: tt.token},
		}
		plan, err := Trust(in)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, want := plan.Changes[0].Want.Settings, "before+"+strings.Join(tt.want, " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// A store that is limited to the registries is no wider than a directory for them,
// but one of all programs is for an administrator to agree to.
func TestLimitedStores(t *testing.T) {
	for reach, want := range map[trust.Reach]trust.Reach{trust.ReachAccount: trust.ReachRegistry, trust.ReachComputer: trust.ReachComputer} {
		in := storeInput(t, reach, trust.Membership{}, trust.System)
		for i := range in.Stores {
			in.Stores[i].Limited = func(m trust.Membership) bool { return m.Settings == "keychain reg.lab" }
		}
		plan, err := Trust(in)
		if err != nil || plan.Reach != want || !plan.Changes[0].Limited || !plan.Limited() {
			t.Errorf("%s: reach %s, limited %v, %v", reach, plan.Reach, plan.Limited(), err)
		}
		in.Stores[0].Limited, in.Stores[1].Limited = nil, nil
		if plan, err = Trust(in); err != nil || plan.Reach != reach || plan.Limited() {
			t.Errorf("unlimited, %s: reach %s, limited %v, %v", reach, plan.Reach, plan.Limited(), err)
		}
	}
}
