package words

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/safe"
)

// Problem is an error as a person reads it.
type Problem struct {
	What    string // one sentence
	Why     string // the cause; "" when What says it all
	Hint    string // what to try; "" for nothing
	Details string // the error's own words, for a fold: English, made safe
}

// Coded is an error that names its own sentences: "error.<key>.what", and if
// they exist ".why" and ".hint", with Args in their placeholders. Packages below
// the faces implement it without knowing a translation.
type Coded interface {
	error
	Problem() (key string, args map[string]any)
}

// maxDetails bounds the details, in characters: a command's output may be long.
const maxDetails = 8 << 10

// Error translates err, once and at the edge. nil gives the zero Problem.
func (w *Words) Error(err error) Problem {
	if err == nil {
		return Problem{}
	}
	details := ownWords(err)
	var ring *keyring.Error
	if errors.As(err, &ring) {
		return w.Keyring(ring)
	}
	var name trust.NameError
	if errors.As(err, &name) {
		return Problem{What: sentence(w.T("name."+string(name.Code), anyMap(name.Args()))), Details: details}
	}
	var refused *signin.Refusal
	var unlisted *catalog.Refusal
	switch {
	case errors.As(err, &unlisted): // before what it wraps
		return w.CatalogRefused(unlisted)
	case errors.As(err, &refused):
		return w.SignInRefused(refused)
	}
	key, args := w.classify(err)
	p := Problem{
		What:    w.T("error."+key+".what", args),
		Why:     w.optional("error."+key+".why", args),
		Hint:    w.optional("error."+key+".hint", args),
		Details: details,
	}
	// A code and a path add nothing to a sentence that has the path.
	if bare, ok := err.(*change.Error); ok && bare.Detail == "" && strings.Contains(p.What, safe.Line(bare.Path)) {
		p.Details = ""
	}
	// A fact in the system's own words, where the sentence does not hold it already.
	if detail, _ := args["detail"].(string); p.Why == "" && !strings.Contains(p.What, safe.Line(detail)) {
		p.Why = safe.Line(detail)
	}
	return w.link(err, p)
}

// ownWords is the error's text; of one of ours that carries what the system or a
// command said, that alone, in one line.
func ownWords(err error) string {
	text := err.Error()
	var changing *change.Error
	if errors.As(err, &changing) && changing.Detail != "" {
		text = strings.Join(strings.Fields(changing.Detail), " ")
	}
	return safe.Text(text, maxDetails)
}

// More is the details where they say more than the sentences do, else "".
func (p Problem) More() string {
	if strings.Contains(p.What, p.Details) || strings.Contains(p.Why, p.Details) {
		return ""
	}
	return p.Details
}

func (w *Words) optional(key string, args map[string]any) string {
	if !w.Has(key) {
		return ""
	}
	return w.T(key, args)
}

// classify finds the words for an error of a known kind; the rest is "unexpected"
// with the error's own text.
func (w *Words) classify(err error) (key string, args map[string]any) {
	var coded Coded
	var changing *change.Error
	var listed discover.Problem
	var file certfile.Error
	var path *fs.PathError
	var dns *net.DNSError
	switch {
	case errors.As(err, &coded):
		return coded.Problem()
	case errors.Is(err, change.ErrNoRights) && errors.As(err, &changing) && changing.Path == "":
		return "change-no-rights-given", map[string]any{"detail": changing.Detail} // refused as a whole
	case errors.As(err, &changing):
		return "change-" + string(changing.Code), map[string]any{"path": changing.Path, "detail": changing.Detail}
	case errors.As(err, &listed):
		return w.classifyListed(err, listed)
	case errors.As(err, &file):
		return "certfile-" + fileKind(file), map[string]any{"format": file.Format, "detail": file}
	case errors.Is(err, context.Canceled):
		return "cancelled", nil
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", nil
	case errors.As(err, &path):
		return "file-" + pathKind(path), map[string]any{"path": path.Path, "cause": path.Err}
	case errors.As(err, &dns):
		return "dns", map[string]any{"host": dns.Name}
	}
	return w.classifyPlan(err)
}

// classifyListed is for files that might name registries and cannot be used: one,
// with its cause, or several.
func (w *Words) classifyListed(err error, first discover.Problem) (key string, args map[string]any) {
	if paths := problemPaths(err); len(paths) > 1 {
		return "list-several", map[string]any{"paths": w.List(paths)}
	}
	if errors.Is(first.Err, fs.ErrPermission) {
		return "list-rights", map[string]any{"path": first.Path}
	}
	return "list-other", map[string]any{"path": first.Path, "cause": first.Err}
}

// problemPaths names the files of the problems that err joins.
func problemPaths(err error) []string {
	var paths []string
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, e := range all.Unwrap() {
		var p discover.Problem
		if errors.As(e, &p) && !slices.Contains(paths, p.Path) {
			paths = append(paths, p.Path)
		}
	}
	if more := len(paths) - maxPaths; more > 0 {
		paths = append(paths[:maxPaths], fmt.Sprintf("+%d", more))
	}
	return paths
}

// maxPaths bounds the files that a sentence names; the details name all.
const maxPaths = 3

// classifyPlan is for the reasons for which no plan is made.
func (w *Words) classifyPlan(err error) (key string, args map[string]any) {
	var leaf *planner.LeafError
	var worse *planner.WorseError
	var store *planner.NoStoreError
	var hosts *planner.HostsTOMLError
	var taken *planner.TakenError
	switch {
	case errors.As(err, &taken):
		return "client-cert-taken", map[string]any{"path": taken.Path}
	case errors.Is(err, planner.ErrNoPairPlace):
		return "client-cert-no-place", nil
	case errors.As(err, &leaf):
		return "plan-leaf", map[string]any{"subject": leaf.Subject}
	case errors.As(err, &worse):
		f := worse.Forecast
		return "plan-worse", map[string]any{"party": w.Party(f.Party), "registry": f.Registry}
	case errors.As(err, &store):
		return "plan-no-store", map[string]any{"snippet": store.Snippet}
	case errors.As(err, &hosts):
		return "plan-hosts-toml", map[string]any{"path": hosts.File}
	case errors.Is(err, planner.ErrNoAnchor):
		return "plan-no-anchor", nil
	case errors.Is(err, planner.ErrNoPlace):
		return "plan-no-place", nil
	case errors.Is(err, planner.ErrNothingHeld):
		return "plan-nothing-held", nil
	case errors.Is(err, planner.ErrNoPassword):
		return "signins-no-password", nil
	}
	return "unexpected", map[string]any{"cause": err}
}

func pathKind(err *fs.PathError) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing"
	case errors.Is(err, fs.ErrPermission):
		return "rights"
	default:
		return "other"
	}
}

// fileKind groups the reasons for which a file gave no certificate.
func fileKind(err certfile.Error) string {
	for _, n := range err.Notes {
		if n.Code == trust.MalformedCertificate {
			return "malformed"
		}
	}
	switch err.Format {
	case certfile.Empty:
		return "empty"
	case certfile.PKCS12, certfile.JKS:
		return "store"
	case certfile.PrivateKey:
		return "key"
	case certfile.HTML:
		return "page"
	default:
		return "none"
	}
}

// sentence gives a clause a capital and a full stop.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func anyMap(in map[string]string) map[string]any {
	out := make(map[string]any, len(in))
	for k, v := range in {
		out[k] = v
	}
	return out
}
