package signin

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
)

// maxText bounds a server's words where they are shown, maxRaw where secrets are
// still looked for: a word cut in half would not be found.
const (
	maxText = 400
	maxRaw  = 16 << 10
)

// refused puts an answer into a reason. What a server says goes before its status,
// for many have only 401 for everything.
func (a *Access) refused(an *Answer, c trust.Credential) *Refusal {
	codes, text := an.says()
	r := &Refusal{
		Endpoint: an.server.address, Role: an.role, Product: a.product,
		Status: an.Status, Text: shown(text, c), RetryAfter: an.retryAfter(),
	}
	r.Why = byWords(an.Status, codes, strings.ToLower(text))
	if r.Why == "" {
		r.Why = byStatus(an, codes)
	}
	switch {
	case r.Why == WrongPassword && c.Secret.Empty():
		r.Why = NeedsSignIn
	case r.Why == WrongPassword && c.Token:
		r.Why = Ended // nobody types one: it was good when it was given
	}
	return r
}

// byWords knows the sentences of registries. Each was seen in the place named.
func byWords(status int, codes []string, text string) Why {
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case status != http.StatusBadRequest && status != http.StatusUnauthorized && status != http.StatusForbidden &&
		status != http.StatusLocked && status != http.StatusTooManyRequests:
		return ""
	// auth.docker.io: 429 "too many failed login attempts for username or IP address"
	// (docker/hub-feedback issues 1250, 2217); GitLab: "blocked", "deactivated".
	case status == http.StatusLocked, says("too many failed login", "locked", "disabled", "suspended", "deactivated"):
		return Locked
	// ECR: 403 "Your Authorization Token has expired." (docker/docker-py issue 1170);
	// OAuth 2: RFC 6749, 5.2.
	case says("token has expired", "token is expired", "token expired", "password has expired"), slices.Contains(codes, "invalid_grant"):
		return Ended
	// auth.docker.io: 401 "please use personal access token to login"
	// (docker/hub-feedback issue 1981); GitLab before 17: 401 "You must use a personal
	// access token". Today GitLab says in one sentence that either the password is
	// incorrect or a token is needed (basecamp/kamal issue 1498): that is a password
	// refused, for which its hint has both.
	case says("access token", "two-factor", "two factor", "2fa") && !says("incorrect", "invalid"):
		return SecondFactor
	}
	return ""
}

// byStatus is for servers that say nothing more.
func byStatus(an *Answer, codes []string) Why {
	switch an.Status {
	case http.StatusUnauthorized:
		return WrongPassword
	case http.StatusForbidden, http.StatusPreconditionFailed:
		return Forbidden
	case http.StatusTooManyRequests:
		return RateLimited
	case http.StatusNotFound:
		if an.role == trust.RoleRegistry {
			return NotARegistry
		}
	}
	switch {
	case slices.Contains(codes, "TOOMANYREQUESTS"):
		return RateLimited
	case an.Status >= 500:
		return Unavailable
	}
	return BadAnswer
}

// shown is a server's text fit to be shown: without the person's secret, should
// the server repeat it in whatever form it got it.
func shown(text string, c trust.Credential) string {
	for _, form := range forms(c) {
		text = strings.ReplaceAll(text, form, c.Secret.String())
	}
	return strings.TrimSpace(probe.Printable(text, maxText))
}

// forms are how a secret looks where it was sent or where a server writes it: the
// longest first, for one may hold another.
func forms(c trust.Credential) []string {
	if c.Secret.Empty() {
		return nil
	}
	secret := c.Secret.Reveal()
	pair := c.User + ":" + secret
	quoted := fmt.Sprintf("%q", secret)
	out := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), quoted[1 : len(quoted)-1],
		probe.Printable(secret, maxRaw),
	}
	for _, s := range []string{pair, secret} {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			out = append(out, e.EncodeToString([]byte(s)))
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(out)
}
