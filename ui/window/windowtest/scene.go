package windowtest

import (
	"crypto/x509"
	"fmt"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// Corp is the certificate authority of the scene's company.
type Corp struct{ Root, Issuing *trusttest.Cert }

// made is the one company that there is: a key of a root takes longer to make than
// most tests to run, and nobody changes a certificate.
var made struct {
	once sync.Once
	corp Corp
}

// NewCorp returns a root and an issuing CA.
func NewCorp(tb testing.TB) Corp {
	tb.Helper()
	made.once.Do(func() { made.corp = makeCorp(tb) })
	return made.corp
}

func makeCorp(tb testing.TB) Corp {
	tb.Helper()
	now := time.Now()
	org := trusttest.Organization("Example Corp")
	root := trusttest.NewCA(tb, "Corp Root CA", org, trusttest.RSA(3072),
		trusttest.NotBefore(now.AddDate(-7, 0, 0)), trusttest.NotAfter(now.AddDate(12, 3, 0)))
	issuing := root.Intermediate("Corp Issuing CA 3", org,
		trusttest.NotBefore(now.AddDate(-2, 0, 0)), trusttest.NotAfter(now.AddDate(2, 2, 0)))
	return Corp{root, issuing}
}

// Leaf makes a server certificate with so many days left of ninety.
func (c Corp) Leaf(tb testing.TB, days int, names ...string) *trusttest.Cert {
	tb.Helper()
	end := time.Now().AddDate(0, 0, days).Add(6 * time.Hour)
	return c.Issuing.Leaf(trusttest.Names(names...), trusttest.Organization("Example Corp"),
		trusttest.NotBefore(end.AddDate(0, 0, -90)), trusttest.NotAfter(end))
}

func certs(cs ...*trusttest.Cert) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range cs {
		out = append(out, c.Cert)
	}
	return out
}

// Scene is a developer's machine with one registry in every state.
func Scene(tb testing.TB) (*Service, Corp) {
	tb.Helper()
	s, corp := New(), NewCorp(tb)
	chain := func(days int, names ...string) []*x509.Certificate {
		return certs(corp.Leaf(tb, days, names...), corp.Issuing, corp.Root)
	}
	public := trusttest.NewCA(tb, "Public Root X1", trusttest.Organization("Public Trust"))
	open := func(name string) Host {
		leaf := public.Leaf(trusttest.Names(name))
		return Host{Sent: certs(leaf, public), System: certs(public)}
	}
	s.AddHost(tb, "registry.corp.example:5000", Host{Sent: chain(20, "registry.corp.example")})
	s.AddHost(tb, "harbor.lab.example", Host{Sent: chain(6, "harbor.lab.example"), Registry: certs(corp.Root)})
	gitlab := Host{Sent: chain(60, "gitlab.example"), Registry: certs(corp.Root), Token: &Host{Sent: chain(60, "auth.gitlab.example")}}
	s.AddHost(tb, "gitlab.example:5050", gitlab)
	for _, name := range []string{"docker.io", "ghcr.io", "quay.io"} {
		server := name
		if name == "docker.io" {
			server = "registry-1.docker.io"
		}
		s.AddHost(tb, name, open(server))
	}
	s.AddHost(tb, "nas.home:5000", Host{Failure: trust.Timeout})
	s.AddHost(tb, "plain.lab.example:5000", Host{PlainHTTP: true})
	s.AddHost(tb, "insecure.lab.example:5000", Host{Sent: chain(60, "insecure.lab.example"), Insecure: true})
	s.AddHost(tb, "old.corp.example", Host{Sent: chain(-3, "other.corp.example"), Registry: certs(corp.Root)})
	s.AddHost(tb, "incomplete.corp.example:8443", Host{Sent: certs(corp.Leaf(tb, 60, "incomplete.corp.example"))})
	alone := trusttest.SelfSigned(tb, trusttest.Names("alone.lab.example"))
	s.AddHost(tb, "alone.lab.example:5000", Host{Sent: certs(alone)})
	long := "a-very-long-registry-name.department-of-very-long-names.europe-west-4.internal.corp.example:50000"
	s.AddHost(tb, long, Host{Sent: chain(45, "a-very-long-registry-name.department-of-very-long-names.europe-west-4.internal.corp.example")})
	s.AddHost(tb, "hidden.example", Host{Failure: trust.DNS, Hidden: true})
	return s, corp
}

// Many is a machine with n registries that one CA signs; every tenth is a black
// hole.
func Many(tb testing.TB, n int) *Service {
	tb.Helper()
	s, corp := New(), NewCorp(tb)
	leaf := corp.Issuing.Leaf(trusttest.Names("*.many.example"))
	for i := range n {
		h := Host{Sent: certs(leaf, corp.Issuing, corp.Root)}
		switch {
		case i%10 == 9:
			h = Host{Failure: trust.Timeout}
		case i%3 == 0:
			h.Registry = certs(corp.Root)
		}
		s.AddHost(tb, fmt.Sprintf("registry-%04d.many.example:5000", i), h)
	}
	return s
}
