package windowtest

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// Candidates implements platform.Service.
func (s *Service) Candidates(ctx context.Context, r trust.Report, given []trust.Anchor) ([]platform.Candidate, error) {
	if err := s.pass(ctx); err != nil {
		return nil, err
	}
	var out []platform.Candidate
	for _, a := range given {
		out = append(out, platform.Candidate{Anchor: a, Kind: "given", Completes: completes(r, a.Cert)})
	}
	if len(r.Endpoints) > 0 {
		for i, c := range slices.Backward(r.Endpoints[0].Sent) {
			cand := platform.Candidate{Anchor: trust.Anchor{Cert: c, Source: trust.SourceSent}, Completes: true}
			switch trust.RoleOf(c, i == 0) {
			case trust.Root:
				cand.Kind = "sent-root"
			case trust.Intermediate:
				cand.Kind, cand.Consequence = "sent-intermediate", trust.IntermediateAsAnchor
			default:
				cand.Kind, cand.Consequence = "leaf", trust.LeafAsAnchor
			}
			out = append(out, cand)
		}
	}
	return out, nil
}

func completes(r trust.Report, c *x509.Certificate) bool {
	for _, ep := range r.Endpoints {
		for _, sent := range ep.Sent {
			if sent.Equal(c) || sent.CheckSignatureFrom(c) == nil {
				return true
			}
		}
	}
	return false
}

// Reaches implements platform.Service.
func (s *Service) Reaches() []trust.Reach {
	return []trust.Reach{trust.ReachRegistry, trust.ReachComputer}
}

// PlanTrust implements platform.Service.
func (s *Service) PlanTrust(_ context.Context, q platform.TrustRequest) (trust.Plan, error) {
	s.called("plan %v %s", q.Registries, q.Reach)
	p := trust.Plan{Schema: trust.PlanSchema, Action: "trust", Reach: q.Reach}
	for _, a := range q.Anchors {
		p.Anchors = append(p.Anchors, trust.PlanAnchor{
			SHA256: a.Fingerprint().String(), Subject: a.Cert.Subject.String(), Issuer: a.Cert.Issuer.String(),
			NotAfter: a.Cert.NotAfter, Origin: a.Source,
			PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Cert.Raw})),
		})
	}
	for _, r := range q.Registries {
		p.Registries = append(p.Registries, r.String())
		p.Changes = append(p.Changes, s.changes(r)...)
		p.Forecast = append(p.Forecast, s.forecast(r, q)...)
	}
	if q.Reach == trust.ReachComputer {
		p.Changes = append(p.Changes,
			trust.Change{Kind: trust.WriteFile, Path: "/usr/local/share/ca-certificates/mooring-5f3a910c44d27b19.crt", Status: trust.StatusNew, Privileged: true},
			trust.Change{Kind: trust.RunCommand, Command: "debian", Shown: "update-ca-certificates", Privileged: true})
		p.Restarts = append(p.Restarts, trust.Restart{Party: trust.Docker, Name: "docker", Command: "systemctl restart docker"})
	}
	return p, nil
}

func (s *Service) changes(r trust.Registry) []trust.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[r.String()]
	status := trust.StatusNew
	if h != nil && len(h.Registry) > 0 {
		status = trust.StatusBeside
	}
	return []trust.Change{
		{Kind: trust.WriteFile, Path: "/etc/docker/certs.d/" + r.String() + "/ca.crt", Mode: 0o644, Status: status, Privileged: true, Parties: []trust.Party{trust.Docker}},
		{Kind: trust.WriteFile, Path: "/etc/containers/certs.d/" + r.String() + "/ca.crt", Mode: 0o644, Status: status, Privileged: true, Parties: []trust.Party{trust.Podman}},
	}
}

// forecast judges a copy of the host that has the anchor already.
func (s *Service) forecast(r trust.Registry, q platform.TrustRequest) []trust.Forecast {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[r.String()]
	if h == nil {
		return nil
	}
	after := *h
	for _, a := range q.Anchors {
		after.Registry = append(slices.Clone(after.Registry), a.Cert)
		if q.Reach == trust.ReachComputer {
			after.System = append(slices.Clone(after.System), a.Cert)
		}
	}
	var out []trust.Forecast
	for _, c := range h.consumers() {
		ep := h.endpoint(trust.RoleRegistry)
		v, w := trust.Judge(ep, c.policy(h), s.now()), trust.Judge(ep, c.policy(&after), s.now())
		out = append(out, trust.Forecast{
			Registry: r.String(), Endpoint: ep.Address, Party: c.Party, Instance: c.Instance, Operation: c.Operation,
			InScope: c.Party == trust.Docker || c.Party == trust.Podman, Before: v.State, After: w.State, Reason: w.Reason, Effective: w.Effective,
		})
	}
	return out
}

