// Package cli is the command line: the same verbs as the window, for people in a
// terminal and for scripts. It knows no window. Machine-readable answers go to
// standard output as the JSON contract says; what is meant for people goes to a
// terminal or to standard error.
package cli

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/demo"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/words"
)

// IO is what the command line may read and write, and what these are.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	// Which of the three are terminals: questions are asked of a terminal only,
	// colours and progress are shown on one only.
	InTTY, OutTTY, ErrTTY bool
	Width                 int                 // columns of the terminal; 0: unknown
	Getenv                func(string) string // nil: no environment
	// Hidden reads a line from the terminal without showing it; nil: it cannot be
	// hidden.
	Hidden func(context.Context) (string, error)
}

// Stdio is the process's own standard streams.
func Stdio() IO {
	s := IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
	s.InTTY = term.IsTerminal(int(os.Stdin.Fd()))
	s.OutTTY = term.IsTerminal(int(os.Stdout.Fd()))
	s.ErrTTY = term.IsTerminal(int(os.Stderr.Fd()))
	if s.InTTY {
		s.Hidden = hiddenLine(os.Stdin)
	}
	if s.OutTTY {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			s.Width = w
		}
	}
	return s
}

// Globals are the flags that every verb takes.
type Globals struct {
	Root    string // "" for this machine
	OS      string // the system of the tree under Root; "" is that of this machine
	Lang    string // "" for that of the environment
	NoColor bool
}

// Wiring is what main gives the command line.
type Wiring struct {
	Version string
	// Service opens the machine that the global flags name.
	Service func(Globals) (platform.Service, error)
	// Helper is the privileged helper, the hidden verb apply-plan: it gets the
	// arguments after the verb, unparsed, and returns the exit status.
	Helper func(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int
	// Window opens the window when no verb is given; nil in a build without one.
	Window func(ctx context.Context, g Globals) error
	// Open opens the window on what a link or project file asks for, or on why it
	// was refused; nil in a build without one.
	Open func(ctx context.Context, g Globals, claims []link.Claim, refused error) error
	// Examine opens the window on what a file of certificates holds; nil in a build
	// without one, else Open is set too.
	Examine func(ctx context.Context, g Globals, d Document) error
	// Tray runs the watcher until ctx ends; nil where there is none. The error is
	// [instance.ErrRunning] when one runs already.
	Tray func(ctx context.Context, g Globals, w *words.Words) error
	// Tour opens the window on the demo; nil in a build without one.
	Tour func(ctx context.Context, g Globals, d *demo.Demo) error
}

// helperVerb runs the privileged helper. It is dispatched before any flag is
// parsed and before any translation is read: as little code as can be runs with
// a caller's input as root.
const helperVerb = "apply-plan"

// Main runs the command line with the arguments after the program's name and
// returns the exit status of design.md 4.1.
func Main(ctx context.Context, args []string, std IO, w Wiring) int {
	if std.Getenv == nil {
		std.Getenv = func(string) string { return "" }
	}
	if len(args) > 0 && args[0] == helperVerb && w.Helper != nil {
		return w.Helper(ctx, args[1:], std.In, std.Out, std.Err)
	}
	a := newApp(ctx, std, w, languageFlag(args))
	root := a.root()
	root.SetArgs(args)
	return a.exit(root.ExecuteContext(ctx))
}

// app is one run of the command line.
type app struct {
	ctx     context.Context
	std     IO
	wiring  Wiring
	globals Globals
	json    bool // --json of the verb that runs

	words   *words.Words // the person's language
	english *words.Words // the JSON contract's
	service platform.Service
}

func newApp(ctx context.Context, std IO, w Wiring, lang string) *app {
	if lang == "" {
		lang = words.FromEnvironment(std.Getenv)
	}
	return &app{ctx: ctx, std: std, wiring: w, words: words.New(lang), english: words.New(words.English)}
}

// machine opens the service once.
func (a *app) machine() (platform.Service, error) {
	if a.service != nil {
		return a.service, nil
	}
	if err := a.checkGlobals(); err != nil {
		return nil, err
	}
	s, err := a.wiring.Service(a.globals)
	a.service = s
	return s, err
}

// t is short for a sentence in the person's language.
func (a *app) t(key string, args map[string]any) string { return a.words.T("cli."+key, args) }
