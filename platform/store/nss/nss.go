// Package nss changes the databases in which Firefox, Chromium and their kin keep
// the certificates a person trusts. Their format is theirs, and a browser may have
// one open: they are written by certutil of NSS alone, and read by package nssdb.
//
// certutil names certificates by nickname, and several may have one. Whether the
// certificate that is meant is there is therefore read from the database, before and
// after; a nickname that more than one has is never deleted.
//
// A database under a password (Firefox's primary password) lets certutil add a
// certificate and not trust it: it exits 255 and leaves it behind (NSS 3.87). It asks
// for the password at the terminal, unless it gets a file to read it from: /dev/null,
// here.
package nss

import (
	"context"
	"crypto/x509"
	"path"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/nssdb"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Kind is the databases as a [store.Kind].
type Kind struct{}

var _ store.Kind = Kind{}

// Name implements [store.Kind].
func (Kind) Name() string { return trust.StoreNSS }

// forServers is the trust that an anchor of TLS servers has: it may issue their
// certificates, and none of mail or code.
const forServers = "C,,"

// Find implements [store.Kind]. Below --root there is none that could be changed:
// nothing is executed from a tree, and a database names libraries of its own.
func (Kind) Find(_ context.Context, w world.World) ([]store.Info, error) {
	if !w.Live() {
		return nil, nil
	}
	asks := []trust.ConsequenceCode{trust.NSSRunning}
	if certutil(w) == "" {
		asks = append(asks, trust.NSSNeedsTool)
	}
	var out []store.Info
	for _, p := range nssdb.Find(w) {
		out = append(out, store.Info{
			ID: trust.NewStoreID(trust.StoreNSS, p.Dir), Party: trust.NSS, Location: p.Location,
			Privileged: p.Location == trust.LocationComputer && w.User.UID != 0,
			// Elsewhere Firefox takes over what the store of the system holds.
			Derived: w.OS != "linux",
			Want: func(*x509.Certificate, []trust.Registry) trust.Membership {
				return trust.Membership{Held: true, Settings: forServers}
			},
			Join: func(was, want trust.Membership) trust.Membership {
				s, err := parse(was.Settings)
				if was.Held && err == nil && (nssdb.Cert{Flags: s.flags}).Anchor() {
					return was // trusted for more, or under another nickname
				}
				return want
			},
			Commands: commands(w, p.Dir), Asks: asks,
		})
	}
	return out, nil
}

// commands shows what Set runs, given how the database holds the certificate now.
func commands(w world.World, dir string) func(*x509.Certificate, trust.Membership) []string {
	return func(cert *x509.Certificate, want trust.Membership) []string {
		s, err := parse(want.Settings)
		if err != nil {
			return nil
		}
		if s.name == "" {
			s.name = own(cert)
		}
		certs, _ := nssdb.Read(w, dir) // of one that cannot be read Get says why
		at := entryOf(certs, cert)
		var out []string
		if at.held && (!want.Held || at.name != s.name) {
			out = append(out, strings.Join(remove(dir, at.name), " "))
		}
		if want.Held {
			out = append(out, strings.Join(append(add(dir, s.name, s.flags), "<", "FILE"), " "))
		}
		return out
	}
}

// Open implements [store.Kind]. certutil loads the libraries that the database's
// pkcs11.txt names: whoever can write there can run programs as who opens it.
func (Kind) Open(w world.World, name string) (store.Store, error) {
	refuse := func(why string) (store.Store, error) {
		return nil, change.Refuse(change.ErrOutsideAllowList, name, "%s", why)
	}
	switch {
	case !w.Live():
		return refuse("nothing is executed from a tree")
	case w.OS == "windows":
		return &database{w: w, dir: name, readOnly: true}, nil
	case !path.IsAbs(name) || path.Clean(name) != name || strings.ContainsAny(name, "\x00\n"):
		return refuse("it is no place of a database")
	}
	for _, file := range []string{"", nssdb.File, "key4.db", "pkcs11.txt"} {
		if err := onlyOwn(w, path.Join(name, file), file != ""); err != nil {
			return refuse(err.Error())
		}
	}
	return &database{w: w, dir: name, readOnly: w.OS != "linux"}, nil
}
