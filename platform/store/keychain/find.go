package keychain

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// maxFound bounds the certificates of one keychain.
const maxFound = 20000

var errFound = errors.New("the certificates of the keychain are not listed as macOS lists them")

// find lists the certificates of a keychain, those of all keychains that macOS
// searches for "". One that Go cannot read is passed over: no program in Go, and so
// none of ours, could use it.
func (t tool) find(ctx context.Context, keychain string) ([]*x509.Certificate, error) {
	args := []string{"find-certificate", "-a", "-Z", "-p"}
	if keychain != "" {
		args = append(args, keychain)
	}
	r, err := t.read(ctx, args...)
	if err != nil {
		return nil, err
	}
	if len(r.Stdout) >= world.MaxOutput { // the rest may have been cut off
		return nil, fmt.Errorf("%w: more than %d bytes", errFound, world.MaxOutput)
	}
	return parseFound(r.Stdout)
}

// The lines before each certificate (SecurityTool/macOS/keychain_find.c).
const (
	sha256Line = "SHA-256 hash: "
	sha1Line   = "SHA-1 hash: "
)

// parseFound reads what `security find-certificate -a -Z -p` printed: for each
// certificate its two digests and its PEM form, and nothing else. What the digest
// says must be true of the certificate, or something is wrong with the output.
func parseFound(out []byte) ([]*x509.Certificate, error) {
	var (
		certs []*x509.Certificate
		block bytes.Buffer
		said  string
		in    bool
	)
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case in:
			block.WriteString(line + "\n")
			if line != "-----END CERTIFICATE-----" {
				continue
			}
			c, err := found(block.Bytes(), said)
			if err != nil {
				return nil, err
			}
			if c != nil {
				certs = append(certs, c)
			}
			said, in = "", false
		case strings.HasPrefix(line, sha256Line):
			said = strings.TrimPrefix(line, sha256Line)
		case strings.HasPrefix(line, sha1Line), line == "":
		case line == "-----BEGIN CERTIFICATE-----":
			block.Reset()
			block.WriteString(line + "\n")
			in = true
		default:
			return nil, errFound
		}
		if len(certs) > maxFound {
			return nil, errFound
		}
	}
	if in || lines.Err() != nil {
		return nil, errFound
	}
	return certs, nil
}

// found is one certificate of the list, nil if Go does not take it.
func found(text []byte, said string) (*x509.Certificate, error) {
	b, rest := pem.Decode(text)
	if b == nil || len(b.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errFound
	}
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		return nil, nil //nolint:nilnil // passed over
	}
	digest, err := hex.DecodeString(said)
	if fp := trust.FingerprintOf(c); err != nil || !bytes.Equal(digest, fp[:]) {
		return nil, fmt.Errorf("%w: a digest is not that of its certificate", errFound)
	}
	return c, nil
}
