package cli

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/words"
)

// The exit statuses of design.md 4.1.
const (
	exitOK          = 0
	exitRefused     = 1 // refused, insecure, unknown, an error finding, or a failure
	exitUsage       = 2
	exitUnreachable = 3
	exitDeclined    = 4 // by the person, or for lack of rights
)

// status ends a verb with an exit status after everything was already said.
type status int

func (status) Error() string { return "" }

// usage is a mistake in how a verb was called: a sentence under "cli.usage.<key>".
type usage struct {
	key  string
	args map[string]any
}

func (u usage) Error() string { return "usage: " + u.key }

// declined is a sentence under "cli.declined.<key>": nothing was done because the
// person said no or could not be asked.
type declined struct {
	key  string
	args map[string]any
}

func (d declined) Error() string { return "declined: " + d.key }

// failed is a sentence under "cli.failed.<key>": the verb could not do its work.
type failed struct {
	key  string
	args map[string]any
}

func (f failed) Error() string { return "failed: " + f.key }

// exit says what went wrong and returns the exit status for it.
func (a *app) exit(err error) int {
	var s status
	var u usage
	var d declined
	var f failed
	var name trust.NameError
	var refused *link.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &s):
		return int(s)
	case errors.As(err, &u):
		a.complain(words.Problem{What: a.t("usage."+u.key, u.args), Hint: a.t("usage.hint", nil)})
		return exitUsage
	case errors.As(err, &d):
		a.complain(words.Problem{What: a.t("declined."+d.key, d.args)})
		return exitDeclined
	case errors.As(err, &f):
		a.complain(words.Problem{What: a.t("failed."+f.key, f.args)})
		return exitRefused
	case errors.As(err, &name), errors.As(err, &refused):
		a.complain(a.words.Error(err))
		return exitUsage
	}
	a.complain(a.words.Error(err))
	switch {
	case isDeclined(err):
		return exitDeclined
	case isUnreached(err):
		return exitUnreachable
	}
	return exitRefused
}

// isUnreached reports whether a registry that was to be asked is not there.
func isUnreached(err error) bool {
	var refused *signin.Refusal
	return errors.As(err, &refused) && refused.Why == signin.NoConnection
}

// isDeclined reports whether the person or the system's rights said no.
func isDeclined(err error) bool {
	return slices.ContainsFunc([]error{
		fs.ErrPermission, context.Canceled, change.ErrNoRights, change.ErrRefusedByPerson, change.ErrNoAgent,
		change.ErrNoElevation, change.ErrHelperMissing, change.ErrCancelled,
	}, func(no error) bool { return errors.Is(err, no) })
}

// complain writes a problem to standard error, whoever reads it.
func (a *app) complain(p words.Problem) {
	s := a.styleFor(a.std.ErrTTY)
	line(a.std.Err, s.bad(a.t("error.prefix", nil))+" "+p.What)
	for _, more := range []string{p.Why, p.Hint} {
		if more != "" {
			line(a.std.Err, "  "+more)
		}
	}
}

// checkStatus is the exit status of a check: what is wrong outweighs what could
// not be reached.
func checkStatus(reports []outcome) int {
	result := exitOK
	for _, r := range reports {
		switch {
		case r.wrong:
			return exitRefused
		case r.state == trust.Unreachable:
			result = exitUnreachable
		}
	}
	return result
}

// outcome is what the exit status needs of a report.
type outcome struct {
	state trust.State
	wrong bool
}

func outcomeOf(r trust.Report) outcome {
	o := outcome{state: r.Verdict()}
	o.wrong = o.state != trust.Trusted && o.state != trust.Unreachable
	for _, e := range r.Endpoints {
		for _, v := range e.Verdicts {
			bad := v.State != trust.Trusted && v.State != trust.Unreachable
			o.wrong = o.wrong || bad && r.InScope(v.Consumer.Party)
		}
	}
	for _, f := range r.Findings {
		o.wrong = o.wrong || f.Severity == trust.SeverityError && !isUnreachable(r, f)
	}
	return o
}

// isUnreachable reports whether f merely says why an endpoint did not answer:
// that is exit status 3, not 1.
func isUnreachable(r trust.Report, f trust.Finding) bool {
	if f.Endpoint < 0 || f.Endpoint >= len(r.Endpoints) {
		return false
	}
	ep := r.Endpoints[f.Endpoint]
	if ep.Reachable() || ep.Failure == nil || ep.Failure.Code != f.Code {
		return false
	}
	for _, v := range ep.Verdicts {
		if r.InScope(v.Consumer.Party) && v.State != trust.Unreachable {
			return false
		}
	}
	return true
}
