package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// Bounds of a list, so that a server which never ends, ends here.
const (
	maxPages = 10_000
	maxNames = 1_000_000
	// perPage is what is asked for at once. Distribution takes 1,000 and refuses more
	// (registry/handlers/catalog.go, catalog.maxentries); who takes less is then asked
	// for what it likes to give.
	perPage = 1000
)

// pager reads a list that comes in pages.
type pager struct {
	session *signin.Session
	scope   string
	explain func(*signin.Answer) error // why there is no list

	next  string // target of the next page
	seen  map[[sha256.Size]byte]bool
	names int
}

// page is the body of both lists.
type page struct {
	Repositories []string `json:"repositories"`
	Tags         []string `json:"tags"`
}

// each reads pages until there are no more, handing on what they hold.
func (p *pager) each(ctx context.Context, path string, take func(got page, last bool) error) error {
	p.next, p.seen = path+"?n="+strconv.Itoa(perPage), map[[sha256.Size]byte]bool{}
	for range maxPages {
		p.seen[sha256.Sum256([]byte(p.next))] = true
		got, err := p.read(ctx, path)
		if err != nil {
			return err
		}
		if p.names += len(got.Repositories) + len(got.Tags); p.names > maxNames {
			return p.bad("the list goes on for more than " + strconv.Itoa(maxNames) + " names")
		}
		if err := take(got, p.next == ""); err != nil || p.next == "" {
			return err
		}
		if p.seen[sha256.Sum256([]byte(p.next))] {
			return p.bad("the next page is one that was read already")
		}
	}
	return p.bad("the list goes on for more than " + strconv.Itoa(maxPages) + " pages")
}

// read reads the page at next and finds the one after it.
func (p *pager) read(ctx context.Context, path string) (page, error) {
	an, err := p.get(ctx)
	if err == nil && an.Status == http.StatusBadRequest && an.Has("PAGINATION_NUMBER_INVALID") {
		p.next = path // without a number the server chooses one
		an, err = p.get(ctx)
	}
	if err != nil {
		return page{}, err
	}
	if an.Status != http.StatusOK {
		return page{}, p.explain(an)
	}
	var got page
	if err := json.Unmarshal(an.Body, &got); err != nil {
		return page{}, p.bad("the list is no JSON")
	}
	link := nextLink(an.Header.Values("Link"))
	if link == "" {
		p.next = ""
		return got, nil
	}
	p.next, err = p.session.Own(p.next, link)
	return got, err
}

func (p *pager) get(ctx context.Context) (*signin.Answer, error) {
	return p.session.Do(ctx, signin.Request{Method: http.MethodGet, Target: p.next, Scope: p.scope})
}

func (p *pager) bad(text string) error {
	return &signin.Refusal{Why: signin.BadAnswer, Endpoint: p.session.Registry().Address(), Role: trust.RoleRegistry, Text: text}
}

// nextLink finds rel=next among Link headers (RFC 8288). Distribution and all that
// follow it send one link; a relation that is left out means the next page too.
func nextLink(headers []string) string {
	for _, header := range headers {
		for rest := header; ; {
			_, after, found := strings.Cut(rest, "<")
			target, params, closed := strings.Cut(after, ">")
			if !found || !closed {
				break
			}
			params, rest, _ = strings.Cut(params, "<")
			if isNext(params) {
				return strings.TrimSpace(target)
			}
		}
	}
	return ""
}

func isNext(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			return strings.EqualFold(strings.Trim(value, `", `), "next")
		}
	}
	return true
}

// Repositories calls each with every page of what the registry holds, as it comes.
// Names that no image reference could have are left out. Errors are *[Refusal] and
// *signin.Refusal, ctx's, or each's own.
func Repositories(ctx context.Context, s *signin.Session, each func(Page) error) error {
	p := pager{session: s, scope: "registry:catalog:*"}
	p.explain = func(an *signin.Answer) error { return noCatalog(ctx, s, s.Refused(an)) }
	err := p.each(ctx, "/v2/_catalog", func(got page, last bool) error {
		return each(Page{Repositories: valid(got.Repositories, CheckName), Last: last})
	})
	return refusedScope(ctx, s, err)
}

// refusedScope is for token servers that say no by giving no token for the catalog.
func refusedScope(ctx context.Context, s *signin.Session, err error) error {
	var r *signin.Refusal
	if !errors.As(err, &r) || r.Role != trust.RoleToken || r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden {
		return err
	}
	if signedIn(ctx, s) != nil {
		return err // it is not the scope: the password is refused
	}
	return noCatalog(ctx, s, r)
}

// noCatalog explains a registry that does not list.
func noCatalog(ctx context.Context, s *signin.Session, r *signin.Refusal) error {
	m, err := s.Method(ctx)
	if err != nil {
		return err
	}
	out := &Refusal{Status: r.Status, Text: r.Text, Product: m.Product, Err: r}
	switch {
	case r.Status == http.StatusNotFound || r.Status == http.StatusMethodNotAllowed || m.Product == signin.DockerHub:
		out.Why = NotOffered // engines.md 8: Docker Hub refuses the scope to everybody
	case r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden:
		return r
	case !s.SignedIn():
		out.Why = NeedsSignIn
	case m.Product == signin.Harbor || m.Product == signin.GitLab:
		// Harbor src/server/middleware/v2auth/auth.go (rbac.ResourceCatalog); GitLab
		// app/services/auth/container_registry_authentication_service.rb
		// (process_registry_access asks for an administrator).
		out.Why = AdminOnly
	default:
		out.Why = Denied
	}
	return out
}

// signedIn asks whether the credential itself is taken.
func signedIn(ctx context.Context, s *signin.Session) error {
	an, err := s.Do(ctx, signin.Request{Method: http.MethodGet, Target: "/v2/"})
	if err == nil && an.Status != http.StatusOK && an.Status != http.StatusForbidden {
		return s.Refused(an)
	}
	return err
}

// valid keeps the names that check takes.
func valid(names []string, check func(string) error) []string {
	out := names[:0]
	for _, n := range names {
		if check(n) == nil {
			out = append(out, n)
		}
	}
	return out
}

// path is where the API keeps something of a repository.
func path(repository, rest string) string {
	return (&url.URL{Path: "/v2/" + repository + "/" + rest}).EscapedPath()
}
