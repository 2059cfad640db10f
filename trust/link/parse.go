package link

import (
	"net/url"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
)

// Scheme is that of links, as desktops register it.
const Scheme = "mooring"

// verbTrust is the one verb of links: show the trust dialog of a registry.
const verbTrust = "trust"

// maxLink bounds a link, in bytes: a registry and all its fingerprints need no
// more, and less fits into every browser's address bar.
const maxLink = 2048

// Is reports whether s is meant as a link, for telling one from a file's name.
func Is(s string) bool {
	scheme, _, ok := strings.Cut(strings.TrimSpace(s), ":")
	return ok && strings.EqualFold(scheme, Scheme)
}

// Parse reads a link. Errors are *[Error]s. Nothing but
//
//	mooring://trust?registry=HOST[:PORT]&sha256=DIGITS[,DIGITS…][&sha256=…]
//
// is one: a parameter that is not known here may be one that a later version
// obeys, so it is refused rather than overlooked.
func Parse(s string) (Claim, error) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) > maxLink:
		return Claim{}, refuse(TooLong, 0, "")
	case !Is(s):
		return Claim{}, refuse(BadLink, 0, "")
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		return Claim{}, refuse(BadLink, 0, "")
	}
	if err := closed(u, s); err != nil {
		return Claim{}, err
	}
	c := Claim{Source: Source{Kind: FromLink}}
	named := false
	for _, pair := range strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' }) {
		key, value, err := parameter(pair)
		if err != nil {
			return Claim{}, err
		}
		switch key {
		case "registry":
			if named {
				return Claim{}, refuse(Duplicate, 0, key)
			}
			named = true
			err = c.setRegistry(0, value)
		case "sha256":
			err = c.addFingerprints(0, value)
		default:
			err = refuse(UnknownKey, 0, key)
		}
		if err != nil {
			return Claim{}, err
		}
	}
	switch {
	case !named:
		return Claim{}, refuse(NoRegistry, 0, "")
	case len(c.SHA256) == 0:
		return Claim{}, refuse(NoFingerprint, 0, c.Registry.String())
	}
	return c, nil
}

// closed refuses every verb but the one, and every part of a URL that a link has
// not. The path "/" is allowed: some browsers put it behind a host.
func closed(u *url.URL, s string) error {
	switch {
	case u.User != nil || u.Port() != "" || u.Path != "" && u.Path != "/":
		return refuse(Surplus, 0, "")
	case u.Fragment != "" || strings.Contains(s, "#"):
		return refuse(Surplus, 0, "")
	case u.Host == "":
		return refuse(BadLink, 0, "")
	case !strings.EqualFold(u.Host, verbTrust):
		return refuse(UnknownVerb, 0, u.Host)
	}
	return nil
}

// parameter decodes one pair of a query.
func parameter(pair string) (key, value string, err error) {
	k, v, _ := strings.Cut(pair, "=")
	if key, err = url.QueryUnescape(k); err == nil {
		value, err = url.QueryUnescape(v)
	}
	if err != nil {
		return "", "", refuse(BadLink, 0, k)
	}
	return key, value, nil
}

// setRegistry takes host or host:port and nothing around it. What a person may
// paste (an image, a URL, a command) is not what a program writes: there,
// "evil.example/real.example" would be read by people from its other end.
func (c *Claim) setRegistry(line int, s string) error {
	if s == "" {
		return refuse(NoRegistry, line, "")
	}
	r, doubts, err := trust.ParseRegistry(s)
	if err != nil {
		return nameError(line, err)
	}
	image := func(w trust.NameWarning) bool { return w.Code == trust.WarnHubImage }
	if strings.ContainsAny(s, "/?#@\\\"'` \t\r\n") || slices.ContainsFunc(doubts, image) {
		return refuse(BadRegistry, line, s)
	}
	c.Registry, c.Doubts = r, doubts
	return nil
}

// addFingerprints takes one or several, with commas between them.
func (c *Claim) addFingerprints(line int, s string) error {
	for part := range strings.SplitSeq(s, ",") {
		f, err := trust.ParseFingerprint(part)
		switch {
		case err != nil || f.IsZero():
			return refuse(BadSHA256, line, part)
		case slices.Contains(c.SHA256, f):
			continue
		case len(c.SHA256) == maxFingerprints:
			return refuse(TooMany, line, "")
		}
		c.SHA256 = append(c.SHA256, f)
	}
	return nil
}

// Format writes a claim as a link, which holds what [Parse] reads and no more. All
// of it is ASCII, so that chats and mail programs take it whole.
func Format(c Claim) string {
	digits := make([]string, len(c.SHA256))
	for i, f := range c.SHA256 {
		digits[i] = f.String()
	}
	// Colons need no escape in a query, and people read "host:port".
	registry := strings.NewReplacer("[", "%5B", "]", "%5D").Replace(c.Registry.String())
	return Scheme + "://" + verbTrust + "?registry=" + registry + "&sha256=" + strings.Join(digits, ",")
}
