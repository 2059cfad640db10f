package signin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"mooring.dev/mooring/trust"
)

// What a server answers is put into a reason and a bounded line, without the secret.
func FuzzRefusal(f *testing.F) {
	f.Add(401, `{"errors":[{"code":"UNAUTHORIZED","message":"no hunter2-secret"}]}`, "application/json", "90")
	f.Add(429, `{"details":"too many failed login attempts"}`, "", "Thu, 01 Jan 2037 00:00:00 GMT")
	f.Add(400, `{"error":"invalid_grant","error_description":"YWxpY2U6aHVudGVyMi1zZWNyZXQ="}`, "text/html", "-1")
	f.Add(500, "<html>", "text/html", "99999999999999999999")
	f.Fuzz(func(t *testing.T, status int, body, kind, retry string) {
		c := trust.Credential{User: "alice", Secret: trust.NewSecret("hunter2-secret")}
		a := &Access{servers: []*server{{role: trust.RoleRegistry, address: "reg.example:443"}}}
		for _, role := range []trust.Role{trust.RoleRegistry, trust.RoleToken} {
			r := a.refused(&Answer{
				Status: status, Body: []byte(body), Header: http.Header{"Content-Type": {kind}, "Retry-After": {retry}},
				server: a.servers[0], role: role,
			}, c)
			switch {
			case r.Why == "":
				t.Error("no reason")
			case len(r.Text) > maxText:
				t.Errorf("%d bytes of text", len(r.Text))
			case strings.Contains(r.Text, "hunter2-secret") || strings.Contains(r.Text, "aHVudGVyMi1zZWNyZXQ"):
				t.Errorf("the secret is in %q", r.Text)
			case strings.IndexFunc(r.Text, unicode.IsControl) >= 0:
				t.Errorf("control characters in %q", r.Text)
			case r.RetryAfter < 0 || r.RetryAfter > maxRetryAfter:
				t.Errorf("again after %v", r.RetryAfter)
			}
		}
	})
}

// A token is anything at all.
func FuzzToken(f *testing.F) {
	f.Add("e30.eyJleHAiOjE3MDAwMDAwMDAsImFjY2VzcyI6W119.c2ln")
	f.Add("eyJleHBpcmF0aW9uIjoxNzAwMDAwMDAwfQ==")
	f.Add("..")
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, token string) {
		for _, p := range []Product{ECR, ACR} {
			for _, is := range []bool{true, false} {
				e := expiry(p, trust.Credential{Secret: trust.NewSecret(token), Token: is}, now)
				if left := e.Sub(now); !e.IsZero() && (left < -maxSkew || left > maxLife) {
					t.Errorf("it ends in %v", left)
				}
				if p == ECR && !is && e.IsZero() {
					t.Error("ECR's password does not end")
				}
			}
		}
	})
}

// Only one kind of address leads to a server that was accepted.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{
		"https://reg.example/v2/", "https://REG.example:443/", "https://reg.example@thief.example/", "http://reg.example:443/", "//reg.example/",
		"https://reg.example:0443/", "https://reg.example%2ethief/", "https:reg.example", "https://reg.example:443:443/", "https://ｒeg.example/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := url.Parse(address)
		if err != nil {
			return
		}
		a := &Access{servers: []*server{{role: trust.RoleRegistry, address: "reg.example:443"}}}
		if _, err := a.serverFor(&http.Request{URL: u}); err != nil {
			return
		}
		// What is left is what Go would dial: the URL's host, or its port 443.
		host, port := strings.ToLower(u.Hostname()), u.Port()
		if !isASCII(host) {
			return // IDNA maps some letters; the name that is dialled is fixed
		}
		if u.Scheme != "https" || host != "reg.example" || port != "" && port != "443" || u.User != nil {
			t.Errorf("%q is let through", address)
		}
	})
}
