package vm

import (
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// ClientForm is the state of the client certificate dialog: the files that a
// person brought, what was made of them, and what came of it. It belongs to one
// goroutine; the window does the work and hands the results in.
type ClientForm struct {
	Registry trust.Registry
	Report   *trust.Report // of the last check, nil for none
	// Requests are those for this registry whose key is kept.
	Requests []platform.SigningRequest
	// Spare is the removal of the key of one of them; nil while none is thought of.
	Spare *SpareKey

	files      []clientcert.File
	passphrase trust.Secret
	Review     *clientcert.Review
	Reviewing  bool
	Plan       *trust.Plan
	Planning   bool
	Err        error // of reviewing, planning or applying

	Phase    Phase
	Progress platform.Progress
	Receipt  *trust.Receipt
	Proof    *trust.Report
	Shown    *clientcert.Proof // what the registry made of the pair
}

// NewClientForm returns the form for a registry.
func NewClientForm(r trust.Registry, report *trust.Report) *ClientForm {
	return &ClientForm{Registry: r, Report: report}
}

// maxClientFiles bounds what is read at once: a pair, its intermediates, and as
// many that do not belong to it.
const maxClientFiles = 12

// Add takes a file. One of a name that is there already takes its place: it was
// written anew. It reports whether there was room.
func (f *ClientForm) Add(name string, data []byte) bool {
	i := slices.IndexFunc(f.files, func(o clientcert.File) bool { return o.Name == name })
	switch {
	case i >= 0:
		f.files[i].Data = data
	case len(f.files) == maxClientFiles:
		return false
	default:
		f.files = append(f.files, clientcert.File{Name: name, Data: data})
	}
	f.stale()
	return true
}

// Remove takes a file away.
func (f *ClientForm) Remove(name string) {
	f.files = slices.DeleteFunc(f.files, func(o clientcert.File) bool { return o.Name == name })
	f.stale()
}

// SetPassphrase takes what opens the key.
func (f *ClientForm) SetPassphrase(s trust.Secret) {
	f.passphrase = s
	f.stale()
}

// stale forgets what was made of other files. What the person reads stays until
// the next review is there.
func (f *ClientForm) stale() { f.Plan, f.Err = nil, nil }

// Empty reports whether there is no file.
func (f *ClientForm) Empty() bool { return len(f.files) == 0 }

// NeedsPassphrase reports whether a passphrase helps, or has helped.
func (f *ClientForm) NeedsPassphrase() bool {
	return f.Review != nil && f.Review.NeedsPassphrase() || !f.passphrase.Empty()
}

// Request is what to review and to plan.
func (f *ClientForm) Request() platform.ClientCertRequest {
	return platform.ClientCertRequest{Registry: f.Registry, Files: slices.Clone(f.files), Passphrase: f.passphrase}
}

// Forget drops the files and the passphrase: they hold a key.
func (f *ClientForm) Forget() { f.files, f.passphrase, f.Review = nil, trust.Secret{}, nil }

// Ready reports whether there is something to plan.
func (f *ClientForm) Ready() bool {
	return f.Review != nil && !f.Reviewing && !f.Review.Fatal()
}

// changing is the form's work as the trust dialog tells of it.
func (f *ClientForm) changing() *TrustForm {
	return &TrustForm{
		Registry: f.Registry, Plan: f.Plan, Phase: f.Phase, Progress: f.Progress, Receipt: f.Receipt, Proof: f.Proof, Err: f.Err,
	}
}
