package catalog_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
)

const (
	regName = "reg.example:5000"
	tokenAt = "auth.example:443"
)

var alice = trust.Credential{User: "alice", Secret: trust.NewSecret("correct horse")}

// registry is a registry of names, with what a test wants it to do otherwise.
type registry struct {
	names []string
	most  int                 // of a page, 0: 1000
	link  func(string) string // changes the Link header
}

func (g *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v2/_catalog" {
		fmt.Fprint(w, "{}")
		return
	}
	most := g.most
	if most == 0 {
		most = 1000
	}
	n := min(100, most)
	if text := r.FormValue("n"); text != "" {
		if n, _ = strconv.Atoi(text); n > most {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid number of results requested","detail":{"n":1000}}]}`)
			return
		}
	}
	from, found := slices.BinarySearch(g.names, r.FormValue("last"))
	if found {
		from++
	}
	to := min(from+n, len(g.names))
	if to < len(g.names) {
		next := fmt.Sprintf("/v2/_catalog?last=%s&n=%d", url.QueryEscape(g.names[to-1]), n)
		if g.link != nil {
			next = g.link(next)
		}
		w.Header().Set("Link", "<"+next+`>; rel="next"`)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"repositories": g.names[from:to]})
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("team/app-%06d", i)
	}
	return out
}

func session(t testing.TB, h http.Handler, c trust.Credential) (*signin.Session, *signintest.Lab) {
	l := signintest.NewLab(t)
	l.Serve(regName, h)
	return l.Access(regName).Session(c), l
}

// list reads the whole catalog.
func list(ctx context.Context, s *signin.Session) (all []string, pages int, err error) {
	last := false
	err = catalog.Repositories(ctx, s, func(p catalog.Page) error {
		all, pages, last = append(all, p.Repositories...), pages+1, p.Last
		return nil
	})
	if err == nil && !last {
		err = errors.New("the last page was not said to be one")
	}
	return all, pages, err
}

func TestPages(t *testing.T) {
	absolute := func(next string) string { return "https://" + regName + next }
	for name, c := range map[string]struct {
		registry registry
		pages    int
	}{
		"nothing":            {registry{}, 1},
		"one":                {registry{names: names(1)}, 1},
		"a full page":        {registry{names: names(1000)}, 1},
		"one more":           {registry{names: names(1001)}, 2},
		"many":               {registry{names: names(2500)}, 3},
		"absolute links":     {registry{names: names(2500), link: absolute}, 3},
		"fewer at once":      {registry{names: names(250), most: 50}, 5},
		"the query alone":    {registry{names: names(2500), link: func(n string) string { return n[strings.Index(n, "?"):] }}, 3},
		"no parameter":       {registry{names: names(1001), link: func(n string) string { return n + `>; foo="bar" , <x` }}, 2},
		"strange characters": {registry{names: slices.Sorted(slices.Values([]string{"ok", "../../etc", "UPPER", "a b", "\x1b[2J", "x/y", ""}))}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := session(t, &c.registry, trust.Credential{})
			all, pages, err := list(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.DeleteFunc(slices.Clone(c.registry.names), func(n string) bool { return catalog.CheckName(n) != nil })
			if !slices.Equal(all, want) || pages != c.pages {
				t.Errorf("%d names on %d pages", len(all), pages)
			}
		})
	}
}

