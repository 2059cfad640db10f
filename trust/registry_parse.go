package trust

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/distribution/reference"
	"golang.org/x/net/idna"
)

// maxPasted is the longest text that is looked at, in bytes: a command line with
// an image reference has a few hundred.
const maxPasted = 4096

// hubAliases are the hosts by which people know Docker Hub.
var hubAliases = map[string]bool{
	hubName: true, "index.docker.io": true, hubServer: true,
	"registry.hub.docker.com": true, "hub.docker.com": true,
}

// digest is the grammar of distribution/reference, for a whole text.
var digest = regexp.MustCompile("^(?:" + reference.DigestRegexp.String() + ")$")

// schemes are those that people and tools put in front of a registry.
var schemes = map[string]bool{"https": true, "http": true, "docker": true, "oci": true}

// ParseRegistry reads a registry out of what people paste: host[:port], an image
// reference, a URL, or a pull command. The warnings say what the person may not
// have meant. An error is always a [NameError].
func ParseRegistry(s string) (Registry, []NameWarning, error) {
	text, err := cleaned(s)
	if err != nil {
		return Registry{}, nil, err
	}
	if text, err = fromCommand(text); err != nil {
		return Registry{}, nil, err
	}
	shown, _, _ := cutAny(text, "?#")
	p := parsing{input: shown}
	authority, err := p.authority(text)
	if err != nil {
		return Registry{}, nil, err
	}
	if p.hubImage {
		return p.hub(WarnHubImage)
	}
	ascii, err := p.toASCII(authority)
	if err != nil {
		return Registry{}, nil, err
	}
	r, err := parseHostPort(ascii)
	if err != nil {
		return Registry{}, nil, err
	}
	return p.finish(r)
}

// parsing is what one call of ParseRegistry has seen so far.
type parsing struct {
	input    string
	scheme   string
	hubImage bool
	idn      string // the Unicode form of the host, "" for plain ASCII
}

// cleaned takes off what clings to pasted text and refuses what no name holds.
func cleaned(s string) (string, error) {
	if len(s) > maxPasted {
		return "", nameError(NameTooLong, s[:maxPasted])
	}
	s = strings.TrimSpace(s)
	for _, q := range []string{`"`, `'`, "`"} {
		if len(s) > 1 && strings.HasPrefix(s, q) && strings.HasSuffix(s, q) {
			s = strings.TrimSpace(s[1 : len(s)-1])
		}
	}
	if s == "" {
		return "", nameError(NameEmpty, "")
	}
	for _, c := range s {
		if c == utf8.RuneError || unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && !unicode.IsSpace(c) {
			return "", refuse(NameControl, s)
		}
	}
	return s, nil
}

// refuse is nameError for a whole pasted text, which may hold a password: what
// stands before an @, or after the first word of a command.
func refuse(code NameCode, pasted string) error {
	if i := strings.LastIndex(pasted, "@"); i >= 0 {
		pasted = "…" + pasted[i:]
	}
	if words := strings.Fields(pasted); len(words) > 1 {
		pasted = words[0] + " …"
	}
	return nameError(code, pasted)
}

// tools are the commands whose argument is an image or a registry.
var tools = map[string]bool{
	"docker": true, "podman": true, "nerdctl": true, "buildah": true, "skopeo": true,
	"crane": true, "ctr": true, "crictl": true, "oras": true, "helm": true,
}

// fromCommand finds the argument that names the registry in a pasted command:
// the first that does not belong to an option, else the last of all.
func fromCommand(s string) (string, error) {
	words := strings.Fields(s)
	for len(words) > 0 && (words[0] == "$" || words[0] == "#" || words[0] == "sudo") {
		words = words[1:]
	}
	if len(words) < 2 {
		return strings.Join(words, ""), nil
	}
	if !tools[words[0]] {
		return "", refuse(NameSpaces, s)
	}
	var found, last string
	for i, w := range words[1:] {
		option := strings.HasPrefix(w, "-")
		switch {
		case option || isVerb(w):
		case found == "" && !strings.HasPrefix(words[i], "-"):
			found, last = w, w
		default:
			last = w
		}
	}
	if found == "" {
		found = last
	}
	if found == "" {
		return "", nameError(NameEmpty, "")
	}
	return found, nil
}

func isVerb(word string) bool {
	switch word {
	case "pull", "push", "login", "logout", "run", "create", "image", "images", "manifest",
		"inspect", "copy", "search", "buildx", "imagetools", "registry":
		return true
	}
	return false
}

