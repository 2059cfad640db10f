// Package windowtest is a machine in memory for tests of the window: registries
// with real certificates and real verdicts, files and processes without a disk.
// What trusting changes is kept and judged, so that a test goes from red to green
// by the same code as a person.
package windowtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// Service is a platform.Service in memory.
type Service struct {
	// Now is the clock; the wall clock if nil.
	Now func() time.Time
	// Gate, if set, is received from before each report and each change: a test
	// holds the machine with it.
	Gate chan struct{}
	// ApplyError, if set, is what applying fails with.
	ApplyError error

	accounts
	content
	clientCerts
	watching
	doctor
	restarts

	mu       sync.Mutex
	known    []platform.Known
	hosts    map[string]*Host
	receipts []trust.Receipt
	scopes   map[string][]trust.Party
	// Calls lists what was asked, for assertions.
	calls []string
}

var _ platform.Service = (*Service)(nil)

// New returns an empty machine.
func New() *Service {
	return &Service{hosts: map[string]*Host{}, scopes: map[string][]trust.Party{}}
}

// AddHost puts a registry on the list.
func (s *Service) AddHost(tb testing.TB, name string, h Host) trust.Registry {
	tb.Helper()
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		tb.Fatalf("registry %q: %v", name, err)
	}
	h.registry = r
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[r.String()] = &h
	origin := platform.Origin{Kind: "docker-config", Path: "/home/alice/.docker/config.json"}
	s.known = append(s.known, platform.Known{Registry: r, Origins: []platform.Origin{origin}, Hidden: h.Hidden})
	return r
}

// Calls returns what was asked of the machine, in order.
func (s *Service) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *Service) called(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, a...))
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Service) pass(ctx context.Context) error {
	if s.Gate == nil {
		return ctx.Err()
	}
	select {
	case <-s.Gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Registries implements platform.Service.
func (s *Service) Registries(ctx context.Context, o platform.ListOptions) ([]platform.Known, error) {
	s.called("registries engines=%v", o.AskEngines)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.known), ctx.Err()
}

// Add implements platform.Service.
func (s *Service) Add(_ context.Context, r trust.Registry) error {
	s.called("add %s", r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts[r.String()] == nil {
		s.hosts[r.String()] = &Host{registry: r, Failure: trust.DNS}
	}
	s.known = append(s.known, platform.Known{Registry: r, Added: true, Origins: []platform.Origin{{Kind: "added"}}})
	return nil
}

// Remove implements platform.Service.
func (s *Service) Remove(_ context.Context, r trust.Registry) error {
	s.called("remove %s", r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = slices.DeleteFunc(s.known, func(k platform.Known) bool { return k.Registry == r })
	return nil
}

// SetScope implements platform.Service.
func (s *Service) SetScope(_ context.Context, r trust.Registry, ps []trust.Party) error {
	s.called("scope %s %v", r, ps)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes[r.String()] = ps
	return nil
}

// InstalledParties implements platform.Service.
func (s *Service) InstalledParties(context.Context) []trust.Party {
	return []trust.Party{trust.Docker, trust.DockerBuild, trust.Podman, trust.System}
}

// Check implements platform.Service.
func (s *Service) Check(ctx context.Context, regs []trust.Registry, o platform.CheckOptions, each func(trust.Report)) error {
	s.called("check %d engines=%v", len(regs), o.EngineWord)
	for _, r := range regs {
		if err := s.pass(ctx); err != nil {
			return err
		}
		if report, ok := s.report(r, o.EngineWord); ok {
			each(report)
		}
	}
	return ctx.Err()
}

// History implements platform.Service.
func (s *Service) History(context.Context) ([]trust.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.receipts)
	slices.Reverse(out)
	return out, nil
}

// Recover implements platform.Service.
func (s *Service) Recover(context.Context) ([]trust.Receipt, error) { return nil, nil }

var errNoReceipt = errors.New("no such receipt")
