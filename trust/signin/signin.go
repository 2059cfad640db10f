// Package signin signs in to a registry: it finds out how the registry wants that,
// proves a credential there, and says why one was refused.
//
// Nothing secret leaves before the server at the other end is verified with roots
// that the person accepted ([Accept]), and nothing at all goes to a server that is
// not among them: not to a realm, not to where a redirect leads.
package signin

import (
	"time"

	"mooring.dev/mooring/trust"
)

// Scheme is how a registry wants to be signed in to.
type Scheme string

// The schemes.
const (
	Open   Scheme = "open"   // it asks for nothing
	Basic  Scheme = "basic"  // user and password with each request (htpasswd)
	Bearer Scheme = "bearer" // a token server exchanges them for a token
	Silly  Scheme = "silly"  // distribution's test scheme: any Authorization header will do
)

// Product is whose registry it is, as far as its answers tell: some want something
// other than a password.
type Product string

// The products that are told apart.
const (
	Unknown      Product = ""
	Distribution Product = "distribution"
	DockerHub    Product = "docker-hub"
	Harbor       Product = "harbor"
	GitLab       Product = "gitlab"
	ECR          Product = "ecr" // user AWS, a password of 12 hours
	ACR          Product = "acr" // identity tokens
	GitHub       Product = "github"
)

// Method is how a registry is signed in to.
type Method struct {
	Scheme  Scheme
	Product Product
	Realm   string // of Bearer: the token server's URL; of Basic: the realm's name
	Service string
}

// Outcome is a sign-in that the registry accepted.
type Outcome struct {
	Method Method
	// Keep is what to keep: an identity token in place of the password where the
	// registry gives one.
	Keep trust.Credential
	// Expires is when what is kept ends, zero when the registry does not say.
	Expires time.Time
}

// Why is the reason for which a sign-in failed, stable for other programs. Its
// words are under "signin.why.<why>".
type Why string

// The reasons.
const (
	WrongPassword Why = "wrong-password"
	Locked        Why = "locked"         // too many failures, or a disabled account
	SecondFactor  Why = "second-factor"  // a password will not do: an access token will
	RateLimited   Why = "rate-limited"   // RetryAfter says how long, if the server did
	Forbidden     Why = "forbidden"      // known, and not allowed
	Ended         Why = "ended"          // the token or password was good once
	NeedsSignIn   Why = "needs-sign-in"  // it was asked as anybody
	NotARegistry  Why = "not-a-registry" // for instance the host of a web interface
	Unavailable   Why = "unavailable"    // the server failed
	Incomplete    Why = "incomplete"     // no user or no password: nothing was sent
	Unverified    Why = "unverified"     // an endpoint is not verified: nothing was sent
	Redirected    Why = "redirected"     // it points to a server outside of what was verified
	BadAnswer     Why = "bad-answer"     // what it answers makes no sense
	NoConnection  Why = "no-connection"
)

// Refusal is the error of a failed sign-in.
type Refusal struct {
	Why Why
	// Endpoint is the address (host:port) that said so or is concerned.
	Endpoint string
	Role     trust.Role
	// Product is whose server said so, where that is known by then: what helps
	// differs from one to the other.
	Product Product
	// Reason is, of an endpoint that is not verified or not reached, why: the code of
	// a finding. Party is a tool that does not verify it, if that is the reason.
	Reason trust.Code
	Party  trust.Party
	// Text is the server's or library's own words, bounded and without anything secret.
	Text       string
	RetryAfter time.Duration
	Status     int // of HTTP, 0 for none
	Err        error
}

func (r *Refusal) Error() string {
	text := "sign-in refused: " + string(r.Why)
	if r.Endpoint != "" {
		text += " at " + r.Endpoint
	}
	if r.Text != "" {
		text += ": " + r.Text
	}
	return text
}

func (r *Refusal) Unwrap() error { return r.Err }
