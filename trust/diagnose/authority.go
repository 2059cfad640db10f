package diagnose

import (
	"crypto/x509"
	"slices"

	"mooring.dev/mooring/trust"
)

// authority asks of each consumer in scope whether the path reaches one of its
// anchors, whatever else is wrong with it.
func (v *view) authority() {
	var lost []consumer
	for _, c := range v.scoped {
		if !c.verifies() {
			continue
		}
		found := v.anchoring(c.Policy)
		v.anchorFaults(c, found)
		v.pinned(c, found)
		if len(found) == 0 && !c.tolerates() && !v.completed(c.Policy) {
			lost = append(lost, c)
			v.stale(c)
		}
	}
	v.incomplete()
	v.restarts()
	if len(lost) > 0 {
		v.unknownAuthority(lost)
	}
	v.sentAway()
	v.unexplained()
}

// unexplained reports a refusal for which no fault was found, in the library's
// words: of all that x509 checks, certificate policies are not looked at here.
func (v *view) unexplained() {
	if slices.ContainsFunc(v.out, func(f trust.Finding) bool {
		return f.Endpoint == v.index && (f.Severity == trust.SeverityError || v.ep.Role == trust.RoleMirror)
	}) {
		return
	}
	if cs := v.refusedFor(trust.UnknownAuthority); len(cs) > 0 {
		v.add(trust.Finding{
			Code: trust.UnknownAuthority, Variant: "unexplained", Party: cs[0].Consumer.Party,
			Args: aboutCert(v.ep.Sent[0], "parties", parties(cs), "text", clipped(cs[0].verdict.Error)),
		})
	}
}

// unknownAuthority reports that consumers hold no anchor of the path. Below a gap
// in the chain it cannot name the CA to be trusted: what issued the last
// certificate is not it.
func (v *view) unknownAuthority(lost []consumer) {
	top := v.chain.top()
	code := trust.UnknownAuthority
	if len(v.chain.path) == 1 && v.chain.selfSigned(top) {
		code = trust.SelfSignedLeaf
	}
	values := aboutCert(v.ep.Sent[0], "parties", parties(lost))
	values["issuer"] = issuerName(top)
	var variant string
	if between, ok := v.missing(); ok {
		values["issuer"] = issuerName(between)
	} else if v.reported(trust.IncompleteChain) {
		variant = "incomplete"
	}
	v.add(trust.Finding{
		Code: code, Variant: variant, Certificate: v.chain.path[len(v.chain.path)-1], Party: lost[0].Consumer.Party, Args: values,
	})
}

// sentAway reports that a server which the registry sends its clients to is
// refused: their words name this one alone, if any.
func (v *view) sentAway() {
	code, away := awayCodes[v.ep.Role]
	if !away {
		return
	}
	var refused []consumer
	for _, c := range v.scoped {
		if c.verdict.State == trust.Refused && c.verdict.Effective == "" {
			refused = append(refused, c)
		}
	}
	if len(refused) > 0 {
		v.fact(code, "parties", parties(refused), "issuer", issuerName(v.chain.top()))
	}
}

var awayCodes = map[trust.Role]trust.Code{
	trust.RoleToken: trust.TokenUntrusted, trust.RoleRedirect: trust.RedirectUntrusted,
}

// anchoring lists the anchors of p that end the path: certificates of the path
// themselves, or those that issued one. An anchor in the OS store counts even if
// the process has yet to be restarted to see it: that is another finding.
func (v *view) anchoring(p trust.Policy) []trust.Anchor {
	var out []trust.Anchor
	for i, cert := range v.chain.sent {
		if !v.chain.reached[i] {
			continue
		}
		for _, a := range v.named(p, cert.RawSubject) {
			if a.Cert.Equal(cert) {
				out = append(out, a)
			}
		}
		for _, a := range v.named(p, cert.RawIssuer) {
			if v.chain.issued(a.Cert, cert) {
				out = append(out, a)
			}
		}
	}
	return out
}

// completed reports whether p would reach an anchor if the server also sent an
// intermediate that is known: then it lacks no authority, the chain does.
func (v *view) completed(p trust.Policy) bool {
	between, ok := v.missing()
	if !ok {
		return false
	}
	for _, a := range v.named(p, between.RawIssuer) {
		if v.chain.issued(a.Cert, between) {
			return true
		}
	}
	return false
}

// missing finds the intermediate that the server should have sent after the last
// of its path, among all the certificates that are known here.
func (v *view) missing() (*x509.Certificate, bool) {
	top := v.chain.top()
	if v.chain.selfSigned(top) {
		return nil, false
	}
	for _, c := range v.elsewhere(top.RawIssuer) {
		if string(c.RawSubject) != string(c.RawIssuer) && v.chain.issued(c, top) {
			return c, true
		}
	}
	return nil, false
}

// elsewhere lists the certificates with this subject that are known from other
// endpoints, from any consumer's anchors, or from anywhere on this machine.
func (v *view) elsewhere(subject []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for _, ep := range v.in.Probe.Endpoints {
		for _, c := range ep.Sent[:min(len(ep.Sent), maxChain)] {
			if string(c.RawSubject) == string(subject) {
				out = append(out, c)
			}
		}
	}
	for _, c := range v.all {
		for _, a := range v.named(c.Policy, subject) {
			out = append(out, a.Cert)
		}
	}
	for _, a := range v.held().Named(subject) {
		out = append(out, a.Cert)
	}
	return out
}

// incomplete reports a chain that ends below an intermediate. Whether the issuer
// that is missing is one or a root can be known only if it is known itself;
// otherwise that the leaf says where to fetch its issuer, or that a root came
// along which issued nothing else, tells enough.
func (v *view) incomplete() {
	top := v.chain.top()
	if v.chain.selfSigned(top) {
		return
	}
	index := v.chain.path[len(v.chain.path)-1]
	var url string
	if len(top.IssuingCertificateURL) > 0 {
		url = clipped(top.IssuingCertificateURL[0])
	}
	if _, ok := v.missing(); ok {
		v.cert(trust.IncompleteChain, index, "url", url)
		return
	}
	if v.heldBySomebody(top) || top.IsCA {
		return
	}
	if url != "" || v.strayRoot() {
		v.cert(trust.IncompleteChain, index, "url", url)
	}
}

// heldBySomebody reports whether an issuer of c is known: a root, then.
func (v *view) heldBySomebody(c *x509.Certificate) bool {
	for _, known := range v.elsewhere(c.RawIssuer) {
		if v.chain.issued(known, c) {
			return true
		}
	}
	return false
}

func (v *view) strayRoot() bool {
	for i, c := range v.chain.sent {
		if !v.chain.reached[i] && c.IsCA && v.chain.selfSigned(c) {
			return true
		}
	}
	return false
}
