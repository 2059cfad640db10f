package platform

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"mooring.dev/mooring/platform/autostart"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
)

// Watching is what the window and the command line use of the watcher.
type Watching interface {
	// WatchStatus is what the watcher last saw; running says whether one runs now.
	WatchStatus(ctx context.Context) (s watch.Status, running bool, err error)
	// WatchOnce looks at every registry once and returns what is new since somebody
	// was last told. It is then taken for told, unless a watcher runs, whose
	// business that is.
	WatchOnce(ctx context.Context) (watch.Outcome, error)
	// Autostart reports whether the watcher starts with the person's session.
	Autostart(ctx context.Context) (bool, error)
	// PlanAutostart plans to have it start with the session, or no longer.
	PlanAutostart(ctx context.Context, on bool) (trust.Plan, error)
}

// WatchStatus implements Service.
func (m *Machine) WatchStatus(context.Context) (s watch.Status, running bool, err error) {
	s, err = watch.FilesOf(m.World).Status()
	return s, instance.Running(m.World, instance.Watcher), err
}

// WatchOnce implements Service.
func (m *Machine) WatchOnce(ctx context.Context) (watch.Outcome, error) {
	files := watch.FilesOf(m.World)
	memory := files.Memory()
	out, err := watch.Once(ctx, looker{m}, memory, m.World.Now)
	if out.Status.At.IsZero() || instance.Running(m.World, instance.Watcher) {
		return out, err
	}
	return out, errors.Join(err, files.SaveMemory(memory))
}

// Autostart implements Service.
func (m *Machine) Autostart(context.Context) (bool, error) { return m.autostart().On() }

// PlanAutostart implements Service.
func (m *Machine) PlanAutostart(_ context.Context, on bool) (trust.Plan, error) {
	return m.autostart().Plan(on)
}

// AutostartPlace is what autostart writes: a file or a value of the registry.
func (m *Machine) AutostartPlace() string { return m.autostart().Where() }

func (m *Machine) autostart() autostart.Entry {
	return autostart.Entry{World: m.World, Program: m.program()}
}

// program is Mooring's own path.
func (m *Machine) program() string {
	self, _ := os.Executable() // without it the plan says what is missing
	return cmp.Or(m.Program, imageOf(self, m.World.Getenv), self)
}

// imageOf is the AppImage that self runs from, "" for none. It is run from a mount
// that is gone after it; the image itself it finds in the environment
// (docs.appimage.org, "Environment variables"). The same variables come from a
// terminal or an editor that is an AppImage, and name that one then.
func imageOf(self string, env func(string) string) string {
	image, mount := env("APPIMAGE"), filepath.Clean(env("APPDIR"))
	if !filepath.IsAbs(image) || !filepath.IsAbs(mount) || mount == "/" || !strings.HasPrefix(self, mount+"/") {
		return ""
	}
	return image
}

// lookAgain has a running watcher look again, after something was changed here.
// That nobody listens is the ordinary case.
func (m *Machine) lookAgain(ctx context.Context) {
	_ = instance.Send(context.WithoutCancel(ctx), m.World, instance.Watcher, instance.Request{Verb: instance.CheckNow})
}
