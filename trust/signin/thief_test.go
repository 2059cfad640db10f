package signin_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
)

const (
	regName = "reg.example:5000"
	regAt   = "reg.example:5000"
	tokenAt = "auth.example:443"
	thiefAt = "thief.example:443"
)

// The credentials of every attack: what a person types, and what Mooring keeps.
var credentials = map[string]trust.Credential{
	"password":       {User: "alice", Secret: trust.NewSecret("hunter2-Grüße&%+/=")},
	"identity token": {User: "alice", Secret: trust.NewSecret("identity-0123456789abcdef"), Token: true},
}

// attack is one way of getting at a credential.
type attack struct {
	// prepare sets the lab up as it is when the registry is checked; then what it
	// returns, if anything, as it is when the person signs in.
	prepare func(l *signintest.Lab, t *signintest.Thief) (before func())
	// policies are those of the tools in scope; nil: a Docker that trusts the CA.
	policies func(l *signintest.Lab) []trust.Policy
	want     signin.Why
	// only is the one credential that the attack is about; "" for each.
	only string
}

func challenge(w http.ResponseWriter, header string) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	w.Header().Set("WWW-Authenticate", header)
	w.WriteHeader(http.StatusUnauthorized)
}

// bearer is a registry that names a realm, until realm says another.
func bearer(realm string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer good" {
			fmt.Fprint(w, "{}")
			return
		}
		challenge(w, fmt.Sprintf("Bearer realm=%q,service=\"reg\"", realm))
	})
}

// basicAuth is a registry with passwords; once one is sent, then answers.
func basicAuth(then http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			challenge(w, `Basic realm="lab"`)
			return
		}
		then(w, r)
	})
}

func redirectTo(status int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}
}

// named makes the thief reachable and the registry name that realm.
func named(realm string, at ...string) func(*signintest.Lab, *signintest.Thief) func() {
	return func(l *signintest.Lab, t *signintest.Thief) func() {
		for _, address := range append(at, thiefAt) {
			l.Point(address, t.Address)
		}
		l.Serve(regAt, bearer(realm))
		return nil
	}
}

// withToken is a registry whose token server is answered by token, with the thief
// near by.
func withToken(token http.Handler) func(*signintest.Lab, *signintest.Thief) func() {
	return func(l *signintest.Lab, t *signintest.Thief) func() {
		l.Point(thiefAt, t.Address)
		l.Serve(regAt, bearer("https://auth.example/token"))
		l.Serve(tokenAt, token)
		return nil
	}
}

func attacks() map[string]attack {
	all := map[string]attack{
		"the registry's certificate is the thief's": {
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() { l.Point(regAt, t.Address); return nil },
			want:    signin.Unverified,
		},
		"the realm is the thief":            {prepare: named("https://thief.example/token"), want: signin.Unverified},
		"the realm is in plain HTTP":        {prepare: named("http://thief.example:443/token"), want: signin.Unverified},
		"the realm looks like the registry": {prepare: named("https://reg.example:5000@thief.example/token"), want: signin.Unverified},
		"the realm is at another port":      {prepare: named("https://reg.example:666/token", "reg.example:666"), want: signin.Unverified},
		"the realm leaves the scheme out":   {prepare: named("//thief.example/token"), want: signin.Unverified},
		"the realm has no scheme":           {prepare: named("thief.example:443/token"), want: signin.Unverified},
		"the realm is of another protocol":  {prepare: named("ftp://thief.example:443/token"), want: signin.Unverified},
		"the registry's name leads to the thief after the check": {
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				l.Serve(regAt, basicAuth(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
				return func() { l.Point(regAt, t.Address) }
			},
			want: signin.Unverified, only: "password",
		},
		"the token server's name leads to the thief after the check": {
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				withToken(bearer(""))(l, t)
				return func() { l.Point(tokenAt, t.Address) }
			},
			want: signin.Unverified,
		},
		"the realm becomes the thief after the check": {
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				var turned atomic.Bool
				l.Point(thiefAt, t.Address)
				l.Serve(tokenAt, bearer(""))
				l.Serve(regAt, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					realm := "https://auth.example/token"
					if turned.Load() {
						realm = "https://thief.example/token"
					}
					bearer(realm).ServeHTTP(w, r)
				}))
				return func() { turned.Store(true) }
			},
			want: signin.Redirected,
		},
		"the token server names the thief": {
			prepare: withToken(bearer("https://thief.example/token")), want: signin.WrongPassword, only: "password",
		},
		"the registry speaks plain HTTP": {
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				l.Point(regAt, t.Address)
				l.ServePlain(regAt, basicAuth(redirectTo(http.StatusTemporaryRedirect, "http://thief.example:443/v2/")))
				l.Point(thiefAt, t.Address)
				return nil
			},
			want: signin.Unverified, only: "password",
		},
		"Docker is told not to verify the thief": {
			prepare:  func(l *signintest.Lab, t *signintest.Thief) func() { l.Point(regAt, t.Address); return nil },
			policies: func(l *signintest.Lab) []trust.Policy { return []trust.Policy{careless(l), l.Docker()} },
			want:     signin.Unverified,
		},
		"Docker is told not to verify a registry that another trusts": {
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				l.Serve(regAt, basicAuth(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
				return func() { l.Point(regAt, t.Address) }
			},
			policies: func(l *signintest.Lab) []trust.Policy {
				podman := l.Docker()
				podman.Consumer.Party = trust.Podman
				return []trust.Policy{podman, careless(l)}
			},
			want: signin.Unverified, only: "password",
		},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		to := redirectTo(status, "https://thief.example/v2/?x=y")
		all[fmt.Sprintf("the registry redirects everybody, %d", status)] = attack{
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				l.Point(thiefAt, t.Address)
				l.Serve(regAt, to)
				return nil
			},
			want: signin.Redirected, only: "password",
		}
		all[fmt.Sprintf("the registry redirects who signs in, %d", status)] = attack{
			prepare: func(l *signintest.Lab, t *signintest.Thief) func() {
				l.Point(thiefAt, t.Address)
				l.Serve(regAt, basicAuth(to))
				return nil
			},
			want: signin.Redirected, only: "password",
		}
		all[fmt.Sprintf("the token server redirects, %d", status)] = attack{
			prepare: withToken(redirectTo(status, "https://thief.example/token")), want: signin.Redirected,
		}
		all[fmt.Sprintf("the token server redirects in plain HTTP, %d", status)] = attack{
			prepare: withToken(redirectTo(status, "http://thief.example:443/token")), want: signin.Redirected,
		}
	}
	return all
}

