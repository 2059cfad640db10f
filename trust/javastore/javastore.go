// Package javastore reads and edits the files in which a Java runtime keeps the
// certificates it trusts (lib/security/cacerts): JKS, which JDKs up to 17 and the
// hooks of the distributions write, and PKCS#12 without a password, which JDKs have
// from 18 on (JDK-8275252).
//
// An edit leaves every other entry byte for byte: to add an entry and to take it
// away again gives the same file. The libraries do not: go-pkcs12 drops the aliases
// of what it reads, keystore-go keeps entries in no order. (keystore-go v4.5.0 also
// allocates up to 4 GB because a file says so; this package takes any bytes.)
package javastore

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The bounds of one file. A usual one has 150 certificates and 200 KB.
const (
	MaxBytes   = 8 << 20
	MaxEntries = 4000
	maxAlias   = 1024 // bytes
)

// Errors of files that Java may read and Mooring does not. Their words are facts
// for people, in English as those of libraries are.
var (
	ErrFormat    = errors.New("it is neither a JKS nor a PKCS#12 file")
	ErrProtected = errors.New("it is protected by a password")
	ErrPassword  = errors.New("its password is not the usual one")
	ErrDamaged   = errors.New("the file is damaged")
	ErrTooLarge  = errors.New("it is larger than Mooring reads")
)

// Format is how a file keeps its entries.
type Format string

// The formats.
const (
	JKS    Format = "JKS"
	PKCS12 Format = "PKCS#12"
)

// Entry is a certificate that the file's reader trusts, under the name it has there.
type Entry struct {
	Alias string
	DER   []byte
	at    span // of the whole entry in the file
}

// Is reports whether the entry is exactly cert.
func (e Entry) Is(cert *x509.Certificate) bool { return slices.Equal(e.DER, cert.Raw) }

// span is a part of a file.
type span struct{ from, to int }

// File is a file as it was read.
type File struct {
	Format Format
	// Trusted are the entries that Java takes for anchors, in the file's order.
	// Private keys and certificates without that mark are not among them.
	Trusted []Entry

	data  []byte
	names []string // the aliases of all entries
	jks   jksPlaces
	p12   p12Places
}

// Parse reads a file.
func Parse(data []byte) (*File, error) {
	switch {
	case len(data) > MaxBytes:
		return nil, ErrTooLarge
	case isJKS(data):
		return parseJKS(data)
	case len(data) > 0 && data[0] == 0x30:
		return parsePKCS12(data)
	}
	return nil, ErrFormat
}

// Aliases are the names under which the file holds cert, sorted.
func (f *File) Aliases(cert *x509.Certificate) []string {
	var out []string
	for _, e := range f.Trusted {
		if e.Is(cert) {
			out = append(out, e.Alias)
		}
	}
	slices.Sort(out)
	return out
}

// With returns the file with cert as the last entry, under alias, which no other
// entry may have: Java compares aliases without regard to case.
func (f *File) With(alias string, cert *x509.Certificate, millis int64) ([]byte, error) {
	switch {
	case alias == "" || len(alias) > maxAlias || strings.ContainsRune(alias, 0) || strings.ToValidUTF8(alias, "") != alias:
		return nil, fmt.Errorf("%.40q cannot be the name of an entry", alias)
	case slices.ContainsFunc(f.names, func(n string) bool { return strings.EqualFold(n, alias) }):
		return nil, fmt.Errorf("another entry has the name %q", alias)
	case len(f.names) >= MaxEntries:
		return nil, ErrTooLarge
	}
	if f.Format == JKS {
		return f.withJKS(alias, cert.Raw, millis)
	}
	return f.withPKCS12(alias, cert.Raw)
}

// Without returns the file without the entries that are exactly cert.
func (f *File) Without(cert *x509.Certificate) ([]byte, error) {
	var gone []span
	for _, e := range f.Trusted {
		if e.Is(cert) {
			gone = append(gone, e.at)
		}
	}
	if f.Format == JKS {
		return f.withoutJKS(gone)
	}
	return f.withoutPKCS12(gone)
}

// cut returns the bytes of a part of data without some parts of it.
func cut(data []byte, part span, gone []span) []byte {
	var out []byte
	for _, g := range gone {
		out = append(out, data[part.from:g.from]...)
		part.from = g.to
	}
	return append(out, data[part.from:part.to]...)
}
