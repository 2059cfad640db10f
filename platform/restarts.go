package platform

import (
	"context"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/trust"
)

// Restarts is what the faces use of engine control. Nothing is restarted that the
// person did not ask for.
type Restarts interface {
	// WaitingRestarts lists the engines that have not been restarted since a change
	// of which a receipt says that they see it only then.
	WaitingRestarts(ctx context.Context) ([]WaitingRestart, error)
	// EnginesCalled lists the engines of this machine that go by a name: that of the
	// engine ("docker", "docker-rootless") or of the program.
	EnginesCalled(ctx context.Context, name string) []trust.Restart
	// RestartImpact says what carrying out r would stop.
	RestartImpact(ctx context.Context, r trust.Restart) (RestartImpact, error)
	// Restart carries it out and waits until the engine answers again.
	Restart(ctx context.Context, r trust.Restart, progress func(Progress)) error
}

// RestartImpact is what restarting an engine means at this moment.
type RestartImpact = enginectl.Impact

// WaitingRestart is an engine that has yet to see a change.
type WaitingRestart struct {
	trust.Restart
	Registries []string  // that the change is for
	Since      time.Time // of the latest change
	// Unsure: it may have seen the change, or have never seen what is undone: since when
	// it runs, or when it read the computer's roots, cannot be told.
	Unsure bool
}

func (m *Machine) control() enginectl.Control { return enginectl.New(m.World, m.Terminal) }

// RestartImpact implements Restarts.
func (m *Machine) RestartImpact(ctx context.Context, r trust.Restart) (RestartImpact, error) {
	return m.control().Impact(ctx, r)
}

// Restart implements Restarts.
func (m *Machine) Restart(ctx context.Context, r trust.Restart, progress func(Progress)) error {
	defer m.lookAgain(ctx)
	return m.control().Restart(ctx, r, func(s enginectl.Stage) {
		if progress != nil {
			progress(Progress{Step: "progress." + string(s), Args: map[string]string{"name": r.Name}})
		}
	})
}

// EnginesCalled implements Restarts. One that is known by its key is listed though
// it does not run.
func (m *Machine) EnginesCalled(ctx context.Context, name string) []trust.Restart {
	name = strings.ToLower(strings.TrimSpace(name))
	var out []trust.Restart
	for _, r := range m.control().Here(ctx) {
		if string(r.Engine) == name || strings.ReplaceAll(strings.ToLower(r.Name), " ", "-") == name {
			out = append(out, r)
		}
	}
	if r := enginectl.Of(m.World, trust.Engine(name), false); len(out) == 0 && r.Engine != "" {
		out = append(out, r)
	}
	return out
}

// WaitingRestarts implements Restarts.
func (m *Machine) WaitingRestarts(ctx context.Context) ([]WaitingRestart, error) {
	receipts, err := m.applier().Own.History()
	if err != nil {
		return nil, err
	}
	return waiting(receipts, func(e trust.Engine) (time.Time, bool) { return m.control().Started(ctx, e) },
		func(r trust.Restart) trust.Restart { return enginectl.Of(m.World, r.Engine, r.Reload) }), nil
}

// waiting goes through receipts, newest first. started says when an engine was
// started and whether it runs; known looks a restart up in the table: of what a
// journal says only the engine counts.
func waiting(receipts []trust.Receipt, started func(trust.Engine) (time.Time, bool), known func(trust.Restart) trust.Restart) []WaitingRestart {
	var out []WaitingRestart
	for _, receipt := range receipts {
		for _, r := range receipt.Restarts {
			r = known(r)
			at, running := started(r.Engine)
			since, unseen, unsure := unseenSince(receipt, at)
			if r.Engine == "" || !running || !unseen {
				continue
			}
			i := slices.IndexFunc(out, func(w WaitingRestart) bool { return w.Engine == r.Engine })
			if i < 0 {
				i = len(out)
				out = append(out, WaitingRestart{Restart: r, Since: since, Unsure: unsure})
			}
			w := &out[i]
			w.Reload, w.Unsure = w.Reload && r.Reload, w.Unsure && unsure
			for _, name := range receipt.Registries {
				if !slices.Contains(w.Registries, name) {
					w.Registries = append(w.Registries, name)
				}
			}
		}
	}
	for i, w := range out {
		out[i].Restart = known(w.Restart)
	}
	return out
}

// unseenSince reports whether a process started at a time may not have seen what a
// receipt says was changed, and since when that is so.
//
// Programs in Go read the computer's roots at the first connection that they verify,
// not when they start (crypto/x509 systemRootsPool). So a process that ran before a
// change which was then undone may still trust what is gone; unsure says that
// it may as well not.
func unseenSince(r trust.Receipt, started time.Time) (since time.Time, unseen, unsure bool) {
	switch {
	case r.State == trust.ReceiptApplied:
		return r.At, !started.After(r.At), started.IsZero()
	case r.State == trust.ReceiptUndone && r.UndoneAt != nil:
		return *r.UndoneAt, !started.After(*r.UndoneAt), !started.After(r.At)
	}
	return time.Time{}, false, false
}