// authority cuts scheme, user, path, tag and digest off s.
func (p *parsing) authority(s string) (string, error) {
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		p.scheme = strings.ToLower(scheme)
		if !schemes[p.scheme] {
			return "", refuse(NameScheme, s)
		}
		s = rest
	} else if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "~") || strings.Contains(s, `\`) {
		return "", refuse(NamePath, s)
	}
	host, path, hasPath := cutAny(s, "/?#")
	for _, segment := range strings.Split(path, "/") {
		if segment == ".." {
			return "", refuse(NameDots, s)
		}
	}
	if i := strings.LastIndex(host, "@"); i >= 0 {
		if p.scheme != "" || hasPath || !digest.MatchString(host[i+1:]) {
			return "", NameError{Code: NameUserInfo}
		}
		host, p.hubImage = host[:i], true
	}
	if host == "" {
		return "", nameError(NameEmpty, "")
	}
	if digest.MatchString(host) {
		return "", nameError(NameNotHost, host)
	}
	p.hubImage = p.hubImage || p.scheme == "" && isHubImage(host, hasPath)
	return host, nil
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// isHubImage reports whether engines take a reference that starts with first for
// an image on Docker Hub (the rule of distribution/reference, splitDockerDomain).
// A single word is a host here: nobody adds an image to a list of registries.
func isHubImage(first string, hasPath bool) bool {
	if !hasPath {
		name, tag, ok := strings.Cut(first, ":")
		return ok && !strings.ContainsAny(name, ".[:") && name != "localhost" && tag != "" &&
			!isDigits(tag) && isHubRepository(first)
	}
	return !strings.ContainsAny(first, ".:") && first != "localhost" &&
		strings.ToLower(first) == first && isHubRepository(first)
}

func isHubRepository(name string) bool {
	_, err := reference.ParseNormalizedNamed(name)
	return err == nil
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// hostNames maps Unicode to the form that goes over the wire, as UTS 46 says
// browsers and resolvers should, and refuses what STD 3 keeps out of host names.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(false))

// toASCII turns an internationalised host into its xn-- form; engines read no
// other. ASCII stays as written, with its case.
func (p *parsing) toASCII(authority string) (string, error) {
	if isASCII(authority) {
		if strings.Contains(strings.ToLower(authority), "xn--") {
			host, _, _ := strings.Cut(authority, ":")
			unicodeForm, err := hostNames.ToUnicode(host)
			if err != nil {
				return "", nameError(NameIDN, authority)
			}
			p.idn = unicodeForm
		}
		return authority, nil
	}
	host, port, hasPort := authority, "", false
	if i := strings.LastIndex(authority, ":"); i >= 0 {
		host, port, hasPort = authority[:i], authority[i+1:], true
	}
	ascii, err := hostNames.ToASCII(host)
	if err != nil {
		return "", nameError(NameIDN, authority)
	}
	if p.idn, err = hostNames.ToUnicode(ascii); err != nil {
		return "", nameError(NameIDN, authority)
	}
	if hasPort {
		ascii += ":" + port
	}
	return ascii, nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c > unicode.MaxASCII }) < 0
}

func (p *parsing) hub(code NameCode) (Registry, []NameWarning, error) {
	r := Registry{host: hubName}
	return r, []NameWarning{p.warning(code, r)}, nil
}

func (p *parsing) finish(r Registry) (Registry, []NameWarning, error) {
	lower := strings.ToLower(r.host)
	if hubAliases[lower] && (r.port == "" || r.port == "443") {
		if r.String() == hubName {
			return r, nil, nil
		}
		return p.hub(WarnHubAlias)
	}
	var out []NameWarning
	if p.idn != "" && !isASCII(p.idn) {
		out = append(out, p.warning(WarnPunycode, r))
		out = append(out, p.homographs(r)...)
	}
	if p.scheme == "http" {
		out = append(out, p.warning(WarnHTTP, r))
	}
	if r.port == "" && !strings.ContainsAny(r.host, ".:") && lower != "localhost" {
		out = append(out, p.warning(WarnBareWord, r))
	}
	if r.host != lower && r.IP() == (netip.Addr{}) {
		out = append(out, p.warning(WarnUpperCase, r))
	}
	return r, out, nil
}

func (p *parsing) warning(code NameCode, r Registry) NameWarning {
	return NameWarning{Code: code, Args: map[string]string{
		"Input": printable(p.input), "Registry": r.String(),
	}}
}