// Apply implements platform.Service.
func (s *Service) Apply(ctx context.Context, p trust.Plan, progress func(platform.Progress)) (trust.Receipt, error) {
	s.called("apply %s %v", p.Action, p.Registries)
	for i := range p.Changes {
		progress(platform.Progress{Done: i, Total: len(p.Changes)})
		if err := s.pass(ctx); err != nil {
			return trust.Receipt{}, err
		}
	}
	if s.ApplyError != nil {
		return trust.Receipt{}, s.ApplyError
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := trust.Receipt{
		Schema: 1, ID: fmt.Sprintf("r%d", len(s.receipts)+1), At: s.now(), Action: p.Action, Reach: p.Reach,
		Registries: p.Registries, Anchors: p.Anchors, Plan: p.Hash(), State: trust.ReceiptApplied, Restarts: p.Restarts,
	}
	for _, c := range p.Changes {
		r.Changes = append(r.Changes, trust.Done{Kind: c.Kind, Path: c.Path, Command: c.Shown, Edits: c.Edits, Registry: c.Registry, Key: c.Key})
	}
	s.install(p, p.Action != "untrust")
	s.applySignIn(p)
	s.installPair(p)
	s.setAutostart(p)
	s.heal(p)
	s.receipts = append(s.receipts, r)
	return r, nil
}

// install puts a plan's anchors where it says, or takes them away.
func (s *Service) install(p trust.Plan, in bool) {
	for _, a := range p.Anchors {
		block, _ := pem.Decode([]byte(a.PEM))
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		for _, name := range p.Registries {
			h := s.hosts[name]
			h.Registry = slices.DeleteFunc(h.Registry, c.Equal)
			h.System = slices.DeleteFunc(h.System, c.Equal)
			if in {
				h.Registry = append(h.Registry, c)
			}
			if in && p.Reach == trust.ReachComputer {
				h.System = append(h.System, c)
			}
		}
	}
}

// PlanUndo implements platform.Service.
func (s *Service) PlanUndo(_ context.Context, id string) (trust.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.receipts, func(r trust.Receipt) bool { return r.ID == id })
	if i < 0 {
		return trust.Plan{}, errNoReceipt
	}
	r := s.receipts[i]
	p := trust.Plan{Schema: trust.PlanSchema, Action: "untrust", Reach: r.Reach, Registries: r.Registries, Anchors: r.Anchors}
	for _, d := range r.Changes {
		c := trust.Change{Kind: trust.RemoveFile, Path: d.Path, Status: trust.StatusRemoved, Privileged: true}
		if d.Kind == trust.RunCommand {
			c = trust.Change{Kind: d.Kind, Shown: d.Command, Privileged: true}
		}
		p.Changes = append(p.Changes, c)
	}
	return p, nil
}

// Undo implements platform.Service.
func (s *Service) Undo(ctx context.Context, id string, progress func(platform.Progress)) (trust.Receipt, error) {
	s.called("undo %s", id)
	p, err := s.PlanUndo(ctx, id)
	if err != nil {
		return trust.Receipt{}, err
	}
	if err := s.pass(ctx); err != nil {
		return trust.Receipt{}, err
	}
	progress(platform.Progress{Done: len(p.Changes), Total: len(p.Changes)})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.install(p, false)
	i := slices.IndexFunc(s.receipts, func(r trust.Receipt) bool { return r.ID == id })
	at := s.now()
	s.receipts[i].State, s.receipts[i].UndoneAt = trust.ReceiptUndone, &at
	return s.receipts[i], nil
}

// PlanUntrust implements platform.Service.
func (s *Service) PlanUntrust(ctx context.Context, regs []trust.Registry) (trust.Plan, error) {
	s.mu.Lock()
	var id string
	for _, r := range s.receipts {
		if r.State == trust.ReceiptApplied && slices.Contains(r.Registries, regs[0].String()) {
			id = r.ID
		}
	}
	s.mu.Unlock()
	if id == "" {
		return trust.Plan{Schema: trust.PlanSchema, Action: "untrust", Registries: []string{regs[0].String()}}, nil
	}
	p, err := s.PlanUndo(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pair := range s.hosts[regs[0].String()].pairs {
		p.Consequences = append(p.Consequences, trust.Consequence{Code: trust.ClientStays, Path: pair.CertPath})
	}
	return p, err
}
