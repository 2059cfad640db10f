package diagnose

import (
	"crypto/x509"
	"slices"

	"mooring.dev/mooring/trust"
)

// stale reports an anchor with the name that the path asks for and another key:
// the CA was renewed, or somebody uses its name.
func (v *view) stale(c consumer) {
	for _, i := range v.chain.path {
		cert := v.ep.Sent[i]
		for _, a := range v.named(c.Policy, cert.RawIssuer) {
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
		case len(found) == 1 && !v.isSent(a.Cert) && trust.EndsSoon(a.Cert, now):
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
	for _, a := range v.named(p, c.RawIssuer) {
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
