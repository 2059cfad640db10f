package windowtest

import (
	"context"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// DockerRestart is how the machine's docker is restarted.
var DockerRestart = trust.Restart{Party: trust.Docker, Name: "docker", Command: "systemctl restart docker", Engine: trust.EngineDocker}

// restarts is what runs under docker, and what comes of restarting it.
type restarts struct {
	// Impact is what a restart would stop.
	Impact platform.RestartImpact
	// RestartError, if set, is what a restart fails with.
	RestartError error
}

// WaitingRestarts implements platform.Restarts.
func (s *Service) WaitingRestarts(context.Context) ([]platform.WaitingRestart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []platform.WaitingRestart{}
	for name, h := range s.hosts {
		if h.Stale {
			out = append(out, platform.WaitingRestart{Restart: DockerRestart, Registries: []string{name}})
		}
	}
	return out, nil
}

// EnginesCalled implements platform.Restarts.
func (s *Service) EnginesCalled(_ context.Context, name string) []trust.Restart {
	if name != DockerRestart.Name {
		return nil
	}
	return []trust.Restart{DockerRestart}
}

// RestartImpact implements platform.Restarts.
func (s *Service) RestartImpact(ctx context.Context, r trust.Restart) (platform.RestartImpact, error) {
	s.called("impact %s", r.Engine)
	return s.Impact, ctx.Err()
}

// Restart implements platform.Restarts: docker reads the computer's store anew.
func (s *Service) Restart(ctx context.Context, r trust.Restart, progress func(platform.Progress)) error {
	s.called("restart %s", r.Engine)
	progress(platform.Progress{Step: "progress.restart", Args: map[string]string{"name": r.Name}})
	if err := s.pass(ctx); err != nil {
		return err
	}
	if s.RestartError != nil {
		return s.RestartError
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		h.Stale = false
	}
	return nil
}
