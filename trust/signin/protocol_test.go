package signin_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
)

const (
	user     = "alice"
	password = "correct horse"
)

// reply is one answer in the form that it was recorded in.
type reply struct {
	status int
	kind   string // content type
	body   string
	header [2]string
}

func (r reply) send(w http.ResponseWriter) {
	if r.kind != "" {
		w.Header().Set("Content-Type", r.kind)
	}
	if r.header[0] != "" {
		w.Header().Set(r.header[0], r.header[1])
	}
	w.WriteHeader(r.status)
	fmt.Fprint(w, r.body)
}

const (
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
)

// product is a registry as it answers, and where.
type product struct {
	registry, at string // as written, and host:port
	tokenAt      string // "" for the registry itself
	challenge    string
	// right answers a good password at the token server; "" for Basic.
	right string
	want  signin.Method
}

// The challenges and token answers of each, with where they are recorded:
// Docker Hub and GitHub: docs.docker.com/reference/api/registry/auth; ghcr.io as in
// AgileBits' and renovate's parsers. Harbor: goharbor/harbor src/server/middleware/
// v2auth/auth.go, src/core/service/token/token.go (and models.Token). GitLab: docs,
// engines.md 8. ECR: NVIDIA/enroot issue 59. ACR: Azure/acr docs/AAD-OAuth.md and
// MicrosoftDocs' troubleshooting pages. Distribution: registry/auth/{htpasswd,silly}.
var products = map[string]product{
	"hub": {
		registry: "docker.io", at: "registry-1.docker.io:443", tokenAt: "auth.docker.io:443",
		challenge: `Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`,
		right:     `{"token":"good","access_token":"good","expires_in":300,"issued_at":"2026-03-01T00:00:00Z"}`,
		want:      signin.Method{Scheme: signin.Bearer, Product: signin.DockerHub, Realm: "https://auth.docker.io/token", Service: "registry.docker.io"},
	},
	"harbor": {
		registry: "harbor.example", at: "harbor.example:443",
		challenge: `Bearer realm="https://harbor.example/service/token",service="harbor-registry"`,
		right:     `{"token":"good","access_token":"","expires_in":1800,"issued_at":"2026-03-01T00:00:00Z"}`,
		want:      signin.Method{Scheme: signin.Bearer, Product: signin.Harbor, Realm: "https://harbor.example/service/token", Service: "harbor-registry"},
	},
	"gitlab": {
		registry: "registry.example:5050", at: "registry.example:5050", tokenAt: "gitlab.example:443",
		challenge: `Bearer realm="https://gitlab.example/jwt/auth",service="container_registry"`,
		right:     `{"token":"good"}`,
		want:      signin.Method{Scheme: signin.Bearer, Product: signin.GitLab, Realm: "https://gitlab.example/jwt/auth", Service: "container_registry"},
	},
	"ecr": {
		registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", at: "123456789012.dkr.ecr.eu-west-1.amazonaws.com:443",
		challenge: `Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"`,
		want: signin.Method{
			Scheme: signin.Basic, Product: signin.ECR,
			Realm: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/", Service: "ecr.amazonaws.com",
		},
	},
	"acr": {
		registry: "contoso.azurecr.io", at: "contoso.azurecr.io:443",
		challenge: `Bearer realm="https://contoso.azurecr.io/oauth2/token",service="contoso.azurecr.io"`,
		right:     `{"access_token":"good","refresh_token":"` + acrToken + `"}`,
		want:      signin.Method{Scheme: signin.Bearer, Product: signin.ACR, Realm: "https://contoso.azurecr.io/oauth2/token", Service: "contoso.azurecr.io"},
	},
	"github": {
		registry: "ghcr.io", at: "ghcr.io:443",
		challenge: `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"`,
		right:     `{"token":"good"}`,
		want:      signin.Method{Scheme: signin.Bearer, Product: signin.GitHub, Realm: "https://ghcr.io/token", Service: "ghcr.io"},
	},
	"htpasswd": {
		registry: "reg.example:5000", at: "reg.example:5000",
		challenge: `Basic realm="basic-realm"`,
		want:      signin.Method{Scheme: signin.Basic, Product: signin.Distribution, Realm: "basic-realm"},
	},
	"silly": {
		registry: "reg.example:5000", at: "reg.example:5000",
		challenge: `Bearer realm="silly-realm",service="silly-service"`,
		want:      signin.Method{Scheme: signin.Silly, Product: signin.Distribution, Realm: "silly-realm", Service: "silly-service"},
	},
	"open": {
		registry: "reg.example:5000", at: "reg.example:5000",
		want: signin.Method{Scheme: signin.Open, Product: signin.Distribution},
	},
}

