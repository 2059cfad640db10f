package clientcert

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"slices"
	"time"

	"mooring.dev/mooring/trust"
)

// candidate is a certificate with its key.
type candidate struct {
	cert foundCert
	key  foundKey
}

// pairUp puts the certificate and the key together that fit best, or says why
// none do.
func (g *gathered) pairUp(r *Review) {
	var all []candidate
	for _, c := range g.certs {
		for _, k := range g.keys {
			if samePublicKey(c.Certificate, k) {
				all = append(all, candidate{c, k})
				break
			}
		}
	}
	if len(all) == 0 {
		r.Problems = append(r.Problems, g.unmatched()...)
		return
	}
	slices.SortStableFunc(all, candidate.compare)
	best := all[0]
	key, err := encodeKey(best.key.Signer)
	if err != nil {
		r.Problems = append(r.Problems, Problem{
			Code: UnusableFile, Variant: "key-type", File: best.key.file,
			Args: map[string]string{"file": best.key.file, "text": clip(err.Error())},
		})
		return
	}
	r.Pair = &Pair{
		Cert: best.cert.Certificate, Chain: g.chain(best.cert.Certificate), Key: key,
		WasEncrypted: best.key.locked, CertFile: best.cert.file, KeyFile: best.key.file,
	}
	r.Problems = append(r.Problems, g.keyless(all)...)
	for _, other := range all[1:] {
		r.Problems = append(r.Problems, Problem{Code: SeveralPairs, File: other.cert.file, Args: map[string]string{
			"file": other.cert.file, "subject": clip(other.cert.Subject.String()),
			"taken": clip(best.cert.Subject.String()), "notAfter": other.cert.NotAfter.UTC().Format(time.RFC3339),
		}})
	}
}

// keyless are the certificates of clients, other than that of a pair, whose key is
// not among the files: after a renewal the old pair often lies beside the new
// certificate.
func (g *gathered) keyless(pairs []candidate) []Problem {
	var out []Problem
	for _, c := range g.certs {
		paired := slices.ContainsFunc(pairs, func(p candidate) bool { return p.cert.Equal(c.Certificate) })
		if paired || !isClient(c.Certificate) {
			continue
		}
		out = append(out, Problem{
			Code: trust.CertWithoutKey, File: c.file, Args: map[string]string{"file": c.file, "subject": clip(c.Subject.String())},
		})
	}
	return out
}

// compare puts those first that are for clients, valid now, and last the longest.
func (c candidate) compare(other candidate) int {
	now := time.Now()
	rank := func(c candidate) int {
		n := 0
		if !isClient(c.cert.Certificate) {
			n += 2
		}
		if !trust.ValidAt(c.cert.Certificate, now) {
			n++
		}
		return n
	}
	return cmp.Or(rank(c)-rank(other), other.cert.NotAfter.Compare(c.cert.NotAfter))
}

// maxChain bounds the intermediates that are sent with a certificate.
const maxChain = 8

// chain finds the intermediates between c and its root among all certificates. A
// root is not sent: whoever verifies has it.
func (g *gathered) chain(c *x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for len(out) < maxChain && !bytes.Equal(c.RawIssuer, c.RawSubject) {
		i := slices.IndexFunc(g.certs, func(p foundCert) bool {
			return p.IsCA && bytes.Equal(p.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(p.Certificate) == nil
		})
		if i < 0 || trust.SelfSigned(g.certs[i].Certificate) || slices.Contains(out, g.certs[i].Certificate) {
			return out
		}
		c = g.certs[i].Certificate
		out = append(out, c)
	}
	return out
}

// unmatched says which half is missing, or that the halves do not belong together.
func (g *gathered) unmatched() []Problem {
	if len(g.shut) > 0 {
		return nil // a passphrase comes first
	}
	certs := slices.DeleteFunc(slices.Clone(g.certs), func(c foundCert) bool { return c.IsCA })
	switch {
	case len(g.keys) > 0 && len(certs) > 0:
		return []Problem{{
			Code: trust.KeyMismatch, File: g.keys[0].file, Args: map[string]string{
				"file": g.keys[0].file, "certFile": certs[0].file, "subject": clip(certs[0].Subject.String()),
			},
		}}
	case len(g.keys) > 0:
		return []Problem{{
			Code: trust.KeyWithoutCert, File: g.keys[0].file, Args: map[string]string{"file": g.keys[0].file},
		}}
	case len(certs) > 0:
		return []Problem{{
			Code: trust.CertWithoutKey, File: certs[0].file,
			Args: map[string]string{"file": certs[0].file, "subject": clip(certs[0].Subject.String())},
		}}
	case len(g.certs) > 0:
		return []Problem{{
			Code: CAOnly, File: g.certs[0].file,
			Args: map[string]string{"file": g.certs[0].file, "subject": clip(g.certs[0].Subject.String())},
		}}
	}
	return nil
}
