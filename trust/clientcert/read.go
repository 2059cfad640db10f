package clientcert

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// The bounds of what is read: a person has a handful of files, of some KB each.
const (
	MaxFiles = 32
	MaxBytes = 1 << 20 // each
	maxKeys  = 64      // in each that are tried, and in all that are taken
)

// Read makes a pair of files. A passphrase opens PKCS#12 files and encrypted keys;
// without one they stay shut, and a problem says so. What is wrong with the pair
// itself says [Check]. Opening is work, of which there is a bound for all files
// together; once ctx is done nothing more is opened.
func Read(ctx context.Context, files []File, passphrase trust.Secret) Review {
	g := &gathered{ctx: ctx, passphrase: passphrase, work: maxWork}
	for i, f := range files {
		if i == MaxFiles {
			g.problem(Problem{Code: UnusableFile, Variant: "too-many", File: f.Name})
			break
		}
		g.file(f)
	}
	r := Review{Files: g.files, Problems: g.problems}
	g.pairUp(&r)
	for i := range r.Problems { // what is wrong with one file matters only if the others do not suffice
		r.Problems[i].Fatal = r.Pair == nil
	}
	return r
}

// foundCert is a certificate with the file it lies in.
type foundCert struct {
	*x509.Certificate
	file string
}

// foundKey is a private key with the file it lies in.
type foundKey struct {
	crypto.Signer
	file   string
	locked bool // it was encrypted
}

// gathered is what all files hold together.
type gathered struct {
	ctx        context.Context // of the one call
	passphrase trust.Secret
	work       int // iterations that are left
	certs      []foundCert
	keys       []foundKey
	shut       []string // files with keys that stayed shut
	problems   []Problem
	files      []Identified
}

func (g *gathered) problem(p Problem) {
	if p.Args == nil {
		p.Args = map[string]string{}
	}
	p.Args["file"] = p.File
	g.problems = append(g.problems, p)
}

// part is what one file holds.
type part struct {
	file    string
	certs   []*x509.Certificate
	keys    []foundKey
	locked  bool // a key in it is encrypted
	other   string
	problem *Problem
}

func (g *gathered) file(f File) {
	p := part{file: f.Name}
	switch {
	case len(f.Data) > MaxBytes:
		p.fault(Problem{Code: UnusableFile, Variant: "too-large"})
		g.take(p, certfile.Unrecognized)
		return
	case g.readKeyDER(&p, f.Data):
		g.take(p, certfile.PrivateKey)
		return
	}
	c := certfile.Examine(f.Data)
	p.certs = c.Certs
	switch c.Format {
	case certfile.PKCS12:
		g.readPKCS12(&p, f.Data)
	case certfile.PEM, certfile.PrivateKey, certfile.OtherPEM, certfile.PKCS7PEM:
		g.readKeys(&p, certfile.Text(f.Data))
	}
	if len(p.certs) == 0 {
		for _, n := range c.Notes {
			if n.Code == trust.MalformedCertificate && p.problem == nil {
				p.fault(Problem{Code: trust.MalformedCertificate, Args: map[string]string{"text": n.Text}})
			}
		}
	}
	g.take(p, c.Format)
}

// fault notes the first thing that is wrong with a file.
func (p *part) fault(f Problem) {
	if p.problem == nil {
		f.File = p.file
		p.problem = &f
	}
}

// take adds what a file holds to the rest.
func (g *gathered) take(p part, format certfile.Format) {
	id := Identified{Name: p.file, Kind: kindOf(p, format)}
	if len(p.certs) > 0 {
		id.Subject = clip(p.certs[0].Subject.String())
	}
	g.files = append(g.files, id)
	for _, c := range p.certs {
		if !slices.ContainsFunc(g.certs, func(k foundCert) bool { return k.Equal(c) }) {
			g.certs = append(g.certs, foundCert{c, p.file})
		}
	}
	for _, k := range p.keys {
		if len(g.keys) < maxKeys {
			g.keys = append(g.keys, k)
		}
	}
	switch {
	case p.problem != nil:
		g.problem(*p.problem)
		if p.problem.Code == trust.KeyEncrypted {
			g.shut = append(g.shut, p.file)
		}
	case len(p.certs) == 0 && len(p.keys) == 0:
		g.problem(Problem{Code: UnusableFile, Variant: string(id.Kind), File: p.file})
	}
}

