package certfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
)

var (
	blockBegin = []byte("-----BEGIN CERTIFICATE-----")
	blockEnd   = []byte("-----END CERTIFICATE-----")
)

// Only returns the certificates of a file that holds nothing else: bare PEM blocks
// with white space around them, or the bytes of one certificate. It is false for
// every other file, however little more it holds: a key, a comment, a byte order
// mark. Who removes such a file takes away certificates, and nothing that
// somebody may miss.
func Only(data []byte) ([]*x509.Certificate, bool) {
	if len(data) > MaxBytes {
		return nil, false
	}
	if c, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{c}, true
	}
	var out []*x509.Certificate
	for {
		data = bytes.TrimLeft(data, " \t\r\n")
		if len(data) == 0 {
			return out, len(out) > 0
		}
		end := bytes.Index(data, blockEnd)
		if !bytes.HasPrefix(data, blockBegin) || end < 0 || len(out) == MaxCertificates {
			return nil, false
		}
		end += len(blockEnd)
		c := onlyBlock(data[:end])
		if c == nil {
			return nil, false
		}
		out, data = append(out, c), data[end:]
	}
}

// onlyBlock parses text that is one block; nil if it is anything else. The decoder
// passes over what it cannot read, so the text is held against what the block
// would be written as.
func onlyBlock(text []byte) *x509.Certificate {
	block, _ := pem.Decode(append(bytes.Clone(text), '\n'))
	if block == nil || len(block.Headers) > 0 || !bytes.Equal(unspaced(text), unspaced(pem.EncodeToMemory(block))) {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return c
}

func unspaced(b []byte) []byte { return bytes.Join(bytes.Fields(b), nil) }
