// Package instance lets a second start find the first: a socket that this user
// alone can open, with a closed set of verbs. Window and watcher have one each.
//
// What can be asked is to be shown something and to look again. No plan, no
// certificate and no answer to a question travels here: whoever could write to the
// socket gains nothing but the person's attention.
package instance

import (
	"errors"
	"strings"

	"mooring.dev/mooring/trust"
)

// Endpoint is one of the two processes that listen.
type Endpoint string

// The endpoints.
const (
	Window  Endpoint = "window"
	Watcher Endpoint = "watcher"
)

// Verb is what is asked.
type Verb string

// The verbs.
const (
	Show     Verb = "show"      // raise the window, on a registry and page if they are named
	CheckNow Verb = "check-now" // look at the registries again
	Open     Verb = "open"      // a mooring:// link, which the window judges
)

// Page is what of a registry is shown.
type Page string

// The pages; "" is the registry's own.
const (
	PageTrust  Page = "trust"
	PageSignIn Page = "sign-in"
)

// Request is one thing that is asked.
type Request struct {
	Verb     Verb
	Registry trust.Registry // of Show; zero for none
	Page     Page           // of Show, with a registry
	Link     string         // of Open
}

// maxLine bounds a request, in bytes.
const maxLine = 4 << 10

// scheme is that of every link.
const scheme = "mooring://"

// ErrMalformed says that a line is no request.
var ErrMalformed = errors.New("not a request")

// line is the request as it travels.
func (q Request) line() string {
	parts := []string{string(q.Verb)}
	switch {
	case q.Verb == Open:
		parts = append(parts, q.Link)
	case !q.Registry.IsZero():
		parts = append(parts, q.Registry.String())
		if q.Page != "" {
			parts = append(parts, string(q.Page))
		}
	}
	return strings.Join(parts, " ")
}

// parse reads a line without its end. What it returns is written as it came: there
// is one spelling of each request.
func parse(line string) (Request, error) {
	if len(line) > maxLine || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
		return Request{}, ErrMalformed
	}
	verb, rest, more := strings.Cut(line, " ")
	q := Request{Verb: Verb(verb)}
	switch {
	case q.Verb == Show && more:
		name, page, _ := strings.Cut(rest, " ")
		if err := q.Registry.UnmarshalText([]byte(name)); err != nil || name == "" {
			return Request{}, ErrMalformed
		}
		q.Page = Page(page)
		if page != "" && q.Page != PageTrust && q.Page != PageSignIn {
			return Request{}, ErrMalformed
		}
	case q.Verb == Open:
		q.Link = rest
		if !strings.HasPrefix(rest, scheme) || strings.Contains(rest, " ") {
			return Request{}, ErrMalformed
		}
	case q.Verb != Show && q.Verb != CheckNow:
		return Request{}, ErrMalformed
	}
	if q.line() != line {
		return Request{}, ErrMalformed
	}
	return q, nil
}
