package trust

import (
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
		if pair.Offered(ep.ClientAuth.AcceptableCAs) {
			if !ValidAt(pair.Cert, at) || !ForClients(pair.Cert) {
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

// ForClients reports whether a server may take c for a client: its extended usages
// say so, or it has none.
func ForClients(c *x509.Certificate) bool {
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
