//go:build integration

package lab

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"mooring.dev/mooring/trust"
)

// checked is what is used in tests of `mooring check --json`, schema 1.
type checked struct {
	Schema     int
	Registries []CheckedRegistry
}

// CheckedRegistry is one registry of a check.
type CheckedRegistry struct {
	Registry, Summary string
	Verdict           trust.State
	Endpoints         []struct {
		Role, Address string
		Parties       []CheckedParty
	}
	Findings []struct{ Code, Severity, Detail string }
}

// CheckedParty is one consumer at one endpoint of a check.
type CheckedParty struct {
	Party, Instance, Operation, Version, Reason string
	Error                                       string
	Installed                                   bool
	Verdict                                     trust.State
	Effective                                   *string
}

// Check asks Mooring about registries on the machine as a judge has it.
func (l *Lab) Check(t *testing.T, judge string, registries ...string) map[string]CheckedRegistry {
	t.Helper()
	out := l.MooringSeeing(t, judge, append([]string{"check", "--json"}, registries...)...)
	var c checked
	if err := json.Unmarshal([]byte(out.Stdout), &c); err != nil {
		t.Fatalf("mooring check --json: exit status %d, %v\n%s", out.Code, err, out.Text())
	}
	if c.Schema != 1 {
		t.Errorf("mooring check --json: schema %d", c.Schema)
	}
	found := map[string]CheckedRegistry{}
	for _, r := range c.Registries {
		found[r.Registry] = r
	}
	return found
}

// Foretold picks from a check what concerns one judge: the worst over the
// endpoints, as a pull needs all of them. ok is false when Mooring says nothing.
func (r CheckedRegistry) Foretold(l *Lab, judge string) (worst CheckedParty, ok bool) {
	for _, e := range r.Endpoints {
		for _, p := range e.Parties {
			if concerns(l, judge, p) && (!ok || p.Verdict > worst.Verdict) {
				worst, ok = p, true
			}
		}
	}
	return worst, ok
}

func concerns(l *Lab, judge string, p CheckedParty) bool {
	switch judge {
	case Docker20, Docker29, Docker29Snapshot:
		return p.Party == "docker" && p.Operation == "pull" && p.Instance == l.DockerHost(judge)
	case Login:
		return p.Party == "docker" && p.Operation == "login" && p.Instance == l.DockerHost(Docker29Snapshot)
	case Podman, Skopeo:
		return p.Party == "podman" && p.Operation == "pull"
	case Containerd1, Containerd2:
		return p.Party == "containerd" && strings.HasPrefix(p.Instance, "ctr ")
	case CRI:
		return p.Party == "containerd" && p.Instance == "cri"
	case Curl:
		return p.Party == "system"
	}
	return false
}

// View is the judge as whose user Mooring is asked about another: most tools are
// there on every machine of the
func View(judge string) string {
	switch judge {
	case Podman, Skopeo, Curl, Containerd1:
		return Docker20
	case Login:
		return Docker29Snapshot
	}
	return judge
}

// Pulls lets every judge pull at the same time and returns what each said.
func (l *Lab) Pulls(registry, image string, judges ...string) map[string]Output {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[string]Output{}
	for _, judge := range judges {
		wg.Add(1)
		go func() {
			defer wg.Done()
			o := l.Pull(judge, registry, image)
			mu.Lock()
			defer mu.Unlock()
			out[judge] = o
		}()
	}
	wg.Wait()
	return out
}

// Without are all judges but some.
func Without(not ...string) []string {
	var out []string
	for _, j := range Judges {
		if !strings.Contains(strings.Join(not, " "), j) {
			out = append(out, j)
		}
	}
	return out
}

// Excerpt is what a message has room for.
func Excerpt(s string) string {
	if len(s) > 600 {
		s = s[:300] + " … " + s[len(s)-300:]
	}
	return fmt.Sprintf("%q", s)
}
