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
	"os"
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

// patience bounds a body: how long nothing may come, and how long all of it may
// take, for one byte now and then is nothing as well.
var patience = struct{ idle, whole time.Duration }{answerTime, 2 * time.Minute}

// errSlow is a body that does not come in time.
var errSlow = fmt.Errorf("the answer came too slowly: %w", os.ErrDeadlineExceeded)

// Way is how an [Access] reaches its servers.
type Way struct {
	// Connect opens a connection to host:port, which has role for the registry of
	// which first was seen: [probe.Prober.Connect] goes the way that the check went.
	// nil is that of a zero Prober.
	Connect func(ctx context.Context, first trust.Endpoint, role trust.Role, address string) (net.Conn, error)
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
	patience struct{ idle, whole time.Duration }
}

// server is one that was accepted.
type server struct {
	role      trust.Role
	address   string // host:port in lower case
	name      string // what its certificate must be for
	roots     *x509.CertPool
	transport *http.Transport
}

func newAccess(r trust.Registry, first trust.Endpoint, servers []*server, w Way) *Access {
	if w.Connect == nil {
		w.Connect = new(probe.Prober).Connect
	}
	for _, s := range servers {
		s.transport = &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return w.Connect(ctx, first, s.role, s.address)
			},
			TLSClientConfig:   s.config(w.Client),
			ForceAttemptHTTP2: true,
			MaxConnsPerHost:   8, MaxIdleConnsPerHost: 4, IdleConnTimeout: idleTime,
			TLSHandshakeTimeout: answerTime, ResponseHeaderTimeout: answerTime, MaxResponseHeaderBytes: maxHeader,
		}
	}
	return &Access{registry: r, servers: servers, patience: patience}
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
	return a.send(req, carried(req))
}

// carried is the credential that a request shows in its header.
func carried(req *http.Request) trust.Credential {
	if user, password, ok := req.BasicAuth(); ok {
		return trust.Credential{User: user, Secret: trust.NewSecret(password)}
	}
	_, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	return trust.Credential{Secret: trust.NewSecret(token)}
}

// send is RoundTrip with a credential that is not to be repeated in an error.
func (a *Access) send(req *http.Request, c trust.Credential) (*http.Response, error) {
	s, err := a.serverFor(req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	resp, err := s.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, s.failed(req.Context(), err)
	}
	resp.Request = req
	resp.Body = newBounded(ctx, cancel, resp.Body, a.patience.idle, a.patience.whole)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Body.Close()
		return nil, a.redirected(s, resp, c)
	}
	return resp, nil
}

// redirected is the refusal to follow s. Where it leads to a server that was
// accepted, that is still no answer to what was asked. Every part of it may repeat
// what the server was sent.
func (a *Access) redirected(s *server, resp *http.Response, c trust.Credential) *Refusal {
	out := &Refusal{Why: BadAnswer, Endpoint: s.address, Role: s.role}
	if to, err := resp.Location(); err == nil {
		if a.serverAt(addressOf(to)) == nil {
			out = elsewhere(to, s.role)
			out.Endpoint = shown(out.Endpoint, c)
		}
		out.Text = shown(to.Scheme+"://"+to.Host+to.Path, c) // a query may be a signed permission
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

// bounded is a body that ends in an error when it is too long or too slow.
type bounded struct {
	io.ReadCloser
	left   int
	ctx    context.Context // the request's: its end breaks the connection off
	cancel context.CancelCauseFunc
	idle   time.Duration
	silent *time.Timer // ends ctx when nothing comes
	whole  *time.Timer // and when all of it takes too long
}

func newBounded(ctx context.Context, cancel context.CancelCauseFunc, body io.ReadCloser, idle, whole time.Duration) *bounded {
	slow := func() { cancel(errSlow) }
	return &bounded{body, maxBody, ctx, cancel, idle, time.AfterFunc(idle, slow), time.AfterFunc(whole, slow)}
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	if n > 0 {
		b.silent.Reset(b.idle)
	}
	if cause := context.Cause(b.ctx); err != nil && errors.Is(cause, errSlow) {
		err = cause
	}
	return n, err
}

func (b *bounded) Close() error {
	b.silent.Stop()
	b.whole.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
