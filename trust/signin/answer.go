package signin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
)

// Answer is what a server answered, read to its end.
type Answer struct {
	Status    int
	Header    http.Header
	Body      []byte
	Challenge trust.Challenge
	Scope     string // of a Bearer challenge: what is missing

	server *server
	role   trust.Role // in which it was asked: one server can be both
}

// ask sends one request to an accepted server and reads the answer. Refused and
// odd answers are answers.
func (a *Access) ask(ctx context.Context, method string, u *url.URL, header http.Header) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", clientID)
	resp, err := a.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	return a.read(resp, trust.RoleRegistry)
}

func (a *Access) read(resp *http.Response, role trust.Role) (*Answer, error) {
	defer resp.Body.Close()
	s := a.serverAt(addressOf(resp.Request.URL))
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		err = s.failed(resp.Request.Context(), err)
		var refused *Refusal
		if errors.As(err, &refused) {
			refused.Why = BadAnswer
		}
		return nil, err
	}
	return &Answer{
		Status: resp.StatusCode, Header: resp.Header, Body: body,
		Challenge: probe.ChallengeOf(resp), Scope: scopeOf(resp.Header), server: s, role: role,
	}, nil
}

// scopeOf reads what a Bearer challenge says is missing.
func scopeOf(h http.Header) string {
	_, rest, found := strings.Cut(h.Get("WWW-Authenticate"), `scope="`)
	scope, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		return ""
	}
	return probe.Printable(scope, maxText)
}

// failure is the body of an error, in all the forms that registries and token
// servers have for it: the distribution specification's, Docker Hub's "details"
// (distribution internal/client/errors.go reads that too), and OAuth 2's.
type failure struct {
	Errors []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
	Details     string `json:"details"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message"`
}

// says returns the error codes and the server's own words for a person, bounded
// but not yet without secrets: see [shown].
func (an *Answer) says() (codes []string, text string) {
	var f failure
	if err := json.Unmarshal(an.Body, &f); err != nil {
		return nil, plainText(an)
	}
	var words []string
	for _, e := range f.Errors {
		codes = append(codes, e.Code)
		words = append(words, e.Message)
	}
	words = append(words, f.Details, f.Description, f.Message)
	if f.Error != "" {
		codes = append(codes, f.Error)
		if f.Description == "" {
			words = append(words, f.Error)
		}
	}
	return codes, joined(words)
}

// plainText is a body that is a sentence, and not a web page.
func plainText(an *Answer) string {
	text := strings.TrimSpace(string(an.Body))
	if strings.HasPrefix(text, "<") || strings.Contains(an.Header.Get("Content-Type"), "html") {
		return ""
	}
	return probe.Printable(text, maxRaw)
}

func joined(words []string) string {
	var out []string
	for _, w := range words {
		if w = strings.TrimSpace(probe.Printable(w, maxRaw)); w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, "; ")
}

// Has reports whether the answer has an error code of the distribution
// specification.
func (an *Answer) Has(code string) bool {
	codes, _ := an.says()
	for _, c := range codes {
		if strings.EqualFold(c, code) {
			return true
		}
	}
	return false
}

// maxRetryAfter is the longest that a server may tell a person to wait: what is
// longer is a mistake, or mischief.
const maxRetryAfter = 7 * 24 * time.Hour

// retryAfter reads RFC 9110, 10.2.3.
func (an *Answer) retryAfter() time.Duration {
	value := strings.TrimSpace(an.Header.Get("Retry-After"))
	var d time.Duration
	if n, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(max(n, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = time.Until(at).Round(time.Second)
	}
	return min(max(d, 0), maxRetryAfter)
}
