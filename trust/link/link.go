// Package link reads what a colleague hands over: a mooring:// link, or the file
// .mooring.yaml of a project, with registries and the fingerprints of their CAs.
// Both are claims of whoever wrote them. They hold no secret, confirm nothing by
// themselves, and ask for nothing but the trust dialog of one registry.
package link

import "mooring.dev/mooring/trust"

// Claim is one registry with the fingerprints that the sender says its CA has.
type Claim struct {
	Registry trust.Registry
	SHA256   []trust.Fingerprint
	Source   Source
}

// Source is where a claim came from.
type Source struct {
	Kind string // "link" or "project"
	Path string // of a project file
}
