package nss

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/nssdb"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// database is one database.
type database struct {
	w        world.World
	dir      string
	readOnly bool
}

// Get implements store.Store. The settings are the flags of trust, and the nickname
// where it is not Mooring's.
func (d *database) Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error) {
	at, err := d.look(ctx, cert)
	if err != nil {
		return trust.Membership{}, err
	}
	return at.membership(), nil
}

// Set implements store.Store.
func (d *database) Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	s, err := parse(want.Settings)
	if err != nil || !want.Held && want.Settings != "" {
		return change.Refuse(change.ErrBadPlan, d.dir, "no trust in the words of NSS")
	}
	if s.name == "" {
		s.name = own(cert)
	}
	at, err := d.look(ctx, cert)
	if err != nil || at.membership() == want {
		return err
	}
	if d.readOnly {
		return change.Refuse(change.ErrOutsideAllowList, d.dir, "Firefox takes the certificates of the system here")
	}
	if at.held && (!want.Held || at.name != s.name) {
		if err := d.remove(ctx, at); err != nil {
			return err
		}
	}
	if want.Held {
		if err := d.add(ctx, cert, s); err != nil {
			return errors.Join(err, d.takeBack(ctx, cert, at))
		}
	}
	if at, err = d.look(ctx, cert); err == nil && at.membership() != want {
		err = change.Refuse(change.ErrNotTaken, d.dir, "%s", trust.FingerprintOf(cert))
	}
	return err
}

// takeBack removes what a failed command left of a certificate that was not there.
func (d *database) takeBack(ctx context.Context, cert *x509.Certificate, before entry) error {
	at, err := d.look(ctx, cert)
	if err != nil || before.held || !at.held {
		return err
	}
	return d.remove(ctx, at)
}

// entry is how the database holds a certificate.
type entry struct {
	cert   *x509.Certificate
	held   bool
	name   string
	shared bool // others have the name, too
	flags  string
}

// The waiting for a browser that writes: its transactions take milliseconds.
const (
	patience = 2 * time.Second
	pause    = 50 * time.Millisecond
)

func (d *database) look(ctx context.Context, cert *x509.Certificate) (entry, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	certs, err := nssdb.Read(d.w, d.dir)
	for errors.Is(err, nssdb.ErrBusy) && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		certs, err = nssdb.Read(d.w, d.dir)
	}
	switch {
	case errors.Is(err, nssdb.ErrBusy):
		return entry{}, change.Refuse(change.ErrIO, d.dir, "%v", err)
	case err != nil:
		return entry{}, change.As(err)
	}
	return entryOf(certs, cert), nil
}

func entryOf(certs []nssdb.Cert, cert *x509.Certificate) entry {
	at := entry{cert: cert}
	if i := slices.IndexFunc(certs, func(c nssdb.Cert) bool { return c.Cert.Equal(cert) }); i >= 0 {
		at.held, at.name, at.flags = true, certs[i].Label, certs[i].Flags
		at.shared = slices.ContainsFunc(certs, func(c nssdb.Cert) bool { return c.Label == at.name && !c.Cert.Equal(cert) })
	}
	return at
}

// settings is what NSS says of a certificate: "C,, name=mkcert%20CA". No trust at all
// is "", as what certutil leaves when it is killed between certificate and trust.
type settings struct{ flags, name string }

const (
	noTrust = ",,"
	naming  = "name="
)

var trustFlags = regexp.MustCompile(`^[cpCTP]{0,5},[cpCTP]{0,5},[cpCTP]{0,5}$`)

func (e entry) membership() trust.Membership {
	if !e.held {
		return trust.Membership{}
	}
	var parts []string
	if e.flags != noTrust {
		parts = append(parts, e.flags)
	}
	if e.name != own(e.cert) {
		parts = append(parts, naming+url.PathEscape(e.name))
	}
	return trust.Membership{Held: true, Settings: strings.Join(parts, " ")}
}

func parse(text string) (settings, error) {
	s := settings{flags: noTrust}
	if text == "" {
		return s, nil
	}
	parts := strings.Split(text, " ")
	if !strings.HasPrefix(parts[0], naming) {
		if s.flags = parts[0]; !trustFlags.MatchString(s.flags) || s.flags == noTrust {
			return s, fmt.Errorf("%.40q is no trust", s.flags)
		}
		if parts = parts[1:]; len(parts) == 0 {
			return s, nil
		}
	}
	escaped, ok := strings.CutPrefix(parts[0], naming)
	name, err := url.PathUnescape(escaped)
	if !ok || err != nil || len(parts) > 1 || !nickname(name) {
		return s, fmt.Errorf("%.40q is no nickname", parts[0])
	}
	s.name = name
	return s, nil
}

// nickname reports whether certutil takes a name for nothing else: a colon comes
// after the name of a token, a hyphen before an option.
func nickname(name string) bool {
	return name != "" && len(name) <= 256 && !strings.ContainsAny(name, ":\x00\n") && name[0] != '-'
}

// own is the nickname that Mooring gives a certificate.
func own(cert *x509.Certificate) string { return "mooring-" + trust.FingerprintOf(cert).Short() }
