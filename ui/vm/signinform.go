package vm

import (
	"context"
	"errors"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// SignInStep is how far the sign-in dialog is.
type SignInStep int

// The steps of the sign-in dialog.
const (
	AskingHow SignInStep = iota // how the registry wants to be signed in to
	Barred                      // it could not be asked, or must be trusted first
	Needless                    // it is open: nothing need be typed, and nothing is sent
	Typing
	SigningIn // the registry is asked whether it accepts what was typed
	SignedIn  // and docker and podman may be given it
)

// SignInForm is the state of the sign-in dialog. It belongs to one goroutine; the
// window does the work and hands the results in. The password is never part of it:
// it goes from the field into the request, and nowhere else.
type SignInForm struct {
	Entry   Entry
	Step    SignInStep
	Method  signin.Method
	User    string // as remembered, to begin with
	Err     error  // of the last attempt, or of asking
	Outcome signin.Outcome
	As      string // the user that is signed in

	keyring error // how it stands: nil or a *keyring.Error
	asked   bool  // the keyring has answered
	session bool  // the person wants it kept in memory only

	// Use is the second step, which lets the tools use the sign-in; nil without one.
	Use      *TrustForm
	Tools    []trust.Party
	planning bool
}

// NewSignInForm returns the form for a registry; a is what is known of an earlier
// sign-in, tools are those that could use a new one.
func NewSignInForm(e Entry, a platform.Account, tools []trust.Party) *SignInForm {
	return &SignInForm{Entry: e, User: remembered(a), Tools: tools}
}

// remembered is the user of an earlier sign-in.
func remembered(a platform.Account) string {
	for _, k := range a.Kept {
		if k.User != "" && k.User != tokenUser {
			return k.User
		}
	}
	return ""
}

// tokenUser is what docker's helpers call the user of an identity token.
const tokenUser = "<token>"

// Registry is the registry to sign in to.
func (f *SignInForm) Registry() trust.Registry { return f.Entry.Known.Registry }

// SetMethod takes how the registry wants to be signed in to, or why it did not say.
func (f *SignInForm) SetMethod(m signin.Method, err error) {
	f.Method, f.Err, f.Step = m, err, Typing
	switch {
	case err != nil:
		f.Step = Barred
		return
	case m.Scheme == signin.Open:
		f.Step = Needless
	}
	if f.User == "" {
		f.User = fixedUser(m.Product)
	}
}

// fixedUser is the user that everybody signs in as, where there is one.
func fixedUser(p signin.Product) string {
	if p == signin.ECR {
		return "AWS"
	}
	return ""
}

// SetKeyring takes how the system's keyring stands.
func (f *SignInForm) SetKeyring(err error) { f.keyring, f.asked = err, true }

// KeyringReady reports whether the keyring can be chosen. Until it has answered it is
// hoped for; one that is locked, or that did not answer, may open when it is used.
func (f *SignInForm) KeyringReady() bool {
	switch KeyringState(f.keyring) {
	case keyring.NoBus, keyring.NoService, keyring.TooBig, keyring.Unsupported:
		return false
	default:
		return true
	}
}

// SetSession takes whether the sign-in is to end with Mooring.
func (f *SignInForm) SetSession(on bool) { f.session = on }

// Session reports whether the sign-in will be kept in memory only.
func (f *SignInForm) Session() bool { return f.session || !f.KeyringReady() }

// Request is what to ask the machine for.
func (f *SignInForm) Request(user string, secret trust.Secret) platform.SignInRequest {
	return platform.SignInRequest{
		Registry:   f.Registry(),
		Credential: trust.Credential{User: user, Secret: secret},
		Session:    f.Session(),
	}
}

// Begin says that an attempt is under way.
func (f *SignInForm) Begin(user string) { f.Step, f.As, f.Err = SigningIn, user, nil }

// Stop takes back an attempt that the person cancelled.
func (f *SignInForm) Stop() { f.Step, f.Err = Typing, nil }

// Secret is what becomes of a password that was typed.
type Secret int

// What can become of it: it is most likely right, it is to be typed over, or it is
// of no more use.
const (
	KeepSecret Secret = iota
	SelectSecret
	ClearSecret
)

// End takes the result of an attempt, and says what becomes of the password.
func (f *SignInForm) End(out signin.Outcome, err error) Secret {
	f.Outcome, f.Err = out, err
	var kept *keyring.Error
	switch {
	case err == nil:
		f.Step = SignedIn
		return ClearSecret
	case errors.As(err, &kept):
		f.SetKeyring(err) // it was right; what is missing is a place for it
		f.Step = Typing
		return KeepSecret
	}
	f.Step = Typing
	return f.refused(err)
}

func (f *SignInForm) refused(err error) Secret {
	var r *signin.Refusal
	if !errors.As(err, &r) {
		return KeepSecret
	}
	switch r.Why {
	case signin.Unverified, signin.Redirected, signin.NotARegistry:
		f.Step = Barred
		return ClearSecret
	case signin.WrongPassword:
		return SelectSecret
	case signin.SecondFactor, signin.Ended, signin.Forbidden, signin.Locked:
		return ClearSecret
	default:
		return KeepSecret
	}
}

// Kept reports whether the sign-in outlives Mooring, so that tools could use it.
func (f *SignInForm) Kept() bool { return f.Step == SignedIn && !f.Session() }

// NeedsTrust reports whether nothing can be sent before the registry, or a server
// that it names, is trusted.
func (f *SignInForm) NeedsTrust() bool {
	var r *signin.Refusal
	return f.Step == Barred && errors.As(f.Err, &r) && r.Why == signin.Unverified
}

// BeginUse says that the changes which let the tools use the sign-in are being
// worked out.
func (f *SignInForm) BeginUse() {
	f.Use = &TrustForm{Registry: f.Registry()}
	f.planning = true
}

// SetUse takes those changes.
func (f *SignInForm) SetUse(p trust.Plan, err error) {
	f.planning = false
	f.Use.Err = err
	if err == nil {
		f.Use.Plan = &p
	}
}

// CanUse reports whether there is a change to be made for the tools.
func (f *SignInForm) CanUse() bool {
	u := f.Use
	return u != nil && u.Phase == Deciding && u.Err == nil && u.Plan != nil && len(u.Plan.Pending()) > 0
}

// cancelled reports whether err says no more than that the person did not wait.
func cancelled(err error) bool { return errors.Is(err, context.Canceled) }

// KeyringState is the state that an error of the keyring tells, "" for another
// error or none.
func KeyringState(err error) keyring.State {
	var k *keyring.Error
	if errors.As(err, &k) {
		return k.State
	}
	return ""
}
