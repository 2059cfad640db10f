package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
)

// values lists the constants of a type in a file: one that is new needs words.
func values(t *testing.T, file, kind string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == kind {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, value)
		}
		return true
	})
	if len(out) < 3 {
		t.Fatalf("%s has only %q of %s", file, out, kind)
	}
	return out
}

const (
	signinFile  = "../../trust/signin/signin.go"
	catalogFile = "../../trust/catalog/catalog.go"
)

func strict(t *testing.T, lang string) *Words {
	return Strict(lang, func(lang, key string) { t.Errorf("%s lacks %q or a value for it", lang, key) })
}

func TestEveryRefusalHasWords(t *testing.T) {
	products := values(t, signinFile, "Product")
	for _, lang := range Languages() {
		w := strict(t, lang)
		for _, why := range values(t, signinFile, "Why") {
			for _, product := range products {
				p := w.Error(&signin.Refusal{
					Why: signin.Why(why), Endpoint: "reg.example:443", Role: trust.RoleRegistry, Product: signin.Product(product),
					Text: "no", Status: 401, Party: trust.Docker, Reason: trust.InsecureRegistry, RetryAfter: 90 * time.Second,
				})
				if p.What == "" || strings.Contains(p.What, "why.") {
					t.Errorf("%s, %s: %+v", lang, why, p)
				}
			}
		}
		for _, why := range values(t, catalogFile, "Why") {
			if p := w.Error(&catalog.Refusal{Why: catalog.Why(why), Product: signin.Harbor}); p.What == "" || p.Hint == "" {
				t.Errorf("%s, %s: %+v", lang, why, p)
			}
		}
		for _, s := range values(t, signinFile, "Scheme") {
			w.Scheme(signin.Scheme(s))
		}
		for _, p := range products {
			w.Product(signin.Product(p))
		}
		for _, a := range values(t, catalogFile, "Answer") {
			w.Right(catalog.Answer(a))
		}
	}
}

// A sentence for a reason or a product that does not exist would never be said.
func TestNoRefusalWordsWithoutRefusal(t *testing.T) {
	known := map[string]bool{}
	for prefix, list := range map[string][]string{
		"signin.why.": values(t, signinFile, "Why"), "catalog.why.": values(t, catalogFile, "Why"),
		"signin.product.": values(t, signinFile, "Product"), "signin.scheme.": values(t, signinFile, "Scheme"),
	} {
		for _, v := range list {
			known[prefix+v] = true
		}
	}
	products := values(t, signinFile, "Product")
	for key := range readAll(t, English) {
		parts := strings.Split(key, ".")
		if len(parts) < 3 || parts[0] != "signin" && parts[0] != "catalog" || parts[1] == "right" || parts[1] == "verified" {
			continue
		}
		if !known[strings.Join(parts[:3], ".")] {
			t.Errorf("%q is for nothing", key)
		}
		if parts[1] == "why" && len(parts) == 5 && parts[3] != "party" && !slices.Contains(products, parts[3]) {
			t.Errorf("%q is for no product", key)
		}
	}
}

func TestRefusalWords(t *testing.T) {
	w := strict(t, English)
	for name, c := range map[string]struct {
		refusal signin.Refusal
		want    Problem
	}{
		"the server's words": {
			signin.Refusal{Why: signin.WrongPassword, Endpoint: "a:1", Product: signin.Distribution, Text: "go away"},
			Problem{What: "User or password is not right for a:1.", Why: "The server says: go away", Details: "go away"},
		},
		"a product's hint": {
			signin.Refusal{Why: signin.Ended, Endpoint: "a:1", Product: signin.ECR},
			Problem{What: "The sign-in at a:1 has ended.", Hint: "Fetch a new password with `aws ecr get-login-password` and sign in again."},
		},
		"how long to wait": {
			signin.Refusal{Why: signin.RateLimited, Endpoint: "a:1", RetryAfter: 61 * time.Second},
			Problem{What: "a:1 takes no more sign-ins for now.", Hint: "Try again in 2 minutes."},
		},
		"why it is not verified": {
			signin.Refusal{Why: signin.Unverified, Endpoint: "a:1", Role: trust.RoleToken, Reason: trust.UnknownAuthority, Text: "x509: unknown"},
			Problem{
				What: "a:1 (token server) is not verified, so nothing was sent to it.", Why: "Signed by an unknown authority.",
				Hint: "Trust its CA first, after comparing the fingerprint with your administrator's.", Details: "x509: unknown",
			},
		},
	} {
		if got := w.SignInRefused(&c.refusal); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64][2]string{
		-1: {"", ""}, 0: {"0 B", "0 Б"}, 999: {"999 B", "999 Б"}, 1000: {"1.0 kB", "1,0 кБ"}, 1234: {"1.2 kB", "1,2 кБ"}, 9_950: {"10 kB", "10 кБ"},
		999_499: {"999 kB", "999 кБ"}, 999_500: {"1.0 MB", "1,0 МБ"}, 12_345_678: {"12 MB", "12 МБ"}, 1 << 62: {"4611686 TB", "4611686 ТБ"},
	} {
		if en, ru := New("en").Size(n), New("ru").Size(n); en != want[0] || ru != want[1] {
			t.Errorf("%d: %q, %q", n, en, ru)
		}
	}
}
