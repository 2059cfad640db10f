package platform

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/trust/probe"
)

// ProveClientCert implements ClientCerts. The pair comes from whoever installed it:
// this process need not be able to read what it wrote for root's daemon.
func (m *Machine) ProveClientCert(ctx context.Context, r trust.Registry, p clientcert.Pair) (clientcert.Proof, error) {
	set := consumers.Gather(ctx, m.World)
	probes, err := m.probes(ctx, []trust.Registry{r}, CheckOptions{})
	if err != nil {
		return clientcert.Proof{}, err
	}
	ep := probes[0].Endpoints[0]
	if ep.Failure != nil {
		return clientcert.Proof{Outcome: clientcert.Unknown, Text: ep.Failure.Text}, nil
	}
	if !m.verified(set, probes[0], ep) {
		return clientcert.Proof{Outcome: clientcert.Untrusted}, nil
	}
	pair, err := tls.X509KeyPair(p.CertPEM(), []byte(p.Key.Reveal()))
	if err != nil {
		return clientcert.Proof{}, errUnfit
	}
	return proofOf(m.prober(CheckOptions{}).Present(ctx, r, ep.Leaf(), pair)), ctx.Err()
}

// verified reports whether a party in scope trusts the server's certificate, and
// none of them goes without verifying.
func (m *Machine) verified(set *consumers.Set, p trust.Probe, ep trust.Endpoint) bool {
	ep.ClientAuth = trust.ClientAuth{} // whether it takes the client's is the question
	scope := m.scopes(set, nil)(p.Registry)
	trusted := false
	for _, v := range set.Judge(p, ep, nil, m.World.Now()).Verdicts {
		if !slices.Contains(scope, v.Consumer.Party) {
			continue
		}
		if v.State == trust.Insecure {
			return false
		}
		trusted = trusted || v.State == trust.Trusted
	}
	return trusted
}

func proofOf(err error) clientcert.Proof {
	refused, ok := errors.AsType[*probe.RefusedError](err)
	switch {
	case err == nil:
		return clientcert.Proof{Outcome: clientcert.Accepted}
	case errors.Is(err, probe.ErrNotAsked):
		return clientcert.Proof{Outcome: clientcert.NotAsked}
	case ok:
		return clientcert.Proof{Outcome: clientcert.Refused, Text: refused.Text}
	}
	return clientcert.Proof{Outcome: clientcert.Unknown, Text: err.Error()}
}
