//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
)

// checked is what is used here of `mooring check --json`, schema 1.
type checked struct {
	Schema     int
	Registries []checkedRegistry
}

type checkedRegistry struct {
	Registry, Summary string
	Verdict           trust.State
	Endpoints         []struct {
		Role, Address string
		Parties       []checkedParty
	}
	Findings []struct{ Code, Severity, Detail string }
}

type checkedParty struct {
	Party, Instance, Operation, Version, Reason string
	Installed                                   bool
	Verdict                                     trust.State
	Effective                                   *string
}

// check asks Mooring about registries on the machine as a judge has it.
func check(t *testing.T, l *lab.Lab, judge string, registries ...string) map[string]checkedRegistry {
	t.Helper()
	out := l.MooringSeeing(t, judge, append([]string{"check", "--json"}, registries...)...)
	var c checked
	if err := json.Unmarshal([]byte(out.Stdout), &c); err != nil {
		t.Fatalf("mooring check --json: exit status %d, %v\n%s", out.Code, err, out.Text())
	}
	if c.Schema != 1 {
		t.Errorf("mooring check --json: schema %d", c.Schema)
	}
	found := map[string]checkedRegistry{}
	for _, r := range c.Registries {
		found[r.Registry] = r
	}
	return found
}

// foretold picks from a check what concerns one judge: the worst over the
// endpoints, as a pull needs all of them. ok is false when Mooring says nothing.
func (r checkedRegistry) foretold(l *lab.Lab, judge string) (worst checkedParty, ok bool) {
	for _, e := range r.Endpoints {
		for _, p := range e.Parties {
			if concerns(l, judge, p) && (!ok || p.Verdict > worst.Verdict) {
				worst, ok = p, true
			}
		}
	}
	return worst, ok
}

func concerns(l *lab.Lab, judge string, p checkedParty) bool {
	switch judge {
	case lab.Docker20, lab.Docker29, lab.Docker29Snapshot:
		return p.Party == "docker" && p.Operation == "pull" && p.Instance == l.DockerHost(judge)
	case lab.Login:
		return p.Party == "docker" && p.Operation == "login" && p.Instance == l.DockerHost(lab.Docker29Snapshot)
	case lab.Podman, lab.Skopeo:
		return p.Party == "podman" && p.Operation == "pull"
	case lab.Containerd1, lab.Containerd2:
		return p.Party == "containerd" && strings.HasPrefix(p.Instance, "ctr ")
	case lab.CRI:
		return p.Party == "containerd" && p.Instance == "cri"
	case lab.Curl:
		return p.Party == "system"
	}
	return false
}

// view is the judge as whose user Mooring is asked about another: most tools are
// there on every machine of the lab.
func view(judge string) string {
	switch judge {
	case lab.Podman, lab.Skopeo, lab.Curl, lab.Containerd1:
		return lab.Docker20
	case lab.Login:
		return lab.Docker29Snapshot
	}
	return judge
}

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
	for judge, out := range pulls(s.l, s.registry, s.image, judges...) {
		did[judge] = outcome{trust.Refused, out.Text()}
		if out.OK() {
			did[judge] = outcome{trust.Trusted, out.Text()}
			pulled = append(pulled, judge)
		}
	}
	s.impostor.Store(true)
	for judge, out := range pulls(s.l, s.registry, s.image, pulled...) {
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
		judges = without(lab.Curl)
	}
	return judges
}

func excerpt(s string) string {
	if len(s) > 600 {
		s = s[:300] + " … " + s[len(s)-300:]
	}
	return fmt.Sprintf("%q", s)
}
