package javastore

import (
	"bytes"
	"encoding/asn1"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// The layout of a PKCS#12 file without a password (RFC 7292; OpenJDK
// sun/security/pkcs12/PKCS12KeyStore.java with certProtectionAlgorithm and
// macAlgorithm NONE):
//
//	SEQUENCE { 3, ContentInfo data { SEQUENCE OF ContentInfo data { SEQUENCE OF SafeBag } } }
//	SafeBag  = SEQUENCE { certBag, [0] { SEQUENCE { x509Certificate, [0] { OCTET STRING } } }, SET OF attribute }
//
// An entry is trusted if it has Oracle's attribute "trusted key usage"; its alias is
// the attribute friendlyName.
var (
	oidData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidCertBag      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidX509         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
	oidFriendlyName = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 20}
	oidTrustedUsage = asn1.ObjectIdentifier{2, 16, 840, 1, 113894, 746875, 1, 1}
	oidAnyUsage     = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

var tag0 = tag.Tag(0).Constructed().ContextSpecific()

// p12Places are where the bags lie: all in one block, which an edit makes anew.
type p12Places struct{ bags span }

func parsePKCS12(data []byte) (*File, error) {
	f := &File{Format: PKCS12, data: data}
	var pfx, safe, contents, bags cryptobyte.String
	var version int
	in := cryptobyte.String(data)
	if !in.ReadASN1(&pfx, tag.SEQUENCE) || !in.Empty() || !pfx.ReadASN1Integer(&version) || version != 3 {
		return nil, ErrFormat
	}
	if !content(&pfx, &safe) {
		return nil, ErrFormat // signed with a key: nobody has such a trust store
	}
	if !pfx.Empty() { // a MAC, for which the password would be needed
		return nil, ErrProtected
	}
	if !safe.ReadASN1(&contents, tag.SEQUENCE) || !safe.Empty() {
		return nil, ErrDamaged
	}
	// Keys, if there are any, and secrets lie in blocks of their own.
	if !content(&contents, &bags) || !contents.Empty() {
		return nil, ErrProtected
	}
	var list cryptobyte.String
	if !bags.ReadASN1(&list, tag.SEQUENCE) || !bags.Empty() {
		return nil, ErrDamaged
	}
	f.p12.bags = f.where(list)
	for !list.Empty() {
		if err := f.bag(&list); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// content reads a ContentInfo of type data: the bytes in it.
func content(in, out *cryptobyte.String) bool {
	var info, explicit cryptobyte.String
	var kind asn1.ObjectIdentifier
	return in.ReadASN1(&info, tag.SEQUENCE) && info.ReadASN1ObjectIdentifier(&kind) && kind.Equal(oidData) &&
		info.ReadASN1(&explicit, tag0) && info.Empty() && explicit.ReadASN1(out, tag.OCTET_STRING) && explicit.Empty()
}

// where is the place of a part of the file, which cryptobyte returns as a slice of it.
func (f *File) where(part cryptobyte.String) span {
	from := cap(f.data) - cap([]byte(part))
	return span{from, from + len(part)}
}

// bag reads one SafeBag.
func (f *File) bag(list *cryptobyte.String) error {
	var whole, bag, value, attributes cryptobyte.String
	var kind asn1.ObjectIdentifier
	var hasAttributes bool
	ok := list.ReadASN1Element(&whole, tag.SEQUENCE)
	e := Entry{at: f.where(whole)}
	ok = ok && whole.ReadASN1(&bag, tag.SEQUENCE) && bag.ReadASN1ObjectIdentifier(&kind) && bag.ReadASN1(&value, tag0) &&
		bag.ReadOptionalASN1(&attributes, &hasAttributes, tag.SET) && bag.Empty()
	if !ok || len(f.names) >= MaxEntries {
		return ErrDamaged
	}
	trusted, ok := e.attributes(attributes)
	if !ok {
		return ErrDamaged
	}
	f.names = append(f.names, e.Alias)
	if !kind.Equal(oidCertBag) {
		return nil
	}
	var cert, explicit, der cryptobyte.String
	if !value.ReadASN1(&cert, tag.SEQUENCE) || !cert.ReadASN1ObjectIdentifier(&kind) ||
		!cert.ReadASN1(&explicit, tag0) || !explicit.ReadASN1(&der, tag.OCTET_STRING) {
		return ErrDamaged
	}
	if trusted && kind.Equal(oidX509) {
		e.DER = der
		f.Trusted = append(f.Trusted, e)
	}
	return nil
}

// attributes reads what a bag says of itself.
func (e *Entry) attributes(list cryptobyte.String) (trusted, ok bool) {
	for !list.Empty() {
		var attribute, values, name cryptobyte.String
		var kind asn1.ObjectIdentifier
		if !list.ReadASN1(&attribute, tag.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&kind) || !attribute.ReadASN1(&values, tag.SET) {
			return false, false
		}
		switch {
		case kind.Equal(oidTrustedUsage):
			trusted = true
		case kind.Equal(oidFriendlyName):
			if !values.ReadASN1(&name, tag.Tag(asn1.TagBMPString)) || len(name)%2 != 0 {
				return false, false
			}
			e.Alias = fromBMP(name)
		}
	}
	return trusted, true
}

func fromBMP(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}

func (f *File) withPKCS12(alias string, der []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddBytes(f.data[f.p12.bags.from:f.p12.bags.to])
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidCertBag)
		b.AddASN1(tag0, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidX509)
				b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(der) })
			})
		})
		b.AddASN1(tag.SET, func(b *cryptobyte.Builder) {
			attribute(b, oidFriendlyName, func(b *cryptobyte.Builder) {
				b.AddASN1(tag.Tag(asn1.TagBMPString), func(b *cryptobyte.Builder) {
					for _, u := range utf16.Encode([]rune(alias)) {
						b.AddUint16(u)
					}
				})
			})
			attribute(b, oidTrustedUsage, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidAnyUsage) })
		})
	})
	bags, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return wrapped(bags)
}

func attribute(b *cryptobyte.Builder, kind asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) {
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(kind)
		b.AddASN1(tag.SET, value)
	})
}

func (f *File) withoutPKCS12(gone []span) ([]byte, error) {
	return wrapped(cut(f.data, f.p12.bags, gone))
}

// wrapped puts bags into a file.
func wrapped(bags []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		contentInfo(b, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
				contentInfo(b, func(b *cryptobyte.Builder) {
					b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Clone(bags)) })
				})
			})
		})
	})
	return b.Bytes()
}

func contentInfo(b *cryptobyte.Builder, value cryptobyte.BuilderContinuation) {
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidData)
		b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1(tag.OCTET_STRING, value) })
	})
}
