//go:build integration

package accounts

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin/signintest"
	"mooring.dev/mooring/trust/trusttest"
)

// place lets a thief answer at an address of the lab.
func place(t *testing.T, l *lab.Lab, thief *signintest.Thief, h lab.Host, port string) {
	l.Listen(t, net.JoinHostPort(h.IP, port), func(c net.Conn) {
		to, err := net.Dial("tcp", thief.Address)
		if err != nil {
			return
		}
		defer to.Close()
		go func() {
			_, _ = io.Copy(to, c)
			to.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, to)
	})
}

// The whole program in front of a thief, in each way in which one comes to stand
// there: it gets a handshake and GET /v2/, and nothing else.
func TestThief(t *testing.T) {
	l := lab.Start(t)
	c := trust.Credential{User: lab.User, Secret: trust.NewSecret("stolen goods " + t.Name())}
	for name, prepare := range map[string]func(t *testing.T, thief *signintest.Thief, h lab.Host) (registry string){
		"an untrusted certificate": func(t *testing.T, thief *signintest.Thief, h lab.Host) string {
			place(t, l, thief, h, port)
			return h.At(port)
		},
		"insecure in daemon.json": func(t *testing.T, thief *signintest.Thief, h lab.Host) string {
			place(t, l, thief, h, port)
			l.Write(t, "/etc/docker/daemon.json", fmt.Appendf(nil, `{"insecure-registries": [%q]}`, h.At(port)), 0o644)
			return h.At(port)
		},
		"a realm in plain HTTP": func(t *testing.T, thief *signintest.Thief, h lab.Host) string {
			place(t, l, thief, h, "80")
			return named(t, l, "http://"+h.Name+"/token")
		},
		"a realm": func(t *testing.T, thief *signintest.Thief, h lab.Host) string {
			place(t, l, thief, h, "443")
			return named(t, l, "https://"+h.Name+"/token")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := l.Host(t)
			thief := signintest.NewThief(t, h.Name)
			registry := prepare(t, thief, h)
			for _, verb := range [][]string{{"login", registry, "-u", c.User, "--password-stdin", "--json"}, {"catalog", registry, "--json"}} {
				out := l.Feed(nil, c.Secret.Reveal(), append([]string{l.Program()}, verb...)...)
				got := answer[login](t, out, 1)
				if got.Refusal == nil || got.Refusal.Why != "unverified" || got.SignedIn {
					t.Errorf("%s: %s", verb[0], out.Text())
				}
			}
			if name != "a realm in plain HTTP" && thief.Visits() == 0 {
				t.Error("the thief was never there")
			}
			if leaks := thief.Leaks(c); leaks != nil {
				t.Errorf("the thief has %q:\n%q", leaks, thief.Bytes())
			}
		})
	}
}

// named is a real registry, and trusted, whose realm a thief has.
func named(t *testing.T, l *lab.Lab, realm string) (registry string) {
	signer := trusttest.NewCA(t, "Token signer")
	s := newSite(t, func(h lab.Host) string {
		bundle := filepath.Join(l.Dir, h.Name+".signer.pem")
		l.Write(t, bundle, signer.PEM(), 0o644)
		return fmt.Sprintf("token: {realm: %q, service: lab, issuer: lab, rootcertbundle: %s}", realm, bundle)
	})
	s.trust(s.root)
	return s.registry
}
