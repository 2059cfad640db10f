package keychain

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// domain is one place of trust: a keychain that holds certificates, and the trust
// settings that say what they are for.
type domain struct {
	name     string
	keychain string
	option   string // of `security`
}

// keychainStore is a domain as a store of anchors.
type keychainStore struct {
	tool
	domain
}

// Get implements [store.Store]. A certificate is held when it lies in the domain's
// keychain, or when the domain has settings for it although it lies in another.
func (s keychainStore) Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error) {
	is, err := s.state(ctx, cert)
	return is.membership(), err
}

func (s keychainStore) state(ctx context.Context, cert *x509.Certificate) (state, error) {
	n, err := s.copies(ctx, cert)
	if err != nil {
		return state{}, err
	}
	all, err := s.export(ctx, s.option)
	if err != nil {
		return state{}, change.As(err)
	}
	return state{n > 0, all.of(cert)}, nil
}

// copies is how often the keychain holds exactly cert.
func (s keychainStore) copies(ctx context.Context, cert *x509.Certificate) (int, error) {
	certs, err := s.find(ctx, s.keychain)
	if err != nil {
		return 0, change.As(err)
	}
	n := 0
	for _, c := range certs {
		if c.Equal(cert) {
			n++
		}
	}
	return n, nil
}

// Set implements [store.Store]. A failure leaves no certificate in the keychain
// that was not there; trust settings that macOS has taken by then stay, since to
// take them back it would have to ask again.
func (s keychainStore) Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	goal, err := stateOf(want)
	if err != nil {
		return change.Refuse(change.ErrBadPlan, s.keychain, "%s", err)
	}
	was, err := s.state(ctx, cert)
	if err != nil || was.membership() == want {
		return err
	}
	if was.String() != goal.String() && (!was.sayable() || !goal.sayable()) {
		return change.Refuse(change.ErrOtherSettings, s.keychain, "")
	}
	if err := s.make(ctx, cert, was, goal); err != nil {
		if !was.in { // the panel comes after the certificate is in the keychain
			_ = s.remove(context.WithoutCancel(ctx), cert)
		}
		return change.As(err)
	}
	return s.check(ctx, cert, want)
}

// check reads back what was made.
func (s keychainStore) check(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	got, err := s.Get(ctx, cert)
	if err == nil && got != want {
		err = change.Refuse(change.ErrNotTaken, s.keychain, "macOS holds it with %q", got.Settings)
	}
	return err
}

// make runs what leads from was to goal. Trust goes before the certificate does.
func (s keychainStore) make(ctx context.Context, cert *x509.Certificate, was, goal state) error {
	dir, done, err := folder()
	if err != nil {
		return err
	}
	defer done()
	file := filepath.Join(dir, trust.FingerprintOf(cert).String()+".pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return change.As(err)
	}
	for _, args := range s.commands(cert, was, goal, file) {
		if err := s.change(ctx, args...); err != nil {
			return err
		}
	}
	if was.in && !goal.in {
		return s.remove(ctx, cert)
	}
	return nil
}

// remove deletes cert from the keychain as often as it lies there. By SHA-256:
// a name or a SHA-1 digest could be another's (SecurityTool/macOS/keychain_find.c
// find_unique_certificate takes 64 digits for SHA-256).
func (s keychainStore) remove(ctx context.Context, cert *x509.Certificate) error {
	n, err := s.copies(ctx, cert)
	for ; err == nil && n > 0; n-- {
		err = s.change(ctx, s.deletion(cert)...)
	}
	return err
}

func (d domain) deletion(cert *x509.Certificate) []string {
	return []string{"delete-certificate", "-Z", strings.ToUpper(trust.FingerprintOf(cert).String()), d.keychain}
}

// commands are the arguments of the calls that lead from was to goal but for the
// deletion of the certificate.
func (d domain) commands(cert *x509.Certificate, was, goal state, file string) [][]string {
	var in []string // the domain of the trust settings
	if d.option != "" {
		in = []string{d.option}
	}
	adding := goal.in && !was.in
	var out [][]string
	switch {
	case was.String() == goal.String(), goal.String() == "":
		if adding {
			out = append(out, []string{"add-certificates", "-k", d.keychain, file})
		}
		if was.String() != goal.String() {
			out = append(out, slices.Concat([]string{"remove-trusted-cert"}, in, []string{file}))
		}
	default:
		args := slices.Concat([]string{"add-trusted-cert"}, in, goal.options(cert))
		if adding {
			args = append(args, "-k", d.keychain)
		}
		out = append(out, append(args, file))
	}
	return out
}
