package cli

import (
	"context"
	"os"
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/trust"
)

// The fake machine runs docker, with what FAKE_ENGINE says: "kept" for live-restore,
// "unasked" for one that says nothing, "down" for one that does not run.

func (f *fake) WaitingRestarts(context.Context) ([]platform.WaitingRestart, error) {
	var out []platform.WaitingRestart
	for _, c := range f.Receipts {
		for _, r := range c.Restarts {
			if !slices.Contains(f.Restarted, r.Engine) {
				out = append(out, platform.WaitingRestart{Restart: r, Registries: c.Registries, Since: c.At})
			}
		}
	}
	return out, nil
}

func (f *fake) EnginesCalled(_ context.Context, name string) []trust.Restart {
	if name != "docker" {
		return nil
	}
	return []trust.Restart{{Party: trust.Docker, Name: "docker", Command: "systemctl restart docker", Engine: trust.EngineDocker}}
}

func (f *fake) RestartImpact(context.Context, trust.Restart) (platform.RestartImpact, error) {
	i := platform.RestartImpact{Known: true, Running: 3, Stops: 3, Containers: []string{"web", "db\x1b[2J"}}
	switch os.Getenv("FAKE_ENGINE") {
	case "kept":
		i.LiveRestore, i.Stops = true, 0
	case "unasked":
		i = platform.RestartImpact{Why: "denied"}
	case "down":
		i = platform.RestartImpact{Known: true, Stopped: true}
	}
	return i, nil
}

func (f *fake) Restart(_ context.Context, r trust.Restart, progress func(platform.Progress)) error {
	progress(platform.Progress{Step: "progress.restart", Args: map[string]string{"name": r.Name}})
	if f.fail != "" {
		return &enginectl.Error{Code: enginectl.Code(f.fail), Name: r.Name, Command: r.Command, Detail: "the last words"}
	}
	f.Restarted = append(f.Restarted, r.Engine)
	return f.save()
}
