// Package elevate reaches the privileged helper: on Linux through polkit's pkexec in
// a desktop session and through sudo in a terminal; on macOS through osascript, or
// sudo; on Windows through UAC. It gives the helper nothing but a plan and its hash;
// what the helper will do with it, the helper decides. What comes back is taken for a
// receipt only if it answers what was asked.
package elevate

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/autostart"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/store/all"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// helperDir is where the helper is installed, under a name for each action; the
// build sets another PREFIX's with
// -ldflags "-X mooring.dev/mooring/platform/elevate.helperDir=…".
var helperDir = "/usr/libexec/mooring"

// installed is where the helper of a system lies unless the build or the person says
// otherwise.
func installed(system string) string {
	switch system {
	case "windows":
		return programFiles() + `\Mooring`
	case "darwin":
		return "/Library/PrivilegedHelperTools"
	}
	return helperDir
}

// installHint is the command that installs the helper, shown when it is missing.
const installHint = "sudo make install-helper"

// Options say how the person can be asked.
type Options struct {
	// Terminal: there is one, so sudo can ask, or polkit's text prompt.
	Terminal bool
	// HelperDir is where the helper is installed; "": where the build puts it.
	HelperDir string
	// Prompt is what a person reads where the system lets us say what the rights are
	// for, in their language.
	Prompt func(trust.Reach) string
	// Program is Mooring itself, for what starts it with the session.
	Program string
}

// New returns what applies plans to w, with the person's journal in dir: alone
// where the process is root or w is a tree under --root, else with root's half
// through the helper. A journal below --root is resolved inside it; with an
// administrator's rights it is none that the person's other programs can change.
func New(w world.World, dir string, o Options) *change.Applier {
	own := &change.Engine{Dir: dir, Root: w.Root, Now: w.Now, Stores: all.Table(w)}
	switch {
	case w.Root != "":
		if in, ok := strings.CutPrefix(dir, filepath.Clean(w.Root)+string(filepath.Separator)); ok {
			// A link on the way to the journal stays in the tree, too.
			own.Dir, own.DirInRoot = string(filepath.Separator)+in, true
		}
		return &change.Applier{Own: own, Alone: true}
	case w.User.UID == 0 && w.OS == "linux":
		return &change.Applier{Own: helper.Local(w), Alone: true}
	case w.OS != "linux":
		own.Commands = autostart.Table{Entry: autostart.Entry{World: w, Program: o.Program}, Other: anchors.Table{World: w}}
	}
	if administers(w) {
		helper.KeepApart(w, own)
	}
	return &change.Applier{Own: own, Root: way(w, o)}
}

// administers reports whether this process has an administrator's rights and is
// somebody's all the same.
func administers(w world.World) bool {
	return w.OS == "windows" && elevated() || w.OS == "darwin" && w.User.UID == 0
}

// way is how this process reaches the rights of an administrator. Where it has them
// and the person is somebody all the same, the helper's work is done within it.
func way(w world.World, o Options) change.Privileged {
	if o.HelperDir == "" {
		o.HelperDir = installed(w.OS)
	}
	switch {
	case administers(w):
		return helper.Direct(w)
	case w.OS == "windows":
		return requests{handing{dir: o.HelperDir, ending: ".exe", check: helper.CheckInstalled, start: runAs}.ask}
	case w.OS == "darwin" && !o.Terminal:
		script := osascript{run: patiently, prompt: o.Prompt}
		return requests{handing{dir: o.HelperDir, check: helper.CheckInstalled, start: script.start}.ask}
	}
	e := &elevator{
		world: w, helperDir: o.HelperDir, terminal: o.Terminal, check: helper.CheckInstalled, run: patiently, agent: textAgent,
	}
	return requests{e.ask}
}

// elevator starts the helper for each request; it keeps no right between two.
type elevator struct {
	world     world.World
	helperDir string
	terminal  bool
	check     func(path string) error
	run       func(context.Context, world.Command) (world.Result, error)
	agent     func(pkttyagent string) (stop func())
}

// patiently runs a command and, once that is root and can no longer be stopped by
// us, waits for its last word whatever becomes of ctx.
func patiently(ctx context.Context, c world.Command) (world.Result, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Env = c.Env
	return world.RunCmd(cmd, c.Stdin)
}

func (e *elevator) ask(ctx context.Context, a helper.Action, stdin []byte, args ...string) (trust.Receipt, error) {
	file := filepath.Join(e.helperDir, a.File())
	if err := checked(e.check, file); err != nil {
		return trust.Receipt{}, err
	}
	by, prefix, err := e.prefix()
	if err != nil {
		return trust.Receipt{}, err
	}
	if path, err := e.world.Run.Look("pkttyagent"); err == nil && e.terminal && by == byPkexec {
		defer e.agent(path)()
	}
	if stdin == nil {
		stdin = []byte{} // the caller's own input is nothing for root
	}
	res, err := e.run(ctx, world.Command{
		Argv: append(append(prefix, file), args...), Stdin: stdin, Env: e.env(),
	})
	return by.interpret(res, err, ctx.Err() != nil)
}

// checked refuses a helper that is missing, with a word about how to get it, or that
// others could change.
func checked(check func(string) error, file string) error {
	err := check(file)
	if err != nil && change.As(err).Code == change.ErrHelperMissing {
		return change.Refuse(change.ErrHelperMissing, file, installHint)
	}
	return err
}

// prefix is the command in front of the helper's.
func (e *elevator) prefix() (asker, []string, error) {
	if path, err := e.world.Run.Look("sudo"); err == nil && e.terminal {
		// -k: a password given for something else a minute ago is no answer to this.
		return bySudo, []string{path, "-k", "--"}, nil
	}
	path, err := e.world.Run.Look("pkexec")
	if err != nil {
		return byPkexec, nil, change.Refuse(change.ErrNoElevation, "", "pkexec is not installed")
	}
	// Its own text prompt would wait on whatever terminal there is, and does not work
	// with polkit 122 ("No session for cookie": the prompt is registered as root, and
	// answered as the user). In a terminal pkttyagent asks instead.
	return byPkexec, []string{path, "--disable-internal-agent"}, nil
}

// env is the little that pkexec and sudo need. SHELL is left out: pkexec refuses
// one that /etc/shells does not list.
func (e *elevator) env() []string {
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, name := range []string{"LANG", "LC_ALL", "LC_MESSAGES", "TERM", "XDG_SESSION_ID"} {
		if v := e.world.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}
