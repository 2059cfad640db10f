package keychain

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
)

// program is Apple's own tool, by its whole path: PATH is not asked.
const program = "/usr/bin/security"

// tool runs `security`.
type tool struct{ run world.Runner }

// The longest that it may take: to look, and to change something, for which macOS
// asks a person who may have to find the administrator first.
const (
	lookTime   = 20 * time.Second
	changeTime = 5 * time.Minute
)

// read runs a command that changes nothing and asks nobody.
func (t tool) read(ctx context.Context, args ...string) (world.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	return t.call(ctx, args)
}

// change runs a command for which macOS may ask the person.
func (t tool) change(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	_, err := t.call(ctx, args)
	return err
}

func (t tool) call(ctx context.Context, args []string) (world.Result, error) {
	r, err := t.run.Run(ctx, world.Command{Argv: append([]string{program}, args...)})
	switch {
	case ctx.Err() != nil:
		return r, change.As(ctx.Err())
	case err != nil:
		return r, change.As(err)
	case r.Code != 0:
		return r, t.failure(ctx, args[0], r)
	}
	return r, nil
}

// status is an error number of Security.framework (SecBase.h, Authorization.h).
type status int

const (
	errSecParam                = status(-50)
	errSecWrPerm               = status(-61)
	errSecUserCanceled         = status(-128)
	errSecInternalComponent    = status(-2070)
	errSecNoTrustSettings      = status(-25263)
	errSecReadOnly             = status(-25292)
	errSecAuthFailed           = status(-25293)
	errSecNoSuchKeychain       = status(-25294)
	errSecItemNotFound         = status(-25300)
	errSecInteractionNotAllow  = status(-25308)
	errSecInteractionRequired  = status(-25315)
	errAuthorizationDenied     = status(-60005)
	errAuthorizationCanceled   = status(-60006)
	errAuthorizationNoPossible = status(-60007)
)

// known are the statuses that are told apart, with what Mooring calls them and the
// English in which `security` prints them.
var known = []struct {
	status status
	code   change.Code
	text   string
}{
	{errAuthorizationCanceled, change.ErrRefusedByPerson, "The authorization was canceled by the user."},
	{errSecUserCanceled, change.ErrRefusedByPerson, "User canceled the operation."},
	{errAuthorizationDenied, change.ErrRefusedByPerson, "The authorization was denied."},
	{errSecAuthFailed, change.ErrRefusedByPerson, "The user name or passphrase you entered is not correct."},
	{errAuthorizationNoPossible, change.ErrNoAgent, "The authorization was denied since no user interaction was possible."},
	{errSecInteractionNotAllow, change.ErrNoAgent, "User interaction is not allowed."},
	{errSecInteractionRequired, change.ErrNoAgent, "User interaction is required, but is currently not allowed."},
	{errSecInternalComponent, change.ErrNoAgent, "errSecInternalComponent"},
	{errSecWrPerm, change.ErrNoRights, "Write permissions error."},
	{errSecReadOnly, change.ErrNoRights, "This keychain cannot be modified."},
	{errSecNoTrustSettings, change.ErrNotTaken, "No Trust Settings were found."},
	{errSecItemNotFound, change.ErrNotTaken, "The specified item could not be found in the keychain."},
	{errSecParam, change.ErrCommandFailed, "One or more parameters passed to a function were not valid."},
	{errSecNoSuchKeychain, change.ErrCommandFailed, "The specified keychain could not be found."},
}

// failed is a command that did not do what it was to do.
type failed struct {
	status status // 0 when `security` did not say, or said something else
	cause  error
}

func (f *failed) Error() string { return f.cause.Error() }
func (f *failed) Unwrap() error { return f.cause }

// is reports whether err is a command that failed with one of these.
func is(err error, of ...status) bool {
	var f *failed
	if !errors.As(err, &f) {
		return false
	}
	for _, s := range of {
		if f.status == s {
			return true
		}
	}
	return false
}

// maxDetail bounds what is kept of the words of `security`.
const maxDetail = 400

// failure says what a command that failed met. Its exit status is 1 for nearly
// everything, so the words on its standard error count, which are in the language
// of the session: what a word stands for, `security error` says in the same one.
func (t tool) failure(ctx context.Context, command string, r world.Result) error {
	said := strings.ToValidUTF8(string(bytes.TrimSpace(r.Stderr)), "?")
	for i := range known {
		if strings.Contains(said, known[i].text) {
			return fail(i, command, said)
		}
	}
	words := t.words(ctx)
	for i := range known {
		if text := words[known[i].status]; text != "" && strings.Contains(said, text) {
			return fail(i, command, said)
		}
	}
	if said == "" {
		said = "exit status " + strconv.Itoa(r.Code)
	}
	return &failed{cause: change.Refuse(change.ErrCommandFailed, "security "+command, "%s", said[:min(len(said), maxDetail)])}
}

func fail(i int, command, said string) error {
	return &failed{
		status: known[i].status,
		cause:  change.Refuse(known[i].code, "security "+command, "%s", said[:min(len(said), maxDetail)]),
	}
}

// words asks `security` for its words for the known statuses. It prints "Error:
// 0xFFFF158A -60006 …" for each and exits with 1 always
// (SecurityTool/macOS/display_error_code.c).
func (t tool) words(ctx context.Context) map[status]string {
	argv := []string{program, "error"}
	for i := range known {
		argv = append(argv, strconv.Itoa(int(known[i].status)))
	}
	r, err := t.run.Run(ctx, world.Command{Argv: argv})
	if err != nil {
		return nil
	}
	out := map[status]string{}
	for line := range strings.Lines(string(r.Stdout)) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(f) < 4 || f[0] != "Error:" {
			continue
		}
		if n, err := strconv.Atoi(f[2]); err == nil {
			out[status(n)] = f[3]
		}
	}
	return out
}

// folder makes a directory that only we can read or write, for what `security`
// takes and gives as files; done removes it.
func folder() (dir string, done func(), err error) {
	dir, err = os.MkdirTemp("", "mooring-")
	if err != nil {
		return "", nil, change.As(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// export reads the trust settings of a domain, whose option is "-d" for that of the
// administrator, "-s" for that of the system and "" for the person's.
func (t tool) export(ctx context.Context, option string) (records, error) {
	dir, done, err := folder()
	if err != nil {
		return nil, err
	}
	defer done()
	file := filepath.Join(dir, "settings.plist")
	args := []string{"trust-settings-export"}
	if option != "" {
		args = append(args, option)
	}
	switch _, err := t.read(ctx, append(args, file)...); {
	case is(err, errSecNoTrustSettings, errSecItemNotFound):
		return records{}, nil
	case err != nil:
		return nil, err
	}
	i, err := os.Stat(file)
	if err != nil {
		return nil, change.As(err)
	}
	if i.Size() > maxExport {
		return nil, change.Refuse(change.ErrTooLarge, "", "%d bytes of trust settings", i.Size())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, change.As(err)
	}
	return parseExport(data)
}
