package words

import (
	"strconv"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/safe"
)

// Scheme is how a registry is signed in to: "user and password", "token server".
func (w *Words) Scheme(s signin.Scheme) string { return w.code("signin.scheme.", string(s)) }

// Product is whose registry it is; "" where that is not known.
func (w *Words) Product(p signin.Product) string { return w.code("signin.product.", string(p)) }

// SignInNote is what a person should know of a product before typing a password,
// such as where to get one; "" for nothing.
func (w *Words) SignInNote(p signin.Product) string {
	return w.optional("signin.product."+string(p)+".note", nil)
}

// Right is what a registry says of a right.
func (w *Words) Right(a catalog.Answer) string { return w.code("catalog.right.", string(a)) }

// SignInRefused is why a sign-in failed, in the order: what, the server's own words,
// what helps with its product.
func (w *Words) SignInRefused(r *signin.Refusal) Problem {
	key := "signin.why." + string(r.Why)
	args := map[string]any{
		"endpoint": r.Endpoint, "role": w.Role(r.Role), "product": w.Product(r.Product), "party": w.Party(r.Party),
		"text": r.Text, "status": r.Status,
	}
	if r.Party != "" && w.Has(key+".party.what") {
		key += ".party"
	}
	p := Problem{What: w.T(key+".what", args), Why: w.said(r.Text), Hint: w.helps(key, r.Product, args)}
	switch {
	case r.Why == signin.RateLimited && r.RetryAfter > 0:
		p.Hint = w.N("signin.why.rate-limited.after", int(r.RetryAfter.Minutes())+1, nil)
	case r.Reason != "":
		p.Why = w.Reason(r.Reason) + "."
	}
	p.Details = details(r.Text, r.Err)
	return p
}

// CatalogRefused is why a registry does not list what it holds.
func (w *Words) CatalogRefused(r *catalog.Refusal) Problem {
	key := "catalog.why." + string(r.Why)
	args := map[string]any{"product": w.Product(r.Product), "status": r.Status}
	return Problem{
		What: w.T(key+".what", args), Why: w.said(r.Text), Hint: w.helps(key, r.Product, args), Details: safe.Text(r.Text, maxDetails),
	}
}

// helps is the hint for a product, or else the one for all.
func (w *Words) helps(key string, p signin.Product, args map[string]any) string {
	if own := key + "." + string(p) + ".hint"; p != "" && w.Has(own) {
		return w.T(own, args)
	}
	return w.optional(key+".hint", args)
}

// said introduces a server's own words.
func (w *Words) said(text string) string {
	if text == "" {
		return ""
	}
	return w.T("signin.said", map[string]any{"text": text})
}

func details(text string, err error) string {
	if text == "" && err != nil {
		text = err.Error()
	}
	return safe.Text(text, maxDetails)
}

// Verified says of which servers it was just established who they are: the
// registry, and the token server that it names.
func (w *Words) Verified(r trust.Registry, m signin.Method) string {
	args := map[string]any{"registry": r, "realm": m.Realm}
	if m.Scheme == signin.Bearer {
		return w.T("signin.verified.token", args)
	}
	return w.T("signin.verified", args)
}

// Size is a number of bytes as people write it: "12 kB", "3.4 MB"; "" when it is
// not known.
func (w *Words) Size(n int64) string {
	if n < 0 {
		return ""
	}
	units := []string{"b", "kb", "mb", "gb", "tb"}
	value, unit := float64(n), 0
	for value >= 999.5 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	digits := 0
	if unit > 0 && value < 9.95 {
		digits = 1
	}
	number := strconv.FormatFloat(value, 'f', digits, 64)
	return w.T("size."+units[unit], map[string]any{"number": strings.Replace(number, ".", w.T("size.point", nil), 1)})
}
