package consumers

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// reading fills one policy, in the order in which the consumer looks.
type reading struct {
	w      world.World
	policy *trust.Policy
	// own: the consumer runs with the rights of w's user, so what cannot be read
	// here it cannot read either. Otherwise a lack of rights says nothing of it.
	own    bool
	system *SystemStore
}

// begin starts the policy of a Go program that merges the roots of store with
// what it reads for each registry.
func begin(w world.World, c trust.Consumer, store *SystemStore) *reading {
	return &reading{w: w, system: store, policy: &trust.Policy{Consumer: c, Dialect: trust.DialectGo}}
}

// done completes the policy with the OS store.
func (r *reading) done() trust.Policy {
	p := *r.policy
	if r.system == nil {
		return p
	}
	p.System = r.system.Anchors
	if p.Unknown == "" && p.SkipVerify == "" { // who does not verify needs no roots
		p.Unknown = r.system.Unknown
	}
	p.Looked = append(p.Looked, r.system.Looked...)
	return p
}

// loaded notes that the consumer is a running process which read the OS store at
// its start. A zero time says that nobody can see when that was. On Windows and macOS
// a Go program reads none: it has each chain verified by the system
// (crypto/x509 root_windows.go, root_darwin.go).
func (r *reading) loaded(c trust.Consumer, started time.Time) {
	if r.w.OS != "linux" {
		return
	}
	r.policy.SystemLoaded = started
	if started.IsZero() && c.Installed && r.w.Live() {
		r.policy.LoadedUnknown = "since when it runs cannot be seen, and with that whether it has read the trust store as it is now"
	}
}

// restart notes what has to be restarted before the consumer reads the OS store again.
func (r *reading) restart(x trust.Restart) {
	r.policy.Restart, r.policy.RestartCommand, r.policy.Engine = x.Name, x.Command, x.Engine
}

// look records a path that was looked at.
func (r *reading) look(path string, found bool) {
	r.policy.Looked = append(r.policy.Looked, trust.Look{Path: path, Found: found})
}

// lookOdd records a path at which something is wrong.
func (r *reading) lookOdd(path string, code trust.Code) {
	r.policy.Looked = append(r.policy.Looked, trust.Look{Path: path, Found: true, Note: string(code)})
}

// note records a fact for the findings, once.
func (r *reading) note(code trust.Code, path, text string) {
	for _, n := range r.policy.Notes {
		if n.Code == code && n.Path == path {
			return
		}
	}
	r.policy.Notes = append(r.policy.Notes, trust.Note{Code: code, Path: path, Text: text})
}

// fail records what stops the consumer: it stops at its first mistake.
func (r *reading) fail(code trust.Code, path, text string) {
	if r.policy.ConfigError == "" {
		r.policy.ConfigCode, r.policy.ConfigPath, r.policy.ConfigError = code, path, text
	}
}

// unknown records why nothing can be said.
func (r *reading) unknown(why string) {
	if r.policy.Unknown == "" {
		r.policy.Unknown = why
	}
}

// denied handles an error that comes from our own lack of rights, and reports
// whether it was one.
func (r *reading) denied(path string, err error) bool {
	if r.own || !errors.Is(err, fs.ErrPermission) {
		return false
	}
	r.unknown(fmt.Sprintf("%s cannot be read without further rights", path))
	return true
}

// maxHostFiles bounds how many files of a host's directory are read. Real ones
// have a handful; a link may lead anywhere.
const maxHostFiles = 1000

// list lists a host's directory. Of one with too many entries nothing is known.
func (r *reading) list(dir string) ([]fs.DirEntry, error) {
	entries, err := r.w.FS.ReadDir(dir)
	if len(entries) > maxHostFiles {
		r.unknown(dir + " holds more files than Mooring reads")
		return nil, err
	}
	return entries, err
}

// hostName checks a host that is to become the name of a directory and did not
// come as a trust.Registry.
func (r *reading) hostName(host string) bool {
	if host == "" || host == "." || host == ".." || strings.ContainsAny(host, "/\\\x00") {
		r.unknown(fmt.Sprintf("%q is not the name of a host", host))
		return false
	}
	return true
}

// fault is why a path could not be used as a file or directory: the finding's
// code and the words of a Go program that meets it.
type fault struct {
	code trust.Code
	text string
	err  error
}

// faultOf classifies a failed read of path. The words are those of Go on Linux,
// with the path as the tool sees it rather than as it lies under --root.
func faultOf(w world.World, path string, err error) *fault {
	f := &fault{code: trust.Unreadable, err: err}
	cause := err.Error()
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		cause = e.Err.Error()
	}
	op := "open"
	switch {
	case errors.Is(err, fs.ErrPermission):
		cause = "permission denied"
	case errors.Is(err, fs.ErrNotExist):
		cause = "no such file or directory"
		if i, lerr := w.FS.Lstat(path); lerr == nil && i.Mode&fs.ModeSymlink != 0 {
			f.code = trust.DanglingLink
		}
	case errors.Is(err, syscall.ELOOP):
		f.code = trust.DanglingLink
	default:
		if i, serr := w.FS.Stat(path); serr == nil && !i.Mode.IsRegular() {
			f.code, op = trust.NotAFile, "read"
			if i.Mode.IsDir() {
				cause = "is a directory"
			}
		}
	}
	f.text = fmt.Sprintf("%s %s: %s", op, path, cause)
	return f
}

// base is the last element of a path of w.
func base(w world.World, path string) string {
	return path[strings.LastIndexAny(path, separators(w))+1:]
}

// dir is path without its last element.
func dir(w world.World, path string) string {
	return path[:max(0, strings.LastIndexAny(path, separators(w)))]
}

func separators(w world.World) string {
	if w.OS == "windows" {
		return `\/`
	}
	return "/"
}

// configHome is where the user's programs keep their settings.
func configHome(w world.World) string {
	if d := w.Getenv("XDG_CONFIG_HOME"); strings.HasPrefix(d, "/") {
		return d
	}
	return w.Join(w.User.Home, ".config")
}

// programData is where Windows keeps the settings of services.
func programData(w world.World) string {
	if d := w.Getenv("ProgramData"); d != "" {
		return d
	}
	return `C:\ProgramData`
}

// ownedByUser reports whether w's user may make or change path: the user is
// root, or owns the nearest thing that exists there and may write to it.
func ownedByUser(w world.World, path string) bool {
	if w.User.UID == 0 {
		return true
	}
	for p := path; p != ""; p = dir(w, p) {
		if i, err := w.FS.Stat(p); err == nil {
			return i.UID == w.User.UID && i.Mode.Perm()&0o200 != 0
		}
	}
	return false
}
