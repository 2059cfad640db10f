// Package nssdb finds and reads the databases in which programs that use NSS keep
// the certificates a person trusts: Firefox's profiles, and the shared database of
// Chromium and its kin. It writes nothing: package store/nss does, by certutil.
package nssdb

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // NSS names certificates by it; none is trusted for that
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"mooring.dev/mooring/platform/world"
)

// ErrBusy says that a database is being changed at this moment, or that the last
// change of it was interrupted.
var ErrBusy = errors.New("it is being changed at this moment")

// Cert is a certificate in a database.
type Cert struct {
	Cert  *x509.Certificate
	Label string // the nickname; several certificates may have one
	// Flags are the trust as certutil writes it, "C,,": for TLS, for mail, for code.
	Flags string
}

// Anchor reports whether the certificate is trusted to issue those of TLS servers.
func (c Cert) Anchor() bool { return bytes.ContainsRune([]byte(tlsFlags(c.Flags)), 'C') }

// Distrusted reports whether the person took the trust of a TLS server or CA away.
func (c Cert) Distrusted() bool { return bytes.ContainsRune([]byte(tlsFlags(c.Flags)), 'p') }

func tlsFlags(flags string) string {
	i := slices.Index([]byte(flags), ',')
	return flags[:max(i, 0)]
}

// File is the name of the database's file in its directory.
const File = "cert9.db"

// Read reads the database in dir.
func Read(w world.World, dir string) ([]Cert, error) {
	if err := busy(w, dir); err != nil {
		return nil, err
	}
	data, err := w.FS.ReadFile(w.Join(dir, File))
	if err != nil {
		return nil, err
	}
	certs, err := Parse(data)
	if err == nil {
		err = busy(w, dir) // what was read may be half of a change
	}
	return certs, err
}

// busy reports whether SQLite keeps what it may have to take back beside the
// database.
func busy(w world.World, dir string) error {
	for _, suffix := range []string{"-journal", "-wal"} {
		i, err := w.FS.Stat(w.Join(dir, File+suffix))
		if err == nil && i.Size > 0 {
			return ErrBusy
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// The classes, attributes and values of PKCS #11 that are read, with the names of
// NSS' columns (security/nss lib/softoken/sdb.c: "a" and the attribute in hex; lib/util/pkcs11n.h, pkcs11t.h).
const (
	table   = "nssPublic"
	class   = "a0"
	label   = "a3"
	value   = "a11"
	issuer  = "a81"
	serial  = "a82"
	nssSHA1 = "ace5363b4"

	classCertificate = 0x1
	classTrust       = 0xB        // CKO_TRUST of PKCS #11 3.2, which newer releases of NSS write
	classNSSTrust    = 0xCE534353 // CKO_NSS_TRUST
)

// The columns of the purposes: TLS server, TLS client, mail, code.
var (
	nssPurposes = [4]string{"ace536358", "ace536359", "ace53635b", "ace53635a"}
	purposes    = [4]string{"a62c", "a62d", "a62f", "a62e"}
)

// level is how far a certificate is trusted for one purpose.
type level int

const (
	mustVerify level = iota
	trusted          // itself, as a server or person
	anchor           // as a CA
	distrusted
	validCA // a CA, and trusted only if another says so
)

var levels = map[uint32]level{
	0xCE534351: trusted, 0xCE534352: anchor, 0xCE53435A: distrusted, 0xCE53435B: validCA,
	1: trusted, 2: anchor, 3: distrusted,
}

// Parse reads a database's content, which may come from anybody.
func Parse(data []byte) ([]Cert, error) {
	db, wal, err := openDatabase(data)
	if err != nil {
		return nil, err
	}
	if wal {
		return nil, errors.New("it is in a mode of SQLite that NSS does not use")
	}
	var certs []Cert
	trusts := map[string]map[string][]byte{} // by issuer and serial number
	err = db.table(table, func(row map[string][]byte) error {
		key := string(row[issuer]) + "\x00" + string(row[serial])
		switch number(row[class]) {
		case classCertificate:
			if c, err := x509.ParseCertificate(row[value]); err == nil { // others NSS cannot use either
				certs = append(certs, Cert{Cert: c, Label: string(row[label])})
			}
		case classTrust:
			trusts[key] = row
		case classNSSTrust:
			if _, newer := trusts[key]; !newer {
				trusts[key] = row
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	for i, c := range certs {
		row := trusts[keyOf(c.Cert)]
		certs[i].Flags = flagsOf(c.Cert, row)
	}
	return certs, nil
}

// keyOf is how a trust object names its certificate: issuer and serial number, in DER.
func keyOf(c *x509.Certificate) string {
	return string(c.RawIssuer) + "\x00" + string(derInteger(c.SerialNumber.Bytes()))
}

// derInteger writes a number that is not negative. (One that is breaks RFC 5280,
// and Go refuses its certificate.)
func derInteger(n []byte) []byte {
	if len(n) == 0 || n[0]&0x80 != 0 {
		n = append([]byte{0}, n...)
	}
	if len(n) > 127 {
		return nil // RFC 5280 allows 20
	}
	return append([]byte{2, byte(len(n))}, n...)
}

// flagsOf writes what a trust object says as certutil does (security/nss
// lib/pki/pki3hack.c get_nss3trust_from_nss4trust, lib/certdb/certdb.c EncodeFlags).
func flagsOf(c *x509.Certificate, row map[string][]byte) string {
	sum := sha1.Sum(c.Raw) //nolint:gosec // as above
	if hash, ok := row[nssSHA1]; ok && len(hash) == len(sum) && !bytes.Equal(hash, sum[:]) {
		return ",," // of another certificate with the same issuer and number
	}
	columns := nssPurposes
	if number(row[class]) == classTrust {
		columns = purposes
	}
	var at [4]level
	for i, column := range columns {
		at[i] = levels[number(row[column])]
	}
	return tls(at[0], at[1]) + "," + letters(at[2]) + "," + letters(at[3])
}

// tls joins what holds for servers and for clients: NSS keeps both in one field.
func tls(server, client level) string {
	f := flagSet(server)
	if client == anchor {
		f.client, f.validCA = true, true
	} else {
		g := flagSet(client)
		f = flags{f.validCA || g.validCA, f.anchor || g.anchor, f.client, f.terminal || g.terminal, f.trusted || g.trusted}
	}
	return f.String()
}

func letters(l level) string { return flagSet(l).String() }

type flags struct{ validCA, anchor, client, terminal, trusted bool }

func flagSet(l level) flags {
	switch l {
	case trusted:
		return flags{terminal: true, trusted: true}
	case anchor:
		return flags{validCA: true, anchor: true}
	case distrusted:
		return flags{terminal: true}
	case validCA:
		return flags{validCA: true}
	}
	return flags{}
}

func (f flags) String() string {
	var s string
	for _, letter := range []struct {
		is   bool
		name string
	}{
		{f.validCA && !f.anchor && !f.client, "c"},
		{f.terminal && !f.trusted, "p"},
		{f.anchor, "C"},
		{f.client, "T"},
		{f.trusted, "P"},
	} {
		if letter.is {
			s += letter.name
		}
	}
	return s
}
