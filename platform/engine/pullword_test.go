package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

func registry(t *testing.T, s string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Texts as dockerd 20.10, 28 and 29 (both image stores) write them.
func TestClassify(t *testing.T) {
	proxied := Docker{HTTPSProxy: "http://proxy.lab:3128"}
	for _, c := range []struct {
		reg  string
		text string
		d    Docker
		want trust.State
	}{
		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`, Docker{}, trust.Refused},
		{"reg.lab:5000", `Get https://reg.lab:5000/v2/: x509: certificate signed by unknown authority`, Docker{}, trust.Refused},
		{"reg.lab:5000", `failed to resolve reference "reg.lab:5000/mooring-probe-absent:mooring-probe-absent": failed to do request: Head "https://reg.lab:5000/v2/mooring-probe-absent/manifests/mooring-probe-absent": tls: failed to verify certificate: x509: certificate is valid for a, not reg.lab`, Docker{}, trust.Refused},
		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": http: server gave HTTP response to HTTPS client`, Docker{}, trust.Refused},
		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": remote error: tls: certificate required`, Docker{}, trust.Refused},
		{"reg.lab:5000", `missing key client.key for client certificate client.cert. CA certificates must use the extension .crt`, Docker{}, trust.Refused},
		{"reg.lab:5000", `failed to authorize: failed to fetch anonymous token: Get "https://auth.lab/token?scope=x": tls: failed to verify certificate: x509: certificate signed by unknown authority`, Docker{}, trust.Refused},

		{"reg.lab:5000", `manifest for reg.lab:5000/mooring-probe-absent:mooring-probe-absent not found: manifest unknown: manifest unknown`, Docker{}, trust.Trusted},
		{"reg.lab:5000", `Head "https://reg.lab:5000/v2/mooring-probe-absent/manifests/mooring-probe-absent": no basic auth credentials`, Docker{}, trust.Trusted},
		{"reg.lab:5000", `pull access denied for reg.lab:5000/mooring-probe-absent, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`, Docker{}, trust.Trusted},
		{"reg.lab:5000", `failed to resolve reference "reg.lab:5000/mooring-probe-absent:mooring-probe-absent": reg.lab:5000/mooring-probe-absent:mooring-probe-absent: not found`, Docker{}, trust.Trusted},
		{"reg.lab:5000", `unexpected status from HEAD request to https://reg.lab:5000/v2/mooring-probe-absent/manifests/mooring-probe-absent: 403 Forbidden`, Docker{}, trust.Trusted},
		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": unauthorized: authentication required`, Docker{}, trust.Trusted},

		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": dial tcp 10.0.0.7:5000: connect: connection refused`, Docker{}, trust.Unreachable},
		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": dial tcp: lookup reg.lab on 10.0.0.1:53: no such host`, Docker{}, trust.Unreachable},
		{"reg.lab:5000", `Get "https://reg.lab:5000/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`, Docker{}, trust.Unreachable},

		// What only looks like an answer of the registry.
		{"denied.lab", `Get "https://denied.lab/v2/": EOF`, Docker{}, trust.Unknown},
		{"denied", `something about denied happened`, Docker{}, trust.Unknown},
		{"reg.lab", `Get "https://reg.lab/v2/": Forbidden`, proxied, trust.Unknown},
		{"reg.lab", `Get "https://reg.lab/v2/": Not Found`, proxied, trust.Unknown},
		{"reg.lab", `Get "https://reg.lab/v2/": denied: by the proxy`, proxied, trust.Unknown},
		{"reg.lab", `Get "https://reg.lab/v2/": proxyconnect tcp: tls: first record does not look like a TLS handshake`, proxied, trust.Unknown},
		{"reg.lab", `toomanyrequests: slow down`, Docker{}, trust.Unknown},
		{"reg.lab", "", Docker{}, trust.Unknown},
	} {
		if got := classify(c.text, registry(t, c.reg), c.d); got != c.want {
			t.Errorf("%s: %q: %v, want %v", c.reg, c.text, got, c.want)
		}
	}
}

// pullHandler answers POST /images/create with lines of a stream.
func pullHandler(t *testing.T, status int, lines ...any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/images/create" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if q := r.URL.Query(); q.Get("fromImage") != "reg.lab:5000/mooring-probe-absent" || q.Get("tag") != "mooring-probe-absent" {
			t.Errorf("asked for %v", q)
		}
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Registry") || name == "Authorization" {
				t.Errorf("sent %s", name)
			}
		}
		w.WriteHeader(status)
		for _, l := range lines {
			_ = json.NewEncoder(w).Encode(l)
		}
	})
}

