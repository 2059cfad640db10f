//go:build integration

package accounts

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mooring.dev/mooring/trust/trusttest"
)

// tokenServer is a token server as distribution's specification has it
// (docs/spec/auth/token.md and oauth.md): Basic and refresh tokens, and a token
// signed with a key whose certificate the registry knows.
type tokenServer struct {
	service, issuer string
	signer          *trusttest.Cert
	// accounts are passwords, and rights what each may do: "repository:app1:pull".
	accounts map[string]string
	rights   map[string][]string

	mu      sync.Mutex
	refresh map[string]string // token to user
}

// access is the claim that a registry looks at.
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, ok := s.who(r)
	if !ok {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`))
		return
	}
	answer := map[string]any{"expires_in": 300}
	answer["token"] = s.token(user, strings.Fields(strings.Join(r.Form["scope"], " ")))
	answer["access_token"] = answer["token"]
	if r.Form.Get("offline_token") == "true" && user != "" {
		answer["refresh_token"] = s.keep(user)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// who is asking: a user by password or refresh token, or anybody.
func (s *tokenServer) who(r *http.Request) (user string, ok bool) {
	if r.ParseForm() != nil || r.Form.Get("service") != s.service {
		return "", false
	}
	if r.Method == http.MethodPost {
		s.mu.Lock()
		defer s.mu.Unlock()
		user, ok = s.refresh[r.Form.Get("refresh_token")]
		return user, ok && r.Form.Get("grant_type") == "refresh_token"
	}
	user, password, signed := r.BasicAuth()
	if !signed {
		return "", true
	}
	want, known := s.accounts[user]
	return user, known && want == password
}

func (s *tokenServer) keep(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "refresh-" + base64.RawURLEncoding.EncodeToString([]byte(user+time.Now().String()))
	if s.refresh == nil {
		s.refresh = map[string]string{}
	}
	s.refresh[token] = user
	return token
}

// token grants what of the scopes the user has.
func (s *tokenServer) token(user string, scopes []string) string {
	granted := []access{}
	for _, scope := range scopes {
		kind, rest, _ := strings.Cut(scope, ":")
		i := strings.LastIndexByte(rest, ':')
		if i < 0 {
			continue
		}
		a := access{Type: kind, Name: rest[:i]}
		for action := range strings.SplitSeq(rest[i+1:], ",") {
			if slices.Contains(s.rights[user], kind+":"+a.Name+":"+action) {
				a.Actions = append(a.Actions, action)
			}
		}
		if len(a.Actions) > 0 {
			granted = append(granted, a)
		}
	}
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": s.issuer, "aud": s.service, "sub": user, "jti": now.String(),
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix(), "access": granted,
	})
	token.Header["x5c"] = []string{base64.StdEncoding.EncodeToString(s.signer.Cert.Raw)}
	text, err := token.SignedString(crypto.PrivateKey(s.signer.Key))
	if err != nil {
		panic(err) // the key is one of the test's own
	}
	return text
}
