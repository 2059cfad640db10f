package certfile

import (
	"crypto/x509"
	"encoding/pem"
	"strings"

	"mooring.dev/mooring/trust"
)

// GoAnchors returns what x509.CertPool.AppendCertsFromPEM takes from data, which
// is what Docker, Podman and BuildKit read of a CA file: bare blocks of type
// CERTIFICATE. DER, a first block behind a byte order mark, blocks with headers
// and TRUSTED CERTIFICATE blocks are passed over in silence, as they do.
// Nothing is read of data longer than [MaxBytes].
func GoAnchors(data []byte) []*x509.Certificate {
	if len(data) > MaxBytes {
		return nil
	}
	var out []*x509.Certificate
	seen := map[trust.Fingerprint]bool{}
	for {
		var block *pem.Block
		block, data = pem.Decode(data)
		if block == nil {
			return out
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || seen[trust.FingerprintOf(c)] {
			continue
		}
		seen[trust.FingerprintOf(c)] = true
		out = append(out, c)
	}
}

// ContainerdAnchors is [GoAnchors] for containerd's loader, which refuses a file
// of which nothing can be read: ok is false then, and every connection to the
// host fails (containerd core/remotes/docker/config/hosts.go).
func ContainerdAnchors(data []byte) (anchors []*x509.Certificate, ok bool) {
	anchors = GoAnchors(data)
	return anchors, len(anchors) > 0
}

// readPEM takes certificates and PKCS#7 from every block, and notes what engines
// do not take.
func (r *reader) readPEM(text []byte) {
	blocks, other := 0, false
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		blocks++
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			r.file.Keys++
		case block.Type == "CERTIFICATE":
			if len(block.Headers) > 0 {
				r.note(trust.PEMHeaders, "")
			}
			r.certificate(block.Bytes)
		case block.Type == "TRUSTED CERTIFICATE":
			// OpenSSL's own form: the certificate with trust settings after it.
			r.note(trust.NotPEM, block.Type)
			r.certificate(firstObject(block.Bytes))
		case block.Type == "X509 CERTIFICATE":
			r.note(trust.NotPEM, block.Type)
			r.certificate(block.Bytes)
		case block.Type == "PKCS7" || block.Type == "CMS" || block.Type == "PKCS #7 SIGNED DATA":
			r.file.Format = PKCS7PEM
			r.note(trust.NotPEM, string(PKCS7PEM))
			r.readPKCS7(block.Bytes)
		default:
			other = true
		}
	}
	r.concludePEM(blocks, other)
}

// concludePEM says what a PEM file without any certificate holds instead.
func (r *reader) concludePEM(blocks int, other bool) {
	if r.file.Keys > 0 {
		r.note(trust.PrivateKeyInCA, "")
	}
	switch {
	case len(r.file.Certs) > 0 || r.file.Format == PKCS7PEM:
	case blocks == 0: // it has the words of PEM, but none of its blocks can be decoded
		r.note(trust.MalformedCertificate, "damaged PEM")
	case r.file.Keys > 0:
		r.file.Format = PrivateKey
		r.note(trust.NotPEM, string(PrivateKey))
	case other:
		r.file.Format = OtherPEM
		r.note(trust.NotPEM, string(OtherPEM))
	}
}
