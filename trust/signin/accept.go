package signin

import (
	"crypto/x509"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"mooring.dev/mooring/trust"
)

// Accept takes, from a report that was made just now, the servers that signing in
// may talk to, each with the roots by which the person's tools trust it. It is the
// only way to an [Access].
//
// The registry and its token server must each be trusted by a party in scope, or
// by the computer itself, and no party in scope may go without verifying them:
// what one tool sends to anybody is no secret any more. The error is a *[Refusal]
// with Unverified, or with NoConnection for a server that did not answer.
func Accept(r trust.Report, w Way) (*Access, error) {
	var servers []*server
	for _, ep := range r.Endpoints {
		if ep.Role != trust.RoleRegistry && ep.Role != trust.RoleToken || nameless(ep, r.Auth) {
			continue
		}
		s, err := accept(r, ep)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	if len(servers) == 0 || servers[0].role != trust.RoleRegistry {
		return nil, &Refusal{Why: Unverified, Endpoint: r.Registry.Address(), Role: trust.RoleRegistry}
	}
	return newAccess(r.Registry, r.Endpoints[0].Endpoint, servers, w), nil
}

// accept is for one endpoint.
func accept(r trust.Report, ep trust.EndpointReport) (*server, error) {
	s := &server{role: ep.Role, address: strings.ToLower(ep.Address), name: ep.Host, roots: x509.NewCertPool()}
	trusted, worst := false, trust.Verdict{State: trust.Trusted}
	for _, v := range ep.Verdicts {
		scoped := r.InScope(v.Consumer.Party)
		switch {
		case scoped && v.State == trust.Insecure:
			return nil, unverified(ep, v)
		case !scoped && v.Consumer.Party != trust.System:
		case v.State == trust.Trusted && len(v.Path) > 0 && !v.Consumer.Remote:
			trusted = true
			s.roots.AddCert(v.Path[len(v.Path)-1].Cert)
		case v.State > worst.State:
			worst = v
		}
	}
	if !trusted || ep.PlainHTTP || !ep.Reachable() {
		return nil, unverified(ep, worst)
	}
	return s, nil
}

// unverified says that nothing is sent to ep, for what v found.
func unverified(ep trust.EndpointReport, v trust.Verdict) *Refusal {
	out := &Refusal{Why: Unverified, Endpoint: ep.Address, Role: ep.Role, Reason: v.Reason, Text: v.Error}
	switch {
	case ep.PlainHTTP:
		out.Reason = trust.PlainHTTP
	case v.State == trust.Insecure:
		out.Party = v.Consumer.Party
	case v.State == trust.Unreachable:
		out.Why = NoConnection
	}
	if ep.Failure != nil && out.Text == "" {
		out.Text = ep.Failure.Text
	}
	return out
}

// nameless reports whether ep stands for a realm that names no server at all, as
// distribution's silly scheme has one: there is nobody to verify, and nobody that
// anything could be sent to.
func nameless(ep trust.EndpointReport, c trust.Challenge) bool {
	return ep.Role == trust.RoleToken && ep.Address == c.Realm && isSilly(c)
}

// isSilly tells the silly scheme by its realm, which is a text of the
// administrator's and no address (distribution registry/auth/silly/access.go; its
// documentation has "silly-realm").
func isSilly(c trust.Challenge) bool {
	return c.Scheme == trust.AuthBearer && c.Realm != "" && !strings.ContainsAny(c.Realm, ":/")
}

// addressOf is the host:port that u leads to, as a report's endpoints have it; ""
// for what is no plain https address.
func addressOf(u *url.URL) string {
	if u.Scheme != "https" || u.User != nil || u.Opaque != "" || u.Hostname() == "" {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = "443"
	}
	if !isASCII(host) {
		var err error
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return ""
		}
	}
	return net.JoinHostPort(host, port)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}
