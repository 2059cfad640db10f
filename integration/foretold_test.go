//go:build integration

package integration

import (
	"slices"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
)

// outcome is what a real tool did, in the words of verdicts.
type outcome struct {
	state trust.State // trusted, insecure or refused
	said  string
}

// ask lets all judges pull at the same time. Those that succeed are asked again
// while an impostor answers: who pulls from that as well does not verify.
func ask(s *site, judges []string) map[string]outcome {
	did := map[string]outcome{}
	var pulled []string
	for judge, out := range s.l.Pulls(s.registry, s.image, judges...) {
		did[judge] = outcome{trust.Refused, out.Text()}
		if out.OK() {
			did[judge] = outcome{trust.Trusted, out.Text()}
			pulled = append(pulled, judge)
		}
	}
	s.impostor.Store(true)
	for judge, out := range s.l.Pulls(s.registry, s.image, pulled...) {
		if s.plain || out.OK() {
			did[judge] = outcome{trust.Insecure, out.Text()}
		}
	}
	return did
}

// agrees reports whether a verdict foretold what a tool did. That nobody is there
// to refuse is refused by the tools as well.
func agrees(foretold, did trust.State) bool {
	return foretold == did || foretold == trust.Unreachable && did == trust.Refused
}

// judges of a situation. Curl knows no directories of registries, and nothing of
// how a registry is written in references.
func judgesOf(s *site) []string {
	judges := slices.Clone(lab.Judges)
	if s.plain {
		judges = lab.Without(lab.Curl)
	}
	return judges
}
