package probe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"mooring.dev/mooring/trust"
)

const (
	userAgent  = "mooring"
	maxAnswer  = 64 << 10 // header and body
	maxBody    = 16 << 10 // a registry's is {} or an error of some lines
	maxURL     = 2048
	maxInterim = 4 // answers with a status of 1xx before the real one
)

// certificateMissing is nginx's answer, with status 400, to a client that it
// asked for a certificate in vain.
const certificateMissing = "No required SSL certificate was sent"

// ping asks /v2/ over conn, once and without credentials, and notes the answer.
func ping(conn io.ReadWriter, t target, ep *trust.Endpoint) {
	answer, body, err := exchange(conn, t, ep.PlainHTTP)
	switch {
	case err == nil:
		ep.HTTP = answer
		if ep.ClientAuth.Requested && answer.Status == http.StatusBadRequest && bytes.Contains(body, []byte(certificateMissing)) {
			ep.ClientAuth.Required, ep.ClientAuth.Text = true, certificateMissing
		}
	case !ep.PlainHTTP && turnedAway(err, ep):
		ep.ClientAuth.Required, ep.ClientAuth.Text = true, words(err)
	default:
		ep.Unanswered = classifyPing(err)
	}
}

// classifyPing differs from classify in that what is not a network's failure is
// an answer, though none of a registry.
func classifyPing(err error) *trust.Failure {
	code := codeOf(err)
	if code == trust.TLSHandshake && !strings.Contains(err.Error(), "tls: ") {
		code = trust.NotARegistry
	}
	return failure(code, err)
}

func exchange(conn io.ReadWriter, t target, plain bool) (*trust.HTTP, []byte, error) {
	base := &url.URL{Scheme: "https", Host: strings.TrimSuffix(t.address, ":443"), Path: "/v2/"}
	if plain {
		base.Scheme, base.Host = "http", t.address
	}
	request := "GET /v2/ HTTP/1.1\r\nHost: " + base.Host + "\r\nUser-Agent: " + userAgent +
		"\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, nil, err
	}
	return readAnswer(conn, base)
}

// readAnswer reads the answer to GET base, and its body where it matters.
func readAnswer(r io.Reader, base *url.URL) (*trust.HTTP, []byte, error) {
	answers := newAnswers(r)
	request := &http.Request{Method: http.MethodGet, URL: base}
	for range maxInterim {
		resp, err := answers.next(request)
		if err != nil {
			return nil, nil, err
		}
		if resp.StatusCode >= 200 {
			body := readBody(resp)
			return answerOf(resp, body), body, nil
		}
	}
	return nil, nil, errors.New("no final answer, only interim ones")
}

// answers reads HTTP answers of bounded size.
type answers struct {
	source *bounded
	buffer *bufio.Reader
}

func newAnswers(r io.Reader) answers {
	b := &bounded{r, maxAnswer}
	return answers{b, bufio.NewReaderSize(b, 2048)}
}

func (a answers) next(to *http.Request) (*http.Response, error) {
	resp, err := http.ReadResponse(a.buffer, to)
	if err != nil && a.source.left <= 0 {
		return nil, errTooLong // net/http would call the line malformed that was cut
	}
	return resp, err
}

// readBody reads the bodies that tell something. One that breaks off tells what
// it told until then.
func readBody(resp *http.Response) []byte {
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusBadRequest {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return body
}

func answerOf(resp *http.Response, body []byte) *trust.HTTP {
	h := &trust.HTTP{
		Status:    resp.StatusCode,
		Server:    clean(resp.Header.Get("Server")),
		Version:   clean(resp.Header.Get("Docker-Distribution-Api-Version")),
		Proxy:     clean(resp.Header.Get("Via")),
		Location:  location(resp),
		Challenge: challengeOf(resp),
	}
	h.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	h.Registry = h.Version != "" || resp.StatusCode == http.StatusUnauthorized && h.Challenge.Scheme != trust.AuthUnknown ||
		resp.StatusCode == http.StatusOK && json.Valid(body)
	return h
}

// location is where a redirect leads. Its query may be a signed permission (blob
// storage does that) and its user a password, so neither is kept.
func location(resp *http.Response) string {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return ""
	}
	u, err := resp.Location()
	if err != nil || u.Host == "" || len(u.String()) > maxURL {
		return ""
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return bare.String()
}

// challengeOf reads how the registry wants to be signed in to.
func challengeOf(resp *http.Response) trust.Challenge {
	values := resp.Header.Values("WWW-Authenticate")
	switch {
	case len(values) > 0:
		return choose(parseChallenges(values))
	case resp.StatusCode == http.StatusOK:
		return trust.Challenge{Scheme: trust.AuthNone}
	default:
		return trust.Challenge{Scheme: trust.AuthUnknown}
	}
}
