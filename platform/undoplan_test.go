package platform

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// TestUndoPlanTurnsStoresAround: what undoing shows of trust stores.
func TestUndoPlanTurnsStoresAround(t *testing.T) {
	none, held, flags := &trust.Membership{}, &trust.Membership{Held: true}, &trust.Membership{Held: true, Settings: "C,,"}
	done := func(id trust.StoreID, was, now *trust.Membership) trust.Done {
		return trust.Done{Kind: trust.ChangeStore, Store: id, Certificate: "ab", Was: was, Now: now}
	}
	p := undoPlan(trust.Receipt{
		Anchors: []trust.PlanAnchor{{SHA256: "aa", PEM: "other"}, {SHA256: "ab", PEM: "pem"}},
		Changes: []trust.Done{done("nss:a", none, flags), done("java:b", held, none), done("nss:c", held, flags)},
	})
	want := []trust.Change{
		{Kind: trust.ChangeStore, Store: "nss:c", Content: []byte("pem"), Was: flags, Want: held, Status: trust.StatusReplaced},
		{Kind: trust.ChangeStore, Store: "java:b", Content: []byte("pem"), Was: none, Want: held, Status: trust.StatusNew},
		{Kind: trust.ChangeStore, Store: "nss:a", Content: []byte("pem"), Was: flags, Want: none, Status: trust.StatusRemoved},
	}
	if d := cmp.Diff(want, p.Changes); d != "" {
		t.Error(d)
	}
}

// TestUndoPlanRunsCommandsLast: files go first, then the system is told, as it is done.
func TestUndoPlanRunsCommandsLast(t *testing.T) {
	p := undoPlan(trust.Receipt{Changes: []trust.Done{
		{Kind: trust.WriteFile, Path: "/a"}, {Kind: trust.WriteFile, Path: "/b"}, {Kind: trust.RunCommand, Command: "update"},
	}})
	var got []string
	for _, c := range p.Changes {
		got = append(got, c.Path+c.Command)
	}
	if d := cmp.Diff([]string{"/b", "/a", "update"}, got); d != "" {
		t.Error(d)
	}
}
