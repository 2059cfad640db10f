package trust

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// domain is the grammar of distribution/reference, for a whole text.
var domain = regexp.MustCompile("^(?:" + reference.DomainRegexp.String() + ")$")

// parseHostPort reads exactly host[:port] in ASCII.
func parseHostPort(s string) (Registry, error) {
	host, port, err := splitPort(s)
	if err != nil {
		return Registry{}, err
	}
	r := Registry{host: host, port: port}
	if strings.HasPrefix(s, "[") {
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() || strings.ContainsAny(host, ".%") {
			return Registry{}, nameError(NameIP, s)
		}
		return r, nil
	}
	if err := checkHost(host); err != nil {
		return Registry{}, err
	}
	// The engines' own grammar has the last word: what it refuses cannot be the
	// domain of an image reference.
	if !domain.MatchString(r.String()) {
		return Registry{}, nameError(NameCharacter, s)
	}
	return r, nil
}

// splitPort separates the port and takes the brackets off an IPv6 address.
func splitPort(s string) (host, port string, err error) {
	rest := s
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", nameError(NameIP, s)
		}
		host, rest = s[1:end], s[end+1:]
		if rest != "" && rest[0] != ':' {
			return "", "", nameError(NamePort, s)
		}
	} else {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			i = len(s)
		}
		host, rest = s[:i], s[i:]
		if strings.Count(s, ":") > 1 {
			return "", "", nameError(colonCode(s), s)
		}
	}
	if rest == "" {
		return host, "", nil
	}
	if port = rest[1:]; !validPort(port) {
		return "", "", nameError(NamePort, s)
	}
	return host, port, nil
}

// colonCode tells an IPv6 address without brackets from a tag after a port and
// from a bare digest.
func colonCode(s string) NameCode {
	if _, err := netip.ParseAddr(s); err == nil {
		return NameBrackets
	}
	if strings.Contains(s, "::") {
		return NameBrackets
	}
	return NamePort
}

func validPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535 && strconv.Itoa(n) == s
}

// checkHost says what is wrong with a name or IPv4 address.
func checkHost(host string) error {
	switch {
	case host == "":
		return nameError(NameEmpty, "")
	case len(host) > 253:
		return nameError(NameTooLong, host)
	case strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(host, ".."):
		return nameError(NameDots, host)
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		switch {
		case strings.Trim(l, labelChars) != "":
			return nameError(NameCharacter, host)
		case len(l) > 63:
			return nameError(NameTooLong, host)
		case l[0] == '-' || l[len(l)-1] == '-':
			return nameError(NameHyphen, host)
		}
	}
	// Resolvers take a name whose last label is a number for an IPv4 address.
	if ip, err := netip.ParseAddr(host); isDigits(labels[len(labels)-1]) && (err != nil || !ip.Is4()) {
		return nameError(NameIP, host)
	}
	return nil
}

const labelChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