func TestPullWord(t *testing.T) {
	unknownCA := `Get "https://reg.lab:5000/v2/": x509: certificate signed by unknown authority`
	notFound := "manifest unknown: manifest unknown"
	for name, c := range map[string]struct {
		handler http.Handler
		d       Docker
		want    trust.State
		text    string
	}{
		"refused before the stream": {pullHandler(t, 500, object{"message": unknownCA}), Docker{}, trust.Refused, unknownCA},
		"refused in the stream": {
			pullHandler(t, 200, object{"status": "Trying"}, object{"errorDetail": object{"message": unknownCA}, "error": unknownCA}),
			Docker{},
			trust.Refused, unknownCA,
		},
		"trusted":                            {pullHandler(t, 404, object{"message": notFound}), Docker{}, trust.Trusted, notFound},
		"not verified, by name":              {pullHandler(t, 404, object{"message": notFound}), Docker{Insecure: []string{"reg.lab:5000"}}, trust.Insecure, notFound},
		"not verified, obscure":              {pullHandler(t, 500, object{"message": "read tcp: connection reset by peer"}), Docker{Insecure: []string{"reg.lab:5000"}}, trust.Insecure, "read tcp: connection reset by peer"},
		"not verified, refused all the same": {pullHandler(t, 500, object{"message": unknownCA}), Docker{Insecure: []string{"reg.lab:5000"}}, trust.Refused, unknownCA},
		"another name's entry":               {pullHandler(t, 404, object{"message": notFound}), Docker{Insecure: []string{"reg.lab"}}, trust.Trusted, notFound},
		"another machine's word":             {pullHandler(t, 404, object{"message": notFound}), Docker{Remote: true, Answered: true}, trust.Trusted, notFound},
		"says nothing":                       {pullHandler(t, 200), Docker{}, trust.Unknown, "the engine ended its answer without saying anything"},
		"fails without a word":               {pullHandler(t, 500, object{}), Docker{}, trust.Unknown, "the engine ended its answer without saying anything"},
		"control characters":                 {pullHandler(t, 500, object{"message": "\x1b[31mred\n" + strings.Repeat("é", 600)}), Docker{}, trust.Unknown, "[31mred " + strings.Repeat("é", 296) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			c.d.Host = daemon(t, t.TempDir(), c.handler)
			got := PullWord(t.Context(), c.d, registry(t, "reg.lab:5000"))
			want := trust.EngineWord{Party: trust.Docker, Instance: c.d.Host, State: c.want, Text: c.text, Remote: c.d.Remote}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// Where another server may have answered, neither "not found" nor an x509 text
// says anything of the registry.
func TestPullWordOfOthers(t *testing.T) {
	mirror := "mir.lab:5006"
	for name, c := range map[string]struct {
		reg    string
		text   string
		d      Docker
		others []string
		state  trust.State
		says   []string
	}{
		"a mirror's 404":      {"reg.lab:5000", "reg.lab:5000/a:b: not found", Docker{}, []string{mirror}, trust.Unknown, []string{mirror}},
		"a mirror's x509":     {"reg.lab:5000", "tls: failed to verify certificate: x509: boom", Docker{}, []string{mirror}, trust.Unknown, []string{mirror}},
		"insecure or not":     {"reg.lab:5000", "not found", Docker{Insecure: []string{"reg.lab:5000"}}, []string{mirror}, trust.Unknown, []string{mirror}},
		"Docker Hub's mirror": {"docker.io", "manifest unknown", Docker{Mirrors: []string{"https://hub.lab/"}}, nil, trust.Unknown, []string{"https://hub.lab/"}},
		"not for others":      {"reg.lab:5000", "manifest unknown", Docker{Mirrors: []string{"https://hub.lab/"}}, nil, trust.Trusted, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.d.Host = daemon(t, t.TempDir(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_ = json.NewEncoder(w).Encode(object{"message": c.text})
			}))
			got := PullWord(t.Context(), c.d, registry(t, c.reg), c.others...)
			if got.State != c.state || !slices.Equal(got.Others, c.says) || got.Text != c.text {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A registry that claims to have the image must not make the engine load it.
func TestPullWordBreaksOffAPull(t *testing.T) {
	cancelled := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(object{"status": "Pulling from mooring-probe-absent", "id": "mooring-probe-absent"})
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(cancelled)
	})
	d := Docker{Host: daemon(t, t.TempDir(), h)}
	got := PullWord(t.Context(), d, registry(t, "reg.lab:5000"))
	if got.State != trust.Trusted {
		t.Errorf("got %+v", got)
	}
	select {
	case <-cancelled:
	case <-time.After(5 * time.Second):
		t.Error("the pull goes on")
	}
}

func TestPullWordIsBounded(t *testing.T) {
	endless := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if json.NewEncoder(w).Encode(object{"status": strings.Repeat("x", 4096)}) != nil {
				return
			}
		}
	})
	d := Docker{Host: daemon(t, t.TempDir(), endless)}
	if got := PullWord(t.Context(), d, registry(t, "reg.lab:5000")); got.State != trust.Unknown {
		t.Errorf("got %+v", got)
	}
	silent := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	d.Host = daemon(t, t.TempDir(), silent)
	if got := PullWord(ctx, d, registry(t, "reg.lab:5000")); got.State != trust.Unknown || got.Text != "no answer in time" {
		t.Errorf("got %+v", got)
	}
}

func TestPullWordDialsNoOtherMachine(t *testing.T) {
	for _, host := range []string{"ssh://build.lab", "tcp://10.0.0.7:2376"} {
		got := PullWord(t.Context(), Docker{Host: host, Remote: true}, registry(t, "reg.lab:5000"))
		if got.State != trust.Unknown || got.Text == "" || !got.Remote {
			t.Errorf("%s: %+v", host, got)
		}
	}
}

func TestWorthOfAnswer(t *testing.T) {
	yes := true
	for _, c := range []struct {
		d    Docker
		reg  string
		want trust.State
	}{
		{Docker{Insecure: []string{"127.0.0.0/8"}}, "127.0.0.1:5000", trust.Insecure},
		{Docker{Insecure: []string{"127.0.0.0/8", "10.0.0.0/8"}}, "192.168.1.1:5000", trust.Trusted},
		{Docker{Insecure: []string{"10.0.0.0/8"}}, "10.1.2.3", trust.Insecure},
		{Docker{Insecure: []string{"127.0.0.0/8"}}, "localhost:5000", trust.Insecure},
		{Docker{ContainerdStore: &yes}, "[::1]:5000", trust.Insecure},
		{Docker{Insecure: []string{"REG.lab"}}, "reg.lab", trust.Insecure},
		{Docker{Insecure: []string{"127.0.0.0/8"}}, "docker.io", trust.Trusted},
		{Docker{Insecure: []string{"127.0.0.0/8"}}, "no-such-name.invalid", trust.Unknown},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if got := worthOfAnswer(ctx, c.d, registry(t, c.reg)); got != c.want {
			t.Errorf("%s through %v: %v, want %v", c.reg, c.d.Insecure, got, c.want)
		}
		cancel()
	}
}

func FuzzReadStream(f *testing.F) {
	f.Add([]byte(`{"status":"a"}{"error":"x509: b"}`), 200)
	f.Add([]byte(`{"message":"denied"}`), 500)
	reg, _, _ := trust.ParseRegistry("reg.lab:5000")
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		text, err := readStream(&http.Response{StatusCode: status, Body: readCloser{strings.NewReader(string(body))}})
		if err == nil && text == "" {
			t.Error("neither a text nor an error")
		}
		if errors.Is(err, errUnderWay) && status != http.StatusOK {
			t.Error("a failure counts as a pull")
		}
		_ = classify(text, reg, Docker{})
		if s := clip(text, 100); len(s) > 100+len("…") || strings.ContainsAny(s, "\n\x1b") {
			t.Errorf("unsafe text %q", s)
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