// acrExpires is in the identity token that ACR gives.
var acrExpires = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

var acrToken = "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, acrExpires.Unix())) + ".c2ln"

// serve runs p in a lab. answer, if it is not nil, is what every credential gets.
func (p product) serve(l *signintest.Lab, answer *reply) {
	registry := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, given, isBasic := r.BasicAuth()
		header := r.Header.Get("Authorization")
		basic := strings.HasPrefix(p.challenge, "Basic")
		switch {
		case p.challenge == "" || header == "Bearer good" || header != "" && p.want.Scheme == signin.Silly:
			w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
			fmt.Fprint(w, "{}")
		case isBasic && basic && answer != nil:
			answer.send(w)
		case isBasic && basic && given == password:
			fmt.Fprint(w, "{}")
		default:
			challenge(w, p.challenge)
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/v2/", registry)
	token := mux
	if p.tokenAt != "" {
		token = http.NewServeMux()
		l.Serve(p.tokenAt, token)
	}
	token.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.token(w, r, answer) })
	l.Serve(p.at, mux)
}

func (p product) token(w http.ResponseWriter, r *http.Request, answer *reply) {
	name, given, _ := r.BasicAuth()
	switch {
	case answer != nil:
		answer.send(w)
	case r.FormValue("service") != p.want.Service:
		reply{status: http.StatusBadRequest}.send(w)
	case r.Method == http.MethodPost && r.FormValue("grant_type") == "refresh_token" && r.FormValue("refresh_token") == acrToken:
		fmt.Fprint(w, `{"access_token":"good"}`)
	case r.Method == http.MethodPost:
		reply{status: http.StatusNotFound}.send(w)
	case name == user && given == password:
		if r.FormValue("offline_token") != "true" || r.FormValue("client_id") != "mooring" {
			reply{status: http.StatusTeapot}.send(w)
			return
		}
		fmt.Fprint(w, p.right)
	default:
		reply{status: http.StatusUnauthorized, kind: jsonType, body: `{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}`}.send(w)
	}
}

func TestProducts(t *testing.T) {
	for name, p := range products {
		t.Run(name, func(t *testing.T) {
			l := signintest.NewLab(t)
			p.serve(l, nil)
			a := l.Access(p.registry)
			m, err := a.Method(t.Context())
			if err != nil || m != p.want {
				t.Fatalf("method %+v, %v", m, err)
			}
			out, err := a.SignIn(t.Context(), trust.Credential{User: user, Secret: trust.NewSecret(password)})
			if err != nil {
				t.Fatal(err)
			}
			keep, expires := trust.Credential{User: user, Secret: trust.NewSecret(password)}, time.Time{}
			switch name {
			case "acr":
				keep, expires = trust.Credential{User: user, Secret: trust.NewSecret(acrToken), Token: true}, acrExpires
			case "open":
				keep = trust.Credential{}
			case "ecr":
				if left := time.Until(out.Expires); left < 11*time.Hour || left > 12*time.Hour {
					t.Errorf("expires in %v", left)
				}
				out.Expires = time.Time{}
			}
			if out.Keep != keep || !out.Expires.Equal(expires) || out.Method != p.want {
				t.Errorf("keeps %+v until %v", out.Keep, out.Expires)
			}
			if name == "open" || name == "silly" {
				return
			}
			_, err = a.SignIn(t.Context(), trust.Credential{User: user, Secret: trust.NewSecret("wrong")})
			var refused *signin.Refusal
			if !errors.As(err, &refused) || refused.Why != signin.WrongPassword || refused.Status != http.StatusUnauthorized || refused.Product != p.want.Product {
				t.Errorf("a wrong password: %+v", err)
			}
		})
	}
}

