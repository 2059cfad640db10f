package signin

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"mooring.dev/mooring/trust"
)

// Session asks one registry as one person, or as anybody. It signs its requests as
// the registry wants and gets the tokens for them. It is safe for concurrent use.
type Session struct {
	access     *Access
	credential trust.Credential

	mu     sync.Mutex
	method *Method
	tokens map[string]string // by scope
}

// Session begins to ask as c, or as anybody when c is empty.
func (a *Access) Session(c trust.Credential) *Session {
	return &Session{access: a, credential: c, tokens: map[string]string{}}
}

// Registry is the registry that is asked.
func (s *Session) Registry() trust.Registry { return s.access.registry }

// SignedIn reports whether requests are made with a credential.
func (s *Session) SignedIn() bool { return !s.credential.Secret.Empty() }

// Method is how the registry is signed in to; it is asked for that once.
func (s *Session) Method(ctx context.Context) (Method, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.method != nil {
		return *s.method, nil
	}
	m, err := s.access.Method(ctx)
	if err == nil {
		s.method = &m
	}
	return m, err
}

// Request is one request to the registry's API.
type Request struct {
	Method string // GET
	// Target is the path and query behind /v2/, or the address of the registry itself
	// that it gave ([Session.Own]).
	Target string
	Scope  string   // "repository:app:pull"; "" for none
	Accept []string // media types
}

// Do makes a request and returns the answer, whatever its status. A token that has
// too little, or that has ended, is asked for once more.
func (s *Session) Do(ctx context.Context, q Request) (*Answer, error) {
	m, err := s.Method(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.target(q.Target)
	if err != nil {
		return nil, err
	}
	authorization, err := s.authorization(ctx, m, q.Scope)
	if err != nil {
		return nil, err
	}
	an, err := s.send(ctx, q, u, authorization)
	if err != nil || an.Status != http.StatusUnauthorized {
		return an, err
	}
	again, err := s.again(ctx, m, q, an)
	switch {
	case err != nil:
		return nil, err
	case again == "" || again == authorization:
		return an, nil
	}
	return s.send(ctx, q, u, again)
}

// again is the Authorization with which a request that was refused may be repeated.
func (s *Session) again(ctx context.Context, m Method, q Request, refused *Answer) (string, error) {
	switch {
	case m.Scheme == Bearer && refused.Challenge.Scheme == trust.AuthBearer:
		scope := q.Scope
		if refused.Scope != "" {
			scope = refused.Scope
		}
		s.drop(scope)
		return s.authorization(ctx, m, scope)
	case m.Scheme == Bearer && refused.Challenge.Scheme == trust.AuthBasic && s.SignedIn() && !s.credential.Token && s.oneServer(m):
		// Harbor's catalog wants the password itself (v2auth/auth.go getChallenge). It
		// gets it only where the password goes anyway.
		return basic(s.credential), nil
	}
	return "", nil
}

// oneServer reports whether the registry is its own token server.
func (s *Session) oneServer(m Method) bool {
	realm, err := url.Parse(m.Realm)
	return err == nil && addressOf(realm) == s.access.servers[0].address
}

func (s *Session) send(ctx context.Context, q Request, u *url.URL, authorization string) (*Answer, error) {
	h := http.Header{}
	if authorization != "" {
		h.Set("Authorization", authorization)
	}
	if len(q.Accept) > 0 {
		h.Set("Accept", strings.Join(q.Accept, ", "))
	}
	return s.access.ask(ctx, q.Method, u, h)
}

// authorization makes the header for a scope, "" for none.
func (s *Session) authorization(ctx context.Context, m Method, scope string) (string, error) {
	switch {
	case m.Scheme == Silly:
		return anyHeader, nil
	case m.Scheme == Basic && s.SignedIn():
		return basic(s.credential), nil
	case m.Scheme != Bearer:
		return "", nil
	}
	token, err := s.token(ctx, m, scope)
	return "Bearer " + token, err
}

// token gets the token for a scope, once.
func (s *Session) token(ctx context.Context, m Method, scope string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token, ok := s.tokens[scope]; ok {
		return token, nil
	}
	var scopes []string
	if scope != "" {
		scopes = strings.Fields(scope)
	}
	got, err := s.access.exchange(ctx, m, s.credential, false, scopes...)
	if err != nil {
		return "", err
	}
	s.tokens[scope] = got.Token
	return got.Token, nil
}

func (s *Session) drop(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, scope)
}

// Granted asks the token server for a scope and reads which of its actions it
// granted. known is false for a registry without tokens, and for a token that only
// the registry can read.
func (s *Session) Granted(ctx context.Context, kind, name string, actions ...string) (granted []string, known bool, err error) {
	m, err := s.Method(ctx)
	if err != nil || m.Scheme != Bearer {
		return nil, false, err
	}
	token, err := s.token(ctx, m, kind+":"+name+":"+strings.Join(actions, ","))
	if err != nil {
		return nil, false, err
	}
	got, ok := claimsOf(token)
	if !ok {
		return nil, false, nil
	}
	for _, access := range got.Access {
		if access.Type == kind && access.Name == name {
			granted = append(granted, access.Actions...)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(granted))), true, nil
}

// Refused puts an answer that is none into words.
func (s *Session) Refused(an *Answer) *Refusal { return s.access.refused(an, s.credential) }

// maxTarget bounds a target that a registry gives: a name has 255 bytes, and the
// state of an upload some hundreds.
const maxTarget = 4 << 10

// target makes the address of a request, which is one of the registry's API.
func (s *Session) target(target string) (*url.URL, error) {
	base := s.access.base()
	bad := &Refusal{Why: BadAnswer, Endpoint: s.access.servers[0].address, Role: trust.RoleRegistry}
	u, err := base.Parse(target)
	if err != nil {
		return nil, bad
	}
	if addressOf(u) != s.access.servers[0].address {
		to := elsewhere(u, trust.RoleRegistry)
		to.Endpoint = shown(to.Endpoint, s.credential)
		return nil, to
	}
	if len(u.RequestURI()) > maxTarget || !inAPI(u) {
		return nil, bad
	}
	u.Host, u.Fragment = base.Host, ""
	return u, nil
}

// Own makes a reference that the registry gave in its answer to a request for
// target (a Link, a Location) into the Target of the next. The error is a
// *[Refusal]: with Redirected when it leads to another server, with BadAnswer when
// it leads out of the API, where others than the registry may answer.
func (s *Session) Own(target, reference string) (string, error) {
	from, err := s.target(target)
	if err != nil {
		return "", err
	}
	to, err := from.Parse(reference)
	if err != nil {
		return "", &Refusal{Why: BadAnswer, Endpoint: s.access.servers[0].address, Role: trust.RoleRegistry}
	}
	if _, err := s.target(to.String()); err != nil {
		return "", err
	}
	return to.RequestURI(), nil
}

// inAPI reports whether u is below /v2/ in everybody's reading: a server may take
// an escaped dot or slash for one.
func inAPI(u *url.URL) bool {
	escaped := u.EscapedPath()
	return strings.HasPrefix(escaped, "/v2/") && path.Clean(u.Path)+"/" == strings.TrimSuffix(u.Path, "/")+"/" &&
		!strings.Contains(u.Path, `\`) && !strings.Contains(strings.ToLower(escaped), "%2f")
}
