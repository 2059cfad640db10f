package keychaintest

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strconv"
	"strings"
)

// command is one entry of the table in security.c.
type command struct {
	name, usage, help string
	do                func(r *run, args []string) int
}

// commands in the order of security.c, as far as the fake has them.
var commands = []command{
	{"add-certificates", "[-h] [-k keychain] file...", "Add certificates to a keychain.", (*run).addCertificates},
	{"find-certificate", "[-h] [-a] [-c name] [-e emailAddress] [-m] [-p] [-Z] [keychain...]", "Find a certificate item.", (*run).findCertificate},
	{"delete-certificate", "[-h] [-c name] [-Z hash] [-t] [keychain...]", "Delete a certificate from a keychain.", (*run).deleteCertificate},
	{"add-trusted-cert", "[-d] [-r resultType] [-p policy] [-a appPath] [-s policyString] [-e allowedError] [-u keyUsage] [-k keychain] [-i settingsFileIn] [-o settingsFileOut] [certFile]", "Add trusted certificate(s).", (*run).addTrustedCert},
	{"remove-trusted-cert", "[-d] certFile", "Remove trusted certificate(s).", (*run).removeTrustedCert},
	{"dump-trust-settings", "[-s] [-d]", "Display contents of trust settings.", (*run).dumpTrustSettings},
	{"trust-settings-export", "[-s] [-d] settings_file", "Export trust settings.", (*run).exportSettings},
	{"trust-settings-import", "[-d] settings_file", "Import trust settings.", (*run).importSettings},
	{"verify-cert", "[options...] [url]", "Verify certificate(s).", (*run).verifyCert},
	{"error", "[error-code...]", "Display a descriptive message for the given error code(s).", (*run).errorCode},
}

// readCert is readCertFile of trusted_cert_utils.c: PEM or DER, one certificate.
func (r *run) readCert(file string) *x509.Certificate {
	data, err := os.ReadFile(file)
	if err != nil {
		r.printf("***Error reading file %s\n", file)
		return nil
	}
	if b, _ := pem.Decode(data); b != nil {
		data = b.Bytes
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		r.cssmPerror("SecCertificateCreateFromData", -25257)
		return nil
	}
	return c
}

// path is how a keychain is found that is not named by its whole path.
func (r *run) path(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return r.Home + "/Library/Keychains/" + name
}

// addTo is SecCertificateAddToKeychain.
func (r *run) addTo(keychain string, c *x509.Certificate) int {
	if status := r.writable(keychain); status != 0 {
		return status
	}
	for _, der := range r.state.Keychains[keychain] {
		if bytes.Equal(der, c.Raw) {
			return -25299
		}
	}
	r.state.Keychains[keychain] = append(r.state.Keychains[keychain], c.Raw)
	return 0
}

func (r *run) writable(keychain string) int {
	switch _, there := r.state.Keychains[keychain]; {
	case !there:
		return -25294
	case keychain == RootsKeychain, keychain == SystemKeychain && !r.Root:
		return -61
	case keychain == r.Login() && r.Locked && r.Person == Headless:
		return -25308
	}
	return 0
}

func (r *run) addCertificates(args []string) int {
	opts, files, ok := getopt("hk:", args)
	keychain := r.Login()
	for _, o := range opts {
		if o.letter != 'k' || o.arg == "" {
			return usage
		}
		keychain = r.path(o.arg)
	}
	if !ok || len(files) == 0 {
		return usage
	}
	code := 0
	for _, f := range files {
		c := r.readCert(f)
		if c == nil {
			code = 1
			continue
		}
		switch status := r.addTo(keychain, c); status {
		case 0:
		case -25299:
			r.eprintf("security: %s: already in %s\n", f, keychain)
			code = 1
		default:
			r.secPerror("SecCertificateAddToKeychain", status)
			code = 1
		}
	}
	return code
}

// forget is SecTrustSettingsRemoveTrustSettings.
func (r *run) forget(domain, sha string) int {
	list := r.state.Trust[domain]
	if list == nil {
		return -25263
	}
	if _, there := list[sha]; !there {
		return -25300
	}
	after := trustList{}
	for k, v := range list {
		if k != sha {
			after[k] = v
		}
	}
	return r.flush(domain, after)
}

func (r *run) removeTrustedCert(args []string) int {
	opts, files, ok := getopt("dh", args)
	domain := UserDomain
	for _, o := range opts {
		if o.letter == 'h' {
			return usage
		}
		domain = AdminDomain
	}
	if !ok || len(files) > 1 {
		return usage
	}
	if len(files) == 0 {
		r.eprintf("No cert file specified.\n")
		return usage
	}
	c := r.readCert(files[0])
	if c == nil {
		r.eprintf("Error reading file %s\n", files[0])
		return 1
	}
	if status := r.forget(domain, sha1Of(c.Raw)); status != 0 {
		r.cssmPerror("SecTrustSettingsRemoveTrustSettings", status)
		return 1
	}
	return 0
}

func (r *run) domainOf(spec string, args []string) (domain string, rest []string, ok bool) {
	opts, rest, ok := getopt(spec, args)
	domain = UserDomain
	for _, o := range opts {
		switch o.letter {
		case 'd':
			domain = AdminDomain
		case 's':
			domain = SystemDomain
		default:
			ok = false
		}
	}
	return domain, rest, ok
}

func (r *run) exportSettings(args []string) int {
	domain, rest, ok := r.domainOf("dsh", args)
	if !ok || len(rest) != 1 {
		return usage
	}
	data := r.state.Trust[domain].export()
	if data == nil {
		r.cssmPerror("SecTrustSettingsCreateExternalRepresentation", -25263)
		return 1
	}
	if err := os.WriteFile(rest[0], data, 0o644); err != nil {
		r.eprintf("Error (2) writing %s.\n", rest[0])
		return 2
	}
	r.printf("...Trust Settings exported successfully.\n")
	return 0
}

func (r *run) importSettings(args []string) int {
	domain, rest, ok := r.domainOf("dh", args)
	if !ok || len(rest) != 1 {
		return usage
	}
	data, err := os.ReadFile(rest[0])
	if err != nil {
		r.eprintf("Error (2) reading %s.\n", rest[0])
		return 1
	}
	status := -25242
	if list, err := parseList(data); err == nil && list != nil {
		status = r.flush(domain, list)
	}
	if status != 0 {
		r.cssmPerror("SecTrustSettingsImportExternalRepresentation", status)
		return 1
	}
	r.printf("...Trust Settings imported successfully.\n")
	return 0
}

func (r *run) errorCode(args []string) int {
	for _, a := range args {
		if n, err := strconv.Atoi(a); err == nil {
			r.printf("Error: 0x%08X %d %s\n", uint32(int32(n)), n, r.word(n))
		}
	}
	return 1
}
