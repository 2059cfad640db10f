package winstore

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// roots is one of the stores that Mooring changes.
type roots struct {
	api   api
	place place
}

// limited is the setting of a root that Windows keeps for other purposes than TLS
// servers: an administrator's choice, which Mooring shows and never changes.
const limited = "not for servers"

// Get implements [store.Store].
func (r *roots) Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error) {
	if err := ctx.Err(); err != nil {
		return trust.Membership{}, change.As(err)
	}
	all, _, err := members(r.api, r.place)
	if err != nil {
		return trust.Membership{}, r.failed("read", err)
	}
	return membership(all, cert), nil
}

// membership is how a store with these members holds cert. Nothing but the whole
// certificate counts: two CAs may share name and serial number.
func membership(all []member, cert *x509.Certificate) trust.Membership {
	for _, m := range all {
		switch {
		case !bytes.Equal(m.der, cert.Raw):
		case m.serves || !servesItself(cert):
			return trust.Membership{Held: true}
		default:
			return trust.Membership{Held: true, Settings: limited}
		}
	}
	return trust.Membership{}
}

// servesItself reports whether the certificate's own extensions let it vouch for TLS
// servers: where they do not, Windows' settings take nothing away.
func servesItself(cert *x509.Certificate) bool {
	if len(cert.ExtKeyUsage) == 0 && len(cert.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range cert.ExtKeyUsage {
		if u == x509.ExtKeyUsageAny || u == x509.ExtKeyUsageServerAuth {
			return true
		}
	}
	return false
}

// Set implements [store.Store]. For the person's store Windows asks the person, and
// the call waits for the answer.
func (r *roots) Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	now, err := r.Get(ctx, cert)
	switch {
	case err != nil:
		return err
	case now == want:
		return nil
	case want.Settings != "" || now.Settings != "":
		return change.Refuse(change.ErrBadPlan, r.place.String(), "Mooring does not change for what purposes Windows keeps a certificate")
	case want.Held:
		err = r.add(cert)
	default:
		err = r.remove(cert)
	}
	if err != nil {
		return err
	}
	// What was done is looked at with nothing to stop it: ctx may have ended while the
	// person was asked.
	if now, err = r.Get(context.WithoutCancel(ctx), cert); err == nil && now != want {
		err = change.Refuse(change.ErrNotTaken, r.place.String(), "Windows reported success, and the store is as before")
	}
	return err
}

func (r *roots) add(cert *x509.Certificate) error {
	if err := r.useful(cert); err != nil {
		return err
	}
	return r.change("add", func(s handle) error { return r.api.add(s, cert.Raw) })
}

// useful refuses to add what Windows would not use then.
func (r *roots) useful(cert *x509.Certificate) error {
	if r.place.location == person && r.api.personOff() {
		return change.Refuse(change.ErrNoRights, r.place.String(),
			"a policy of this computer (ProtectedRoots) keeps Windows from using the roots of single persons")
	}
	for _, p := range distrusted(r.place.location) {
		all, _, err := members(r.api, p)
		if err != nil {
			return r.failed("read "+p.String(), err)
		}
		if membership(all, cert).Held {
			return change.Refuse(change.ErrNotTaken, r.place.String(), "Windows keeps this certificate among the untrusted ones (%s)", p)
		}
	}
	return nil
}

// remove takes out every copy of cert. They are collected first: a store that is
// changed while it is gone through has no end.
func (r *roots) remove(cert *x509.Certificate) error {
	return r.change("remove", func(s handle) error {
		var copies []certificate
		err := each(r.api, s, func(c certificate) {
			if bytes.Equal(r.api.encoded(c), cert.Raw) {
				copies = append(copies, r.api.duplicate(c))
			}
		})
		for _, c := range copies {
			if err != nil {
				r.api.free(c)
				continue
			}
			err = r.api.remove(c)
		}
		if err == nil {
			err = r.api.commit(s)
		}
		return err
	})
}

// change opens the store for writing. What does not get onto the disk at its end is
// an error as well.
func (r *roots) change(verb string, do func(handle) error) error {
	s, err := r.api.open(r.place, true)
	if err != nil {
		return r.failed(verb, err)
	}
	err = do(s)
	if cerr := r.api.close(s); err == nil {
		err = cerr
	}
	return r.failed(verb, err)
}

func (r *roots) failed(verb string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errTooMany) {
		return change.Refuse(change.ErrTooLarge, r.place.String(), "%s", err)
	}
	return change.Refuse(codeOf(err), r.place.String(), "%s: %s", verb, err)
}