// A list that never ends, ends.
func TestPagesThatNeverEnd(t *testing.T) {
	n := 0
	for name, link := range map[string]func(string) string{
		"the same page":     func(string) string { return "/v2/_catalog?n=1000" },
		"ever new":          func(string) string { n++; return fmt.Sprintf("/v2/_catalog?n=1&last=%d", n) },
		"another server":    func(string) string { return "https://thief.example/v2/_catalog" },
		"without TLS":       func(string) string { return "http://" + regName + "/v2/_catalog?x" },
		"another port":      func(string) string { return "https://reg.example/v2/_catalog" },
		"as somebody":       func(string) string { return "https://" + regName + "@thief.example/v2/" },
		"no scheme":         func(string) string { return "//thief.example/v2/_catalog" },
		"no address at all": func(string) string { return "https://%zz" },
	} {
		t.Run(name, func(t *testing.T) {
			// "ever new" would ask 10,000 times; names of that many repositories end it too.
			g := &registry{names: names(5000), link: link}
			l := signintest.NewLab(t)
			thief := signintest.NewThief(t, "thief.example", "reg.example")
			l.Point("thief.example:443", thief.Address)
			l.Point("reg.example:443", thief.Address)
			l.Serve(regName, basic(g))
			_, pages, err := list(t.Context(), l.Access(regName).Session(alice))
			var refused *signin.Refusal
			if !errors.As(err, &refused) || refused.Why != signin.BadAnswer && refused.Why != signin.Redirected {
				t.Errorf("after %d pages: %v", pages, err)
			}
			if leaks := thief.Leaks(alice); leaks != nil || thief.Visits() > 0 {
				t.Errorf("the thief was visited %d times and has %q", thief.Visits(), leaks)
			}
		})
	}
}

