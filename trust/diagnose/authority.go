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
		for _, a := range named(p, cert.RawSubject) {
			if a.Cert.Equal(cert) {
				out = append(out, a)
			}
		}
		for _, a := range named(p, cert.RawIssuer) {
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
	for _, a := range named(p, between.RawIssuer) {
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
		for _, a := range named(c.Policy, subject) {
			out = append(out, a.Cert)
		}
	}
	for _, a := range v.in.Held.Named(subject) {
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

// stale reports an anchor with the name that the path asks for and another key:
// the CA was renewed, or somebody uses its name.
func (v *view) stale(c consumer) {
	for _, i := range v.chain.path {
		cert := v.ep.Sent[i]
		for _, a := range named(c.Policy, cert.RawIssuer) {
			if a.Cert.Equal(cert) || v.chain.issued(a.Cert, cert) {
				continue
			}
			v.anchor(trust.StaleAnchor, a, c, "validUntil", date(a.Cert.NotAfter))
		}
	}
}

// anchor reports a fact about an anchor, once for all its consumers.
func (v *view) anchor(code trust.Code, a trust.Anchor, c consumer, pairs ...string) {
	fp := a.Fingerprint().String()
	for i, f := range v.out {
		if f.Code == code && f.Endpoint == v.index && f.Path == a.Source.File() && f.Args["sha256"] == fp {
			v.out[i].Args["parties"] = joined(f.Args["parties"], string(c.Consumer.Party))
			if code.Severity() == trust.SeverityError && !c.tolerates() && v.ep.Role != trust.RoleMirror {
				v.out[i].Severity = trust.SeverityError
			}
			return
		}
	}
	severity := code.Severity()
	if c.tolerates() {
		severity = trust.SeverityWarning
	}
	values := aboutCert(a.Cert, pairs...)
	values["sha256"], values["source"] = fp, string(a.Source)
	values["parties"] = string(c.Consumer.Party)
	var variant string
	if code == trust.NotYetValid || code == trust.ExpiresSoon { // else they are about what was sent
		variant = "anchor"
	}
	v.add(trust.Finding{
		Code: code, Severity: severity, Variant: variant, Certificate: trust.NoIndex,
		Party: c.Consumer.Party, Path: a.Source.File(), Args: values,
	})
}

// anchorFaults looks at the anchors that end the path for one consumer.
func (v *view) anchorFaults(c consumer, found []trust.Anchor) {
	valid := false
	for _, a := range found {
		valid = valid || trust.ValidAt(a.Cert, v.in.Now)
	}
	for _, a := range found {
		switch now := v.in.Now; {
		case !valid && now.After(a.Cert.NotAfter):
			v.anchor(trust.ExpiredAnchor, a, c, "now", date(now))
		case !valid:
			v.anchor(trust.NotYetValid, a, c, "now", date(now))
		case len(found) == 1 && !v.isSent(a.Cert) && a.Cert.NotAfter.Sub(now) < warnBefore(a.Cert):
			v.anchor(trust.ExpiresSoon, a, c, "now", date(now))
		}
		if a.Cert.IsCA && string(a.Cert.RawSubject) != string(a.Cert.RawIssuer) && !v.rootHeld(c.Policy, a.Cert) {
			v.anchor(trust.IntermediateAsAnchor, a, c)
		}
	}
}

// rootHeld reports whether p also has the issuer of an intermediate: then clients
// that insist on a root are served as well.
func (v *view) rootHeld(p trust.Policy, c *x509.Certificate) bool {
	for _, a := range named(p, c.RawIssuer) {
		if v.chain.issued(a.Cert, c) {
			return true
		}
	}
	return false
}

func (v *view) isSent(c *x509.Certificate) bool {
	return slices.ContainsFunc(v.ep.Sent, c.Equal)
}

// pinned reports server certificates that a consumer has in place of a CA. They
// serve until the server gets another one. Beside a CA of the path, as in a file
// with a whole chain, they do no harm; those of another endpoint neither.
func (v *view) pinned(c consumer, found []trust.Anchor) {
	if slices.ContainsFunc(found, func(a trust.Anchor) bool { return !noCA(a.Cert) }) {
		return
	}
	for _, a := range c.Anchors {
		switch {
		case !noCA(a.Cert):
		case a.Cert.Equal(v.ep.Sent[0]):
			v.anchor(trust.LeafAsAnchor, a, c)
		case v.ep.Role == trust.RoleRegistry:
			v.anchor(trust.LeafAsAnchor, a, c)
			v.variant(trust.LeafAsAnchor, a, "renewed")
		}
	}
}

// noCA: certificates of version 1 have no way to say that they are a CA.
func noCA(c *x509.Certificate) bool {
	v1 := c.Version < 3 && string(c.RawSubject) == string(c.RawIssuer)
	return !c.IsCA && !v1
}

// variant sets the wording of an anchor's finding.
func (v *view) variant(code trust.Code, a trust.Anchor, variant string) {
	for i, f := range v.out {
		if f.Code == code && f.Args["sha256"] == a.Fingerprint().String() {
			v.out[i].Variant = variant
		}
	}
}

// restarts reports processes that would trust the endpoint if they read the OS
// store again.
func (v *view) restarts() {
	told := map[string]bool{}
	for _, c := range v.scoped {
		if c.verdict.Effective == "" || len(c.verdict.Path) == 0 || told[c.Restart] {
			continue
		}
		told[c.Restart] = true
		anchor := c.verdict.Path[len(c.verdict.Path)-1]
		values := aboutCert(anchor.Cert, "parties", string(c.Consumer.Party), "name", c.Restart,
			"source", string(anchor.Source), "since", date(c.SystemLoaded))
		v.add(trust.Finding{
			Code: trust.RestartNeeded, Certificate: trust.NoIndex, Party: c.Consumer.Party,
			Path: anchor.Source.File(), Args: values,
		})
	}
}
