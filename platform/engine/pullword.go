package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"mooring.dev/mooring/trust"
)

const (
	// pullTimeout bounds one question: the daemon itself gives a silent registry
	// 15 s, which is longer than a person waits for a proof.
	pullTimeout = 10 * time.Second
	maxStream   = 256 << 10 // of a pull's progress, bytes
	maxWords    = 600       // of what is kept of an engine's text, bytes
)

// probeName is a repository and a tag that no registry holds.
const probeName = "mooring-probe-absent"

// PullWord asks a daemon whether it trusts reg, by the path a pull takes: it is
// told to pull a tag that cannot exist. An answer of the registry, whatever it
// says, proves that the connection was trusted; a certificate error refuses.
// No credential is sent along, and if a registry should claim to have the image
// the pull is broken off at its first word.
//
// Insecure is the state when the daemon says of itself that it does not verify
// this registry: then an answer proves nothing. (A skip_verify in a hosts.toml it
// does not tell.) The proxy it goes through is the daemon's: d.HTTPSProxy.
//
// Others are the servers that the daemon may ask in reg's place; Docker Hub's
// mirrors are known without. With any, whose word it is cannot be told: Unknown.
func PullWord(ctx context.Context, d Docker, reg trust.Registry, others ...string) trust.EngineWord {
	word := trust.EngineWord{Party: trust.Docker, Instance: d.Host, State: trust.Unknown, Remote: d.Remote}
	if why := notAsked(d); why != "" && !d.Answered {
		word.Text = why
		return word
	}
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	text, err := tryPull(ctx, d, reg)
	switch {
	case err == nil:
		word.State, word.Text = classify(text, reg, d), clip(text, maxWords)
	case errors.Is(err, errUnderWay):
		word.State, word.Text = trust.Trusted, err.Error()
	default:
		word.Text = reason(err)
	}
	if reg.IsHub() {
		others = append(slices.Clone(others), d.Mirrors...)
	}
	if len(others) > 0 {
		word.State, word.Others = trust.Unknown, others
		return word
	}
	return weigh(word, worthOfAnswer(ctx, d, reg))
}

// weigh lowers an answer to what it is worth. For a registry that it does not
// verify, an engine before 23 reports its last attempt, plain HTTP, whose error
// says nothing: that it does not verify is known all the same.
func weigh(word trust.EngineWord, worth trust.State) trust.EngineWord {
	if word.State == trust.Trusted || word.State == trust.Unknown && worth == trust.Insecure {
		word.State = worth
	}
	return word
}

// started is the stream's status once the manifest has been fetched, in both
// image stores (moby distribution/pull_v2.go, containerd/image_pull.go).
const started = "Pulling from "

// The ends of a pull that are not the daemon's own error text.
var (
	errUnderWay = errors.New("the registry answered with an image")
	errSilent   = errors.New("the engine ended its answer without saying anything")
)

// tryPull returns the daemon's error text, or errUnderWay.
func tryPull(ctx context.Context, d Docker, reg trust.Registry) (string, error) {
	c := newClient(d.Host)
	defer c.close()
	q := url.Values{"fromImage": {reg.String() + "/" + probeName}, "tag": {probeName}}
	resp, err := c.do(ctx, http.MethodPost, "/images/create?"+q.Encode())
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	return readStream(resp)
}

func readStream(resp *http.Response) (string, error) {
	dec := json.NewDecoder(io.LimitReader(resp.Body, maxStream))
	for {
		var m struct {
			Message string `json:"message"` // of an error before the stream
			Error   string `json:"error"`   // of one within it
			Status  string `json:"status"`
		}
		err := dec.Decode(&m)
		ok := resp.StatusCode == http.StatusOK
		switch {
		case errors.Is(err, io.EOF):
			return "", errSilent
		case err != nil:
			return "", err
		case m.Error != "":
			return m.Error, nil
		case !ok && m.Message != "":
			return m.Message, nil
		case ok && strings.HasPrefix(m.Status, started):
			return "", errUnderWay
		}
	}
}

