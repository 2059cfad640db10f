package platform

import (
	"context"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// ClientCertRequest is what a client certificate for a registry is made of.
type ClientCertRequest struct {
	Registry trust.Registry
	Files    []clientcert.File
	// Passphrase opens a PKCS#12 file or an encrypted key; empty for none.
	Passphrase trust.Secret
	Parties    []trust.Party // nil: the registry's scope
	Timeout    time.Duration
}

// SigningRequest is a new key with a request for its certificate.
type SigningRequest struct {
	Registry trust.Registry
	Name     string // common name
	KeyPath  string // where the key was put, readable by the person alone
	PEM      string // the request, for the administrator
	At       time.Time

	// Answered: a consumer shows the certificate that answers it.
	Answered bool
	Copy     KeyCopy
	CopyPath string // where that copy lies, or may lie; "" for KeyAlone
}

// ClientCerts is what the faces use of client certificates.
type ClientCerts interface {
	// ReviewClientCert reads files, puts a pair together and holds it against what
	// the registry's handshake asks for.
	ReviewClientCert(ctx context.Context, q ClientCertRequest) (clientcert.Review, error)
	// PlanClientCert plans to install the pair of a review for each party in its
	// own place and form.
	PlanClientCert(ctx context.Context, q ClientCertRequest, r clientcert.Review) (trust.Plan, error)
	// NewSigningRequest makes a key in the person's own directory and a request for
	// it. The answer comes back in as a file of [ClientCertRequest]; its key is then
	// found by itself.
	NewSigningRequest(ctx context.Context, r trust.Registry, name string) (SigningRequest, error)
	// ProveClientCert shows a pair to the registry in a new handshake, if somebody
	// in its scope verifies it. It is accepted only by a registry that asked for it,
	// was sent it, and answered.
	ProveClientCert(ctx context.Context, r trust.Registry, p clientcert.Pair) (clientcert.Proof, error)
	// SigningRequests lists the requests whose key is kept: those whose answer is
	// awaited, and those whose key lies here beside the one that was installed.
	SigningRequests(ctx context.Context) ([]SigningRequest, error)
	// ForgetSigningRequest removes the request whose key lies at keyPath, with that key.
	// It is refused as [SigningRequest.MustStay] says; there is no way back.
	ForgetSigningRequest(ctx context.Context, keyPath string, force bool) error
}