// Registries say no in many words.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		product string
		answer  reply
		token   bool // sign in with an identity token
		want    signin.Why
		text    string // part of what is shown
		after   time.Duration
	}{
		// docker/hub-feedback issues 786, 1981, 1250 and 2204.
		"hub, wrong password": {product: "hub", answer: reply{401, jsonType, `{"details":"incorrect username or password"}`, [2]string{}}, want: signin.WrongPassword, text: "incorrect username or password"},
		"hub, second factor":  {product: "hub", answer: reply{401, jsonType, `{"details":"please use personal access token to login"}`, [2]string{}}, want: signin.SecondFactor, text: "personal access token"},
		"hub, locked":         {product: "hub", answer: reply{429, jsonType, `{"details":"too many failed login attempts for username or IP address"}`, [2]string{}}, want: signin.Locked},
		"hub, locked, old":    {product: "hub", answer: reply{429, jsonType, `{"details":"Too many failed login attempts. You have been locked out for one hour."}`, [2]string{}}, want: signin.Locked},
		"hub, rate":           {product: "hub", answer: reply{429, jsonType, `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`, [2]string{"Retry-After", "90"}}, want: signin.RateLimited, after: 90 * time.Second},
		"hub, rate, no words": {product: "hub", answer: reply{429, "text/html", `<html>slow down</html>`, [2]string{"Retry-After", "99999999"}}, want: signin.RateLimited, after: 7 * 24 * time.Hour},
		// src/core/service/token/token.go: CustomAbort(401, "").
		"harbor, wrong":  {product: "harbor", answer: reply{401, "", "", [2]string{}}, want: signin.WrongPassword},
		"harbor, policy": {product: "harbor", answer: reply{412, jsonType, `{"errors":[{"code":"PROJECTPOLICYVIOLATION","message":"current image is blocked"}]}`, [2]string{}}, want: signin.Forbidden},
		"harbor, down":   {product: "harbor", answer: reply{502, "text/html", "<html><h1>502 Bad Gateway</h1></html>", [2]string{}}, want: signin.Unavailable},
		// basecamp/kamal issue 1498; the sentence before it: abhith.net, "Clone a repository when 2FA enabled".
		"gitlab, either":        {product: "gitlab", answer: reply{401, jsonType, `{"errors":[{"code":"UNAUTHORIZED","message":"HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or you're required to use a token instead of a password."}]}`, [2]string{}}, want: signin.WrongPassword, text: "Access denied"},
		"gitlab, second factor": {product: "gitlab", answer: reply{401, jsonType, `{"errors":[{"code":"UNAUTHORIZED","message":"HTTP Basic: Access denied\nYou must use a personal access token with 'api' scope for Git over HTTP."}]}`, [2]string{}}, want: signin.SecondFactor},
		"gitlab, denied":        {product: "gitlab", answer: reply{403, jsonType, `{"errors":[{"code":"DENIED","message":"access forbidden"}]}`, [2]string{}}, want: signin.Forbidden, text: "access forbidden"},
		"gitlab, blocked":       {product: "gitlab", answer: reply{403, jsonType, `{"message":"Your account is blocked."}`, [2]string{}}, want: signin.Locked},
		// NVIDIA/enroot issue 59, docker/docker-py issue 1170.
		"ecr, wrong":           {product: "ecr", answer: reply{401, textType, "Not Authorized\n", [2]string{}}, want: signin.WrongPassword, text: "Not Authorized"},
		"ecr, expired":         {product: "ecr", answer: reply{403, textType, "Your Authorization Token has expired. Please run 'aws ecr get-login' to fetch a new one.", [2]string{}}, want: signin.Ended},
		"ecr, denied":          {product: "ecr", answer: reply{403, jsonType, `{"errors":[{"code":"DENIED","message":"User: x is not authorized to perform: ecr:BatchGetImage"}]}`, [2]string{}}, want: signin.Forbidden},
		"acr, token":           {product: "acr", token: true, answer: reply{401, jsonType, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information.","detail":null}]}`, [2]string{}}, want: signin.Ended},
		"oauth, invalid grant": {product: "acr", token: true, answer: reply{400, jsonType, `{"error":"invalid_grant","error_description":"refresh token revoked"}`, [2]string{}}, want: signin.Ended, text: "refresh token revoked"},
		"no OAuth 2":           {product: "harbor", token: true, answer: reply{404, textType, "404 page not found", [2]string{}}, want: signin.BadAnswer},
		"github, no":           {product: "github", answer: reply{403, jsonType, `{"errors":[{"code":"DENIED","message":"denied"}]}`, [2]string{}}, want: signin.Forbidden},
		"no token":             {product: "harbor", answer: reply{200, jsonType, `{"refresh_token":"do-not-show"}`, [2]string{}}, want: signin.BadAnswer},
		"no JSON":              {product: "harbor", answer: reply{200, "text/html", `<html>sign in</html>`, [2]string{}}, want: signin.BadAnswer},
		"bad token":            {product: "harbor", answer: reply{200, jsonType, `{"token":"bad"}`, [2]string{}}, want: signin.BadAnswer},
		"control characters":   {product: "ecr", answer: reply{401, textType, "go\x1b[2Jaway\u202e", [2]string{}}, want: signin.WrongPassword, text: "go[2Jaway"},
		"gone on":              {product: "ecr", answer: reply{401, textType, strings.Repeat("no ", 10_000), [2]string{}}, want: signin.WrongPassword},
		"endless":              {product: "ecr", answer: reply{401, textType, strings.Repeat("no ", 2_000_000), [2]string{}}, want: signin.BadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			l := signintest.NewLab(t)
			p := products[c.product]
			p.serve(l, &c.answer)
			a := l.Access(p.registry)
			_, err := a.SignIn(t.Context(), trust.Credential{User: user, Secret: trust.NewSecret(password), Token: c.token})
			var refused *signin.Refusal
			if !errors.As(err, &refused) || refused.Why != c.want {
				t.Fatalf("refused: %v", err)
			}
			if !strings.Contains(refused.Text, c.text) || len(refused.Text) > 400 || strings.Contains(refused.Text, "do-not-show") {
				t.Errorf("text %q", refused.Text)
			}
			if refused.RetryAfter != c.after {
				t.Errorf("again after %v", refused.RetryAfter)
			}
			if c.want != signin.BadAnswer && (refused.Status != c.answer.status || refused.Product != p.want.Product) {
				t.Errorf("status %d of %q", refused.Status, refused.Product)
			}
		})
	}
}

