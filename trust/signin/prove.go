package signin

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// anyHeader is what the silly scheme is answered with: it looks at nothing, so the
// password stays here.
const anyHeader = "Bearer mooring"

// SignIn proves a credential at the registry, and says what to keep of it. An open
// registry asks for none, gets none, and there is nothing to keep. Errors are
// *[Refusal]s, or ctx's.
func (a *Access) SignIn(ctx context.Context, c trust.Credential) (Outcome, error) {
	m, err := a.Method(ctx)
	if err != nil {
		return Outcome{Method: m}, err
	}
	out := Outcome{Method: m, Keep: c}
	if m.Scheme != Open && !complete(m, c) {
		return out, a.incomplete()
	}
	switch m.Scheme {
	case Open:
		return Outcome{Method: m}, nil
	case Silly:
		err = a.prove(ctx, anyHeader, c)
	case Basic:
		err = a.prove(ctx, basic(c), c)
	default:
		out.Keep, err = a.proveBearer(ctx, m, c)
	}
	if err != nil {
		return Outcome{Method: m}, err
	}
	out.Expires = expiry(m.Product, out.Keep, time.Now())
	return out, nil
}

// complete reports whether c is a credential at all. Go's and go-containerregistry's
// clients leave the header out where half of it is missing, and a server that takes
// anybody would then seem to accept it.
func complete(m Method, c trust.Credential) bool {
	if c.Token && m.Scheme != Basic {
		return !c.Secret.Empty()
	}
	return c.User != "" && !c.Secret.Empty() && !strings.Contains(c.User, ":") // RFC 7617, 2
}

func (a *Access) incomplete() *Refusal {
	return &Refusal{Why: Incomplete, Endpoint: a.servers[0].address, Role: trust.RoleRegistry, Product: a.product}
}

// proveBearer exchanges c for a token and shows that to the registry. Where the
// token server gives an identity token that works just as well, that is what is
// kept.
func (a *Access) proveBearer(ctx context.Context, m Method, c trust.Credential) (trust.Credential, error) {
	got, err := a.exchange(ctx, m, c, true)
	if err != nil {
		return c, err
	}
	if err := a.prove(ctx, "Bearer "+got.Token, c); err != nil {
		return c, err
	}
	if got.RefreshToken == "" || c.Token {
		return c, nil
	}
	keep := trust.Credential{User: c.User, Secret: trust.NewSecret(got.RefreshToken), Token: true}
	again, err := a.exchange(ctx, m, keep, false)
	if err == nil {
		err = a.prove(ctx, "Bearer "+again.Token, keep)
	}
	if err != nil {
		return c, ctx.Err() // the password is good, and what cannot be used is not kept
	}
	return keep, nil
}

// prove repeats GET /v2/ with an Authorization header: only 200 proves it.
func (a *Access) prove(ctx context.Context, authorization string, c trust.Credential) error {
	an, err := a.ask(ctx, http.MethodGet, a.base(), http.Header{"Authorization": {authorization}})
	switch {
	case err != nil:
		return err
	case an.Status == http.StatusOK:
		return nil
	}
	r := a.refused(an, c)
	if an.Status == http.StatusUnauthorized && strings.HasPrefix(authorization, "Bearer ") {
		r.Why = BadAnswer // its own token server took the password
	}
	return r
}

func basic(c trust.Credential) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Secret.Reveal()))
}
