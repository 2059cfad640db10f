package platform

import (
	"context"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
)

// Account is what this machine knows of the person's sign-in to one registry.
type Account struct {
	Registry trust.Registry
	// Kept are the places where a credential for it lies, the ones that docker uses
	// first. None of it was read from a keyring: nobody was prompted.
	Kept []Kept
}

// KeptIn is a kind of place where a credential lies.
type KeptIn string

// The places.
const (
	KeptKeyring KeptIn = "keyring" // the system's, by Mooring
	KeptSession KeptIn = "session" // this process's memory, until it ends
	KeptHelper  KeptIn = "helper"  // another credential helper
	KeptFile    KeptIn = "file"    // in plain text
)

// Kept is a credential that lies somewhere.
type Kept struct {
	In      KeptIn
	Helper  string // of KeptHelper: "pass", "osxkeychain", …
	Path    string // of KeptFile and KeptHelper: the file that holds or names it
	User    string // "" when it could not be seen without reading a secret
	Token   bool   // an identity token instead of a password
	At      time.Time
	Expires time.Time // zero: it is not known to end
	// Readers are the parties that use this one now: docker, podman.
	Readers []trust.Party
}

// SignInRequest asks to sign in. The credential is proved at the registry before
// anything is kept.
type SignInRequest struct {
	Registry   trust.Registry
	Credential trust.Credential
	Session    bool // keep it in this process's memory only
	Timeout    time.Duration
}

// SignIns is what the faces use of signing in.
type SignIns interface {
	// Accounts lists what is known of sign-ins, from files alone.
	Accounts(ctx context.Context) ([]Account, error)
	// SignInMethod asks a registry how it wants to be signed in to. The error is a
	// *signin.Refusal with Unverified where its servers are not trusted.
	SignInMethod(ctx context.Context, r trust.Registry) (signin.Method, error)
	// SignIn proves a credential and keeps it. Errors are *signin.Refusal and
	// *keyring.Error; with the latter the credential is good and was not kept.
	SignIn(ctx context.Context, q SignInRequest) (signin.Outcome, error)
	// SignOut forgets what Mooring keeps for a registry.
	SignOut(ctx context.Context, r trust.Registry) error
	// Keyring says how the system's keyring stands: nil or a *keyring.Error. It may
	// take as long as ctx allows, and prompts nobody.
	Keyring(ctx context.Context) error
	// PlanUse plans to let tools (docker, podman) use Mooring's sign-in for a
	// registry, or with on false to take that away.
	PlanUse(ctx context.Context, r trust.Registry, tools []trust.Party, on bool) (trust.Plan, error)
	// PlanMove plans to move a password that lies in plain text into the keyring.
	PlanMove(ctx context.Context, r trust.Registry) (trust.Plan, error)
	// PlanUnregister plans to remove Mooring from all of the person's files that name
	// it as a credential helper.
	PlanUnregister(ctx context.Context) (trust.Plan, error)
	// Ailments lists what is wrong with the sign-ins of docker and podman here.
	Ailments(ctx context.Context) ([]Ailment, error)
}

// Catalogs is what the faces use of a registry's content. Errors are
// *signin.Refusal and *catalog.Refusal.
type Catalogs interface {
	// Repositories calls each with every page as it comes, until the registry has no
	// more or ctx ends.
	Repositories(ctx context.Context, r trust.Registry, each func(catalog.Page)) error
	// Tags calls each with the tags of a repository, first by name, then again as
	// sizes come in.
	Tags(ctx context.Context, r trust.Registry, repository string, each func(catalog.Sized)) error
	// Rights asks what may be done with a repository.
	Rights(ctx context.Context, r trust.Registry, repository string) (catalog.Rights, error)
}
