package keychain

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the keys of Apple's trust settings
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"howett.net/plist"

	"mooring.dev/mooring/trust"
)

// records are the trust settings of one domain, by the SHA-1 of the certificate in
// upper-case hex, as `security trust-settings-export` writes them
// (libsecurity_keychain/lib/TrustSettingsSchema.h). Its sibling dump-trust-settings
// names certificates by their label alone: two CAs of one name cannot be told apart.
type records map[string]record

// record is what a domain says of one certificate: constraints, of which the first
// that matches counts (trust/trustd/SecPolicyServer.c SecPVCGetTrustSettingsResult).
type record struct {
	rules  []rule
	digest string // of the whole record but its date
}

// rule is one dictionary of usage constraints (trust/headers/SecTrustSettings.h).
type rule struct {
	policy string // as `security` names it; "" for every policy
	host   string // "" for every host
	result int
	// odd: it has something that `security` cannot be told here. limited: and that
	// keeps it from matching every program.
	odd, limited bool
}

// The results of trust settings, as numbers.
const (
	resultTrustRoot = iota + 1
	resultTrustAsRoot
	resultDeny
	resultUnspecified
)

// policyNames are the policies that Mooring can name to `security`, with the OIDs
// (below 1.2.840.113635.100.1) and the names under which the settings hold them
// (libsecurity_asn1/lib/oidsalg.c, sec/Security/SecPolicy.list).
var policyNames = map[string]struct {
	oid  byte
	name string
}{
	"basic":        {2, "basicX509"},
	tls:            {3, "sslServer"},
	"smime":        {8, "SMIME"},
	"eap":          {9, "eapServer"},
	"IPSec":        {11, "ipsecServer"},
	"codeSign":     {16, "CodeSigning"},
	"timestamping": {20, "AppleTimeStamping"},
}

// policyArc is the DER form of 1.2.840.113635.100.1 without tag and length.
var policyArc = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x01}

// The bounds of an export.
const (
	maxExport  = 4 << 20
	maxRecords = 10000
	maxRules   = 1000
)

var errExport = errors.New("the trust settings are not written as macOS writes them")

// parseExport reads what `security trust-settings-export` wrote.
func parseExport(data []byte) (records, error) {
	if len(data) > maxExport {
		return nil, fmt.Errorf("%w: more than %d bytes", errExport, maxExport)
	}
	// The library also reads two other forms, which Apple does not write here.
	if !bytes.HasPrefix(data, []byte("<?xml")) {
		return nil, errExport
	}
	var top struct {
		Version int                       `plist:"trustVersion"`
		List    map[string]map[string]any `plist:"trustList"`
	}
	if _, err := plist.Unmarshal(data, &top); err != nil {
		return nil, fmt.Errorf("%w: %w", errExport, err)
	}
	if top.Version != 1 || len(top.List) > maxRecords {
		return nil, errExport
	}
	out := make(records, len(top.List))
	for sha, entry := range top.List {
		r, err := readRecord(entry)
		if err != nil {
			return nil, err
		}
		out[strings.ToUpper(sha)] = r
	}
	return out, nil
}

func readRecord(entry map[string]any) (record, error) {
	list, there := entry["trustSettings"].([]any)
	if !there && entry["trustSettings"] != nil || len(list) > maxRules {
		return record{}, errExport
	}
	digest, err := json.Marshal(list) // map keys come sorted
	if err != nil {
		return record{}, errExport
	}
	sum := sha256.Sum256(digest)
	r := record{digest: hex.EncodeToString(sum[:])}
	for _, e := range list {
		d, ok := e.(map[string]any)
		if !ok {
			return record{}, errExport
		}
		r.rules = append(r.rules, readRule(d))
	}
	return r, nil
}

