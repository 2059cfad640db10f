package winstore

import (
	"fmt"
	"slices"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// names are the anchors by name and origin, in order.
func names(anchors []trust.Anchor) []string {
	out := []string{}
	for _, a := range anchors {
		out = append(out, fmt.Sprint(a.Cert.Subject.CommonName, " ", a.Source))
	}
	return out
}

func TestRead(t *testing.T) {
	w := newFake(t)
	ca := map[string]*trusttest.Cert{}
	for name, in := range map[string][]string{
		"computer": {`LocalMachine\Root`}, "policy": {`LocalMachineGroupPolicy\Root`}, "enterprise": {`LocalMachineEnterprise\Root`},
		"public": {`LocalMachine\AuthRoot`}, "own": {`CurrentUser\Root`}, "own policy": {`CurrentUserGroupPolicy\Root`},
		"bad":         {`LocalMachine\Root`, `LocalMachine\Disallowed`},
		"bad for me":  {`LocalMachine\Root`, `CurrentUser\Disallowed`},
		"bad by rule": {`LocalMachine\AuthRoot`, `LocalMachineEnterprise\Disallowed`},
		"neither":     {`LocalMachine\CA`}, "twice": {`LocalMachine\Root`, `CurrentUser\Root`},
	} {
		ca[name] = trusttest.NewCA(t, name)
		for _, store := range in {
			w.put(store, ca[name].Cert.Raw)
		}
	}
	mail := trusttest.NewCA(t, "mail")
	w.stores[`LocalMachine\Root`] = append(w.stores[`LocalMachine\Root`], member{mail.Cert.Raw, false}, member{[]byte("no certificate"), true})
	got, err := Kind{w}.read()
	if err != nil {
		t.Fatal(err)
	}
	computer := []string{
		`bad for me store:windows:LocalMachine\Root`, `computer store:windows:LocalMachine\Root`, `enterprise store:windows:LocalMachineEnterprise\Root`,
		`policy store:windows:LocalMachineGroupPolicy\Root`, `public store:windows:LocalMachine\AuthRoot`, `twice store:windows:LocalMachine\Root`,
	}
	person := append([]string{
		`own policy store:windows:CurrentUserGroupPolicy\Root`, `own store:windows:CurrentUser\Root`, `twice store:windows:CurrentUser\Root`,
	}, computer[1:]...)
	for what, c := range map[string]struct {
		got  []trust.Anchor
		want []string
	}{"services": {got.Computer, computer}, "the person": {got.Person, person}} {
		found := names(c.got)
		slices.Sort(found)
		slices.Sort(c.want)
		if !slices.Equal(found, c.want) {
			t.Errorf("%s see\n%q, want\n%q", what, found, c.want)
		}
	}
	if first := names(got.Person)[0]; first != `own store:windows:CurrentUser\Root` && first != `twice store:windows:CurrentUser\Root` {
		t.Errorf("the person's own come first, and not %s", first)
	}
	for _, look := range []trust.Look{{Path: `LocalMachine\Root`, Found: true}, {Path: `CurrentUserGroupPolicy\Disallowed`}} {
		if !slices.Contains(got.Looked, look) {
			t.Errorf("%v is not among %v", look, got.Looked)
		}
	}

	w.off = true
	if got, err = (Kind{w}).read(); err != nil || slices.Contains(names(got.Person), `own store:windows:CurrentUser\Root`) {
		t.Errorf("against the policy %q (%v)", names(got.Person), err)
	}
}

// A store that is there and cannot be read leaves everything unknown.
func TestUnreadable(t *testing.T) {
	for _, name := range []string{`LocalMachine\Root`, `LocalMachineEnterprise\Root`, `CurrentUser\Disallowed`} {
		w := newFake(t)
		w.fail["open "+name] = 5
		if _, err := (Kind{w}).read(); err == nil {
			t.Errorf("%s cannot be read, and nothing is said", name)
		}
	}
}