// careless is a Docker with the registry among insecure-registries.
func careless(l *signintest.Lab) trust.Policy {
	p := l.Docker()
	p.Anchors, p.SkipVerify = nil, "/etc/docker/daemon.json"
	return p
}

func (a attack) credentials() map[string]trust.Credential {
	if a.only == "" {
		return credentials
	}
	return map[string]trust.Credential{a.only: credentials[a.only]}
}

// Whatever a registry does to lead a credential astray, the thief gets nothing of
// it.
func TestThiefGetsNothing(t *testing.T) {
	for name, a := range attacks() {
		for kind, c := range a.credentials() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				l := signintest.NewLab(t)
				thief := signintest.NewThief(t, "reg.example", "auth.example", "thief.example")
				before := a.prepare(l, thief)
				policies := []trust.Policy{l.Docker()}
				if a.policies != nil {
					policies = a.policies(l)
				}
				report := l.Report(regName, policies...)
				if before != nil {
					before()
				}
				checked := thief.Visits()
				err := signIn(report, l.Way(), c)
				var refused *signin.Refusal
				if !errors.As(err, &refused) || refused.Why != a.want {
					t.Errorf("refused with %v, want %s", err, a.want)
				}
				if leaks := thief.Leaks(c); leaks != nil {
					t.Errorf("the thief has %q:\n%q", leaks, thief.Bytes())
				}
				if a.want == signin.Redirected && thief.Visits() != checked {
					t.Error("the thief was visited")
				}
				if strings.Contains(fmt.Sprintf("%+v %v", refused, err), c.Secret.Reveal()) {
					t.Error("the refusal holds the secret")
				}
			})
		}
	}
}

func signIn(r trust.Report, w signin.Way, c trust.Credential) error {
	a, err := signin.Accept(r, w)
	if err != nil {
		return err
	}
	defer a.Close()
	_, err = a.SignIn(context.Background(), c)
	return err
}

// The thief would get it from a client that does what it is told: else the test
// above would prove nothing.
func TestThiefRobsTheCareless(t *testing.T) {
	for name, a := range attacks() {
		for kind, c := range a.credentials() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				l := signintest.NewLab(t)
				thief := signintest.NewThief(t, "reg.example", "auth.example", "thief.example")
				if before := a.prepare(l, thief); before != nil {
					before()
				}
				obey(l, c)
				if thief.Leaks(c) == nil {
					t.Errorf("the thief did not notice, of %d connections:\n%q", thief.Visits(), thief.Bytes())
				}
			})
		}
	}
}

var realmOf = regexp.MustCompile(`(?:realm=")?((?:\w+:)?(?://)?[^",]+)`)

// obey signs in as a client without any guard would: it verifies nobody and takes
// its credential wherever it is sent.
func obey(l *signintest.Lab, c trust.Credential) {
	for _, scheme := range []string{"https", "http"} {
		client := &http.Client{
			Timeout:   5 * time.Second,
			Transport: &http.Transport{DialContext: l.Dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
			CheckRedirect: func(to *http.Request, via []*http.Request) error {
				to.Header = via[0].Header.Clone()
				if body := via[0].GetBody; body != nil && to.Body == nil {
					to.Method = via[0].Method
					to.Body, _ = body()
				}
				return nil
			},
		}
		send(client, c, scheme+"://"+regAt+"/v2/", 2)
	}
}

// send asks with the credential, and again where a realm leads.
func send(client *http.Client, c trust.Credential, to string, depth int) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.Secret.Reveal()}}
	for _, withForm := range []bool{false, c.Token} {
		method, body := http.MethodGet, io.Reader(nil)
		if withForm {
			method, body = http.MethodPost, strings.NewReader(form.Encode())
		}
		req, err := http.NewRequest(method, to, body)
		if err != nil {
			continue
		}
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Secret.Reveal())))
		resp, err := client.Do(req)
		if err != nil {
			continue
		}
		resp.Body.Close()
		_, params, found := strings.Cut(resp.Header.Get("WWW-Authenticate"), "Bearer ")
		if m := realmOf.FindStringSubmatch(params); found && m != nil && depth > 0 {
			realm := m[1]
			if _, rest, ok := strings.Cut(realm, "//"); ok {
				realm = rest
			}
			send(client, c, "https://"+realm, depth-1)
			send(client, c, "http://"+realm, depth-1)
		}
	}
}
