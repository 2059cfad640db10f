package platform

import (
	"context"
	"crypto/tls"
	"slices"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// accessTime bounds signing in, with the check before it.
const accessTime = 30 * time.Second

// access checks a registry anew and takes from that what signing in may talk to.
// The caller closes it.
func (m *Machine) access(ctx context.Context, r trust.Registry) (*signin.Access, error) {
	o := CheckOptions{}
	c, prober := m.checker(ctx, o), m.prober(o)
	p := prober.Probe(ctx, r)
	report := c.report(p)
	if unvisited(p) && registryAlone(report) {
		p.Endpoints[1] = prober.Endpoint(ctx, trust.RoleToken, p.Endpoints[1].Address)
		report = c.report(p)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return signin.Accept(report, signin.Way{Connect: prober.Connect, Client: c.clientPairs(p)})
}

// unvisited reports whether a probe stopped at the token server because a proxy
// would have led there: nobody can say then where it is, and a registry that is
// not verified could have named anything.
func unvisited(p trust.Probe) bool {
	if len(p.Endpoints) < 2 {
		return false
	}
	ep := p.Endpoints[1]
	return ep.Role == trust.RoleToken && ep.Proxy != "" && ep.Failure != nil && ep.Failure.Code == trust.TokenUntrusted
}

// registryAlone reports whether the registry itself is one that signing in may
// talk to. What it named came over that very connection, so its word for the token
// server may be taken as far as a handshake.
func registryAlone(r trust.Report) bool {
	r.Endpoints = r.Endpoints[:1]
	a, err := signin.Accept(r, signin.Way{})
	if err != nil {
		return false
	}
	a.Close()
	return true
}

// SignInMethod implements SignIns.
func (m *Machine) SignInMethod(ctx context.Context, r trust.Registry) (signin.Method, error) {
	ctx, cancel := context.WithTimeout(ctx, accessTime)
	defer cancel()
	a, err := m.access(ctx, r)
	if err != nil {
		return signin.Method{}, err
	}
	defer a.Close()
	return a.Method(ctx)
}

// SignIn implements SignIns. The time that the keyring takes, which may ask the
// person, is not the registry's.
func (m *Machine) SignIn(ctx context.Context, q SignInRequest) (signin.Outcome, error) {
	out, err := m.prove(ctx, q)
	if err != nil || out.Keep.Secret.Empty() {
		return out, err
	}
	defer m.lookAgain(ctx)
	return out, m.keep(ctx, q.Registry, out.Keep, out.Expires, q.Session)
}

func (m *Machine) prove(ctx context.Context, q SignInRequest) (signin.Outcome, error) {
	limit := q.Timeout
	if limit <= 0 {
		limit = accessTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a, err := m.access(ctx, q.Registry)
	if err != nil {
		return signin.Outcome{}, err
	}
	defer a.Close()
	return a.SignIn(ctx, q.Credential)
}

// SignOut implements SignIns.
func (m *Machine) SignOut(ctx context.Context, r trust.Registry) error {
	defer m.lookAgain(ctx)
	return m.forget(ctx, r)
}

// clientPairs are the client certificates that tools in scope have for a registry
// which asks for one, as far as this person may read their keys.
func (c *checker) clientPairs(p trust.Probe) []tls.Certificate {
	ep := p.Endpoints[0]
	if !ep.ClientAuth.Requested {
		return nil
	}
	scope := c.scope(p.Registry)
	var out []tls.Certificate
	seen := map[string]bool{}
	for _, policy := range c.set.Judge(p, ep, nil, c.machine.World.Now()).Policies {
		if !slices.Contains(scope, policy.Consumer.Party) {
			continue
		}
		for _, pair := range policy.ClientPairs {
			if own, ok := c.readPair(pair); ok && !seen[string(own.Leaf.Raw)] {
				seen[string(own.Leaf.Raw)] = true
				out = append(out, own)
			}
		}
	}
	return out
}

// readPair reads a pair's files; ok is false for one that this person may not
// read, or that is none.
func (c *checker) readPair(pair trust.ClientPair) (own tls.Certificate, ok bool) {
	cert, err := c.set.World.FS.ReadFile(pair.CertPath)
	if err != nil {
		return own, false
	}
	key := cert // hosts.toml may name one file with both halves
	if pair.KeyPath != "" {
		if key, err = c.set.World.FS.ReadFile(pair.KeyPath); err != nil {
			return own, false
		}
	}
	own, err = tls.X509KeyPair(cert, key)
	return own, err == nil && own.Leaf != nil
}
