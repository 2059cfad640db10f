package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"mooring.dev/mooring/trust"
)

const maxHost = 255 // a DNS name, or an address with its zone

// target is one server to visit.
type target struct {
	role    trust.Role
	address string // host:port to dial
	name    string // the host as a client verifies it
	ping    bool   // also GET /v2/
	http2   bool   // offer HTTP/2, which the probe does not speak, instead of HTTP/1.1
	guard   *guard // nil: may be anywhere
}

// targetOf makes a target of host:port, as a person or a server wrote it.
func targetOf(role trust.Role, address string) (target, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return target{}, err
	}
	if host, err = ascii(host); err != nil {
		return target{}, fmt.Errorf("%q is not a host name", clean(address))
	}
	return target{role: role, address: net.JoinHostPort(host, port), name: host}, nil
}

// ascii is host as DNS and TLS write it. What is ASCII already stays as it is:
// there are hosts with an underscore, which IDNA forbids.
func ascii(host string) (string, error) {
	if host == "" || len(host) > maxHost { // net.Dial takes "" for this machine
		return "", errors.New("not a host name")
	}
	for i := range len(host) {
		switch c := host[i]; {
		case c >= utf8.RuneSelf:
			return idna.Lookup.ToASCII(host)
		case c <= ' ' || c == 0x7f || strings.IndexByte(`/\?#@"<>`, c) >= 0:
			return "", errors.New("not a host name")
		}
	}
	return host, nil
}

// reference is another server that a registry sends its clients to.
type reference struct {
	role trust.Role
	url  string
	// verified: the registry's certificate was judged, and this is its own word.
	verified bool
}

// references are the token server and the redirect target of what first
// answered.
func references(first trust.Endpoint) []reference {
	var out []reference
	if first.HTTP == nil {
		return nil
	}
	if c := first.HTTP.Challenge; c.Scheme == trust.AuthBearer && c.Realm != "" && !sameServer(first, c.Realm) {
		out = append(out, reference{role: trust.RoleToken, url: c.Realm})
	}
	if l := first.HTTP.Location; l != "" && !sameServer(first, l) {
		out = append(out, reference{role: trust.RoleRedirect, url: l})
	}
	return out
}

// sameServer reports whether raw leads back to the server that named it: then
// everything was seen already.
func sameServer(ep trust.Endpoint, raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme == "https") == ep.PlainHTTP {
		return false
	}
	t, err := targetOf("", net.JoinHostPort(u.Hostname(), portOf(u)))
	return err == nil && strings.EqualFold(t.address, ep.Address)
}

// refer visits what first referred to, by handshake only. That server was named
// by one that nobody has verified, so it may not be anywhere: see [guard].
func (v visitor) refer(ctx context.Context, first trust.Endpoint, r reference) trust.Endpoint {
	u, err := url.Parse(r.url)
	if err == nil && u.Scheme != "https" && u.Scheme != "http" {
		err = errors.New("not a web address")
	}
	var t target
	if err == nil {
		t, err = targetOf(r.role, net.JoinHostPort(u.Hostname(), portOf(u)))
	}
	if err != nil {
		return trust.Endpoint{Role: r.role, Address: r.url, Failure: failure(untrusted(r.role), fmt.Errorf("%q: %w", r.url, err))}
	}
	if u.Scheme == "http" {
		// Nothing to see without TLS: what is sent there can be read on the way.
		return trust.Endpoint{
			Role: r.role, Host: t.name, Address: t.address, PlainHTTP: true,
			Failure: failure(trust.PlainHTTP, fmt.Errorf("%s names an address without TLS: %s", first.Address, r.url)),
		}
	}
	t.guard = &guard{host: first.Host, at: placeOf(first), role: r.role, verified: r.verified}
	return v.endpoint(ctx, t)
}

// portOf is the port that u means.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	default:
		return "443"
	}
}

func untrusted(r trust.Role) trust.Code {
	if r == trust.RoleToken {
		return trust.TokenUntrusted
	}
	return trust.RedirectUntrusted
}
