package enginectl

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"
)

// services is the service manager of Windows. Nothing of it waits.
type services interface {
	// Dependents lists the running services that depend on name, directly or not, in
	// the order in which they have to stop.
	Dependents(name string) ([]string, error)
	Stop(name string) error
	Start(name string) error
	Running(name string) (running, settled bool, err error)
	Close()
}

// cycle stops a service with those that depend on it, and starts them again in
// reverse order. What has stopped is started again whatever fails.
func (c Control) cycle(ctx context.Context, name string) (err error) {
	m, err := c.services()
	if err != nil {
		return serviceError(err)
	}
	defer m.Close()
	dependents, err := m.Dependents(name)
	if err != nil {
		return serviceError(err)
	}
	var stopped []string
	for _, s := range append(dependents, name) {
		if err = stop(ctx, m, s); err != nil {
			break
		}
		stopped = append(stopped, s)
	}
	for _, s := range slices.Backward(stopped) {
		// Once stopped it is started whether or not anybody still waits.
		if again := start(context.WithoutCancel(ctx), m, s); err == nil {
			err = again
		}
	}
	return serviceError(err)
}

func stop(ctx context.Context, m services, name string) error {
	if err := m.Stop(name); err != nil {
		return err
	}
	return settle(ctx, m, name, false)
}

func start(ctx context.Context, m services, name string) error {
	if err := m.Start(name); err != nil {
		return err
	}
	return settle(ctx, m, name, true)
}

var errSlow = errors.New("the service does not come to rest")

// settle waits until a service runs, or has stopped.
func settle(ctx context.Context, m services, name string, want bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, errSlow)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		running, settled, err := m.Running(name)
		if err != nil || settled && running == want {
			return err
		}
		if settled && want { // it has ended again
			return errors.New("the service " + name + " started and stopped")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func serviceError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return &Error{Code: NoRights, Detail: err.Error()}
	}
	return &Error{Code: Failed, Detail: err.Error()}
}
