package helper

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"path"
	"regexp"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// actionClientCert is the action of plans that install a client certificate.
const actionClientCert = "client-cert"

const (
	maxKey   = 16 << 10 // bytes of PEM; RSA with 8192 bits has 6 KB
	maxChain = 8        // certificates after the first
	keyMode  = 0o600
)

// pairName is a half of a pair under a name that Mooring gives; othersName a half of
// any pair, which may be moved aside.
var (
	pairName   = regexp.MustCompile(`^(client|mooring-[0-9a-f]{16})\.(cert|key)$`)
	othersName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@+=-]{0,127}\.(cert|key)$`)
	asideName  = regexp.MustCompile(`^\.mooring-[0-9]{8}(-[1-9][0-9]{0,3})?$`)
)

// checkClient judges a plan for a client certificate: in the directories of one
// registry both halves of pairs that are new, proper and for clients, and older
// halves moved aside. It brings no CA.
func (s scope) checkClient(p trust.Plan) error {
	switch {
	case s.reach != trust.ReachRegistry:
		return change.Refuse(change.ErrTooBroad, "", "a client certificate is for a registry")
	case len(p.Anchors) != 0:
		return change.Refuse(change.ErrBadPlan, "", "a CA in a plan for a client certificate")
	case len(p.Registries) != 1:
		return change.Refuse(change.ErrBadPlan, "", "a client certificate for %d registries", len(p.Registries))
	case !s.site.keys:
		return change.Refuse(change.ErrOutsideAllowList, "", "every user could read the key there")
	}
	halves := map[string]*pair{}
	moves := false
	for _, c := range p.Pending() {
		switch {
		case c.Kind == trust.MoveFile:
			moves = true
			if err := s.checkMove(c); err != nil {
				return err
			}
		case c.Kind == trust.WriteFile:
			if err := s.takeHalf(c, halves); err != nil {
				return err
			}
		default:
			return change.Refuse(change.ErrBadPlan, c.Path, "%.40q in a plan for a client certificate", c.Kind)
		}
	}
	for at, h := range halves {
		if err := h.check(at); err != nil {
			return err
		}
	}
	if moves && len(halves) == 0 {
		return change.Refuse(change.ErrBadPlan, "", "files are moved aside for nothing")
	}
	return nil
}

// pair is what a plan writes under one name.
type pair struct{ cert, key *trust.Change }

// takeHalf judges where and how one half is to be written; what it holds is judged
// with the other.
func (s scope) takeHalf(c trust.Change, halves map[string]*pair) error {
	dir, name := s.site.split(c.Path)
	switch {
	case c.Command != "" || c.To != "" || c.Before != nil || !s.site.plain(c.Path):
		return change.Refuse(change.ErrBadPlan, c.Path, "")
	case !slices.Contains(s.dirs, dir) || !pairName.MatchString(name):
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "")
	}
	base := strings.TrimSuffix(c.Path, path.Ext(name))
	h := halves[base]
	if h == nil {
		h = &pair{}
		halves[base] = h
	}
	half, mode, secret := &h.cert, uint32(fileMode), false
	if path.Ext(name) == ".key" {
		half, mode, secret = &h.key, keyMode, true
	}
	if *half != nil || uint32(c.Mode) != mode || c.Secret != secret {
		return change.Refuse(change.ErrBadPlan, c.Path, "mode %v, secret %v", c.Mode, c.Secret)
	}
	*half = &c
	return nil
}

// check parses both halves: they belong together, and the certificate is one that a
// server may take for a client. No error holds a byte of the key.
func (h *pair) check(at string) error {
	if h.cert == nil || h.key == nil {
		return change.Refuse(change.ErrBadPlan, at, "half a pair")
	}
	certs, err := parseChain(h.cert.Content)
	if err != nil {
		return err
	}
	if own := path.Base(at); own != "client" && own != "mooring-"+trust.FingerprintOf(certs[0]).Short() {
		return change.Refuse(change.ErrOutsideAllowList, h.cert.Path, "the name is not that of its certificate")
	}
	if certs[0].IsCA || !trust.ForClients(certs[0]) {
		return change.Refuse(change.ErrBadCertificate, h.cert.Path, "it is not for clients")
	}
	public, ok := parseKey(h.key.Content)
	if !ok {
		return change.Refuse(change.ErrBadCertificate, h.key.Path, "it is not one bare PKCS#8 key")
	}
	if !public.Equal(certs[0].PublicKey) {
		return change.Refuse(change.ErrBadCertificate, h.key.Path, "the key is another certificate's")
	}
	return nil
}

// parseChain reads a certificate and the intermediates above it, each as one bare
// PEM block and nothing else; each must have issued the one before.
func parseChain(b []byte) ([]*x509.Certificate, error) {
	if len(b) > maxCertificate*(1+maxChain) {
		return nil, change.Refuse(change.ErrBadCertificate, "", "it has %d bytes, more than any real one", len(b))
	}
	var out []*x509.Certificate
	for len(b) > 0 {
		block, rest := pem.Decode(b)
		if block == nil {
			return nil, change.Refuse(change.ErrBadCertificate, "", "it is not PEM")
		}
		cert, err := parseAnchor(b[:len(b)-len(rest)])
		switch {
		case err != nil:
			return nil, err
		case len(out) > maxChain:
			return nil, change.Refuse(change.ErrBadCertificate, "", "a chain of more than %d", maxChain)
		case len(out) > 0 && out[len(out)-1].CheckSignatureFrom(cert) != nil:
			return nil, change.Refuse(change.ErrBadCertificate, "", "the chain is none")
		}
		out, b = append(out, cert), rest
	}
	if len(out) == 0 {
		return nil, change.Refuse(change.ErrBadCertificate, "", "it is empty")
	}
	return out, nil
}

// publicKey is what every public key of the standard library can do.
type publicKey interface{ Equal(x crypto.PublicKey) bool }

// parseKey reads exactly one private key in the one form that Mooring writes and
// returns its public half.
func parseKey(b []byte) (publicKey, bool) {
	if len(b) > maxKey {
		return nil, false
	}
	block, rest := pem.Decode(b)
	if block == nil || len(rest) > 0 || block.Type != "PRIVATE KEY" || len(block.Headers) > 0 || !bytes.Equal(b, pem.EncodeToMemory(block)) {
		return nil, false
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, false
	}
	again, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil || !bytes.Equal(again, block.Bytes) { // nothing rides along
		return nil, false
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, false
	}
	public, ok := signer.Public().(publicKey)
	return public, ok
}

// checkMove judges moving a half aside: within the registry's directory, from a name
// that a loader reads to that name with a date, which none reads.
func (s scope) checkMove(c trust.Change) error {
	dir, name := s.site.split(c.Path)
	ending, ok := strings.CutPrefix(c.To, c.Path)
	switch {
	case c.Command != "" || len(c.Content) != 0 || c.Mode != 0 || c.Secret || !s.site.plain(c.Path):
		return change.Refuse(change.ErrBadPlan, c.Path, "a move that writes")
	case !slices.Contains(s.dirs, dir) || !othersName.MatchString(name), !ok || !asideName.MatchString(ending):
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "")
	}
	return nil
}