// someURL is a URL in an error text: its host could contain any word.
var someURL = regexp.MustCompile(`"https?://[^"]*"|https?://[^\s"]+`)

// transport is how Go's HTTP client begins an error that came instead of an
// answer. What follows is the text of the network, the TLS library or a proxy.
var transport = regexp.MustCompile(`(?:Get|Head|Post|Put|Patch) URL:? (.*)`)

// classify reads an engine's error text.
func classify(text string, reg trust.Registry, d Docker) trust.State {
	s := withoutNames(text, reg)
	switch {
	case strings.Contains(s, "proxyconnect "): // the proxy's trouble, not the registry's
		return trust.Unknown
	case containsAny(s, "x509: ", "tls: ", "server gave HTTP response to HTTPS client", "missing key ", "issing client certificate "):
		return trust.Refused
	case containsAny(s, "no such host", "connection refused", "no route to host", "network is unreachable", "i/o timeout",
		"Client.Timeout exceeded", "deadline exceeded", "server misbehaving"):
		return trust.Unreachable
	}
	if m := transport.FindStringSubmatch(s); m != nil {
		return classifyTransport(m[1], d)
	}
	if containsAny(strings.ToLower(s), "not found", "manifest unknown", "name unknown", "unauthorized",
		"denied", "no basic auth credentials", "authentication required", "authorization failed", "forbidden") {
		return trust.Trusted
	}
	return trust.Unknown
}

// withoutNames takes out of an error text what the registry's owner chose: a host
// may well be called not-found.example.
func withoutNames(text string, reg trust.Registry) string {
	s := someURL.ReplaceAllString(text, "URL")
	for _, name := range []string{reg.String(), reg.Host(), reg.ServerName()} {
		word := regexp.MustCompile(`(^|[^0-9A-Za-z.-])` + regexp.QuoteMeta(name) + `([^0-9A-Za-z.-]|$)`)
		s = word.ReplaceAllString(s, "${1}REGISTRY${2}")
	}
	return s
}

// classifyTransport reads what took the place of an answer. Docker's own
// authentication layer puts its words there once the registry has answered; a
// proxy that refuses a tunnel puts its status there, which may say anything.
func classifyTransport(s string, d Docker) trust.State {
	if s == "no basic auth credentials" {
		return trust.Trusted
	}
	if d.HTTPSProxy == "" && (strings.HasPrefix(s, "unauthorized: ") || strings.HasPrefix(s, "denied: ")) {
		return trust.Trusted
	}
	return trust.Unknown
}

// worthOfAnswer is what an answer of reg through d proves: Trusted when the
// daemon verifies it, Insecure when not, Unknown when that cannot be told. Docker
// takes an entry by exact name, or by a range that any address of the host lies
// in (moby registry isSecureIndex); containerd's loader, which the other image
// store uses, never verifies a loopback name.
func worthOfAnswer(ctx context.Context, d Docker, reg trust.Registry) trust.State {
	if d.ContainerdStore != nil && *d.ContainerdStore && (reg.Host() == "localhost" || reg.IP().IsLoopback()) {
		return trust.Insecure
	}
	var nets []netip.Prefix
	for _, entry := range d.Insecure {
		if p, err := netip.ParsePrefix(entry); err == nil {
			nets = append(nets, p)
		} else if strings.EqualFold(entry, reg.String()) {
			return trust.Insecure
		}
	}
	if len(nets) == 0 || reg.IsHub() {
		return trust.Trusted
	}
	addrs := []netip.Addr{reg.IP()}
	if !reg.IP().IsValid() {
		var err error
		if addrs, err = net.DefaultResolver.LookupNetIP(ctx, "ip", reg.Host()); err != nil {
			return trust.Unknown
		}
	}
	for _, a := range addrs {
		for _, n := range nets {
			if n.Contains(a.Unmap()) {
				return trust.Insecure
			}
		}
	}
	return trust.Trusted
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// clip makes foreign text safe to show: one line, no control characters, at most
// limit bytes.
func clip(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
