package platform

import (
	"context"
	"errors"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// ReviewClientCert implements ClientCerts. Files that answer a signing request get
// its key from where it is kept.
func (m *Machine) ReviewClientCert(ctx context.Context, q ClientCertRequest) (clientcert.Review, error) {
	probes, err := m.probes(ctx, []trust.Registry{q.Registry}, CheckOptions{Timeout: q.Timeout})
	if err != nil {
		return clientcert.Review{}, err
	}
	files, err := m.withKeptKeys(q.Files)
	if err != nil {
		return clientcert.Review{}, err
	}
	r := clientcert.Read(ctx, files, q.Passphrase)
	if ctx.Err() != nil {
		return clientcert.Review{}, ctx.Err()
	}
	if len(probes) > 0 && len(probes[0].Endpoints) > 0 {
		r.Server = clientcert.ServerOf(probes[0].Endpoints[0])
	}
	if r.Pair != nil {
		r.Problems = append(r.Problems, clientcert.Check(*r.Pair, r.Server, m.World.Now())...)
	}
	return r, nil
}

// withKeptKeys adds the keys of the requests that files answer. One that cannot be
// read helps nobody, and the review will say that a key is missing.
func (m *Machine) withKeptKeys(files []clientcert.File) ([]clientcert.File, error) {
	requests, _ := m.state.Requests()
	for _, r := range requests {
		if !clientcert.Answers(files, r.PEM) {
			continue
		}
		key, err := m.state.RequestKey(r)
		if err != nil {
			return nil, err
		}
		files = append(files[:len(files):len(files)], clientcert.File{Name: r.KeyPath, Data: []byte(key.Reveal())})
	}
	return files, nil
}

// NewSigningRequest implements ClientCerts.
func (m *Machine) NewSigningRequest(_ context.Context, r trust.Registry, name string) (SigningRequest, error) {
	key, csr, err := clientcert.NewRequest(name)
	if errors.Is(err, clientcert.ErrName) {
		err = clientCertError{key: "client-cert-name", text: err.Error(), args: map[string]any{"name": name}}
	}
	if err != nil {
		return SigningRequest{}, err
	}
	kept, err := m.state.AddRequest(state.Request{Registry: r, Name: name, At: m.World.Now().UTC(), PEM: csr}, key)
	return signingRequest(kept), err
}

// SigningRequests implements ClientCerts.
func (m *Machine) SigningRequests(ctx context.Context) ([]SigningRequest, error) {
	kept, err := m.state.Requests()
	if len(kept) == 0 {
		return nil, err
	}
	installed := m.installedPairs(ctx)
	var out []SigningRequest
	for _, r := range kept {
		out = append(out, m.copied(signingRequest(r), installed(r.Registry)))
	}
	return out, err
}

func signingRequest(r state.Request) SigningRequest {
	return SigningRequest{Registry: r.Registry, Name: r.Name, KeyPath: r.KeyPath, PEM: r.PEM, At: r.At, Copy: KeyAlone}
}
