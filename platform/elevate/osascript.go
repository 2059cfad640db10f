package elevate

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/peer"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// osascript asks the person by macOS' own panel for a name and password, and starts
// the helper as root: "do shell script" in Apple's Technical Note TN2065. What it runs
// gets no input, and its output comes only when it ends.
type osascript struct {
	run    func(context.Context, world.Command) (world.Result, error)
	prompt func(trust.Reach) string
}

// ByOsascript reaches the helper in dir by what run makes of an osascript command. Where
// there is none, a test hands the rest of the way to what there is.
func ByOsascript(run func(context.Context, world.Command) (world.Result, error), dir string) change.Privileged {
	return requests{handing{dir: dir, check: helper.CheckInstalled, start: osascript{run: run}.start}.ask}
}

// word is an argument that means itself to a shell and within a string of
// AppleScript. Paths of the installation, hashes, ids and numbers are such; nothing
// from a certificate or a registry is ever among the arguments.
var word = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9/._-]*$`)

// script is the AppleScript. Both forms of quoting are refused rather than needed,
// but for the words of the prompt, which are our own.
func script(prompt string, argv []string) (string, error) {
	for _, a := range argv {
		if !word.MatchString(a) {
			return "", change.Refuse(change.ErrHelperUnsafe, a, "not a plain word")
		}
	}
	s := `do shell script "` + strings.Join(argv, " ") + `"`
	if prompt != "" {
		s += ` with prompt "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(prompt) + `"`
	}
	return s + " with administrator privileges without altering line endings", nil
}

// start implements that of [handing]. Root is known by its user alone: between
// osascript and the helper are processes of the system's.
func (o osascript) start(ctx context.Context, r trust.Reach, file string, args []string) (*launched, error) {
	prompt := ""
	if o.prompt != nil {
		prompt = o.prompt(r)
	}
	text, err := script(prompt, append([]string{file}, args...))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	return launch(func(p peer.Process) bool { return p.UID == rootUID }, stop, func() error {
		res, err := o.run(ctx, world.Command{
			Argv: []string{"/usr/bin/osascript", "-e", text}, Stdin: []byte{}, Env: []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin"},
		})
		return refusedByMac(res, err)
	}), nil
}

// rootUID is replaced by tests that cannot become root.
var rootUID = 0

// macErrors are the numbers with which osascript ends its line, in parentheses; its
// words are in the person's language. -128 is userCanceledErr, -1713
// errAENoUserInteraction (AEDataModel.h, MacErrors.h); those at -60000 are
// Authorization.h's.
var macErrors = []struct {
	number string
	code   change.Code
}{
	{"(-128)", change.ErrRefusedByPerson},
	{"(-60006)", change.ErrRefusedByPerson}, // errAuthorizationCanceled
	{"(-60005)", change.ErrNoRights},        // errAuthorizationDenied
	{"(-60007)", change.ErrNoAgent},         // errAuthorizationInteractionNotAllowed
	{"(-1713)", change.ErrNoAgent},
	{"(-10810)", change.ErrNoAgent}, // no session of the window server to ask in
}

// refusedByMac says why the helper was not started; nil where it was, or ended by
// itself.
func refusedByMac(res world.Result, err error) error {
	var start *exec.Error
	switch {
	case errors.Is(err, context.Canceled):
		return change.Refuse(change.ErrCancelled, "", "")
	case errors.As(err, &start):
		return change.Refuse(change.ErrNoElevation, "", "%v", err)
	case err != nil:
		return change.Refuse(change.ErrNoElevation, "", "%v", err)
	case res.Code == 0:
		return nil
	}
	text := oneLine(res.Stderr)
	for _, e := range macErrors {
		if strings.HasSuffix(text, e.number) {
			return change.Refuse(e.code, "", "%s", text)
		}
	}
	return change.Refuse(change.ErrNoRights, "", "%s", text)
}
