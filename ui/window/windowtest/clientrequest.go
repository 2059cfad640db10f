package windowtest

import (
	"context"
	"errors"
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// NewSigningRequest implements platform.ClientCerts.
func (s *Service) NewSigningRequest(_ context.Context, r trust.Registry, name string) (platform.SigningRequest, error) {
	s.called("request %s %s", r, name)
	key, csr, err := clientcert.NewRequest(name)
	if err != nil {
		return platform.SigningRequest{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := platform.SigningRequest{
		Registry: r, Name: name, PEM: csr, At: s.now(), Copy: platform.KeyAlone,
		KeyPath: "/home/alice/.local/share/mooring/requests/5f3a910c44d27b19.key",
	}
	s.requests = append(s.requests, q)
	if s.keys == nil {
		s.keys = map[string]trust.Secret{}
	}
	s.keys[q.KeyPath] = key
	return q, nil
}

// SigningRequests implements platform.ClientCerts.
func (s *Service) SigningRequests(ctx context.Context) ([]platform.SigningRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []platform.SigningRequest
	for _, q := range s.requests {
		out = append(out, s.copied(q))
	}
	return out, ctx.Err()
}

// copied is q with what is installed for its registry by now.
func (s *Service) copied(q platform.SigningRequest) platform.SigningRequest {
	h := s.hosts[q.Registry.String()]
	if h == nil {
		return q
	}
	for _, p := range h.pairs {
		if !clientcert.Answers([]clientcert.File{{Data: p.Cert.Raw}}, q.PEM) {
			continue
		}
		q.Answered, q.Copy, q.CopyPath = true, platform.KeyInstalled, p.KeyPath
		if s.Sealed {
			q.Copy = platform.KeyUnseen
		}
	}
	return q
}

// ForgetSigningRequest implements platform.ClientCerts.
func (s *Service) ForgetSigningRequest(_ context.Context, keyPath string, force bool) error {
	s.called("forget %s %t", keyPath, force)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.requests, func(q platform.SigningRequest) bool { return q.KeyPath == keyPath })
	if i < 0 {
		return errors.New("no such request")
	}
	if err := s.copied(s.requests[i]).MustStay(force); err != nil {
		return err
	}
	s.requests = slices.Delete(s.requests, i, i+1)
	delete(s.keys, keyPath)
	return nil
}
