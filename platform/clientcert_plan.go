package platform

import (
	"context"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// installedPairs returns a function that gives the client pairs which consumers show
// to a registry now.
func (m *Machine) installedPairs(ctx context.Context) func(trust.Registry) []trust.ClientPair {
	set := consumers.Gather(ctx, m.World)
	return func(r trust.Registry) []trust.ClientPair {
		var out []trust.ClientPair
		for _, p := range set.Policies(r) {
			out = append(out, p.ClientPairs...)
		}
		return out
	}
}

// PlanClientCert implements ClientCerts. The registry is probed anew: a plan is
// judged against what it asks for now.
func (m *Machine) PlanClientCert(ctx context.Context, q ClientCertRequest, r clientcert.Review) (trust.Plan, error) {
	if r.Fatal() {
		return trust.Plan{}, errUnfit
	}
	set := consumers.Gather(ctx, m.World)
	probes, err := m.probes(ctx, []trust.Registry{q.Registry}, CheckOptions{Timeout: q.Timeout})
	if err != nil {
		return trust.Plan{}, err
	}
	return m.announced(planner.ClientCert(planner.ClientInput{
		Set: set, Probe: probes[0], Pair: *r.Pair, Writable: m.writable,
		Scope: m.scopes(set, q.Parties)(q.Registry), Meant: m.scopes(set, nil)(q.Registry),
	}))
}

// clientCertError is an error with words of its own.
type clientCertError struct {
	key  string
	text string
	args map[string]any
}

func (e clientCertError) Error() string                     { return e.text }
func (e clientCertError) Problem() (string, map[string]any) { return e.key, e.args }

var errUnfit = clientCertError{key: "client-cert-unfit", text: "the files do not make a client certificate that could be installed"}
