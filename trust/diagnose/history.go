package diagnose

import (
	"crypto/x509"
	"strings"

	"golang.org/x/crypto/ocsp"

	"mooring.dev/mooring/trust"
)

// history reports that somebody else vouches for the registry than last time.
func (v *view) history() {
	seen := v.in.LastSeen
	if v.index != 0 || seen.IsZero() || seen.SameIssuer(v.ep.Sent[0]) {
		return
	}
	v.cert(trust.IssuerChanged, 0, "before", clipped(seen.Issuer), "since", date(seen.At))
}

// inspectors are products that replace certificates on the way, by words that
// their CAs' names hold. Each CA is named by whoever set the product up, so this
// finds those that kept the default, which are most.
var inspectors = []struct{ word, product string }{
	{"zscaler", "Zscaler"},
	{"netskope", "Netskope"},
	{"goskope", "Netskope"},
	{"fortinet", "FortiGate"},
	{"fortigate", "FortiGate"},
	{"palo alto networks", "Palo Alto Networks"},
	{"cisco umbrella", "Cisco Umbrella"},
	{"blue coat", "Blue Coat ProxySG"},
	{"bluecoat", "Blue Coat ProxySG"},
	{"forcepoint", "Forcepoint"},
	{"websense", "Forcepoint"},
	{"check point", "Check Point"},
	{"sophos ssl", "Sophos"},
	{"sophos web", "Sophos"},
	{"mcafee web gateway", "Skyhigh"},
	{"skyhigh", "Skyhigh"},
	{"barracuda", "Barracuda"},
	{"watchguard", "WatchGuard"},
	{"sonicwall", "SonicWall"},
	{"cloudflare for teams", "Cloudflare Gateway"},
	{"cloudflare gateway", "Cloudflare Gateway"},
	{"kaspersky", "Kaspersky"},
	{"eset ssl filter", "ESET"},
	{"avast web/mail", "Avast"},
	{"avg web/mail", "AVG"},
	{"bitdefender", "Bitdefender"},
	{"mitmproxy", "mitmproxy"},
	{"charles proxy", "Charles"},
	{"do_not_trust_fiddlerroot", "Fiddler"},
	{"portswigger", "Burp Suite"},
}

// inspector reports a certificate whose issuer is known for inspecting traffic.
func (v *view) inspector(c *x509.Certificate, i int) {
	words := []string{c.Issuer.CommonName}
	words = append(words, c.Issuer.Organization[:min(len(c.Issuer.Organization), maxNames)]...)
	for _, w := range words {
		w = strings.ToLower(clipped(w))
		for _, p := range inspectors {
			if strings.Contains(w, p.word) && !v.reported(trust.Intercepted) {
				v.cert(trust.Intercepted, i, "product", p.product)
			}
		}
	}
}

func (v *view) reported(code trust.Code) bool {
	for _, f := range v.out {
		if f.Code == code && f.Endpoint == v.index {
			return true
		}
	}
	return false
}

// stapled reports what the OCSP answer in the handshake says, if the issuer
// signed it and it is of now. Nothing is asked of anybody.
func (v *view) stapled() {
	if v.ep.TLS == nil || len(v.ep.TLS.OCSPStaple) == 0 || len(v.chain.path) < 2 {
		return
	}
	leaf, issuer := v.ep.Sent[0], v.ep.Sent[v.chain.path[1]]
	r, err := ocsp.ParseResponseForCert(v.ep.TLS.OCSPStaple, leaf, issuer)
	if err != nil || r.Status != ocsp.Revoked || v.in.Now.Before(r.ThisUpdate) {
		return
	}
	v.cert(trust.Revoked, 0, "revokedAt", date(r.RevokedAt), "asOf", date(r.ThisUpdate))
}
