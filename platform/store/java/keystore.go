package java

import (
	"bytes"
	"context"
	"crypto/x509"
	"net/url"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/javastore"
)

// keystore is one file.
type keystore struct {
	w       world.World
	file    string
	derived bool
}

// Get implements store.Store. The settings are the names of the entries that hold
// the certificate, unless there is one alone and it is Mooring's.
func (k *keystore) Get(_ context.Context, cert *x509.Certificate) (trust.Membership, error) {
	_, f, err := k.read()
	if err != nil {
		return trust.Membership{}, err
	}
	return membership(f, cert), nil
}

// Set implements store.Store.
func (k *keystore) Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	data, f, err := k.read()
	if err != nil {
		return err
	}
	switch {
	case membership(f, cert) == want:
		return nil
	case k.derived:
		return change.Refuse(change.ErrOutsideAllowList, k.file, "it is made from the trust store of the system")
	}
	next, err := k.edited(data, f, cert, want)
	if err != nil {
		return err
	}
	if err := k.target().Replace(data, next); err != nil {
		return err
	}
	if found, err := k.Get(ctx, cert); err != nil || found != want {
		return change.Refuse(change.ErrNotTaken, k.file, "%s", trust.FingerprintOf(cert))
	}
	return nil
}

func (k *keystore) read() ([]byte, *javastore.File, error) {
	data, err := k.w.FS.ReadFile(k.file)
	if err != nil {
		return nil, nil, change.As(err)
	}
	f, err := javastore.Parse(data)
	if err != nil {
		return nil, nil, change.Refuse(change.ErrIO, k.file, "%v", err)
	}
	return data, f, nil
}

// edited is the file as it shall be: without the entries that hold cert, then with
// those that shall. Everything else must be as before.
func (k *keystore) edited(data []byte, f *javastore.File, cert *x509.Certificate, want trust.Membership) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, change.Refuse(change.ErrNotTaken, k.file, "%v", err) }
	names, err := aliases(cert, want)
	if err != nil {
		return nil, change.Refuse(change.ErrBadPlan, k.file, "%v", err)
	}
	kept := others(f, cert)
	if len(f.Aliases(cert)) > 0 {
		if data, err = f.Without(cert); err != nil {
			return fail(err)
		}
	}
	for _, name := range names {
		if f, err = javastore.Parse(data); err != nil {
			return fail(err)
		}
		if data, err = f.With(name, cert, k.w.Now().UnixMilli()); err != nil {
			return fail(err)
		}
	}
	after, err := javastore.Parse(data)
	if err != nil {
		return fail(err)
	}
	same := slices.EqualFunc(kept, others(after, cert), func(a, b javastore.Entry) bool {
		return a.Alias == b.Alias && bytes.Equal(a.DER, b.DER)
	})
	if !same || membership(after, cert) != want {
		return nil, change.Refuse(change.ErrNotTaken, k.file, "the entries would not be those that were meant")
	}
	return data, nil
}

func others(f *javastore.File, cert *x509.Certificate) []javastore.Entry {
	return slices.DeleteFunc(slices.Clone(f.Trusted), func(e javastore.Entry) bool { return e.Is(cert) })
}

// own is the name that Mooring gives the entry of a certificate.
func own(cert *x509.Certificate) string { return "mooring-" + trust.FingerprintOf(cert).Short() }

// membership says how f holds cert.
func membership(f *javastore.File, cert *x509.Certificate) trust.Membership {
	names := f.Aliases(cert)
	m := trust.Membership{Held: len(names) > 0}
	if slices.Equal(names, []string{own(cert)}) {
		return m
	}
	for i, name := range names {
		names[i] = url.PathEscape(name)
	}
	m.Settings = strings.Join(names, " ")
	return m
}

// aliases are the names that a membership stands for.
func aliases(cert *x509.Certificate, m trust.Membership) ([]string, error) {
	switch {
	case !m.Held:
		return nil, nil
	case m.Settings == "":
		return []string{own(cert)}, nil
	}
	names := strings.Split(m.Settings, " ")
	for i, escaped := range names {
		name, err := url.PathUnescape(escaped)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}
