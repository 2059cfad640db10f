package clientcert

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// Check says what is wrong with a pair, and what of it the server would mind; nil
// for a server that was not reached. What one problem says all about, others do
// not repeat.
func Check(p Pair, server *Server, at time.Time) []Problem {
	c := checking{pair: p, at: at}
	c.certificate()
	if server == nil {
		c.add(NotReached, false)
	} else {
		c.server(*server)
	}
	return c.out
}

type checking struct {
	pair Pair
	at   time.Time
	out  []Problem
}

// add notes a problem of the pair's certificate; more are arguments, as name and
// value by turns.
func (c *checking) add(code trust.Code, fatal bool, more ...string) {
	cert := c.pair.Cert
	args := map[string]string{
		"file": c.pair.CertFile, "keyFile": c.pair.KeyFile, "subject": clip(cert.Subject.String()), "issuer": nameOf(cert.RawIssuer),
		"notBefore": date(cert.NotBefore), "notAfter": date(cert.NotAfter), "now": date(c.at),
	}
	for i := 0; i+1 < len(more); i += 2 {
		args[more[i]] = more[i+1]
	}
	c.out = append(c.out, Problem{Code: code, Fatal: fatal, File: c.pair.CertFile, Args: args})
}

// certificate looks at the certificate for itself.
func (c *checking) certificate() {
	cert := c.pair.Cert
	switch {
	case cert.IsCA:
		c.add(CAAsClient, true)
	case !trust.ForClients(cert):
		c.add(trust.WrongUsage, true, "usages", usages(cert))
	}
	switch {
	case c.at.Before(cert.NotBefore):
		c.add(trust.NotYetValid, true)
	case c.at.After(cert.NotAfter):
		c.add(trust.Expired, true)
	case trust.EndsSoon(cert, c.at):
		c.add(trust.ExpiresSoon, false)
	}
	if k, ok := cert.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < 2048 {
		c.add(trust.WeakKey, k.N.BitLen() < 1024, "bits", strconv.Itoa(k.N.BitLen())) // Go signs with no shorter one
	}
	switch cert.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		c.add(trust.WeakSignature, false, "algorithm", cert.SignatureAlgorithm.String())
	}
	if !cert.IsCA && trust.SelfSigned(cert) {
		c.add(trust.SelfSignedLeaf, false)
	}
}

// server holds the pair against what the registry asked for.
func (c *checking) server(s Server) {
	switch {
	case !s.Requested && !s.Required:
		c.add(NotRequested, false)
	case len(s.Raw) == 0:
		c.add(AnyCA, false)
	case !c.pair.Offered(s.Raw):
		c.add(trust.ClientCertificateRejected, true, "issuers", list(s.AcceptableCAs))
	}
}

// usages are the names of a certificate's extended usages.
func usages(c *x509.Certificate) string {
	known := map[x509.ExtKeyUsage]string{
		x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageCodeSigning: "codeSigning",
		x509.ExtKeyUsageEmailProtection: "emailProtection", x509.ExtKeyUsageTimeStamping: "timeStamping",
		x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
	}
	var out []string
	for _, u := range c.ExtKeyUsage {
		name := known[u]
		if name == "" {
			name = fmt.Sprintf("#%d", int(u))
		}
		out = append(out, name)
	}
	for _, oid := range c.UnknownExtKeyUsage {
		out = append(out, oid.String())
	}
	return strings.Join(out[:min(len(out), maxNamed)], ", ")
}
