package enginectl

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// scmFake is a service manager in which docker has two that depend on it.
type scmFake struct {
	up   map[string]bool
	did  []string
	fail map[string]error // "stop X", "start X"
	dies string           // stops again once started
}

func newSCM() *scmFake {
	return &scmFake{up: map[string]bool{"docker": true, "agent": true, "monitor": true}, fail: map[string]error{}}
}

func (f *scmFake) Dependents(name string) ([]string, error) {
	return []string{"monitor", "agent"}, f.fail["list "+name]
}
func (f *scmFake) Stop(name string) error  { return f.do("stop ", name, false) }
func (f *scmFake) Start(name string) error { return f.do("start ", name, name != f.dies) }
func (f *scmFake) Close()                  { f.did = append(f.did, "close") }
func (f *scmFake) Running(name string) (running, settled bool, err error) {
	return f.up[name], true, nil
}

func (f *scmFake) do(what, name string, up bool) error {
	f.did = append(f.did, what+name)
	if err := f.fail[what+name]; err != nil {
		return err
	}
	f.up[name] = up
	return nil
}

// TestWindowsService stops those first that depend on the service, and starts what
// it stopped whatever happened.
func TestWindowsService(t *testing.T) {
	stops := []string{"stop monitor", "stop agent", "stop docker"}
	starts := []string{"start docker", "start agent", "start monitor", "close"}
	denied := &fs.PathError{Op: "open", Path: "docker", Err: fs.ErrPermission}
	for name, c := range map[string]struct {
		fail map[string]error
		dies string
		want []string
		code Code
	}{
		"well":                    {want: slices.Concat(stops, starts)},
		"no rights":               {fail: map[string]error{"list docker": denied}, want: []string{"close"}, code: NoRights},
		"docker does not stop":    {fail: map[string]error{"stop docker": errors.New("busy")}, want: slices.Concat(stops, []string{"start agent", "start monitor", "close"}), code: Failed},
		"docker does not start":   {fail: map[string]error{"start docker": errors.New("broken")}, want: slices.Concat(stops, starts), code: Failed},
		"docker stops again":      {dies: "docker", want: slices.Concat(stops, starts), code: Failed},
		"a dependent is stubborn": {fail: map[string]error{"stop agent": denied}, want: []string{"stop monitor", "stop agent", "start monitor", "close"}, code: NoRights},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSCM()
			f.dies = c.dies
			for k, v := range c.fail {
				f.fail[k] = v
			}
			ctl := control(machine(t, "windows"), &host{}, sight{unseen: whyUnasked})
			ctl.services = func() (services, error) { return f, nil }
			err := ctl.Restart(t.Context(), restart(trust.EngineDocker), quiet)
			var e *Error
			if errors.As(err, &e); c.code != "" && (e == nil || e.Code != c.code) || c.code == "" && err != nil {
				t.Error(err)
			}
			if (c.code == NoRights) != errors.Is(err, change.ErrNoRights) {
				t.Error(err)
			}
			if !slices.Equal(f.did, c.want) {
				t.Errorf("did %q, want %q", f.did, c.want)
			}
		})
	}
}

func TestNoServiceManager(t *testing.T) {
	ctl := control(machine(t, "windows"), &host{answers: map[string]world.Result{}}, sight{unseen: whyUnasked})
	ctl.services = func() (services, error) { return nil, fs.ErrPermission }
	if err := ctl.Restart(t.Context(), restart(trust.EngineDocker), quiet); !errors.Is(err, change.ErrNoRights) {
		t.Error(err)
	}
}
