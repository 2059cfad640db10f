package signin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
)

// Bounds of what a server may make us wait for and read.
const (
	maxHeader = 64 << 10
	maxBody   = 4 << 20 // a page of a catalog with 1,000 names of 255 bytes takes 260 KiB
	// answerTime is for the first byte of an answer. Docker gives a login 15 s.
	answerTime = 15 * time.Second
	idleTime   = 10 * time.Second
)

// Way is how an [Access] reaches its servers.
type Way struct {
	// Connect opens a connection to host:port: [probe.Prober.Connect] goes the way
	// that the check went. nil is that of a zero Prober.
	Connect func(ctx context.Context, address string) (net.Conn, error)
	// Client are the certificates that the person has for the registry, in the order
	// tried; its token server is shown none.
	Client []tls.Certificate
}

// Access is the leave to talk to the servers of one registry, made by [Accept]. As
// an http.RoundTripper it sends to those servers alone, each over TLS verified at
// that very connection with exactly the roots that the person accepted for it. A
// request to anywhere else, and an answer that leads elsewhere, is a *[Refusal];
// nothing is dialled for it.
type Access struct {
	registry trust.Registry
	servers  []*server // the registry first
	product  Product   // once the registry has answered
}

// server is one that was accepted.
type server struct {
	role      trust.Role
	address   string // host:port in lower case
	name      string // what its certificate must be for
	roots     *x509.CertPool
	transport *http.Transport
}

func newAccess(r trust.Registry, servers []*server, w Way) *Access {
	if w.Connect == nil {
		w.Connect = new(probe.Prober).Connect
	}
	for _, s := range servers {
		s.transport = &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return w.Connect(ctx, s.address) },
			TLSClientConfig:   s.config(w.Client),
			ForceAttemptHTTP2: true,
			MaxConnsPerHost:   8, MaxIdleConnsPerHost: 4, IdleConnTimeout: idleTime,
			TLSHandshakeTimeout: answerTime, ResponseHeaderTimeout: answerTime, MaxResponseHeaderBytes: maxHeader,
		}
	}
	return &Access{registry: r, servers: servers}
}

// config verifies s. What is kept for it is shown to the registry alone.
func (s *server) config(client []tls.Certificate) *tls.Config {
	c := &tls.Config{RootCAs: s.roots, ServerName: s.name, MinVersion: tls.VersionTLS12}
	if s.role == trust.RoleRegistry {
		c.Certificates = client
	}
	return c
}

// Close ends the connections that are open for the next request.
func (a *Access) Close() {
	for _, s := range a.servers {
		s.transport.CloseIdleConnections()
	}
}

// Registry is the one that this is the access to.
func (a *Access) Registry() trust.Registry { return a.registry }

// base is the address of the registry's API.
func (a *Access) base() *url.URL {
	return &url.URL{Scheme: "https", Host: strings.TrimSuffix(a.servers[0].address, ":443"), Path: "/v2/"}
}

// serverAt finds an accepted server.
func (a *Access) serverAt(address string) *server {
	for _, s := range a.servers {
		if s.address == address {
			return s
		}
	}
	return nil
}

// serverFor is the guard: it finds the one server that a request may go to.
func (a *Access) serverFor(req *http.Request) (*server, error) {
	address := addressOf(req.URL)
	s := a.serverAt(address)
	if s == nil || address == "" || req.Host != "" && req.Host != req.URL.Host {
		return nil, elsewhere(req.URL, a.roleOf(req.URL))
	}
	return s, nil
}

// roleOf is what a server that was not accepted would be: everything else than the
// registry itself is asked for tokens only.
func (a *Access) roleOf(u *url.URL) trust.Role {
	if strings.HasPrefix(u.Path, "/v2/") {
		return trust.RoleRegistry
	}
	return trust.RoleToken
}

// elsewhere is the refusal to go to u.
func elsewhere(u *url.URL, r trust.Role) *Refusal {
	where := u.Host
	if u.Scheme != "https" && u.Scheme != "" {
		where = u.Scheme + "://" + where
	}
	return &Refusal{Why: Redirected, Endpoint: probe.Printable(where, maxText), Role: r}
}

// RoundTrip implements http.RoundTripper. A server's redirect is an error and not
// an answer, so that no client can follow it: with a 307 it would carry the
// password along.
func (a *Access) RoundTrip(req *http.Request) (*http.Response, error) {
	s, err := a.serverFor(req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, s.failed(req.Context(), err)
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Body.Close()
		return nil, a.redirected(s, resp)
	}
	resp.Body = &bounded{ReadCloser: resp.Body, left: maxBody}
	return resp, nil
}

// redirected is the refusal to follow s. Where it leads to a server that was
// accepted, that is still no answer to what was asked.
func (a *Access) redirected(s *server, resp *http.Response) *Refusal {
	out := &Refusal{Why: BadAnswer, Endpoint: s.address, Role: s.role}
	if to, err := resp.Location(); err == nil {
		if a.serverAt(addressOf(to)) == nil {
			out = elsewhere(to, s.role)
		}
		bare := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path} // a query may be a signed permission
		out.Text = probe.Printable(bare.String(), maxText)
	}
	out.Status = resp.StatusCode
	return out
}

// failed tells a server that is not the one that was accepted from one that is not
// there.
func (s *server) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	f := probe.FailureOf(err)
	out := &Refusal{Why: NoConnection, Endpoint: s.address, Role: s.role, Reason: f.Code, Text: f.Text, Err: err}
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		out.Why, out.Reason = Unverified, reasonOf(verify)
	}
	return out
}

// reasonOf names what a certificate is refused for that came in the place of the
// one that was accepted.
func reasonOf(err error) trust.Code {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &host):
		return trust.NameMismatch
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return trust.Expired
	}
	return trust.UnknownAuthority
}

// bounded is a body that ends in an error when it goes on for too long.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
