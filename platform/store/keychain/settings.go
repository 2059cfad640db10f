package keychain

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
)

// settings is what one domain says of one certificate, as far as one call of
// `security add-trusted-cert` can say it: a result for every combination of
// policies and hosts (SecurityTool/macOS/trusted_cert_add.c). Its spelling is what
// trust.Membership.Settings holds:
//
//	""                       no trust settings
//	"always"                 trusted for everything, by an empty list of constraints
//	"trust ssl"              trusted for TLS servers
//	"trust ssl host=a,b"     for these two alone
//	"deny", "unspecified"    the other results, with or without policies and hosts
//	"other:<digest>"         something that this cannot say, and that is left alone
//
// "elsewhere " before it says that the certificate lies in another keychain than the
// domain's own, in which Mooring keeps those that it adds.
//
// Trusted is one word here and two in `security`: trustRoot is for certificates
// that sign themselves and trustAsRoot for all others, and either is refused for
// the other kind (OSX/libsecurity_keychain/lib/TrustSettings.cpp), so the certificate
// says which.
type settings struct {
	result   string   // "" for no settings
	policies []string // sorted, as `security` names them; nil for every policy
	hosts    []string // sorted, lower case; nil for every host
	other    string   // the digest of settings that cannot be said
}

// The results of trust settings.
const (
	always      = "always"
	trusts      = "trust"
	denies      = "deny"
	unspecified = "unspecified"
)

// tls is the policy of TLS servers.
const tls = "ssl"

const (
	otherPrefix     = "other:"
	elsewherePrefix = "elsewhere "
)

// state is how a domain holds a certificate.
type state struct {
	in bool // its keychain holds the certificate
	settings
}

// membership is the state as plans and receipts write it.
func (s state) membership() trust.Membership {
	m := trust.Membership{Held: s.in || s.String() != "", Settings: s.String()}
	if m.Held && !s.in {
		m.Settings = elsewherePrefix + m.Settings
	}
	return m
}

// stateOf reads a membership, in its one canonical form only.
func stateOf(m trust.Membership) (state, error) {
	spelling, elsewhere := strings.CutPrefix(m.Settings, elsewherePrefix)
	s, err := parseSettings(spelling)
	out := state{m.Held && !elsewhere, s}
	if err == nil && out.membership() != m {
		err = errSettings
	}
	if err != nil {
		return state{}, err
	}
	return out, nil
}

func (s settings) String() string {
	if s.other != "" {
		return otherPrefix + s.other
	}
	words := append([]string{s.result}, s.policies...)
	if len(s.hosts) > 0 {
		words = append(words, "host="+strings.Join(s.hosts, ","))
	}
	return strings.Join(words, " ")
}

// sayable reports whether `security` can be told these settings again.
func (s settings) sayable() bool { return s.other == "" }

// maxSettings bounds a spelling: it may come from a plan, and root takes no longer one.
const maxSettings = 4 << 10

var errSettings = errors.New("not trust settings of macOS as Mooring writes them")

// parseSettings reads a spelling, in its one canonical form only.
func parseSettings(spelling string) (settings, error) {
	var s settings
	if len(spelling) > maxSettings {
		return s, errSettings
	}
	if digest, ok := strings.CutPrefix(spelling, otherPrefix); ok {
		if !isDigest(digest) {
			return s, errSettings
		}
		return settings{other: digest}, nil
	}
	words := strings.Split(spelling, " ")
	s.result, words = words[0], words[1:]
	if n := len(words); n > 0 {
		if list, ok := strings.CutPrefix(words[n-1], "host="); ok {
			s.hosts, words = strings.Split(list, ","), words[:n-1]
		}
	}
	if len(words) > 0 {
		s.policies = words
	}
	if !s.valid() || s.normal().String() != spelling {
		return settings{}, errSettings
	}
	return s, nil
}

func (s settings) valid() bool {
	switch s.result {
	case "", always:
		return s.policies == nil && s.hosts == nil
	case trusts, denies, unspecified:
	default:
		return false
	}
	for _, p := range s.policies {
		if _, known := policyNames[p]; !known {
			return false
		}
	}
	// Without a policy `security` ignores the hosts.
	return (s.hosts == nil || s.policies != nil) && !slices.ContainsFunc(s.hosts, func(h string) bool { return !isHost(h) })
}

// normal is s with its lists in order and nothing twice.
func (s settings) normal() settings {
	hosts := make([]string, len(s.hosts))
	for i, h := range s.hosts {
		hosts[i] = strings.ToLower(h)
	}
	s.hosts = ordered(hosts)
	s.policies = ordered(s.policies)
	return s
}

