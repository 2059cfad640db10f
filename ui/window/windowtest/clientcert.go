package windowtest

import (
	"context"
	"errors"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// clientCerts is the half of the machine that installs client certificates: what
// is read and checked is real, and what is installed is judged.
type clientCerts struct {
	// Unwelcome: servers take no client certificate, whoever issued it.
	Unwelcome bool

	// Sealed: the keys of installed pairs can be read by root alone.
	Sealed bool

	requests []platform.SigningRequest
	keys     map[string]trust.Secret // of the requests, by where they lie
	pending  *clientcert.Pair        // of the last plan
}

// Demand lets a registry want client certificates of these CAs.
func (s *Service) Demand(name string, cas ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name].ClientAuth = trust.ClientAuth{Requested: true, Required: true, AcceptableCAs: cas}
}

// Leave lets a registry ask for no client certificate.
func (s *Service) Leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name].ClientAuth = trust.ClientAuth{}
}

// ReviewClientCert implements platform.ClientCerts.
func (s *Service) ReviewClientCert(ctx context.Context, q platform.ClientCertRequest) (clientcert.Review, error) {
	s.called("review %s %d", q.Registry, len(q.Files))
	if err := s.pass(ctx); err != nil {
		return clientcert.Review{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	files := q.Files
	for _, kept := range s.requests {
		if clientcert.Answers(q.Files, kept.PEM) {
			files = append(files[:len(files):len(files)], clientcert.File{Name: kept.KeyPath, Data: []byte(s.keys[kept.KeyPath].Reveal())})
		}
	}
	r := clientcert.Read(ctx, files, q.Passphrase)
	if h := s.hosts[q.Registry.String()]; h != nil {
		r.Server = clientcert.ServerOf(h.endpoint(trust.RoleRegistry))
	}
	if r.Pair != nil {
		r.Problems = append(r.Problems, clientcert.Check(*r.Pair, r.Server, s.now())...)
	}
	return r, nil
}

// PlanClientCert implements platform.ClientCerts.
func (s *Service) PlanClientCert(_ context.Context, q platform.ClientCertRequest, r clientcert.Review) (trust.Plan, error) {
	s.called("plan client-cert %s", q.Registry)
	if r.Fatal() {
		return trust.Plan{}, errors.New("not a pair")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = r.Pair
	root := "/etc/docker/certs.d/" + q.Registry.String() + "/"
	own := "/home/alice/.config/containers/certs.d/" + q.Registry.String() + "/"
	docker, podman := []trust.Party{trust.Docker}, []trust.Party{trust.Podman}
	p := trust.Plan{
		Schema: trust.PlanSchema, Action: "client-cert", Reach: trust.ReachRegistry, Registries: []string{q.Registry.String()},
		Changes: []trust.Change{
			{Kind: trust.WriteFile, Path: root + "client.cert", Mode: 0o644, Status: trust.StatusNew, Privileged: true, Parties: docker},
			{Kind: trust.WriteFile, Path: root + "client.key", Mode: 0o600, Status: trust.StatusNew, Privileged: true, Parties: docker, Secret: true},
			{Kind: trust.WriteFile, Path: own + "client.cert", Mode: 0o644, Status: trust.StatusNew, Parties: podman},
			{Kind: trust.WriteFile, Path: own + "client.key", Mode: 0o600, Status: trust.StatusNew, Parties: podman, Secret: true},
		},
		Consequences: []trust.Consequence{{Code: trust.OwnDirectory}, {Code: trust.ManifestStops}},
	}
	if r.Pair.WasEncrypted {
		p.Consequences = append([]trust.Consequence{{Code: trust.KeyDecrypted}}, p.Consequences...)
	}
	return p, nil
}

// installPair puts the pair of a plan where the registry's consumers read it.
func (s *Service) installPair(p trust.Plan) {
	if p.Action != "client-cert" || s.pending == nil {
		return
	}
	for _, name := range p.Registries {
		s.hosts[name].pairs = []trust.ClientPair{{
			Cert: s.pending.Cert, Chain: s.pending.Chain, CertPath: p.Changes[0].Path, KeyPath: p.Changes[1].Path,
		}}
	}
}

// ProveClientCert implements platform.ClientCerts.
func (s *Service) ProveClientCert(ctx context.Context, r trust.Registry, p clientcert.Pair) (clientcert.Proof, error) {
	s.called("prove %s", r)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[r.String()]
	switch {
	case h == nil || h.Failure != "":
		return clientcert.Proof{Outcome: clientcert.Unknown, Text: "i/o timeout"}, ctx.Err()
	case !h.ClientAuth.Requested:
		return clientcert.Proof{Outcome: clientcert.NotAsked}, ctx.Err()
	case s.Unwelcome || !p.Offered(h.ClientAuth.AcceptableCAs):
		return clientcert.Proof{Outcome: clientcert.Refused, Text: "remote error: tls: certificate required"}, ctx.Err()
	default:
		return clientcert.Proof{Outcome: clientcert.Accepted}, ctx.Err()
	}
}
