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

// keychainStore is a domain as a store of anchors. A certificate is held when it
// lies in the domain's keychain; its settings are the domain's, and can be there
// although the certificate lies in another keychain.
type keychainStore struct {
	tool
	domain
}

// Get implements [store.Store].
func (s keychainStore) Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error) {
	held, err := s.held(ctx, cert)
	if err != nil {
		return trust.Membership{}, err
	}
	all, err := s.export(ctx, s.option)
	if err != nil {
		return trust.Membership{}, change.As(err)
	}
	return trust.Membership{Held: held > 0, Settings: all.of(cert).String()}, nil
}

// held is how often the keychain holds exactly cert.
func (s keychainStore) held(ctx context.Context, cert *x509.Certificate) (int, error) {
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
	goal, err := parseSettings(want.Settings)
	if err != nil {
		return change.Refuse(change.ErrBadPlan, s.keychain, "%s", err)
	}
	was, err := s.Get(ctx, cert)
	if err != nil || was == want {
		return err
	}
	now, err := parseSettings(was.Settings)
	if err != nil {
		return change.Refuse(change.ErrBadPlan, s.keychain, "%s", err)
	}
	if was.Settings != want.Settings && (!now.sayable() || !goal.sayable()) {
		return change.Refuse(change.ErrBadPlan, s.keychain,
			"macOS holds trust settings of this certificate that Mooring could not bring back; change them in Keychain Access")
	}
	err = s.make(ctx, cert, was, want, goal)
	if err != nil && !was.Held {
		// The panel comes after the certificate is in the keychain.
		if n, lost := s.held(ctx, cert); lost == nil && n > 0 {
			_ = s.remove(context.WithoutCancel(ctx), cert, n)
		}
	}
	if err != nil {
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

// make runs what leads from was to want. Trust goes before the certificate does.
func (s keychainStore) make(ctx context.Context, cert *x509.Certificate, was, want trust.Membership, goal settings) error {
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
	for _, args := range s.commands(cert, was, want, goal, file) {
		if err := s.change(ctx, args...); err != nil {
			return err
		}
	}
	if was.Held && !want.Held {
		n, err := s.held(ctx, cert)
		if err != nil {
			return err
		}
		return s.remove(ctx, cert, n)
	}
	return nil
}

// remove deletes cert from the keychain as often as it lies there. By SHA-256:
// a name or a SHA-1 digest could be another's (SecurityTool/macOS/keychain_find.c
// find_unique_certificate takes 64 digits for SHA-256).
func (s keychainStore) remove(ctx context.Context, cert *x509.Certificate, times int) error {
	for range times {
		if err := s.change(ctx, s.deletion(cert)...); err != nil {
			return err
		}
	}
	return nil
}

func (s keychainStore) deletion(cert *x509.Certificate) []string {
	return []string{"delete-certificate", "-Z", strings.ToUpper(trust.FingerprintOf(cert).String()), s.keychain}
}

// commands are the arguments of the calls that lead from was to want but for the
// deletion of the certificate.
func (d domain) commands(cert *x509.Certificate, was, want trust.Membership, goal settings, file string) [][]string {
	adding := want.Held && !was.Held
	var in []string // the domain of the trust settings
	if d.option != "" {
		in = []string{d.option}
	}
	switch {
	case want.Settings == "" && adding:
		out := [][]string{{"add-certificates", "-k", d.keychain, file}}
		if was.Settings != "" {
			out = append(out, slices.Concat([]string{"remove-trusted-cert"}, in, []string{file}))
		}
		return out
	case want.Settings == was.Settings && !adding:
		return nil
	case want.Settings == "":
		return [][]string{slices.Concat([]string{"remove-trusted-cert"}, in, []string{file})}
	case want.Settings == was.Settings: // which may be what cannot be said
		return [][]string{{"add-certificates", "-k", d.keychain, file}}
	}
	args := slices.Concat([]string{"add-trusted-cert"}, in, goal.options(cert))
	if adding {
		args = append(args, "-k", d.keychain)
	}
	return [][]string{append(args, file)}
}