// What is no registry, or speaks a scheme that nobody knows.
func TestOtherServers(t *testing.T) {
	for name, c := range map[string]struct {
		answer reply
		want   signin.Why
	}{
		"a web page":         {reply{200, "text/html", "<html>welcome</html>", [2]string{}}, signin.NotARegistry},
		"not found":          {reply{404, textType, "404 page not found", [2]string{}}, signin.NotARegistry},
		"another scheme":     {reply{401, textType, "", [2]string{"WWW-Authenticate", "Negotiate"}}, signin.BadAnswer},
		"no challenge":       {reply{401, textType, "", [2]string{}}, signin.BadAnswer},
		"Bearer and no more": {reply{401, textType, "", [2]string{"WWW-Authenticate", "Bearer"}}, signin.Redirected},
		"down":               {reply{503, textType, "", [2]string{}}, signin.Unavailable},
		"busy":               {reply{429, textType, "", [2]string{"Retry-After", "5"}}, signin.RateLimited},
		"no":                 {reply{403, textType, "", [2]string{}}, signin.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			l := signintest.NewLab(t)
			l.Serve(regAt, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer.send(w) }))
			_, err := l.Access(regName).Method(t.Context())
			var refused *signin.Refusal
			if !errors.As(err, &refused) || refused.Why != c.want {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// Half a credential is none: nothing is sent, and nobody is taken for signed in.
func TestIncomplete(t *testing.T) {
	for _, name := range []string{"htpasswd", "harbor", "ecr", "acr"} {
		for _, c := range []trust.Credential{
			{}, {User: user}, {Secret: trust.NewSecret(password)}, {User: "a:b", Secret: trust.NewSecret(password)}, {User: user, Token: true},
		} {
			l := signintest.NewLab(t)
			anybody := reply{200, jsonType, `{"token":"good"}`, [2]string{}}
			products[name].serve(l, &anybody)
			_, err := l.Access(products[name].registry).SignIn(t.Context(), c)
			var refused *signin.Refusal
			if !errors.As(err, &refused) || refused.Why != signin.Incomplete {
				t.Errorf("%s, %+v: %v", name, c, err)
			}
		}
	}
}

// A server that repeats the secret, in whatever form, has it taken out.
func TestSecretsAreTakenOut(t *testing.T) {
	c := trust.Credential{User: user, Secret: trust.NewSecret(`pä"ss & <word>%41`)}
	for _, echo := range []func(*http.Request) string{
		func(r *http.Request) string { _, p, _ := r.BasicAuth(); return "no: " + p },
		func(r *http.Request) string { return "no: " + r.Header.Get("Authorization") },
		func(r *http.Request) string { return strings.Repeat("x", 395) + c.Secret.Reveal() },
		func(r *http.Request) string { _, p, _ := r.BasicAuth(); return fmt.Sprintf("%q", p) },
		func(r *http.Request) string { _, p, _ := r.BasicAuth(); return strings.ReplaceAll(p, "ss", "s\u200bs") },
		func(r *http.Request) string {
			_, p, _ := r.BasicAuth()
			b, _ := json.Marshal(map[string]string{"details": p})
			return string(b)
		},
	} {
		l := signintest.NewLab(t)
		l.Serve(regAt, basicAuth(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, echo(r))
		}))
		_, err := l.Access(regName).SignIn(t.Context(), c)
		var refused *signin.Refusal
		if !errors.As(err, &refused) || refused.Why != signin.Forbidden {
			t.Fatal(err)
		}
		if leaks := signintest.Leaks([]byte(refused.Text), trust.Credential{Secret: c.Secret}); leaks != nil || strings.Contains(refused.Text, "pä") {
			t.Errorf("%q holds %q", refused.Text, leaks)
		}
	}
}

