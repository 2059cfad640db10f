package probe

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// The alerts that a server without a key hides behind.
const (
	alertCertificateRequired   = 116
	alertNoApplicationProtocol = 120
)

// Whoever has no key can send another's certificates, ask for ours or not, and
// turn us away before the signature is due. The chain must not count as his.
func TestServerWithoutKey(t *testing.T) {
	leaf := labLeaf(t)
	var visits atomic.Int32
	for name, handle := range map[string]func(net.Conn){
		"TLS 1.3":                       keyless13(leaf),
		"TLS 1.2":                       keyless12(leaf, false, alertCertificateRequired),
		"TLS 1.2, asks for certificate": keyless12(leaf, true, alertCertificateRequired),
		"TLS 1.2, another alert":        keyless12(leaf, true, 42),
		"asks first, hides later": func(c net.Conn) { // we come again, for HTTP/2
			if visits.Add(1) == 1 {
				keyless12(leaf, true, alertNoApplicationProtocol)(c)
			} else {
				keyless13(leaf)(c)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := probeAt(t, handle)
			ep := p.Endpoints[0]
			if ep.Failure == nil || ep.Failure.Code != trust.TLSHandshake || !strings.HasPrefix(ep.Failure.Text, "remote error: tls: ") {
				t.Errorf("failure %+v", ep.Failure)
			}
			if ep.Reachable() || ep.ClientAuth.Required {
				t.Errorf("reachable %v, %+v", ep.Reachable(), ep.ClientAuth)
			}
			policy := trust.Policy{
				Anchors:     []trust.Anchor{{Cert: leaf.Issuer.Issuer.Cert}},
				ClientPairs: []trust.ClientPair{{Cert: leaf.Cert}},
			}
			if v := trust.Judge(ep, policy, p.At); v.State != trust.Refused || v.Reason != trust.TLSHandshake {
				t.Errorf("judged %v: %s", v.State, v.Reason)
			}
		})
	}
	if visits.Load() != 2 {
		t.Errorf("%d visits", visits.Load())
	}
}

// keyless12 plays TLS 1.2 by hand up to the point where a signed key exchange
// would be due, and leaves that out.
func keyless12(leaf *trusttest.Cert, ask bool, number byte) func(net.Conn) {
	hello := append([]byte{3, 3}, make([]byte, 32)...)
	hello = append(hello, 0, 0xc0, 0x2b, 0) // no session; ECDHE, so that a signature is expected
	var certs []byte
	for c := leaf; c.Issuer != nil; c = c.Issuer {
		certs = append(certs, long(c.Cert.Raw)...)
	}
	out := append(message(2, hello), message(11, long(certs))...)
	if ask {
		out = append(out, message(13, []byte{1, 1, 0, 2, 8, 4, 0, 0})...)
	}
	return func(c net.Conn) {
		io.ReadFull(c, make([]byte, 5))
		c.Write(append([]byte{22, 3, 3, byte(len(out) >> 8), byte(len(out))}, out...))
		c.Write([]byte{21, 3, 3, 0, 2, 2, number})
		c.(*net.TCPConn).CloseWrite()
		hang(c)
	}
}

// long is b with its length in three bytes before it.
func long(b []byte) []byte {
	return append([]byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

func message(kind byte, body []byte) []byte { return append([]byte{kind}, long(body)...) }

// keyless13 lets crypto/tls play TLS 1.3 up to the signature, which fails, and
// then says "certificate required" in place of its "internal error".
func keyless13(leaf *trusttest.Cert) func(net.Conn) {
	return func(c net.Conn) {
		conf := leaf.Config()
		conf.Certificates[0].PrivateKey = noKey{leaf.Key.Public()}
		conf.MinVersion = tls.VersionTLS13
		w := &alertForger{Conn: c}
		conf.KeyLogWriter = &w.secrets
		tls.Server(w, conf).Handshake()
		c.(*net.TCPConn).CloseWrite()
		hang(c)
	}
}

type noKey struct{ public crypto.PublicKey }

func (n noKey) Public() crypto.PublicKey { return n.public }

func (n noKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("not my key")
}

// alertForger replaces the alert at the end of a server's first flight.
type alertForger struct {
	net.Conn
	secrets bytes.Buffer
	sealed  uint64 // records so far that were encrypted
}

func (f *alertForger) Write(flight []byte) (int, error) {
	var out []byte
	var suite uint16
	for rest := flight; len(rest) > 5; {
		n := 5 + int(binary.BigEndian.Uint16(rest[3:]))
		record := rest[:n]
		rest = rest[n:]
		switch {
		case record[0] == 22: // ServerHello: version, random, session, suite
			suite = binary.BigEndian.Uint16(record[9+34+1+int(record[9+34]):])
		case record[0] == 23 && len(rest) == 0:
			record = f.seal(suite, []byte{2, alertCertificateRequired, 21})
		case record[0] == 23:
			f.sealed++
		}
		out = append(out, record...)
	}
	_, err := f.Conn.Write(out)
	return len(flight), err
}

// seal encrypts a record under the server's handshake keys (RFC 8446, 5.2, 7.3).
func (f *alertForger) seal(suite uint16, inner []byte) []byte {
	size, newAEAD := 16, func(key []byte) (cipher.AEAD, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	}
	if suite == tls.TLS_CHACHA20_POLY1305_SHA256 {
		size, newAEAD = 32, chacha20poly1305.New
	}
	_, line, _ := strings.Cut(f.secrets.String(), "SERVER_HANDSHAKE_TRAFFIC_SECRET ")
	line, _, _ = strings.Cut(line, "\n")
	secret, _ := hex.DecodeString(line[strings.LastIndexByte(line, ' ')+1:])
	aead, err := newAEAD(expand(secret, "key", size))
	if err != nil {
		panic(err)
	}
	nonce := expand(secret, "iv", 12)
	for i := range 8 {
		nonce[4+i] ^= byte(f.sealed >> (56 - 8*i))
	}
	header := []byte{23, 3, 3, 0, byte(len(inner) + aead.Overhead())}
	return aead.Seal(header, nonce, inner, header)
}

// expand is HKDF-Expand-Label with SHA-256 and no context.
func expand(secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := "\x00" + string(rune(n)) + string(rune(len(label))) + label + "\x00"
	out, err := hkdf.Expand(sha256.New, secret, info, n)
	if err != nil {
		panic(err)
	}
	return out
}
