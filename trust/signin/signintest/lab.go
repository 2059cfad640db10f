// Package signintest has what tests of signing in need: a network of names, and
// registries and token servers behind them, on loopback; and a thief.
package signintest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/trusttest"
)

// Lab is a network: host:port is where a test says. What is not there cannot be
// reached.
type Lab struct {
	tb testing.TB
	// CA issues for every server of the lab, and is what the person accepted.
	CA *trusttest.Cert

	mu     sync.Mutex
	at     map[string]string
	dialed []string
}

// NewLab makes a network without servers.
func NewLab(tb testing.TB) *Lab {
	return &Lab{tb: tb, CA: trusttest.NewCA(tb, "Corp Root CA"), at: map[string]string{}}
}

// Serve answers at host:port with a certificate of the lab's CA.
func (l *Lab) Serve(address string, handler http.Handler) {
	l.tb.Helper()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		l.tb.Fatal(err)
	}
	name := trusttest.Names(host)
	if net.ParseIP(host) != nil {
		name = trusttest.IP(host)
	}
	l.ServeTLS(address, l.CA.Leaf(name).Config(), handler)
}

// ServeTLS answers at host:port with a configuration.
func (l *Lab) ServeTLS(address string, config *tls.Config, handler http.Handler) {
	s := httptest.NewUnstartedServer(handler)
	s.TLS, s.EnableHTTP2 = config, true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	l.tb.Cleanup(s.Close)
	l.Point(address, s.Listener.Addr().String())
}

// ServePlain answers at host:port without TLS.
func (l *Lab) ServePlain(address string, handler http.Handler) {
	s := httptest.NewServer(handler)
	l.tb.Cleanup(s.Close)
	l.Point(address, s.Listener.Addr().String())
}

// Point makes a name lead to another place from now on.
func (l *Lab) Point(address, to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[address] = to
}

// Dial connects to where a name leads.
func (l *Lab) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	l.mu.Lock()
	to := l.at[address]
	l.dialed = append(l.dialed, address)
	l.mu.Unlock()
	if to == "" {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("nobody is at %s", address)}
	}
	return new(net.Dialer).DialContext(ctx, "tcp", to)
}

// Dialed lists what was dialled, and forgets it.
func (l *Lab) Dialed() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.dialed
	l.dialed = nil
	return out
}

// Prober probes the lab.
func (l *Lab) Prober() *probe.Prober {
	return &probe.Prober{Timeout: 5 * time.Second, Dial: l.Dial, Proxy: probe.Direct}
}

// Docker is the policy of a Docker that trusts the lab's CA.
func (l *Lab) Docker() trust.Policy {
	return trust.Policy{
		Consumer: trust.Consumer{Party: trust.Docker, Operation: trust.OpPull, Installed: true},
		Anchors:  []trust.Anchor{{Cert: l.CA.Cert, Source: "file:/etc/docker/certs.d/ca.crt"}},
	}
}

// Report checks a registry now, as consumers with policies see it; all of them are
// in scope but the system.
func (l *Lab) Report(registry string, policies ...trust.Policy) trust.Report {
	l.tb.Helper()
	reg, _, err := trust.ParseRegistry(registry)
	if err != nil {
		l.tb.Fatal(err)
	}
	p := l.Prober().Probe(context.Background(), reg)
	r := trust.Report{Registry: reg, At: p.At, Auth: p.Auth}
	for _, policy := range policies {
		if policy.Consumer.Party != trust.System {
			r.Scope = append(r.Scope, policy.Consumer.Party)
		}
	}
	for _, ep := range p.Endpoints {
		r.Endpoints = append(r.Endpoints, trust.EndpointReport{Endpoint: ep, Verdicts: trust.JudgeAll(ep, policies, time.Now())})
	}
	return r
}

// Way is how the lab is reached.
func (l *Lab) Way() signin.Way { return signin.Way{Connect: l.Prober().Connect} }

// Access accepts a registry that Docker trusts.
func (l *Lab) Access(registry string) *signin.Access {
	l.tb.Helper()
	a, err := signin.Accept(l.Report(registry, l.Docker()), l.Way())
	if err != nil {
		l.tb.Fatalf("not accepted: %v", err)
	}
	l.tb.Cleanup(a.Close)
	return a
}
