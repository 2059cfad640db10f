// Package link reads what a colleague hands over: a mooring:// link, or the file
// .mooring.yaml of a project, with registries and the fingerprints of their CAs.
// Both are claims of whoever wrote them. They hold no secret, confirm nothing by
// themselves, and ask for nothing but the trust dialog of one registry.
package link

import (
	"slices"

	"mooring.dev/mooring/trust"
)

// Claim is one registry with the fingerprints that the sender says its CA has.
type Claim struct {
	Registry trust.Registry
	SHA256   []trust.Fingerprint // at least one, each once
	Source   Source
	// Doubts are what a person should know of the name as the sender wrote it, such
	// as letters that look like others.
	Doubts []trust.NameWarning
	Note   string // of a project file, one line; "" for none
}

// Source is where a claim came from.
type Source struct {
	Kind string // "link" or "project"
	Path string // of a project file
}

// The kinds of source.
const (
	FromLink    = "link"
	FromProject = "project"
)

// maxFingerprints bounds those of one claim: a CA and its successor are two.
const maxFingerprints = 8

// Answer is how a certificate compares with a claim. None of them confirms
// anything: who wrote the claim may have made the certificate.
type Answer int

// The answers.
const (
	Differs Answer = iota
	Same
)

// Compare holds a certificate's fingerprint against the claim.
func (c Claim) Compare(f trust.Fingerprint) Answer {
	if slices.Contains(c.SHA256, f) {
		return Same
	}
	return Differs
}

// Of is the claim that somebody who trusts a registry can hand on: the anchors by
// which the parties in scope trust it now, over all its endpoints. ok is false
// when nothing in scope trusts it.
func Of(r trust.Report) (c Claim, ok bool) {
	c = Claim{Registry: r.Registry, Source: Source{Kind: FromLink}}
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if v.State != trust.Trusted || !r.InScope(v.Consumer.Party) || len(v.Path) == 0 {
				continue
			}
			anchor := trust.FingerprintOf(v.Path[len(v.Path)-1].Cert)
			if len(c.SHA256) < maxFingerprints && !slices.Contains(c.SHA256, anchor) {
				c.SHA256 = append(c.SHA256, anchor)
			}
		}
	}
	return c, len(c.SHA256) > 0
}
