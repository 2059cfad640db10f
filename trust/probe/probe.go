// Package probe looks at registries over the network and reports facts: the
// chain a server sends, what TLS was agreed on, and how it answers an
// unauthenticated GET /v2/. It judges nothing.
//
// A probe verifies nobody, so it gives nothing away: it sends a handshake and
// that one request, never a credential, a cookie or a client certificate. Time,
// bytes and certificates are bounded, whatever the server does. [Prober.Present]
// is no probe.
package probe

import (
	"context"
	"net"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"

	"mooring.dev/mooring/trust"
)

// DefaultTimeout bounds one registry with all its endpoints.
const DefaultTimeout = 5 * time.Second

// Prober probes registries. The zero value is ready for use.
type Prober struct {
	// Timeout bounds each registry with all its endpoints; 0: [DefaultTimeout].
	Timeout time.Duration
	// Jobs is how many registries All probes at once; 0: adapts.
	Jobs int
	// Dial opens a TCP connection; nil: a net.Dialer with Resolver.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolver looks names up; nil: the system's.
	Resolver *net.Resolver
	// Proxy names the proxy for a URL; nil: HTTPS_PROXY and NO_PROXY, by the rules
	// of http.ProxyFromEnvironment, which all container tools follow. See [Direct].
	Proxy func(*url.URL) (*url.URL, error)
}

// Direct is a Prober.Proxy that never uses one.
func Direct(*url.URL) (*url.URL, error) { return nil, nil }

// Probe looks at reg and at the token server or redirect target that it names.
// What went wrong is in the endpoints' failures.
func (p *Prober) Probe(ctx context.Context, reg trust.Registry) trust.Probe {
	return p.visitor().registry(ctx, reg)
}

// Endpoint looks at one address (host:port), as itself and not for what it
// refers to. A mirror is asked for /v2/, other roles only for a handshake.
func (p *Prober) Endpoint(ctx context.Context, role trust.Role, address string) trust.Endpoint {
	v := p.visitor()
	v.begin()
	return v.named(ctx, role, address)
}

// visitor is a Prober with its defaults filled in, and the lanes it keeps to.
type visitor struct {
	Prober
	lanes lanes // those without end unless others probe too
	// until is when the registry's time is over. Waiting for a turn puts it off:
	// how long we keep a registry waiting says nothing about the registry.
	until *time.Time
	most  int // bytes to read of one connection
}

func (p *Prober) visitor() visitor {
	v := visitor{Prober: *p, most: maxBytes}
	if v.Timeout <= 0 {
		v.Timeout = DefaultTimeout
	}
	if v.Proxy == nil {
		v.Proxy = httpproxy.FromEnvironment().ProxyFunc()
	}
	return v
}

// begin starts the time of a registry.
func (v *visitor) begin() {
	until := time.Now().Add(v.Timeout)
	v.until = &until
}

// turn waits for a place in lane.
func (v visitor) turn(ctx context.Context, lane chan struct{}) (*turn, error) {
	asked := time.Now()
	t, err := takeTurn(ctx, lane)
	*v.until = v.until.Add(time.Since(asked))
	return t, err
}

func (v visitor) registry(ctx context.Context, reg trust.Registry) trust.Probe {
	v.begin()
	out := trust.Probe{Registry: reg, At: time.Now(), Auth: trust.Challenge{Scheme: trust.AuthUnknown}}
	first := v.named(ctx, trust.RoleRegistry, reg.Address())
	out.Endpoints = []trust.Endpoint{first}
	if first.HTTP != nil {
		out.Auth = first.HTTP.Challenge
	}
	for _, r := range references(first) {
		out.Endpoints = append(out.Endpoints, v.refer(ctx, first, r))
	}
	out.Elapsed = time.Since(out.At)
	return out
}

// named visits a server that the person named, and not another server.
func (v visitor) named(ctx context.Context, role trust.Role, address string) trust.Endpoint {
	t, err := targetOf(role, address)
	if err != nil {
		return trust.Endpoint{Role: role, Address: address, Failure: failure(trust.DNS, err)}
	}
	t.ping = role == trust.RoleRegistry || role == trust.RoleMirror
	return v.endpoint(ctx, t)
}

// endpoint visits t and returns what it saw, however far it came.
func (v visitor) endpoint(ctx context.Context, t target) trust.Endpoint {
	start := time.Now()
	ep := trust.Endpoint{Role: t.role, Host: t.name, Address: t.address}
	v.visit(ctx, t, &ep)
	ep.Elapsed = time.Since(start)
	return ep
}

func (v visitor) visit(ctx context.Context, t target, ep *trust.Endpoint) {
	conn, err := v.open(ctx, t, ep)
	if err != nil {
		ep.Failure = classify(err)
		return
	}
	defer conn.Close()
	if conn.turn, err = v.turn(ctx, v.lanes.shaking); err != nil {
		ep.Failure = classify(err)
		return
	}
	defer conn.turn.end()
	defer conn.limit(ctx, *v.until)()
	secure, err := shake(conn, t, ep)
	switch {
	case isHTTP2(err) && !t.http2: // every engine speaks it, so the chain counts
		conn.Close()
		conn.turn.end()
		t.http2, t.ping = true, false
		v.visit(ctx, t, ep)
	case isHTTP(err):
		conn.Close()
		ep.PlainHTTP, ep.Failure = true, failure(trust.PlainHTTP, errPlainHTTP)
		if t.ping {
			v.plain(ctx, t, ep)
		}
	case err != nil:
		ep.Failure = classify(err)
	case secure == nil: // no certificate, no service: all there is to see was seen
	case t.ping:
		ping(secure, t, ep)
	default:
		settle(secure, *v.until, ep)
	}
	if secure != nil {
		secure.Close()
	}
}

// plain asks a server that answered a handshake in plain HTTP whether it is a
// registry at all.
func (v visitor) plain(ctx context.Context, t target, ep *trust.Endpoint) {
	conn, err := v.open(ctx, t, ep)
	if err != nil {
		return
	}
	defer conn.Close()
	defer conn.limit(ctx, *v.until)()
	ping(conn, t, ep)
}