func readRule(d map[string]any) rule {
	r := rule{result: resultTrustRoot}
	named := ""
	for key, value := range d {
		known, limits := true, true
		switch key {
		case "kSecTrustSettingsPolicy":
			r.policy, known = policyOf(value)
		case "kSecTrustSettingsPolicyName":
			named, known = value.(string)
		case "kSecTrustSettingsPolicyString":
			// Earlier systems ended the string with a NUL (SecPolicyServer.c).
			r.host, known = value.(string)
			r.host = strings.TrimSuffix(r.host, "\x00")
			known = known && r.host != ""
		case "kSecTrustSettingsResult":
			n, ok := value.(uint64)
			r.result, known = int(min(n, resultUnspecified+1)), ok
		case "kSecTrustSettingsModifyDate":
		case "kSecTrustSettingsAllowedError": // an error that is passed over; Keychain Access allows some
			known, limits = false, false
		default: // an application, a key usage
			known = false
		}
		r.odd = r.odd || !known
		r.limited = r.limited || !known && limits
	}
	if named != "" && policyNames[r.policy].name != named { // sslClient has the policy of sslServer
		r.odd, r.limited = true, true
	}
	return r
}

func policyOf(value any) (string, bool) {
	oid, _ := value.([]byte)
	for short, p := range policyNames {
		if bytes.Equal(oid, append(policyArc[:len(policyArc):len(policyArc)], p.oid)) {
			return short, true
		}
	}
	return "", false
}

// of is the settings of cert in its spelling's form.
func (rs records) of(cert *x509.Certificate) settings {
	r, ok := rs[sha1Of(cert)]
	if !ok {
		return settings{}
	}
	return r.settings(selfSigned(cert))
}

func sha1Of(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw) //nolint:gosec // a key of Apple's, which trusts nothing by itself
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// settings is the record as one call of `security` would make it, or "other".
func (r record) settings(root bool) settings {
	other := settings{other: r.digest}
	if len(r.rules) == 0 {
		if !root { // means nothing, and cannot be said
			return other
		}
		return settings{result: always}
	}
	var s settings
	for i, u := range r.rules {
		word := resultWord(u.result, root)
		if u.odd || word == "" || i > 0 && word != s.result || u.host != "" && (u.policy == "" || !isHost(u.host)) {
			return other
		}
		s.result = word
		if u.policy != "" {
			s.policies = append(s.policies, u.policy)
		}
		if u.host != "" {
			s.hosts = append(s.hosts, u.host)
		}
	}
	s = s.normal()
	if !s.covers(r.rules) || len(s.String()) > maxSettings {
		return other
	}
	if root && s.result == trusts && s.policies == nil {
		return settings{result: always} // `security` writes no list for it
	}
	return s
}

// covers reports whether the rules are every combination of s, each once.
func (s settings) covers(rules []rule) bool {
	if max(1, len(s.policies))*max(1, len(s.hosts)) != len(rules) || len(s.hosts) > maxHosts {
		return false
	}
	seen := map[rule]bool{}
	for _, u := range rules {
		u.host = strings.ToLower(u.host)
		if seen[u] || (u.policy == "") != (s.policies == nil) || (u.host == "") != (s.hosts == nil) {
			return false
		}
		seen[u] = true
	}
	return true
}

// resultWord spells a result, "" for one that is not valid for the certificate.
func resultWord(n int, root bool) string {
	switch {
	case n == resultTrustRoot && root, n == resultTrustAsRoot && !root:
		return trusts
	case n == resultDeny:
		return denies
	case n == resultUnspecified:
		return unspecified
	}
	return ""
}

// limits is for which hosts the record makes its certificate an anchor for TLS; nil
// for all of them.
func (r record) limits(root bool) *trust.Limits {
	if len(r.rules) == 0 && root {
		return nil
	}
	l := &trust.Limits{Others: r.standing("", root)}
	for _, u := range r.rules {
		host := strings.ToLower(u.host)
		if host == "" {
			continue
		}
		if s := r.standing(host, root); s != l.Others {
			if l.Hosts == nil {
				l.Hosts = map[string]trust.Standing{}
			}
			l.Hosts[host] = s
		}
	}
	if l.Hosts == nil && l.Others == trust.Trusts {
		return nil
	}
	return l
}

// standing is what the record says for one host; "" for one that it does not name.
func (r record) standing(host string, root bool) trust.Standing {
	at := slices.IndexFunc(r.rules, func(u rule) bool {
		return !u.limited && (u.policy == "" || u.policy == tls) && (u.host == "" || strings.EqualFold(u.host, host))
	})
	if at < 0 {
		return trust.Silent
	}
	switch resultWord(r.rules[at].result, root) {
	case trusts:
		return trust.Trusts
	case denies:
		return trust.Denies
	}
	return trust.Silent
}
