package probe

import (
	"net/url"
	"strings"

	"mooring.dev/mooring/trust"
)

const (
	maxChallengeText = 8 << 10 // of all headers together
	maxChallenges    = 16
	maxParameters    = 16
)

// challenge is one of WWW-Authenticate (RFC 9110, 11.6.1), names in lower case.
type challenge struct {
	scheme string
	params map[string]string // the first of equal names
}

// parseChallenges reads headers of which each may hold several challenges. What
// makes no sense is passed over: some registries send values unquoted, or add a
// scheme that nobody knows.
func parseChallenges(headers []string) []challenge {
	s := scanner{strings.Join(headers, ",")}
	if len(s.rest) > maxChallengeText {
		s.rest = s.rest[:maxChallengeText]
	}
	var out []challenge
	for s.next() {
		word := s.token()
		if value, ok := s.value(); ok { // name=value: of the challenge before
			if n := len(out); n > 0 {
				out[n-1].set(word, value)
			}
			continue
		}
		if word == "" {
			s.skip()
			continue
		}
		if len(out) == maxChallenges {
			break
		}
		c := challenge{strings.ToLower(word), map[string]string{}}
		name := s.token() // the first parameter has no comma before it
		if value, ok := s.value(); ok {
			c.set(name, value)
		} else {
			s.skip() // a token68, as of Negotiate
		}
		out = append(out, c)
	}
	return out
}

func (c challenge) set(name, value string) {
	name = strings.ToLower(name)
	if _, dup := c.params[name]; !dup && name != "" && len(c.params) < maxParameters {
		c.params[name] = value
	}
}

// choose picks the challenge that clients answer: Bearer before Basic.
func choose(all []challenge) trust.Challenge {
	best := trust.Challenge{Scheme: trust.AuthUnknown}
	for _, c := range all {
		found := trust.Challenge{Realm: clean(c.params["realm"]), Service: clean(c.params["service"])}
		switch {
		case c.scheme == "bearer" && best.Scheme != trust.AuthBearer:
			found.Scheme, found.Realm = trust.AuthBearer, realm(c.params["realm"])
		case c.scheme == "basic" && best.Scheme == trust.AuthUnknown:
			found.Scheme = trust.AuthBasic
		default:
			continue
		}
		best = found
	}
	return best
}

// realm is a token server's address, without the user and password that an URL
// may hold.
func realm(raw string) string {
	raw = printable(raw, maxURL)
	u, err := url.Parse(raw)
	if err != nil {
		return raw[strings.LastIndexByte(raw, '@')+1:]
	}
	u.User = nil
	return printable(u.String(), maxURL) // escaping makes it longer
}

// scanner walks over the text of challenges.
type scanner struct{ rest string }

// next goes to the next element and reports whether there is one.
func (s *scanner) next() bool {
	s.rest = strings.TrimLeft(s.rest, ", \t")
	return s.rest != ""
}

// skip goes behind what is left of this element.
func (s *scanner) skip() {
	_, s.rest, _ = strings.Cut(s.rest, ",")
}

// token reads a word and the space behind it.
func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenChar(s.rest[n]) {
		n++
	}
	word := s.rest[:n]
	s.rest = strings.TrimLeft(s.rest[n:], " \t")
	return word
}

// value reads "=" and what follows, if an "=" is next.
func (s *scanner) value() (string, bool) {
	after, ok := strings.CutPrefix(s.rest, "=")
	if !ok {
		return "", false
	}
	s.rest = strings.TrimLeft(after, " \t")
	if strings.HasPrefix(s.rest, `"`) {
		return s.quoted(), true
	}
	end := strings.IndexAny(s.rest, ", \t")
	if end < 0 {
		end = len(s.rest)
	}
	v := s.rest[:end]
	s.rest = s.rest[end:]
	return v, true
}

// quoted reads a quoted-string; one that never ends is read to the end.
func (s *scanner) quoted() string {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String()
		case c == '\\' && i+1 < len(s.rest):
			i++
			b.WriteByte(s.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	s.rest = ""
	return b.String()
}

func isTokenChar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
