package certfile

import "mooring.dev/mooring/trust"

// ASN.1 tags that are met on the way to the certificates.
const (
	tagInteger  = 0x02
	tagOID      = 0x06
	tagSequence = 0x30
	tagContext0 = 0xA0
)

// oidSignedData is 1.2.840.113549.1.7.2.
var oidSignedData = []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02}

// readPKCS7 takes the certificates of a SignedData (RFC 2315 §9.1, RFC 5652 §5.1):
//
//	SEQUENCE { OID, [0] { SEQUENCE { version, digests, content, [0] certificates, … } } }
//
// The signatures are not looked at: what is trusted is each certificate, never
// the file. It reads the bytes itself because the libraries that also know BER
// (indefinite lengths, which Java writes) recurse as deep as the input says.
func (r *reader) readPKCS7(data []byte) {
	certificates, ok := signedCertificates(data)
	if !ok {
		r.note(trust.MalformedCertificate, "damaged PKCS#7")
		return
	}
	for len(certificates) > 0 && !r.full {
		e, ok := readElement(certificates, maxDepth)
		if !ok {
			r.note(trust.MalformedCertificate, "damaged PKCS#7")
			return
		}
		if e.tag == tagSequence { // others are attribute certificates
			r.certificate(e.whole)
		}
		certificates = e.rest
	}
}

// signedCertificates finds the [0] that holds the certificates; it may be absent.
func signedCertificates(data []byte) (content []byte, ok bool) {
	info, ok := readElement(data, maxDepth)
	if !ok || info.tag != tagSequence {
		return nil, false
	}
	kind, ok := readElement(info.content, maxDepth)
	if !ok || kind.tag != tagOID || string(kind.content) != string(oidSignedData) {
		return nil, false
	}
	explicit, ok := readElement(kind.rest, maxDepth)
	if !ok || explicit.tag != tagContext0 {
		return nil, false
	}
	signed, ok := readElement(explicit.content, maxDepth)
	if !ok || signed.tag != tagSequence {
		return nil, false
	}
	rest := signed.content
	for range 3 { // version, digest algorithms, content
		e, ok := readElement(rest, maxDepth)
		if !ok {
			return nil, false
		}
		rest = e.rest
	}
	e, ok := readElement(rest, maxDepth)
	if !ok || e.tag != tagContext0 {
		return nil, len(rest) == 0 || ok
	}
	return e.content, true
}

// firstObject is the first ASN.1 element of data, or data if there is none.
func firstObject(data []byte) []byte {
	if e, ok := readElement(data, maxDepth); ok {
		return e.whole
	}
	return data
}

// element is one ASN.1 element in BER, of which DER is a part.
type element struct {
	tag     byte
	content []byte
	whole   []byte // with tag and length
	rest    []byte // what comes after it
}

// maxDepth is how deep elements of indefinite length may nest. SignedData needs
// six; each level costs one more pass over the data.
const maxDepth = 16

// readElement reads the first element of b. Tags above 30 do not occur in the
// formats read here.
func readElement(b []byte, depth int) (e element, ok bool) {
	if len(b) < 2 || b[0]&0x1F == 0x1F || depth == 0 {
		return e, false
	}
	if b[1] == 0x80 {
		return readIndefinite(b, depth)
	}
	length, head := int(b[1]), 2
	if b[1] > 0x80 {
		n := int(b[1] & 0x7F)
		if n > 4 || len(b) < 2+n {
			return e, false
		}
		length, head = 0, 2+n
		for _, digit := range b[2:head] {
			length = length<<8 | int(digit)
		}
	}
	if length < 0 || length > len(b)-head {
		return e, false
	}
	end := head + length
	return element{tag: b[0], content: b[head:end], whole: b[:end], rest: b[end:]}, true
}

// readIndefinite reads an element that ends with two zero bytes after its parts.
func readIndefinite(b []byte, depth int) (e element, ok bool) {
	if b[0]&0x20 == 0 { // a primitive has no parts
		return e, false
	}
	rest := b[2:]
	for {
		if len(rest) < 2 {
			return e, false
		}
		if rest[0] == 0 && rest[1] == 0 {
			break
		}
		part, ok := readElement(rest, depth-1)
		if !ok {
			return e, false
		}
		rest = part.rest
	}
	end := len(b) - len(rest)
	return element{tag: b[0], content: b[2:end], whole: b[:end+2], rest: rest[2:]}, true
}
