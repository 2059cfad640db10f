package consumers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// caFile is a file of CA certificates as Go's AppendCertsFromPEM takes it.
type caFile struct {
	certs []*x509.Certificate
	fault *fault       // why it could not be read
	odd   []trust.Note // what is odd about its content
}

// readCA reads the CA file at path.
func readCA(w world.World, path string) caFile {
	return memo(w.FS, "ca "+path, func() caFile {
		data, err := w.FS.ReadFile(path)
		if err != nil {
			return caFile{fault: faultOf(w, path, err)}
		}
		f := certfile.Examine(data)
		return caFile{certs: f.Anchors, odd: f.Notes}
	})
}

// reason is why a file without certificates has none.
func (f caFile) reason() trust.Code {
	if len(f.odd) == 0 {
		return trust.NotPEM
	}
	return f.odd[0].Code
}

// pairFiles is a client certificate with its key as tls.X509KeyPair takes them.
type pairFiles struct {
	leaf      *x509.Certificate
	chain     []*x509.Certificate // what else is sent with it
	certFault *fault
	keyFault  *fault
	// code and text say why the two do not make a pair, in the library's words.
	code trust.Code
	text string
	// loose: others than the owner may read the key.
	loose bool
}

// readPair reads a client certificate and its key. With keyPath "" the key is
// expected in the certificate's file.
func readPair(w world.World, certPath, keyPath string) pairFiles {
	return memo(w.FS, "pair "+certPath+"\x00"+keyPath, func() pairFiles {
		var p pairFiles
		cert, err := w.FS.ReadFile(certPath)
		if err != nil {
			p.certFault = faultOf(w, certPath, err)
			return p
		}
		p.leaf, p.chain = sentCerts(cert)
		if keyPath == "" {
			keyPath = certPath
		}
		key, err := w.FS.ReadFile(keyPath)
		if err != nil {
			p.keyFault = faultOf(w, keyPath, err)
			return p
		}
		if i, err := w.FS.Stat(keyPath); err == nil && w.OS != "windows" {
			p.loose = i.Mode.Perm()&0o004 != 0
		}
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			p.code, p.text = pairProblem(cert, key), err.Error()
		}
		return p
	})
}

// pairProblem names the mistake behind an error of tls.X509KeyPair.
func pairProblem(cert, key []byte) trust.Code {
	switch {
	case encrypted(key):
		return trust.KeyEncrypted
	case noCert(cert):
		return trust.NotPEM
	case !bytes.Contains(key, []byte("PRIVATE KEY-----")):
		return trust.NotPEM
	default:
		return trust.KeyMismatch
	}
}

func encrypted(key []byte) bool {
	return bytes.Contains(key, []byte("BEGIN ENCRYPTED PRIVATE KEY")) ||
		bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED"))
}

// sentCerts are the certificates that crypto/tls sends of a pair's file: all of its
// blocks, of which only the first must be a certificate that can be read.
func sentCerts(data []byte) (leaf *x509.Certificate, chain []*x509.Certificate) {
	for first := true; len(chain) < maxSent; {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		switch {
		case first:
			leaf, first = c, false
		case err == nil:
			chain = append(chain, c)
		}
	}
	return leaf, chain
}

// maxSent bounds the intermediates of a pair that are looked at.
const maxSent = 32

func noCert(data []byte) bool {
	leaf, _ := sentCerts(data)
	return leaf == nil
}

// maxStray bounds the size of a file that is looked into although no loader
// reads it.
const maxStray = 256 << 10

// strayCert reports whether a file that no loader reads holds a certificate, in
// whatever form: someone meant it to be read.
func strayCert(w world.World, path string) bool {
	return memo(w.FS, "stray "+path, func() bool {
		if i, err := w.FS.Stat(path); err != nil || i.Size > maxStray {
			return false
		}
		data, err := w.FS.ReadFile(path)
		return err == nil && len(certfile.Examine(data).Certs) > 0
	})
}

// regular reports whether a directory entry may be a file.
func regular(e fs.DirEntry) bool { return !e.IsDir() }
