package certfile

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
)

// sniff tells what data is without trusting any file name.
func sniff(data []byte) Format {
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return Empty
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return PEM
	case bytes.HasPrefix(data, []byte{0xFE, 0xED, 0xFE, 0xED}), bytes.HasPrefix(data, []byte{0xCE, 0xCE, 0xCE, 0xCE}):
		return JKS // and JCEKS
	case isHTML(trimmed):
		return HTML
	case data[0] == tagSequence:
		return sniffDER(data)
	case isCertificate(unarmored(trimmed)):
		return Base64
	}
	return Unrecognized
}

// sniffDER tells apart the three that begin with a SEQUENCE by what is first in
// it: an object identifier, a version number, or the signed part.
func sniffDER(data []byte) Format {
	outer, ok := readElement(data, maxDepth)
	if !ok {
		return DER // broken or cut off; parsing says how
	}
	inner, ok := readElement(outer.content, maxDepth)
	switch {
	case !ok:
		return DER
	case inner.tag == tagOID && bytes.Equal(inner.content, oidSignedData):
		return PKCS7
	case inner.tag == tagInteger && bytes.Equal(inner.content, []byte{3}):
		return PKCS12 // RFC 7292: a PFX is always version 3
	case inner.tag == tagSequence:
		return DER
	}
	return Unrecognized
}

func isHTML(text []byte) bool {
	start := bytes.ToLower(text[:min(len(text), 512)])
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// unarmored decodes base64 without the lines that PEM has around it, nil if it is
// none.
func unarmored(text []byte) []byte {
	joined := bytes.Join(bytes.Fields(text), nil)
	out := make([]byte, base64.StdEncoding.DecodedLen(len(joined)))
	n, err := base64.StdEncoding.Decode(out, joined)
	if err != nil {
		return nil
	}
	return out[:n]
}

func isCertificate(der []byte) bool {
	_, err := x509.ParseCertificate(der)
	return err == nil
}