func ordered(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Sorted(slices.Values(list))
	return slices.Compact(list)
}

// maxHost is the longest name that DNS allows; an address is shorter.
const maxHost = 253

// isHost reports whether h can be a host in a spelling: a name or an address.
// Nothing else is ever given to -s.
func isHost(h string) bool {
	if h == "" || len(h) > maxHost || h[0] == '-' {
		return false
	}
	for _, c := range []byte(h) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("-._:*", rune(c)) {
			return false
		}
	}
	return true
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// maxHosts is how many hosts one call of `security` takes (MAX_STRINGS).
const maxHosts = 128

// options are the arguments of `security add-trusted-cert` for s and cert.
func (s settings) options(cert *x509.Certificate) []string {
	if s.result == always { // what it says without any constraint
		return nil
	}
	result := s.result
	if result == trusts {
		result = "trustAsRoot"
		if selfSigned(cert) {
			result = "trustRoot"
		}
	}
	args := []string{"-r", result}
	for _, p := range s.policies {
		args = append(args, "-p", p)
	}
	for _, h := range s.hosts {
		args = append(args, "-s", h)
	}
	return args
}

// selfSigned is Apple's SecCertificateIsSelfSigned, which does not mind a digest
// that Go no longer takes: a root's own signature proves nothing anyway.
func selfSigned(c *x509.Certificate) bool {
	if trust.SelfSigned(c) {
		return true
	}
	var weak x509.InsecureAlgorithmError
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	return string(c.RawIssuer) == string(c.RawSubject) && errors.As(err, &weak)
}

// everyHost reports whether s trusts TLS servers of any name.
func (s settings) everyHost() bool {
	return s.result == always || s.result == trusts && s.hosts == nil && (s.policies == nil || slices.Contains(s.policies, tls))
}

// forHosts are the settings that trust TLS with these hosts, or with every one where
// they cannot be named.
func forHosts(hosts []string) settings {
	s := settings{result: trusts, policies: []string{tls}, hosts: hosts}.normal()
	if len(s.hosts) > maxHosts || len(s.String()) > maxSettings || slices.ContainsFunc(s.hosts, func(h string) bool { return !isHost(h) }) {
		s.hosts = nil
	}
	return s
}

// join is how a certificate is held once it is trusted as want says besides. A denial
// gives way: that is what the plan is for, and its preview shows it. Where other
// policies are trusted too, hosts cannot be named without limiting those.
func join(was, want trust.Membership) trust.Membership {
	s, err := stateOf(was)
	more, wrong := stateOf(want)
	if err != nil || wrong != nil {
		return want
	}
	switch {
	case s.everyHost():
		return was
	case s.result != trusts:
	case !slices.Equal(s.policies, more.policies):
		more.policies, more.hosts = append(slices.Clone(s.policies), more.policies...), nil
	case more.hosts != nil:
		more.settings = forHosts(slices.Concat(s.hosts, more.hosts))
	}
	return state{true, more.normal()}.membership()
}

// Admissible reports whether Mooring would ever ask for settings want of a certificate
// of which was was said: trust for TLS servers, of some names or of all, or what was
// there. Names are not compared with registries: a token server has another, and all
// names are more than some.
func Admissible(was, want string) bool {
	before, err := stateOf(held(was))
	s, wrong := stateOf(held(want))
	switch {
	case err != nil || wrong != nil:
		return false
	case want == was, want == "" && before.sayable():
		return true
	}
	everywhere := forHosts(nil)
	wider := join(held(was), held(everywhere.String()))
	only := s.in && s.result == trusts && slices.Equal(s.policies, everywhere.policies)
	return before.sayable() && (only || want == wider.Settings)
}

func held(settings string) trust.Membership { return trust.Membership{Held: true, Settings: settings} }

// part is how a certificate is held once it is no longer trusted as want says:
// trusted for what other hosts there are, or not at all.
func part(was, want trust.Membership) trust.Membership {
	s, err := stateOf(was)
	gone, wrong := stateOf(want)
	if err != nil || wrong != nil || s.result != trusts || s.hosts == nil || gone.hosts == nil {
		return trust.Membership{}
	}
	s.hosts = slices.DeleteFunc(slices.Clone(s.hosts), func(h string) bool { return slices.Contains(gone.hosts, h) })
	if len(s.hosts) == 0 {
		return trust.Membership{}
	}
	return s.membership()
}
