package words

import (
	"context"
	"errors"
	"io/fs"
	"net"

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
	key, args := classify(err)
	p := Problem{
		What:    w.T("error."+key+".what", args),
		Why:     w.optional("error."+key+".why", args),
		Hint:    w.optional("error."+key+".hint", args),
		Details: safe.Text(err.Error(), maxDetails),
	}
	return p
}

func (w *Words) optional(key string, args map[string]any) string {
	if !w.Has(key) {
		return ""
	}
	return w.T(key, args)
}

// classify finds the words for an error of a known kind; the rest is "unexpected"
// with the error's own text.
func classify(err error) (key string, args map[string]any) {
	var coded Coded
	var path *fs.PathError
	var dns *net.DNSError
	switch {
	case errors.As(err, &coded):
		return coded.Problem()
	case errors.Is(err, context.Canceled):
		return "cancelled", nil
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", nil
	case errors.As(err, &path):
		return "file-" + pathKind(path), map[string]any{"path": path.Path, "cause": path.Err}
	case errors.As(err, &dns):
		return "dns", map[string]any{"host": dns.Name}
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
