package keychaintest

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the keys of Apple's trust settings
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"

	"howett.net/plist"
)

// trustList is the trust settings of a domain (TrustSettingsSchema.h); nil: there
// are none at all, which is another thing than an empty list.
type trustList map[string]trustEntry

type trustEntry struct {
	Issuer  []byte           `plist:"issuerName"`
	Serial  []byte           `plist:"serialNumber"`
	ModDate time.Time        `plist:"modDate"`
	Rules   []map[string]any `plist:"trustSettings,omitempty"`
}

func sha1Of(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // as Apple does
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func (l trustList) with(c *x509.Certificate, rules []map[string]any) trustList {
	if l == nil {
		l = trustList{}
	}
	l[sha1Of(c.Raw)] = trustEntry{c.RawIssuer, c.SerialNumber.Bytes(), time.Now().UTC().Truncate(time.Second), rules}
	return l
}

func (l trustList) export() []byte {
	if l == nil {
		return nil
	}
	var b bytes.Buffer
	e := plist.NewEncoderForFormat(&b, plist.XMLFormat)
	e.Indent("\t")
	if err := e.Encode(map[string]any{"trustVersion": 1, "trustList": l}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// parseList reads what export wrote; of nothing it makes nil.
func parseList(data []byte) (trustList, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var top struct {
		List trustList `plist:"trustList"`
	}
	if _, err := plist.Unmarshal(data, &top); err != nil {
		return nil, err
	}
	for _, e := range top.List {
		for _, rule := range e.Rules {
			for key, value := range rule {
				switch n := value.(type) {
				case uint64:
					rule[key] = int(n)
				case int64:
					rule[key] = int(n)
				}
			}
		}
	}
	return top.List, nil
}

// The keys of a dictionary of usage constraints.
const (
	keyPolicy       = "kSecTrustSettingsPolicy"
	keyPolicyName   = "kSecTrustSettingsPolicyName"
	keyPolicyString = "kSecTrustSettingsPolicyString"
	keyAllowed      = "kSecTrustSettingsAllowedError"
	keyResult       = "kSecTrustSettingsResult"
	keyUsage        = "kSecTrustSettingsKeyUsage"
	keyApplication  = "kSecTrustSettingsApplication"
)

// Rule is one dictionary of usage constraints as the tools of macOS write it, for a
// policy of `security` ("" for every one), a host ("" for all) and a result (0 for
// none, which means trustRoot).
func Rule(policy, host string, result int) map[string]any {
	out := map[string]any{}
	if p, ok := policies[policy]; ok {
		out[keyPolicy], out[keyPolicyName] = p.oid, p.name
	}
	if host != "" {
		out[keyPolicyString] = host
	}
	if result != 0 {
		out[keyResult] = result
	}
	return out
}

// policies are those of policyStringToOid (trusted_cert_utils.c).
var policies = map[string]struct {
	oid  []byte
	name string
}{
	"ssl":          {appleOID(3), "sslServer"},
	"smime":        {appleOID(8), "SMIME"},
	"codeSign":     {appleOID(16), "CodeSigning"},
	"IPSec":        {appleOID(11), "ipsecServer"},
	"basic":        {appleOID(2), "basicX509"},
	"swUpdate":     {appleOID(10), "AppleSWUpdateSigning"},
	"pkgSign":      {appleOID(17), "PackageSigning"},
	"eap":          {appleOID(9), "eapServer"},
	"macappstore":  {appleOID(19), "MacAppStoreReceipt"},
	"appleID":      {appleOID(18), "AppleIDAuthority"},
	"timestamping": {appleOID(20), "AppleTimeStamping"},
}

// appleOID is 1.2.840.113635.100.1.n without tag and length.
func appleOID(n byte) []byte { return []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 1, n} }

// The results.
const (
	trustRoot = iota + 1
	trustAsRoot
	deny
	unspecified
)

// validate is TrustSettings::validateApiTrustSettings: an error number, or the
// dictionaries as they are kept.
func validate(rules []map[string]any, c *x509.Certificate) ([]map[string]any, int) {
	root := selfSigned(c)
	if rules == nil { // trusted for everything: of roots only
		if !root {
			return nil, -50
		}
		return nil, 0
	}
	var out []map[string]any
	for _, rule := range rules {
		if len(rule) == 0 { // "weird, but legal - skip it"
			continue
		}
		result, there := rule[keyResult]
		switch {
		case !there && !root, result == trustRoot && !root, result == trustAsRoot && root:
			return nil, -50
		}
		out = append(out, rule)
	}
	return out, 0
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// authorize asks for the right to change a domain (TrustSettings::flushToDisk). Root
// is let through only for adding in the admin domain and without SIP.
func (r *run) authorize(domain string, after trustList) int {
	if domain == AdminDomain && r.Root && r.NoSIP && len(after) > 0 {
		return 0
	}
	if r.Person == Headless {
		return -60007
	}
	r.Asked[domain]++
	switch r.Person {
	case Cancels:
		return -60006
	case Wrong:
		return -60005
	}
	return 0
}

// flush keeps the settings of a domain; an empty list is no settings at all.
func (r *run) flush(domain string, after trustList) int {
	if domain == SystemDomain {
		return -61
	}
	if status := r.authorize(domain, after); status != 0 {
		return status
	}
	if len(after) == 0 {
		after = nil
	}
	r.state.Trust[domain] = after
	return 0
}

// trusted says what this Mac makes of a certificate for a policy and a host: 1 an
// anchor, -1 denied, 0 neither.
func (r *run) trusted(c *x509.Certificate, policy, host string) int {
	sha := sha1Of(c.Raw)
	entry, there := r.state.Trust[AdminDomain][sha] // which overrules the user's
	if !there {
		entry, there = r.state.Trust[UserDomain][sha]
	}
	builtIn := 0
	for _, der := range r.state.Keychains[RootsKeychain] {
		if bytes.Equal(der, c.Raw) {
			builtIn = 1
		}
	}
	if !there {
		return builtIn
	}
	if len(entry.Rules) == 0 {
		return 1
	}
	for _, rule := range entry.Rules {
		oid, _ := rule[keyPolicy].([]byte)
		at, _ := rule[keyPolicyString].(string)
		if oid != nil && !bytes.Equal(oid, policies[policy].oid) || at != "" && !strings.EqualFold(at, host) {
			continue
		}
		switch rule[keyResult] {
		case nil, trustRoot, trustAsRoot:
			return 1
		case deny:
			return -1
		}
		return builtIn
	}
	return builtIn
}
