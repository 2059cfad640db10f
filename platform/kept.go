package platform

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
)

// memory is what is kept in this process alone, with what is known of it.
type memory struct {
	keyring.Store
	mu    sync.Mutex
	notes map[trust.Registry]Kept
}

func newMemory() *memory {
	return &memory{Store: keyring.Memory(), notes: map[trust.Registry]Kept{}}
}

func (m *memory) keep(ctx context.Context, r trust.Registry, c trust.Credential, note Kept) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.Set(ctx, r.String(), c); err != nil {
		return err
	}
	m.notes[r] = note
	return nil
}

func (m *memory) forget(ctx context.Context, r trust.Registry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.Delete(ctx, r.String()) // memory fails only at what is not there
	delete(m.notes, r)
}

func (m *memory) noted() map[trust.Registry]Kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[trust.Registry]Kept{}
	for r, k := range m.notes {
		out[r] = k
	}
	return out
}

// Keyring implements SignIns.
func (m *Machine) Keyring(ctx context.Context) error { return keyring.Check(ctx, m.World) }

// keep puts a proved credential into the system's keyring, or with session into
// this process's memory, and notes for [Machine.Accounts] that it is there. If it
// cannot be noted, it is not kept.
func (m *Machine) keep(ctx context.Context, r trust.Registry, c trust.Credential, expires time.Time, session bool) error {
	if session {
		return m.memory.keep(ctx, r, c, Kept{In: KeptSession, User: c.User, Token: c.Token, At: m.World.Now(), Expires: expires})
	}
	if err := m.keeper.Keep(ctx, r, c, expires); err != nil {
		return err
	}
	m.memory.forget(ctx, r)
	return nil
}

// forget removes what keep kept. Nothing kept is no error.
func (m *Machine) forget(ctx context.Context, r trust.Registry) error {
	m.memory.forget(ctx, r)
	return m.keeper.Forget(ctx, r)
}

// credential returns the credential for a registry that Mooring may use itself:
// its own, or else one that a helper or file of docker's or podman's holds for this
// very registry. ok is
// false when there is none. A helper that fails hides none behind it; its error is
// returned when nothing else was found.
func (m *Machine) credential(ctx context.Context, r trust.Registry) (c trust.Credential, ok bool, err error) {
	if c, err := m.memory.Get(ctx, r.String()); err == nil {
		return c, true, nil
	}
	if c, ok, err = m.own(ctx, r); ok || err != nil {
		return c, ok, err
	}
	tools := credentials.Load(m.World)
	var failed error
	for _, p := range append(tools.Uses(trust.Docker, r), tools.Uses(trust.Podman, r)...) {
		if credentials.IsOwn(p.Helper) || p.Helper == "" && !credentials.Names(p.Key, r) {
			continue // it was asked already; it is for a part of the registry
		}
		c, ok, err := tools.Read(ctx, m.World, p)
		if ok {
			return c, true, nil
		}
		failed = errors.Join(failed, err)
	}
	return trust.Credential{}, false, failed
}

// own is the credential in the keyring. Where none is noted the keyring is asked
// only if that prompts nobody.
func (m *Machine) own(ctx context.Context, r trust.Registry) (c trust.Credential, ok bool, err error) {
	if _, noted := m.keeper.Noted(r); !noted && m.Keyring(ctx) != nil {
		return trust.Credential{}, false, nil
	}
	return m.keeper.Get(ctx, r)
}

// Accounts implements SignIns. Files that cannot be used keep none of the others
// from being listed; what went wrong is in the error beside the list.
func (m *Machine) Accounts(context.Context) ([]Account, error) {
	noted, err := m.state.SignIns()
	tools := credentials.Load(m.World)
	l := accounts{at: map[trust.Registry]int{}}
	for _, s := range noted {
		l.add(s.Registry, Kept{
			In: KeptKeyring, User: s.User, Token: s.Token, At: s.At, Expires: s.Expires,
		})
	}
	keeps := func(r trust.Registry) bool { _, ok := l.at[r]; return ok }
	for _, p := range tools.Find(keeps) {
		l.place(p)
	}
	for r, k := range m.memory.noted() {
		l.add(r, k)
	}
	return l.sorted(), errors.Join(err, problemsError(tools.Problems()))
}

// accounts collects what is kept, by registry.
type accounts struct {
	all []Account
	at  map[trust.Registry]int
}

func (l *accounts) add(r trust.Registry, k Kept) {
	i, ok := l.at[r]
	if !ok {
		i = len(l.all)
		l.at[r] = i
		l.all = append(l.all, Account{Registry: r})
	}
	l.all[i].Kept = append(l.all[i].Kept, k)
}

// place adds a place that the tools know. Mooring's own helper is the keyring,
// which is listed already.
func (l *accounts) place(p credentials.Place) {
	switch {
	case credentials.IsOwn(p.Helper):
		kept := &l.all[l.at[p.Registry]].Kept[0]
		for _, reader := range p.Readers {
			if !slices.Contains(kept.Readers, reader) {
				kept.Readers = append(kept.Readers, reader)
			}
		}
	case p.Helper != "":
		l.add(p.Registry, Kept{In: KeptHelper, Helper: p.Helper, Path: p.Path, Readers: p.Readers})
	default:
		l.add(p.Registry, Kept{In: KeptFile, Path: p.Path, User: p.User, Token: p.Token, Readers: p.Readers})
	}
}

// sorted orders by registry, and what docker uses before what only podman does.
func (l *accounts) sorted() []Account {
	rank := func(k Kept) int {
		switch {
		case slices.Contains(k.Readers, trust.Docker):
			return 0
		case len(k.Readers) > 0:
			return 1
		}
		return 2
	}
	for _, a := range l.all {
		slices.SortStableFunc(a.Kept, func(x, y Kept) int { return rank(x) - rank(y) })
	}
	slices.SortFunc(l.all, func(a, b Account) int { return a.Registry.Compare(b.Registry) })
	return l.all
}
