package probe

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

func TestChallenges(t *testing.T) {
	token := trust.Challenge{Scheme: trust.AuthBearer, Realm: "https://auth.example/token", Service: "reg"}
	for name, c := range map[string]struct {
		headers []string
		want    trust.Challenge
	}{
		"bearer":               {[]string{`Bearer realm="https://auth.example/token",service="reg",scope="a:b:c"`}, token},
		"spaces":               {[]string{`Bearer   realm = "https://auth.example/token" ,  service = "reg" `}, token},
		"case":                 {[]string{`BEARER Realm="https://auth.example/token",SERVICE=reg`}, token},
		"unquoted":             {[]string{`Bearer realm=https://auth.example/token,service=reg`}, token},
		"order":                {[]string{`Bearer service="reg",realm="https://auth.example/token"`}, token},
		"two headers":          {[]string{`Basic realm="Corp"`, `Bearer realm="https://auth.example/token",service="reg"`}, token},
		"two in one":           {[]string{`Bearer realm="https://auth.example/token",service="reg", Basic realm="Corp"`}, token},
		"behind Negotiate":     {[]string{`Negotiate, Bearer realm="https://auth.example/token",service="reg"`}, token},
		"behind a token68":     {[]string{`NTLM TlRMTVNTUAAC==, Bearer realm="https://auth.example/token",service="reg"`}, token},
		"doubled parameter":    {[]string{`Bearer realm="https://auth.example/token",realm="https://evil.example/",service="reg"`}, token},
		"user and password":    {[]string{`Bearer realm="https://u:p@auth.example/token",service="reg"`}, token},
		"empty elements":       {[]string{`,, ,Bearer ,realm="https://auth.example/token",,service="reg",`}, token},
		"comma in a quote":     {[]string{`Basic realm="a, Bearer realm=b"`}, trust.Challenge{Scheme: trust.AuthBasic, Realm: "a, Bearer realm=b"}},
		"escaped quote":        {[]string{`Basic realm="a \"b\" c"`}, trust.Challenge{Scheme: trust.AuthBasic, Realm: `a "b" c`}},
		"endless quote":        {[]string{`Basic realm="Corp`}, trust.Challenge{Scheme: trust.AuthBasic, Realm: "Corp"}},
		"control characters":   {[]string{"Basic realm=\"a\x1b[2Jb\""}, trust.Challenge{Scheme: trust.AuthBasic, Realm: "a[2Jb"}},
		"no parameters":        {[]string{`Basic`}, trust.Challenge{Scheme: trust.AuthBasic}},
		"unknown scheme":       {[]string{`Digest realm="x", nonce="y"`}, trust.Challenge{Scheme: trust.AuthUnknown}},
		"parameter, no scheme": {[]string{`realm="x"`}, trust.Challenge{Scheme: trust.AuthUnknown}},
		"rubbish":              {[]string{`"""", (((, =, =x`}, trust.Challenge{Scheme: trust.AuthUnknown}},
		"nothing":              {[]string{``}, trust.Challenge{Scheme: trust.AuthUnknown}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, choose(parseChallenges(c.headers))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestChallengesAreBounded(t *testing.T) {
	all := parseChallenges([]string{strings.Repeat(`Basic a="b",`, 10_000)})
	if len(all) != maxChallenges {
		t.Errorf("%d challenges", len(all))
	}
	many := "Basic a0=1"
	for i := range 500 {
		many += ",b" + strings.Repeat("x", i%9) + "=1"
	}
	if c := parseChallenges([]string{many}); len(c) != 1 || len(c[0].params) > maxParameters {
		t.Errorf("%d challenges, %d parameters", len(c), len(c[0].params))
	}
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://auth.example/token",service="reg",scope="a:b"`)
	f.Add(`NTLM TlRMTVNTUAAC==, Basic realm="a \"b`)
	f.Add(`=,"=",a=b=c, d e f=g`)
	f.Fuzz(func(t *testing.T, header string) {
		all := parseChallenges([]string{header})
		if len(all) > maxChallenges {
			t.Errorf("%d challenges", len(all))
		}
		c := choose(all)
		if c.Scheme == "" || c.Scheme == trust.AuthUnknown && c.Realm != "" {
			t.Errorf("%+v", c)
		}
		if c.Realm != printable(c.Realm, maxURL) {
			t.Errorf("realm %q", c.Realm)
		}
		if u, err := url.Parse(c.Realm); err == nil && c.Scheme == trust.AuthBearer && u.User != nil {
			t.Errorf("realm %q holds a user", c.Realm)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		okAnswer, notFound, bearer("https://auth.example/token"), redirect("/elsewhere?x=y"),
		"HTTP/1.1 103 Early\r\n\r\n" + okAnswer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	base := &url.URL{Scheme: "https", Host: labAddress, Path: "/v2/"}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := readAnswer(bytes.NewReader(b), base)
		if err != nil {
			return
		}
		if h.Status < 200 || len(body) > maxBody {
			t.Errorf("status %d, body of %d bytes", h.Status, len(body))
		}
		for _, s := range []string{h.Server, h.Version, h.Proxy} {
			if s != clean(s) {
				t.Errorf("unclean text %q", s)
			}
		}
		if u, err := url.Parse(h.Location); err != nil || u.User != nil || u.RawQuery != "" || len(h.Location) > maxURL {
			t.Errorf("location %q: %v", h.Location, err)
		}
		if strings.ContainsAny(h.Challenge.Realm, "\r\n\x00\x1b") {
			t.Errorf("realm %q", h.Challenge.Realm)
		}
	})
}
