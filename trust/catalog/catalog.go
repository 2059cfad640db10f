// Package catalog asks a registry what it holds and what the person may do there:
// its repositories, their tags and sizes, and whether they may be pulled and
// pushed. It speaks over a transport of package signin, to verified servers only.
package catalog

import (
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// Page is one answer of many: names in the registry's order.
type Page struct {
	Repositories []string
	Last         bool
}

// Tag is one tag of a repository.
type Tag struct {
	Name   string
	Digest string // "sha256:…"; "" when not asked
	// Size is that of the manifest's layers and configuration together, in bytes; of
	// an index, of all its manifests. -1 when not known.
	Size      int64
	Platforms []string // of an index: "linux/amd64"
}

// Answer is what a registry says of a right.
type Answer string

// The answers.
const (
	Yes      Answer = "yes"
	No       Answer = "no"
	NotKnown Answer = "unknown"
)

// Rights is what the person may do with a repository, asked of the registry: pull
// by a token's scope or a request, push by a token's scope or an upload that is
// begun and cancelled.
type Rights struct {
	Repository string
	Pull, Push Answer
	// PullText and PushText are the registry's own words where it says no or cannot
	// be asked.
	PullText, PushText string
	Credential         bool // asked with a credential, or as anybody
	// UploadLeft: the upload that was begun to ask about pushing could not be
	// cancelled (distribution wants the right to delete for that). It is empty, and
	// registries clear such ones away.
	UploadLeft bool
}

// Why is the reason for which there is no catalog. Its words are under
// "catalog.why.<why>".
type Why string

// The reasons.
const (
	AdminOnly   Why = "admin-only"  // Harbor lists only for administrators
	NotOffered  Why = "not-offered" // Docker Hub, GitLab and others have no catalog
	NeedsSignIn Why = "needs-sign-in"
	Denied      Why = "denied"
)

// Refusal is the error of a registry that does not list.
type Refusal struct {
	Why    Why
	Status int
	Text   string // the registry's own words, bounded
	// Product is whose registry it is: what helps differs.
	Product signin.Product
	Err     error
}

func (r *Refusal) Error() string {
	return "the registry does not list its repositories: " + string(r.Why)
}

func (r *Refusal) Unwrap() error { return r.Err }

// Sized is the registry with what one page of tags told.
type Sized struct {
	Registry   trust.Registry
	Repository string
	Tags       []Tag
	Last       bool
}
