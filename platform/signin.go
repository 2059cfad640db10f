package platform

import (
	"context"
	"crypto/tls"
	"errors"
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
	way := signin.Way{Connect: prober.Connect, Client: c.clientPairs(p)}
	report := c.report(p)
	if half(p) {
		if challenge, ok := unseen(ctx, report, way); ok {
			p.Auth = challenge
			p.Endpoints = []trust.Endpoint{p.Endpoints[0], prober.Follow(ctx, p.Endpoints[0], challenge.Realm)}
			report = c.report(p)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return signin.Accept(report, way)
}

// half reports whether a probe may not have seen all of what a registry names: one
// that answers nobody without a client certificate, or a token server to which only
// a proxy would lead, so that nobody can say where it is.
func half(p trust.Probe) bool {
	if len(p.Endpoints) == 1 {
		return p.Auth.Scheme == trust.AuthUnknown
	}
	f := p.Endpoints[1].Failure
	return p.Endpoints[1].Proxy != "" && f != nil && f.Code == trust.TokenUntrusted
}

// unseen asks the registry itself, if signing in may talk to it, for a token server
// that is not among what was checked.
func unseen(ctx context.Context, r trust.Report, way signin.Way) (trust.Challenge, bool) {
	r.Endpoints = r.Endpoints[:1]
	a, err := signin.Accept(r, way)
	if err != nil {
		return trust.Challenge{}, false
	}
	defer a.Close()
	m, err := a.Method(ctx)
	var refused *signin.Refusal
	named := errors.As(err, &refused) && refused.Why == signin.Redirected && refused.Role == trust.RoleToken
	return trust.Challenge{Scheme: trust.AuthBearer, Realm: m.Realm, Service: m.Service}, named && m.Scheme == signin.Bearer
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
