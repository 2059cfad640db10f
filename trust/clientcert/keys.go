package clientcert

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"

	"mooring.dev/mooring/trust"
)

// Why a key cannot be had.
var (
	errShut        = errors.New("it is encrypted, and no passphrase was given")
	errPassphrase  = errors.New("the passphrase does not open it")
	errUnsupported = errors.New("it is encrypted, or made, in a way that Mooring does not know")
	errCostly      = fmt.Errorf("%w: opening it takes too much work", errUnsupported)
)

// parseKey reads a private key in the clear: PKCS#8, PKCS#1 or SEC 1.
func parseKey(der []byte) (crypto.Signer, error) {
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k, nil
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	if s, ok := k.(crypto.Signer); ok {
		return s, nil
	}
	return nil, errUnsupported // X25519: no certificate signs with it
}

// isLocked reports whether a PEM block is an encrypted key.
func isLocked(b *pem.Block) bool {
	//lint:ignore SA1019 keys that somebody locked in this way are told apart, none is locked
	return b.Type == "ENCRYPTED PRIVATE KEY" || x509.IsEncryptedPEMBlock(b)
}

// openPEM reads the key in a block.
func (g *gathered) openPEM(b *pem.Block) (crypto.Signer, error) {
	switch {
	case b.Type == "ENCRYPTED PRIVATE KEY":
		return g.unlock(b.Bytes)
	case b.Type == "OPENSSH PRIVATE KEY", b.Type == "DSA PRIVATE KEY":
		return nil, errUnsupported
	case !isLocked(b):
		return parseKey(b.Bytes)
	case g.passphrase.Empty():
		return nil, errShut
	}
	// The way of OpenSSL before 1.0, which `openssl rsa -aes256 -traditional` still
	// takes. It does not authenticate: a wrong passphrase may give garbage.
	//lint:ignore SA1019 as above
	der, err := x509.DecryptPEMBlock(b, []byte(g.passphrase.Reveal()))
	if err != nil && !errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errors.Join(errUnsupported, err)
	}
	key, kerr := parseKey(der)
	if err != nil || kerr != nil {
		return nil, errPassphrase
	}
	return key, nil
}

// lockedKey is an EncryptedPrivateKeyInfo (RFC 5958 section 3).
type lockedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// parseLocked reads the outside of an encrypted PKCS#8 key.
func parseLocked(der []byte) (k lockedKey, ok bool) {
	rest, err := asn1.Unmarshal(der, &k)
	return k, err == nil && len(rest) == 0
}

// pbes2 is PBES2-params with PBKDF2-params (RFC 8018 appendix A).
type (
	pbes2 struct {
		KDF    pkix.AlgorithmIdentifier
		Cipher pkix.AlgorithmIdentifier
	}
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// prfs are the pseudo-random functions of PBKDF2 that OpenSSL, Java and Go write.
var prfs = map[string]func() hash.Hash{
	"":                    sha1.New, // the default
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

// blockCipher is a cipher of PBES2, in CBC mode.
type blockCipher struct {
	key int // bytes
	new func([]byte) (cipher.Block, error)
}

var ciphers = map[string]blockCipher{
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
}

// unlock opens an encrypted PKCS#8 key. It is done here because the library that
// others use for it (youmark/pkcs8) panics on a cipher text or IV of a wrong
// length, does as many iterations as the file says, and reads a key that names its
// key length, as Java's do, with another hash.
func (g *gathered) unlock(der []byte) (crypto.Signer, error) {
	k, ok := parseLocked(der)
	switch {
	case !ok:
		return nil, errors.New("it is damaged")
	case !k.Algorithm.Algorithm.Equal(oidPBES2):
		return nil, fmt.Errorf("%w (%s)", errUnsupported, k.Algorithm.Algorithm)
	}
	block, iv, err := g.cipher(k)
	if err != nil {
		return nil, err
	}
	if len(k.Data) == 0 || len(k.Data)%block.BlockSize() != 0 {
		return nil, errors.New("it is damaged")
	}
	plain := make([]byte, len(k.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, k.Data)
	// Only the right passphrase gives a proper key; the padding tells nobody
	// anything that they do not hold already.
	n := int(plain[len(plain)-1])
	if n == 0 || n > block.BlockSize() {
		return nil, errPassphrase
	}
	key, err := parseKey(plain[:len(plain)-n])
	if err != nil && !errors.Is(err, errUnsupported) {
		return nil, errPassphrase
	}
	return key, err
}

// cipher derives what opens k.
func (g *gathered) cipher(k lockedKey) (cipher.Block, []byte, error) {
	var p pbes2
	var kdf pbkdf2Params
	var iv []byte
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, nil, err
	}
	c, known := ciphers[p.Cipher.Algorithm.String()]
	if !known || !p.KDF.Algorithm.Equal(oidPBKDF2) {
		return nil, nil, fmt.Errorf("%w (%s, %s)", errUnsupported, p.KDF.Algorithm, p.Cipher.Algorithm)
	}
	if _, err := asn1.Unmarshal(p.KDF.Parameters.FullBytes, &kdf); err != nil {
		return nil, nil, err
	}
	if _, err := asn1.Unmarshal(p.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, nil, err
	}
	prf := prfs[prfName(kdf.PRF.Algorithm)]
	switch {
	case prf == nil:
		return nil, nil, fmt.Errorf("%w (%s)", errUnsupported, kdf.PRF.Algorithm)
	case kdf.Iterations < 1 || kdf.Iterations > maxWork || kdf.KeyLength != 0 && kdf.KeyLength != c.key:
		return nil, nil, fmt.Errorf("%w (%d iterations)", errUnsupported, kdf.Iterations)
	case g.passphrase.Empty():
		return nil, nil, errShut
	}
	blocks := (c.key + prf().Size() - 1) / prf().Size() // each takes all iterations
	if err := g.spend(kdf.Iterations * blocks); err != nil {
		return nil, nil, err
	}
	key, err := pbkdf2.Key(prf, g.passphrase.Reveal(), kdf.Salt, kdf.Iterations, c.key)
	if err != nil {
		return nil, nil, err
	}
	block, err := c.new(key)
	if err == nil && len(iv) != block.BlockSize() {
		err = errors.New("it is damaged")
	}
	return block, iv, err
}

func prfName(oid asn1.ObjectIdentifier) string {
	if len(oid) == 0 {
		return ""
	}
	return oid.String()
}

// encodeKey writes a key as engines read it.
func encodeKey(k crypto.Signer) (trust.Secret, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return trust.Secret{}, err
	}
	return trust.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))), nil
}
