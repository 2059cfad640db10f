package trust

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"time"
)

// judgeClient refines a verdict where the server demands a client certificate.
// Which pair a server accepts only it knows; what can be foretold is that Go
// withholds a certificate whose issuer the server did not name, and that one
// which is expired or not meant for clients is turned down.
func judgeClient(v Verdict, ep Endpoint, pairs []ClientPair, at time.Time) Verdict {
	if !ep.ClientAuth.Required {
		return v
	}
	if len(pairs) == 0 {
		return v.because(Refused, ClientCertificateRequired, cmp.Or(ep.ClientAuth.Text, certificateRequired), "")
	}
	for _, pair := range pairs {
		if pair.Cert == nil { // only its reader may read it
			return v.because(Unknown, ClientCertificateRequired, "", pair.CertPath)
		}
		if issuerNamed(pair.Cert, ep.ClientAuth.AcceptableCAs) {
			if !ValidAt(pair.Cert, at) || !forClients(pair.Cert) {
				return v.because(Refused, ClientCertificateRejected, "remote error: tls: bad certificate", pair.CertPath)
			}
			if len(ep.ClientAuth.AcceptableCAs) == 0 {
				return v.because(Unknown, ClientCertificateRequired, "", pair.CertPath)
			}
			return v
		}
	}
	return v.because(Refused, ClientCertificateRejected, cmp.Or(ep.ClientAuth.Text, certificateRequired), pairs[0].CertPath)
}

// certificateRequired is how a server with TLS 1.3 refuses, when its own words
// are not known.
const certificateRequired = "remote error: tls: certificate required"

// issuerNamed reports whether the server would be offered c: it named c's issuer,
// or named nobody. Chains of client intermediates are not followed, as docker's
// and podman's pair files usually hold one certificate.
func issuerNamed(c *x509.Certificate, named [][]byte) bool {
	for _, n := range named {
		if bytes.Equal(n, c.RawIssuer) {
			return true
		}
	}
	return len(named) == 0
}

func forClients(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range c.ExtKeyUsage {
		if u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return false
}