func kindOf(p part, format certfile.Format) Kind {
	switch {
	case p.locked && len(p.keys) == 0:
		return KindLocked
	case len(p.certs) > 0 && len(p.keys) > 0:
		return KindBundle
	case len(p.keys) > 0:
		return KindKey
	case slices.ContainsFunc(p.certs, isClient):
		return KindClient
	case slices.ContainsFunc(p.certs, func(c *x509.Certificate) bool { return !c.IsCA }):
		return KindServer
	case len(p.certs) > 0:
		return KindCA
	case format == certfile.Empty:
		return KindEmpty
	case format == certfile.HTML:
		return KindPage
	case strings.HasSuffix(p.other, "CERTIFICATE REQUEST"):
		return KindRequest
	case strings.HasSuffix(p.other, "PUBLIC KEY"):
		return KindPublicKey
	}
	return KindOther
}

// isClient reports whether c can be a client's: no CA, and not for servers alone.
func isClient(c *x509.Certificate) bool { return !c.IsCA && trust.ForClients(c) }

// readKeys takes the private keys of a PEM file. OpenSSL writes other blocks, such
// as curve parameters, in front of them.
func (g *gathered) readKeys(p *part, text []byte) {
	for tried := 0; tried < maxKeys && g.ctx.Err() == nil; {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return
		}
		if !strings.HasSuffix(b.Type, "PRIVATE KEY") {
			if b.Type != "CERTIFICATE" && b.Type != "EC PARAMETERS" {
				p.other = b.Type
			}
			continue
		}
		tried++
		locked := isLocked(b)
		p.locked = p.locked || locked
		key, err := g.openPEM(b)
		g.key(p, key, locked, err)
	}
}

// key takes a key, or notes why it cannot be had.
func (g *gathered) key(p *part, key crypto.Signer, locked bool, err error) {
	if err == nil {
		p.keys = append(p.keys, foundKey{key, p.file, locked})
		return
	}
	f := Problem{Code: trust.KeyEncrypted, Args: map[string]string{"text": clip(err.Error())}}
	switch {
	case errors.Is(err, errShut):
	case errors.Is(err, errPassphrase):
		f.Variant = WrongPassphrase
	case errors.Is(err, errUnsupported) && locked:
		f.Variant = UnsupportedCipher
	case errors.Is(err, errUnsupported):
		f.Code, f.Variant = UnusableFile, "key-type"
	default:
		f.Code, f.Variant = UnusableFile, "key-damaged"
	}
	p.fault(f)
}

// readKeyDER reads a file that is a key in DER, encrypted or not; false when it is
// none.
func (g *gathered) readKeyDER(p *part, data []byte) bool {
	if len(data) == 0 || data[0] != 0x30 {
		return false
	}
	if key, err := parseKey(data); err == nil {
		g.key(p, key, false, nil)
		return true
	}
	if _, ok := parseLocked(data); !ok {
		return false
	}
	p.locked = true
	key, err := g.unlock(data)
	g.key(p, key, true, err)
	return true
}

// readPKCS12 reads a store with one key. Many have the empty password; that one is
// tried unasked.
func (g *gathered) readPKCS12(p *part, data []byte) {
	p.locked = true
	s := store{err: g.spend(workIn(data, maxDepth))}
	if s.err == nil {
		s = openStore(g.ctx, data, g.passphrase)
	}
	switch err := s.err; {
	case err == nil:
		signer, ok := s.key.(crypto.Signer)
		if !ok {
			g.key(p, nil, true, errUnsupported)
			return
		}
		p.certs = append([]*x509.Certificate{s.cert}, s.chain...)
		g.key(p, signer, !g.passphrase.Empty(), nil)
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && g.passphrase.Empty():
		g.key(p, nil, true, errShut)
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		g.key(p, nil, true, errPassphrase)
	case errors.Is(err, errUnsupported):
		g.key(p, nil, true, err)
	case isNotImplemented(err):
		g.key(p, nil, true, errors.Join(errUnsupported, err))
	default:
		p.fault(Problem{Code: UnusableFile, Variant: "store", Args: map[string]string{"text": clip(strings.TrimPrefix(err.Error(), "pkcs12: "))}})
	}
}

func isNotImplemented(err error) bool {
	_, ok := errors.AsType[pkcs12.NotImplementedError](err)
	return ok
}

// samePublicKey reports whether a key is that of a certificate.
func samePublicKey(c *x509.Certificate, k crypto.Signer) bool {
	a, err := x509.MarshalPKIXPublicKey(c.PublicKey)
	if err != nil {
		return false
	}
	b, err := x509.MarshalPKIXPublicKey(k.Public())
	return err == nil && bytes.Equal(a, b)
}
