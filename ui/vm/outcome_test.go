package vm_test

import (
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/words/wordstest"
)

// Whom a person chose is proved, though the registry is not meant for it; the rest is
// not spoken of.
func TestProofOfWhatWasChosen(t *testing.T) {
	r := trust.Report{Scope: []trust.Party{trust.Docker}, Endpoints: []trust.EndpointReport{{}}}
	plan := &trust.Plan{}
	for _, p := range []trust.Party{trust.Docker, trust.System, trust.Java} {
		r.Endpoints[0].Verdicts = append(r.Endpoints[0].Verdicts, trust.Verdict{Consumer: trust.Consumer{Party: p}, State: trust.Trusted})
		plan.Forecast = append(plan.Forecast, trust.Forecast{Party: p, InScope: p != trust.Java})
	}
	proved := func(plan *trust.Plan) []string {
		var out []string
		for _, remark := range vm.NewTeller(wordstest.New(t, "en")).Outcome(&vm.TrustForm{Phase: vm.Done, Plan: plan, Proof: &r}).Proof {
			name, _, _ := strings.Cut(remark.Sentence, " trusts it")
			out = append(out, name)
		}
		return out
	}
	if got := proved(plan); !slices.Equal(got, []string{"Docker", "This computer"}) {
		t.Errorf("proved: %q", got)
	}
	if got := proved(nil); !slices.Equal(got, []string{"Docker"}) {
		t.Errorf("without a plan: %q", got)
	}
}

// A tick beside a path does not look like a file that is there now.
func TestRemovedStaysMarked(t *testing.T) {
	plan := &trust.Plan{Changes: []trust.Change{
		{Kind: trust.RemoveFile, Path: "/a/ca.crt", Status: trust.StatusRemoved},
		{Kind: trust.WriteFile, Path: "/b/ca.crt", Status: trust.StatusNew},
	}}
	f := &vm.TrustForm{Phase: vm.Done, Plan: plan, Receipt: &trust.Receipt{State: trust.ReceiptApplied}}
	var got []string
	for _, s := range vm.NewTeller(wordstest.New(t, "en")).Outcome(f).Steps {
		got = append(got, s.Sentence)
	}
	if want := []string{"− /a/ca.crt", "/b/ca.crt"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
