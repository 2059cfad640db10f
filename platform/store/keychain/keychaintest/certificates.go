package keychaintest

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
)

// searched are the keychains of the operands, or those of the search list. It is
// false where one is not there, which Apple's minds only if it is the only one.
func (r *run) searched(names []string) (out []string, ok bool) {
	if len(names) == 0 {
		return r.SearchList, true
	}
	for _, n := range names {
		k := r.path(n)
		if _, there := r.state.Keychains[k]; !there {
			r.secPerror("SecKeychainSearchCopyNext", -25294)
			return nil, false
		}
		out = append(out, k)
	}
	return out, true
}

func (r *run) findCertificate(args []string) int {
	opts, names, ok := getopt("hac:e:mpZ", args)
	if !ok {
		return usage
	}
	var all, text, hash bool
	name := ""
	for _, o := range opts {
		switch o.letter {
		case 'a':
			all = true
		case 'p':
			text = true
		case 'Z':
			hash = true
		case 'c':
			name = o.arg
		case 'h', 'e', 'm':
			return usage
		}
	}
	found := 0
	keychains, ok := r.searched(names)
	if !ok {
		return -25294
	}
	for _, k := range keychains {
		for _, der := range r.state.Keychains[k] {
			if !strings.Contains(strings.ToLower(commonName(der)), strings.ToLower(name)) {
				continue
			}
			found++
			r.print(der, hash, text)
			if !all {
				return 0
			}
		}
	}
	if found == 0 && !all {
		r.secPerror("SecKeychainSearchCopyNext", -25300)
		return -25300
	}
	return 0
}

func commonName(der []byte) string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return ""
	}
	return c.Subject.CommonName
}

func (r *run) print(der []byte, hash, text bool) {
	if hash {
		sum := sha256.Sum256(der)
		r.printf("SHA-256 hash: %s\nSHA-1 hash: %s\n", strings.ToUpper(hex.EncodeToString(sum[:])), sha1Of(der))
	}
	if text {
		r.printf("%s", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		return
	}
	r.printf("keychain: \"…\"\nversion: 512\nclass: 0x80001000 \nattributes:\n    \"labl\"<blob>=%q\n", commonName(der))
}

func (r *run) deleteCertificate(args []string) int {
	opts, names, ok := getopt("hc:Z:t", args)
	if !ok {
		return usage
	}
	var name, hash string
	settings := false
	for _, o := range opts {
		switch o.letter {
		case 'c':
			name = o.arg
		case 'Z':
			hash = o.arg
		case 't':
			settings = true
		case 'h':
			return usage
		}
	}
	if name == "" && hash == "" {
		return usage
	}
	keychains, ok := r.searched(names)
	if !ok {
		return -25294
	}
	for _, k := range keychains {
		for i, der := range r.state.Keychains[k] {
			if !r.matches(der, name, hash) {
				continue
			}
			if settings {
				if status := r.forget(UserDomain, sha1Of(der)); status != 0 && status != -25300 {
					r.secPerror("SecTrustSettingsRemoveTrustSettings (user)", status)
					return status
				}
			}
			if status := r.writable(k); status != 0 {
				r.secPerror("SecKeychainItemDelete", status)
				return status
			}
			r.state.Keychains[k] = slices.Delete(slices.Clone(r.state.Keychains[k]), i, i+1)
			return 0
		}
	}
	r.eprintf("Unable to delete certificate matching %q", name+hash)
	return 1
}

func (r *run) matches(der []byte, name, hash string) bool {
	if hash == "" {
		return strings.EqualFold(commonName(der), name)
	}
	want, _ := hex.DecodeString(hash)
	sum := sha256.Sum256(der)
	return bytes.Equal(want, sum[:]) || len(want) == 20 && strings.EqualFold(hash, sha1Of(der))
}
