package signin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mooring.dev/mooring/trust"
)

// clientID is how Mooring is called at token servers.
const clientID = "mooring"

// exchange asks the token server for a token with scopes, by the client of
// go-containerregistry: with a password GET with Basic, with an identity token
// OAuth 2's POST, with neither GET as anybody.
//
// That client takes a realm at a private address only if it is the registry's own
// host, since it knows no other way to tell a mischievous realm. Here the realm was
// verified and accepted, and [Access] sends nowhere else; so the realm's own host
// is given to it.
func (a *Access) exchange(ctx context.Context, m Method, c trust.Credential, offline bool, scopes ...string) (*transport.Token, error) {
	realm, err := url.Parse(m.Realm)
	if err != nil || a.serverAt(addressOf(realm)) == nil {
		return nil, elsewhere(&url.URL{Scheme: "https", Host: m.Realm}, trust.RoleToken)
	}
	host, err := name.NewRegistry(realm.Host)
	if err != nil {
		return nil, elsewhere(realm, trust.RoleToken)
	}
	if offline {
		// As docker login asks (moby daemon/pkg/registry/auth.go: OfflineAccess), so
		// that a server which knows identity tokens gives one.
		q := realm.Query()
		q.Set("offline_token", "true")
		q.Set("client_id", clientID)
		realm.RawQuery = q.Encode()
	}
	got, err := transport.Exchange(ctx, host, authenticator(c), strict{a, c}, scopes, &transport.Challenge{
		Scheme: "bearer", Parameters: map[string]string{"realm": realm.String(), "service": m.Service},
	})
	if err != nil {
		return nil, a.exchangeError(ctx, realm, err)
	}
	if got.Token == "" {
		got.Token = got.AccessToken
	}
	return got, nil
}

func authenticator(c trust.Credential) authn.Authenticator {
	switch {
	case c.Secret.Empty():
		return authn.Anonymous
	case c.Token:
		return authn.FromConfig(authn.AuthConfig{IdentityToken: c.Secret.Reveal()})
	default:
		return authn.FromConfig(authn.AuthConfig{Username: c.User, Password: c.Secret.Reveal()})
	}
}

// exchangeError keeps our own refusals. The client's other errors quote the whole
// answer, in which there may be a token, so only the fact remains of them.
func (a *Access) exchangeError(ctx context.Context, realm *url.URL, err error) error {
	var refused *Refusal
	switch {
	case errors.As(err, &refused):
		return refused
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &Refusal{
		Why: BadAnswer, Endpoint: addressOf(realm), Role: trust.RoleToken, Product: a.product,
		Text: "the token server's answer holds no token",
	}
}

// strict makes every answer but 200 an error with its reason. The client would
// drop what a server says besides its status, and go on without the identity token
// after a 404.
type strict struct {
	access *Access
	used   trust.Credential
}

func (s strict) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", clientID)
	resp, err := s.access.send(req, s.used)
	if err != nil {
		return nil, err
	}
	an, err := s.access.read(resp, trust.RoleToken)
	if err != nil {
		return nil, err
	}
	if an.Status != http.StatusOK {
		return nil, s.access.refused(an, s.used)
	}
	resp.Body = io.NopCloser(bytes.NewReader(an.Body))
	return resp, nil
}

// claims is what Mooring reads of a token that is a JWT. Nobody checked its
// signature: it says what the registry will find in it, and proves nothing.
type claims struct {
	Expires int64 `json:"exp"`
	Access  []struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	} `json:"access"`
}

// claimsOf reads a JWT; ok is false for what is none.
func claimsOf(token string) (c claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxBody {
		return c, false
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	return c, err == nil && json.Unmarshal(b, &c) == nil
}

// maxLife is the longest that a credential may say it lives, and maxSkew how long
// ago one that was just taken may say it ended. What is beyond is no date: some
// write milliseconds, which is a year that not even JSON has.
const (
	maxLife = 10 * 365 * 24 * time.Hour
	maxSkew = 24 * time.Hour
)

// endsAt is a time in seconds that a credential says, if it can be meant.
func endsAt(seconds int64, now time.Time) (t time.Time, ok bool) {
	if seconds < now.Add(-maxSkew).Unix() || seconds > now.Add(maxLife).Unix() {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}

// expiry is when a credential ends by what it says itself: an identity token that
// is a JWT, or ECR's password, which is JSON in base64 with a field expiration.
func expiry(p Product, c trust.Credential, now time.Time) time.Time {
	if got, ok := claimsOf(c.Secret.Reveal()); ok && c.Token {
		if t, ok := endsAt(got.Expires, now); ok {
			return t
		}
	}
	if p != ECR {
		return time.Time{}
	}
	// Twelve hours after it was made (AWS: GetAuthorizationToken); when that was, a
	// password that cannot be read does not say.
	var own struct {
		Expiration int64 `json:"expiration"`
	}
	b, err := base64.StdEncoding.DecodeString(c.Secret.Reveal())
	if err == nil && json.Unmarshal(b, &own) == nil {
		if t, ok := endsAt(own.Expiration, now); ok {
			return t
		}
	}
	return now.Add(12 * time.Hour).UTC()
}