// An identity token that the token server does not take back is not kept.
func TestUselessIdentityToken(t *testing.T) {
	l := signintest.NewLab(t)
	p := products["harbor"]
	p.right = `{"token":"good","refresh_token":"useless"}`
	p.serve(l, nil)
	given := trust.Credential{User: user, Secret: trust.NewSecret(password)}
	out, err := l.Access(p.registry).SignIn(t.Context(), given)
	if err != nil || out.Keep != given {
		t.Errorf("keeps %+v, %v", out.Keep, err)
	}
}

// ECR's password says itself when it ends.
func TestECRPassword(t *testing.T) {
	l := signintest.NewLab(t)
	ends := time.Now().Add(5 * time.Hour).Truncate(time.Second)
	secret := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"p","version":"2","type":"DATA_KEY","expiration":%d}`, ends.Unix()))
	l.Serve(products["ecr"].at, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, p, ok := r.BasicAuth(); ok && p == secret {
			return
		}
		challenge(w, products["ecr"].challenge)
	}))
	out, err := l.Access(products["ecr"].registry).SignIn(t.Context(), trust.Credential{User: "AWS", Secret: trust.NewSecret(secret)})
	if err != nil || !out.Expires.Equal(ends) {
		t.Errorf("expires %v, want %v: %v", out.Expires, ends, err)
	}
}

// The silly scheme takes anything, so it gets nothing.
func TestSillyGetsNoPassword(t *testing.T) {
	l := signintest.NewLab(t)
	var got []string
	l.Serve(regAt, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := r.Header.Get("Authorization"); h != "" {
			got = append(got, h)
			return
		}
		challenge(w, products["silly"].challenge)
	}))
	c := trust.Credential{User: user, Secret: trust.NewSecret(password)}
	if _, err := l.Access(regName).SignIn(t.Context(), c); err != nil || len(got) != 1 || got[0] != "Bearer mooring" {
		t.Errorf("sent %q: %v", got, err)
	}
}

// A token server without OAuth 2 gives anybody a token: that must not pass for the
// identity token having been accepted.
func TestIdentityTokenWithoutOAuth(t *testing.T) {
	l := signintest.NewLab(t)
	l.Serve(regAt, bearer("https://auth.example/token"))
	l.Serve(tokenAt, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(w, `{"token":"good"}`)
	}))
	out, err := l.Access(regName).SignIn(t.Context(), trust.Credential{User: user, Secret: trust.NewSecret("stolen"), Token: true})
	var refused *signin.Refusal
	if !errors.As(err, &refused) || refused.Why != signin.BadAnswer || refused.Status != http.StatusNotFound {
		t.Errorf("%+v, %v", out.Method, err)
	}
}
