package javastore

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the format's digest, which protects nothing
	"encoding/binary"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// The layout of a JKS file (OpenJDK sun/security/provider/JavaKeyStore.java):
//
//	magic, version 2, count
//	count times: 1 (key) | 2 (certificate), alias, milliseconds, then
//	    of a key:         length and bytes, count of certificates, certificates
//	    of a certificate: the certificate
//	SHA-1 over password in UTF-16, "Mighty Aphrodite", and all that comes before
//
// where a certificate is its type ("X.509") and its length and bytes. Numbers are
// big endian, text is Java's modified UTF-8 after a length of two bytes. Version 1
// lacks the types; no JDK since 1.2 writes it.
const (
	jksMagic   = 0xFEEDFEED
	jksVersion = 2
	jksKey     = 1
	jksCert    = 2
)

// password is that of every cacerts file; it is published and keeps no secret. It
// stands in the digest that ends a JKS file.
const password = "changeit"

// jksPlaces are where the parts lie that an edit changes.
type jksPlaces struct{ entries span }

const jksHeader = 12 // bytes of magic, version and count

func isJKS(data []byte) bool {
	return len(data) >= 4 && binary.BigEndian.Uint32(data) == jksMagic
}

// parseJKS does not look at the digest: neither does Java when it reads its anchors
// (sun/security/ssl/TrustStoreManager.java passes no password).
func parseJKS(data []byte) (*File, error) {
	f := &File{Format: JKS, data: data}
	r := jksReader{data: data, at: 4}
	if r.number() != jksVersion {
		return nil, ErrFormat
	}
	count := r.number()
	if r.failed || count > MaxEntries {
		return nil, ErrDamaged
	}
	for range count {
		e, trusted := r.entry()
		if r.failed {
			return nil, ErrDamaged
		}
		f.names = append(f.names, e.Alias)
		if trusted {
			f.Trusted = append(f.Trusted, e)
		}
	}
	f.jks.entries = span{jksHeader, r.at}
	if r.bytes(sha1.Size); r.failed || r.at != len(data) {
		return nil, ErrDamaged
	}
	return f, nil
}

// jksReader reads numbers and bytes; once something is missing it has failed.
type jksReader struct {
	data   []byte
	at     int
	failed bool
}

func (r *jksReader) bytes(n int) []byte {
	if r.failed || n < 0 || n > len(r.data)-r.at {
		r.failed = true
		return nil
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

func (r *jksReader) number() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *jksReader) text() string {
	b := r.bytes(2)
	if b == nil {
		return ""
	}
	return string(r.bytes(int(binary.BigEndian.Uint16(b))))
}

// long reads bytes after their length.
func (r *jksReader) long() []byte {
	n := r.number()
	if n > MaxBytes {
		r.failed = true
	}
	return r.bytes(int(n))
}

// entry reads one entry; trusted reports whether it is an anchor.
func (r *jksReader) entry() (e Entry, trusted bool) {
	e.at.from = r.at
	kind := r.number()
	e.Alias = fromModified(r.text())
	r.bytes(8) // when it was made
	switch kind {
	case jksCert:
		trusted, e.DER = r.certificate()
	case jksKey:
		r.long()
		for n := r.number(); n > 0 && !r.failed; n-- {
			r.certificate()
		}
	default:
		r.failed = true
	}
	e.at.to = r.at
	return e, trusted
}

func (r *jksReader) certificate() (x509 bool, der []byte) {
	kind := r.text()
	return kind == "X.509", r.long()
}

// sealed ends a file with its digest.
func sealed(file []byte) []byte { return append(file, jksDigest(file)...) }

func jksDigest(file []byte) []byte {
	h := sha1.New() //nolint:gosec // as above
	for _, c := range utf16.Encode([]rune(password)) {
		h.Write([]byte{byte(c >> 8), byte(c)})
	}
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(file)
	return h.Sum(nil)
}

// rewritten is the file with other entries. One whose digest is not that of the
// usual password is left alone: keytool would refuse it afterwards.
func (f *File) rewritten(entries []byte, count int) ([]byte, error) {
	end := f.jks.entries.to
	if !bytes.Equal(jksDigest(f.data[:end]), f.data[end:]) {
		return nil, ErrPassword
	}
	out := binary.BigEndian.AppendUint32(slices.Clone(f.data[:jksHeader-4]), uint32(count))
	return sealed(append(out, entries...)), nil
}

func (f *File) withJKS(alias string, der []byte, millis int64) ([]byte, error) {
	entries := slices.Clone(f.data[f.jks.entries.from:f.jks.entries.to])
	entries = binary.BigEndian.AppendUint32(entries, jksCert)
	entries = appendText(entries, toModified(alias))
	entries = binary.BigEndian.AppendUint64(entries, uint64(millis))
	entries = appendText(entries, "X.509")
	entries = binary.BigEndian.AppendUint32(entries, uint32(len(der)))
	return f.rewritten(append(entries, der...), len(f.names)+1)
}

func (f *File) withoutJKS(gone []span) ([]byte, error) {
	return f.rewritten(cut(f.data, f.jks.entries, gone), len(f.names)-len(gone))
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
}

// toModified writes text as Java's DataOutputStream.writeUTF does: what lies above
// U+FFFF as two surrogates of three bytes each.
func toModified(text string) string {
	var out []byte
	for _, c := range text {
		if c < 0x10000 {
			out = append(out, string(c)...)
			continue
		}
		high, low := utf16.EncodeRune(c)
		out = appendSurrogate(appendSurrogate(out, high), low)
	}
	return string(out)
}

func appendSurrogate(b []byte, s rune) []byte {
	return append(b, 0xE0|byte(s>>12), 0x80|byte(s>>6)&0xBF, 0x80|byte(s)&0xBF)
}

// fromModified reads it. What is no text at all comes out with U+FFFD in it, which
// is enough to show and to compare it.
func fromModified(text string) string {
	var out []rune
	for i := 0; i < len(text); {
		high, ok := surrogate(text[i:])
		if low, both := surrogate(text[min(i+3, len(text)):]); ok && both && utf16.DecodeRune(high, low) != '\uFFFD' {
			out, i = append(out, utf16.DecodeRune(high, low)), i+6
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		out, i = append(out, r), i+size
	}
	return string(out)
}

// surrogate reads one at the start of text.
func surrogate(text string) (rune, bool) {
	if len(text) < 3 || text[0] != 0xED || text[1]&0xE0 != 0xA0 || text[2]&0xC0 != 0x80 {
		return 0, false
	}
	return rune(text[0]&0xF)<<12 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F), true
}
