package vm_test

import (
	"strings"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
)

const incomplete = "incomplete.corp.example:8443"

// A fingerprint that may be the one of the authority that the server did not send is
// no false alarm, and opens nothing.
func TestFingerprintOfWhatWasNotSent(t *testing.T) {
	s, ca := windowtest.Scene(t)
	f := form(t, s, checked(t, s), incomplete)
	tl := teller(t, "en")
	root := trust.FingerprintOf(ca.Root.Cert).String()
	for chosen := -1; chosen < len(f.Candidates); chosen++ { // nothing, and the server's own
		f.Choose(chosen)
		f.Plan = &trust.Plan{Changes: []trust.Change{{Status: trust.StatusNew}}}
		f.Paste(root)
		p := tl.TrustPage(f)
		if f.Compare() != vm.NotSent || f.Blocked() != vm.BlockedNotSent || p.CanApply {
			t.Errorf("%d chosen: compared %d, blocked %d", chosen, f.Compare(), f.Blocked())
		}
		if want := "This may be the fingerprint of “Corp Issuing CA 3”"; p.Compare.Mark != vm.MarkAttention || !strings.HasPrefix(p.Compare.Sentence, want) {
			t.Errorf("%d chosen: %+v", chosen, p.Compare)
		}
	}
	// With its issuer, and then the root above it, the chain is complete: what is none
	// of them is another certificate.
	f.AddGiven([]trust.Anchor{{Cert: ca.Issuing.Cert}}, "issuing.crt")
	f.Paste(strings.Repeat("ab", 32))
	if f.Compare() != vm.Mismatch {
		t.Errorf("with a file that was brought: compared %d", f.Compare())
	}
	f.Candidates = append(f.Candidates, platform.Candidate{Anchor: trust.Anchor{Cert: ca.Root.Cert}, Kind: "found"})
	f.Choose(len(f.Candidates) - 1)
	if f.Compare() != vm.Mismatch || f.Blocked() != vm.BlockedMismatch {
		t.Errorf("with a complete chain: compared %d, blocked %d", f.Compare(), f.Blocked())
	}
}

func TestClaimOfWhatWasNotSent(t *testing.T) {
	s, ca := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	page := func(id string, fp trust.Fingerprint, chosen int) vm.TrustPage {
		f := form(t, s, b, id)
		f.Claim = &link.Claim{Registry: f.Registry, SHA256: []trust.Fingerprint{fp}}
		f.Choose(chosen)
		f.Plan = &trust.Plan{Changes: []trust.Change{{Status: trust.StatusNew}}}
		return tl.TrustPage(f)
	}
	for _, chosen := range []int{-1, 0} {
		p := page(incomplete, trust.FingerprintOf(ca.Root.Cert), chosen)
		if p.CanApply || p.Claim.Remark.Mark != vm.MarkAttention || !strings.HasPrefix(p.Claim.Remark.Sentence, "The link may name “Corp Issuing CA 3”") {
			t.Errorf("%d chosen: %v %+v", chosen, p.CanApply, p.Claim.Remark)
		}
		if chosen == 0 && !strings.Contains(p.WhyNot, "was not sent") {
			t.Errorf("why not: %q", p.WhyNot)
		}
	}
	// The claim of the server's own certificate is not about another.
	leaf := entry(t, b, incomplete).Report.Endpoints[0].Sent[0]
	if p := page(incomplete, trust.FingerprintOf(leaf), 0); p.Claim.Strong {
		t.Errorf("%+v", p.Claim)
	}
	// A complete chain that leads to another authority is the alarm that it was.
	if p := page(corp, trust.Fingerprint{1}, 0); p.CanApply || p.Claim.Remark.Mark != vm.MarkRefused || !strings.Contains(p.Claim.Remark.Sentence, "somebody stands between") {
		t.Errorf("%+v", p.Claim)
	}
}
