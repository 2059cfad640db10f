package keychaintest

import (
	"crypto/x509"
	"os"
	"strconv"
)

// The most that one call of add-trusted-cert takes.
const (
	maxPolicies = 16
	maxStrings  = 128
)

// addTrustedCert is trusted_cert_add of trusted_cert_add.c.
func (r *run) addTrustedCert(args []string) int {
	if len(args) == 0 {
		return usage
	}
	opts, files, ok := getopt("dr:a:p:s:e:u:k:i:o:h", args)
	if !ok {
		return usage
	}
	var (
		domain                     = UserDomain
		keychain, in, out          string
		result                     = trustRoot
		names, hosts               []string
		allowed                    []int
		application                string
		use                        int
		constrained, domainIsAdmin bool
	)
	for _, o := range opts {
		constrained = constrained || o.letter != 'd' && o.letter != 'k' && o.letter != 'i' && o.letter != 'o'
		switch o.letter {
		case 'd':
			domain, domainIsAdmin = AdminDomain, true
		case 'r':
			if result = map[string]int{"trustRoot": trustRoot, "trustAsRoot": trustAsRoot, "deny": deny, "unspecified": unspecified}[o.arg]; result == 0 {
				return usage
			}
		case 'p':
			if names = append(names, o.arg); len(names) > maxPolicies {
				r.eprintf("Too many policy arguments.\n")
				return usage
			}
		case 's':
			if hosts = append(hosts, o.arg); len(hosts) > maxStrings {
				r.eprintf("Too many policy string arguments.\n")
				return usage
			}
		case 'e':
			n := map[string]int{"certExpired": -2147409654, "hostnameMismatch": -2147408896}[o.arg]
			if n == 0 {
				if n, _ = strconv.Atoi(o.arg); n == 0 {
					r.eprintf("Invalid value for allowed error.\n")
					return usage
				}
			}
			allowed = append(allowed, n)
		case 'a':
			application = o.arg
		case 'u':
			use, _ = strconv.Atoi(o.arg)
		case 'k':
			keychain = r.path(o.arg)
		case 'i':
			in = o.arg
		case 'o':
			out = o.arg
		case 'h':
			return usage
		}
	}
	switch {
	case len(files) > 1:
		return usage
	case len(files) == 0 && out == "":
		r.eprintf("No cert file specified.\n")
		return usage
	case out != "" && domainIsAdmin:
		r.eprintf("Can't specify both domain and a settingsFile\n")
		return usage
	case in != "" && out == "":
		r.eprintf("Can't specify settingsFileIn and no settingsFileOut\n")
		return usage
	}
	rules, code := constraints(names, hosts, allowed, result, use, application, constrained)
	if code != 0 {
		return code
	}
	var c *x509.Certificate
	if len(files) == 1 {
		if c = r.readCert(files[0]); c == nil {
			r.eprintf("Error reading file %s\n", files[0])
			return 1
		}
		if keychain != "" {
			if status := r.addTo(keychain, c); status != 0 && status != -25299 {
				r.cssmPerror("SecCertificateAddToKeychain", status)
				return 1
			}
		}
	}
	if out != "" { // a file, and no domain
		list := trustList{}
		if c != nil {
			list = list.with(c, rules)
		}
		if err := os.WriteFile(out, list.export(), 0o600); err != nil {
			r.eprintf("Error writing to %s\n", out)
			return 1
		}
		return 0
	}
	kept, status := validate(rules, c)
	if status == 0 {
		after := trustList{}
		for sha, e := range r.state.Trust[domain] {
			after[sha] = e
		}
		status = r.flush(domain, after.with(c, kept))
	}
	if status != 0 {
		r.cssmPerror("SecTrustSettingsSetTrustSettings", status)
		return 1
	}
	return 0
}

// constraints are the dictionaries: one for each policy, string and error. Without
// a policy there is one, and the strings are lost.
func constraints(names, hosts []string, allowed []int, result, use int, application string, constrained bool) ([]map[string]any, int) {
	if !constrained {
		return nil, 0
	}
	if len(names) == 0 {
		last := 0
		if len(allowed) > 0 {
			last = allowed[len(allowed)-1]
		}
		return []map[string]any{constraint("", "", result, last, use, application)}, 0
	}
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	if len(allowed) == 0 {
		allowed = []int{0}
	}
	var out []map[string]any
	for _, n := range names {
		if _, known := policies[n]; !known {
			return nil, usage
		}
		for _, h := range hosts {
			for _, e := range allowed {
				out = append(out, constraint(n, h, result, e, use, application))
			}
		}
	}
	return out, 0
}

func constraint(policy, host string, result, allowed, use int, application string) map[string]any {
	if result == trustRoot { // which is what no result means
		result = 0
	}
	d := Rule(policy, host, result)
	if allowed != 0 {
		d[keyAllowed] = allowed
	}
	if use != 0 {
		d[keyUsage] = use
	}
	if application != "" {
		d[keyApplication] = []byte(application)
	}
	return d
}

// dumpTrustSettings is trusted_cert_dump.c: certificates by their label.
func (r *run) dumpTrustSettings(args []string) int {
	domain, rest, ok := r.domainOf("sdh", args)
	if !ok || len(rest) > 0 {
		return usage
	}
	var certs []*x509.Certificate
	for _, k := range []string{r.Login(), SystemKeychain, RootsKeychain} {
		for _, der := range r.state.Keychains[k] {
			if _, there := r.state.Trust[domain][sha1Of(der)]; !there {
				continue
			}
			if c, err := x509.ParseCertificate(der); err == nil {
				certs = append(certs, c)
			}
		}
	}
	if len(certs) == 0 {
		r.cssmPerror("SecTrustSettingsCopyCertificates", -25263)
		return 1
	}
	r.printf("Number of trusted certs = %d\n", len(certs))
	for i, c := range certs {
		rules := r.state.Trust[domain][sha1Of(c.Raw)].Rules
		r.printf("Cert %d: %s\n   Number of trust settings : %d\n", i, c.Subject.CommonName, len(rules))
		for n, rule := range rules {
			r.printf("   Trust Setting %d:\n", n)
			if name, there := rule[keyPolicyName]; there {
				r.printf("      Policy OID            : %v\n", name)
			}
			if host, there := rule[keyPolicyString]; there {
				r.printf("      Policy String         : %v\n", host)
			}
			if result, there := rule[keyResult]; there {
				r.printf("      Result Type           : %s\n", map[any]string{
					trustRoot: "kSecTrustSettingsResultTrustRoot", trustAsRoot: "kSecTrustSettingsResultTrustAsRoot",
					deny: "kSecTrustSettingsResultDeny", unspecified: "kSecTrustSettingsResultUnspecified",
				}[result])
			}
		}
	}
	return 0
}