// basic asks for alice's password in front of h.
func basic(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, p, _ := r.BasicAuth(); p != alice.Secret.Reveal() {
			w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestCancel(t *testing.T) {
	s, _ := session(t, &registry{names: names(5000)}, trust.Credential{})
	ctx, cancel := context.WithCancel(t.Context())
	pages := 0
	err := catalog.Repositories(ctx, s, func(catalog.Page) error { pages++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || pages != 1 {
		t.Errorf("%d pages: %v", pages, err)
	}
	stop := errors.New("enough")
	if err := catalog.Repositories(t.Context(), s, func(catalog.Page) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// jwt is a token with these claims that nobody signed.
func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// tokens is a registry with a token server of its own on another host; grant says
// what a token for a scope holds, or with ok false that there is none.
type tokens struct {
	grant   func(user, scope string) (claims string, ok bool)
	serve   http.Handler // for who has a token
	service string
	realm   string
	granted map[string]string // token to user
}

func (k *tokens) start(l *signintest.Lab) {
	k.granted = map[string]string{}
	if k.realm == "" {
		k.realm = "https://auth.example/token"
	}
	l.Serve(tokenAt, http.HandlerFunc(k.token))
	l.Serve(regName, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if _, ok := k.granted[token]; !ok {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q,service=%q", k.realm, k.service))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/v2/" {
			return
		}
		k.serve.ServeHTTP(w, r)
	}))
}

func (k *tokens) token(w http.ResponseWriter, r *http.Request) {
	name, password, signed := r.BasicAuth()
	if signed && password != alice.Secret.Reveal() {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims, ok := k.grant(name, strings.Join(r.URL.Query()["scope"], " "))
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`)
		return
	}
	token := jwt(claims)
	k.granted[token] = name
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
}

func refuse(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

// Registries that do not list say so in several ways.
func TestNoCatalog(t *testing.T) {
	all := func(string, string) (string, bool) { return `{"access":[]}`, true }
	notCatalog := func(_, scope string) (string, bool) { return `{}`, !strings.Contains(scope, "catalog") }
	unauthorized := refuse(401, `{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized to list catalog"}]}`)
	for name, c := range map[string]struct {
		tokens tokens
		c      trust.Credential
		want   catalog.Why
	}{
		"Harbor":                {tokens{grant: all, serve: unauthorized, service: "harbor-registry"}, alice, catalog.AdminOnly},
		"Harbor, as anybody":    {tokens{grant: all, serve: unauthorized, service: "harbor-registry"}, trust.Credential{}, catalog.NeedsSignIn},
		"GitLab":                {tokens{grant: all, serve: unauthorized, realm: "https://auth.example/jwt/auth"}, alice, catalog.AdminOnly},
		"GitLab's database":     {tokens{grant: all, serve: refuse(404, `{"errors":[{"code":"UNSUPPORTED"}]}`), realm: "https://auth.example/jwt/auth"}, alice, catalog.NotOffered},
		"not there":             {tokens{grant: all, serve: refuse(404, "")}, alice, catalog.NotOffered},
		"not allowed":           {tokens{grant: all, serve: refuse(405, "")}, alice, catalog.NotOffered},
		"denied":                {tokens{grant: all, serve: unauthorized}, alice, catalog.Denied},
		"denied by the tokens":  {tokens{grant: notCatalog, serve: &registry{}}, alice, catalog.Denied},
		"no token for anybody":  {tokens{grant: notCatalog, serve: &registry{}}, trust.Credential{}, catalog.NeedsSignIn},
		"nothing for strangers": {tokens{grant: all, serve: unauthorized}, trust.Credential{}, catalog.NeedsSignIn},
	} {
		t.Run(name, func(t *testing.T) {
			l := signintest.NewLab(t)
			c.tokens.start(l)
			_, _, err := list(t.Context(), l.Access(regName).Session(c.c))
			var refused *catalog.Refusal
			if !errors.As(err, &refused) || refused.Why != c.want {
				t.Errorf("refused: %v", err)
			}
		})
	}
	for name, c := range map[string]struct {
		handler http.Handler
		want    signin.Why
	}{
		"down": {refuse(500, ""), signin.Unavailable}, "busy": {refuse(429, ""), signin.RateLimited}, "no JSON": {refuse(200, "<html>"), signin.BadAnswer},
	} {
		l := signintest.NewLab(t)
		k := tokens{grant: all, serve: c.handler}
		k.start(l)
		_, _, err := list(t.Context(), l.Access(regName).Session(alice))
		var refused *signin.Refusal
		if !errors.As(err, &refused) || refused.Why != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A password that is refused is not an account without rights.
func TestCatalogWithWrongPassword(t *testing.T) {
	l := signintest.NewLab(t)
	k := tokens{grant: func(string, string) (string, bool) { return "{}", true }, serve: &registry{}}
	k.start(l)
	_, _, err := list(t.Context(), l.Access(regName).Session(trust.Credential{User: "alice", Secret: trust.NewSecret("wrong")}))
	var refused *signin.Refusal
	if !errors.As(err, &refused) || refused.Why != signin.WrongPassword {
		t.Error(err)
	}
}

// Harbor lists for an administrator's password, not for a token; it gets that where
// it is its own token server.
func TestHarborWantsThePassword(t *testing.T) {
	l := signintest.NewLab(t)
	g := &registry{names: names(3)}
	l.Serve("harbor.example:443", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, p, _ := r.BasicAuth()
		switch {
		case r.URL.Path == "/service/token":
			fmt.Fprint(w, `{"token":"t"}`)
		case r.URL.Path == "/v2/_catalog" && p != alice.Secret.Reveal():
			w.Header().Set("WWW-Authenticate", `Basic realm="harbor"`)
			w.WriteHeader(http.StatusUnauthorized)
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://harbor.example/service/token",service="harbor-registry"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			g.ServeHTTP(w, r)
		}
	}))
	all, _, err := list(t.Context(), l.Access("harbor.example").Session(alice))
	if err != nil || len(all) != 3 {
		t.Errorf("%q, %v", all, err)
	}
}

// A page is handed on and forgotten: what is held does not grow with the list.
func TestPagesAreNotKept(t *testing.T) {
	s, _ := session(t, &registry{names: names(100_000)}, trust.Credential{})
	var held []uint64
	err := catalog.Repositories(t.Context(), s, func(catalog.Page) error {
		if len(held)%10 == 0 {
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		held = append(held, m.HeapAlloc)
		return nil
	})
	if err != nil || len(held) != 100 {
		t.Fatal(len(held), err)
	}
	if early, late := held[10], held[90]; late > early+1<<20 { // 80,000 names are 2 MB
		t.Errorf("%d bytes were held at first, %d at last", early, late)
	}
}

func BenchmarkPages(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s, _ := session(b, &registry{names: names(n)}, trust.Credential{})
			b.ReportAllocs()
			for b.Loop() {
				got := 0
				err := catalog.Repositories(b.Context(), s, func(p catalog.Page) error { got += len(p.Repositories); return nil })
				if err != nil || got != n {
					b.Fatal(got, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/name")
		})
	}
}
