package keyring

import (
	"context"
	"sync"

	"mooring.dev/mooring/trust"
)

// Memory returns a store in this process's memory. It ends with the process.
func Memory() Store { return &memory{kept: map[string]trust.Credential{}} }

type memory struct {
	mu   sync.Mutex
	kept map[string]trust.Credential
}

func (m *memory) Set(_ context.Context, key string, c trust.Credential) error {
	if c.Secret.Empty() {
		return &Error{Failed, errEmpty}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[key] = c
	return nil
}

func (m *memory) Get(_ context.Context, key string) (trust.Credential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.kept[key]
	if !ok {
		return trust.Credential{}, &Error{State: NotFound}
	}
	return c, nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.kept[key]; !ok {
		return &Error{State: NotFound}
	}
	delete(m.kept, key)
	return nil
}
