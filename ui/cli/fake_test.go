package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// fake is a machine whose registries are as their names say; what is applied is
// kept in a file of dir, so that one command sees what another did. Its
// certificates are those of the suite: dir/ca.pem and dir/leaf.pem.
type fake struct {
	platform.SignIns     `json:"-"`
	platform.Catalogs    `json:"-"`
	platform.ClientCerts `json:"-"`
	platform.Watching    `json:"-"`
	platform.Restarts    `json:"-"`
	platform.Doctor      `json:"-"`

	dir      string
	fail     string // a change.Code with which Apply fails
	Added    []string
	Scopes   map[string][]trust.Party
	Receipts []trust.Receipt
	// Restarted are the engines that were restarted.
	Restarted []trust.Engine
}

func openFake(dir, fail string) (*fake, error) {
	f := &fake{dir: dir, fail: fail, Scopes: map[string][]trust.Party{}}
	b, err := os.ReadFile(f.file())
	if os.IsNotExist(err) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	return f, json.Unmarshal(b, f)
}

func (f *fake) file() string { return filepath.Join(f.dir, "machine.json") }

func (f *fake) save() error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return os.WriteFile(f.file(), b, 0o600)
}

func (f *fake) cert(name string) *x509.Certificate {
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		panic(err)
	}
	certs, err := certfile.Read(b)
	if err != nil {
		panic(err)
	}
	return certs[0]
}

func mustParse(name string) trust.Registry {
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		panic(err)
	}
	return r
}

func (f *fake) Registries(context.Context, platform.ListOptions) ([]platform.Known, error) {
	out := []platform.Known{{
		Registry: mustParse("reg.example:5000"), Scope: f.scope("reg.example:5000"),
		Origins: []platform.Origin{{Kind: "docker-config", Path: "/home/me/.docker/config.json"}},
	}}
	for _, name := range f.Added {
		out = append(out, platform.Known{
			Registry: mustParse(name), Scope: f.scope(name), Added: true, Origins: []platform.Origin{{Kind: "added"}},
		})
	}
	return out, nil
}

func (f *fake) scope(name string) []trust.Party {
	if s := f.Scopes[name]; len(s) > 0 {
		return s
	}
	return []trust.Party{trust.Docker, trust.Podman}
}

func (f *fake) Add(_ context.Context, r trust.Registry) error {
	f.Added = append(f.Added, r.String())
	return f.save()
}

func (f *fake) Remove(_ context.Context, r trust.Registry) error {
	f.Added = slices.DeleteFunc(f.Added, func(n string) bool { return n == r.String() })
	return f.save()
}

func (f *fake) SetScope(_ context.Context, r trust.Registry, p []trust.Party) error {
	f.Scopes[r.String()] = p
	return f.save()
}

func (f *fake) InstalledParties(context.Context) []trust.Party {
	return []trust.Party{trust.Docker, trust.Podman}
}

// Check answers in reverse order: the command line must not depend on it.
func (f *fake) Check(ctx context.Context, regs []trust.Registry, o platform.CheckOptions, each func(trust.Report)) error {
	f.called("check", regs)
	for _, r := range slices.Backward(regs) {
		if strings.HasPrefix(r.Host(), "hangs.") {
			<-ctx.Done()
			return ctx.Err()
		}
		each(f.report(r, o))
	}
	return nil
}

func (f *fake) report(r trust.Registry, o platform.CheckOptions) trust.Report {
	scope := f.scope(r.String())
	if len(o.Parties) > 0 {
		scope = o.Parties
	}
	report := trust.Report{
		Registry: r, At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Scope: scope, Elapsed: 7 * time.Millisecond,
		Auth: trust.Challenge{Scheme: trust.AuthBasic},
	}
	ep := trust.EndpointReport{Endpoint: trust.Endpoint{
		Role: trust.RoleRegistry, Address: r.Address(), Host: r.Host(), IP: netip.MustParseAddr("192.0.2.7"),
	}}
	state := f.state(r, o)
	if state == trust.Unreachable {
		ep.Failure = &trust.Failure{Code: trust.ConnectionRefused, Text: "connect: connection refused"}
		report.Findings = []trust.Finding{finding(trust.ConnectionRefused, trust.SeverityError)}
	} else {
		ep.TLS = &trust.TLS{Version: tls.VersionTLS13, Cipher: tls.TLS_AES_128_GCM_SHA256, ALPN: "h2"}
		ep.Sent = []*x509.Certificate{f.cert("leaf.pem")}
	}
	if state == trust.Refused {
		report.Findings = []trust.Finding{finding(trust.UnknownAuthority, trust.SeverityError)}
	}
	for _, p := range []trust.Party{trust.Docker, trust.Podman, trust.System} {
		ep.Verdicts = append(ep.Verdicts, f.verdict(p, state, r))
	}
	report.Endpoints = []trust.EndpointReport{ep}
	return report
}

func finding(c trust.Code, s trust.Severity) trust.Finding {
	return trust.Finding{Code: c, Severity: s, Endpoint: 0, Certificate: trust.NoIndex, Args: map[string]string{"subject": "x"}}
}

func (f *fake) state(r trust.Registry, o platform.CheckOptions) trust.State {
	kind, _, _ := strings.Cut(r.Host(), ".")
	for i, s := range states {
		if s.String() == kind {
			return states[i]
		}
	}
	applied := slices.ContainsFunc(f.Receipts, func(c trust.Receipt) bool {
		return c.State == trust.ReceiptApplied && slices.Contains(c.Registries, r.String())
	})
	if applied || len(o.Given) > 0 {
		return trust.Trusted
	}
	return trust.Refused
}

func (f *fake) verdict(p trust.Party, s trust.State, r trust.Registry) trust.Verdict {
	dir := "/etc/" + string(p) + "/certs.d/" + r.String()
	v := trust.Verdict{
		Consumer: trust.Consumer{Party: p, Instance: "the only one", Operation: trust.OpPull, Installed: p != trust.Podman},
		State:    s, Looked: []trust.Look{{Path: dir, Found: s == trust.Trusted}},
	}
	switch s {
	case trust.Refused:
		v.Reason, v.Error = trust.UnknownAuthority, "x509: certificate signed by unknown authority"
	case trust.Unreachable:
		v.Reason = trust.ConnectionRefused
	case trust.Trusted:
		v.Path = []trust.PathLink{
			{Cert: f.cert("leaf.pem"), Source: trust.SourceSent},
			{Cert: f.cert("ca.pem"), Source: trust.FileSource(dir + "/ca.crt")},
		}
	}
	return v
}

func (f *fake) Candidates(_ context.Context, r trust.Report, given []trust.Anchor) ([]platform.Candidate, error) {
	var out []platform.Candidate
	for _, a := range given {
		c := platform.Candidate{Anchor: a, Kind: platform.CandidateGiven, Completes: a.Cert.IsCA}
		if !a.Cert.IsCA {
			c.Consequence = trust.LeafAsAnchor
		}
		out = append(out, c)
	}
	if r.Verdict() == trust.Unreachable {
		return out, nil
	}
	root := trust.Anchor{Cert: f.cert("ca.pem"), Source: trust.SourceSent}
	leaf := trust.Anchor{Cert: f.cert("leaf.pem"), Source: trust.SourceSent}
	return append(out, platform.Candidate{Anchor: root, Kind: platform.CandidateSentRoot, Completes: true},
		platform.Candidate{Anchor: leaf, Kind: platform.CandidateLeaf, Completes: true, Consequence: trust.LeafAsAnchor}), nil
}

func (f *fake) Reaches() []trust.Reach {
	return []trust.Reach{trust.ReachRegistry, trust.ReachComputer}
}

func (f *fake) PlanTrust(_ context.Context, q platform.TrustRequest) (trust.Plan, error) {
	p := trust.Plan{Schema: trust.PlanSchema, Action: "trust", Reach: q.Reach}
	for _, r := range q.Registries {
		p.Registries = append(p.Registries, r.String())
		for _, a := range q.Anchors {
			p.Changes = append(p.Changes, trust.Change{
				Kind: trust.WriteFile, Path: "/etc/docker/certs.d/" + r.String() + "/" + a.Fingerprint().Short() + ".crt",
				Status: trust.StatusNew, Privileged: true, Parties: []trust.Party{trust.Docker},
			})
		}
		p.Forecast = append(p.Forecast, trust.Forecast{
			Registry: r.String(), Endpoint: r.Address(), Party: trust.Docker, Operation: trust.OpPull, InScope: true,
			Before: trust.Refused, After: trust.Trusted,
		})
	}
	if q.Reach == trust.ReachComputer {
		p.Changes = append(p.Changes, trust.Change{Kind: trust.RunCommand, Shown: "update-ca-certificates", Status: trust.StatusNew})
		p.Restarts = []trust.Restart{{Party: trust.Docker, Name: "docker", Command: "systemctl restart docker", Engine: trust.EngineDocker}}
	}
	for _, a := range q.Anchors {
		p.Anchors = append(p.Anchors, trust.PlanAnchor{SHA256: a.Fingerprint().String(), Subject: a.Cert.Subject.String(), Origin: a.Source})
	}
	return p, nil
}

func (f *fake) PlanUntrust(_ context.Context, regs []trust.Registry) (trust.Plan, error) {
	p := trust.Plan{Schema: trust.PlanSchema, Action: "untrust", Reach: trust.ReachRegistry}
	for _, r := range regs {
		p.Registries = append(p.Registries, r.String())
		p.Changes = append(p.Changes, trust.Change{Kind: trust.RemoveFile, Path: "/etc/docker/certs.d/" + r.String(), Status: trust.StatusRemoved})
	}
	return p, nil
}

func (f *fake) PlanUndo(_ context.Context, id string) (trust.Plan, error) {
	for _, r := range f.Receipts {
		if r.ID == id && r.State == trust.ReceiptApplied && !r.Judged() {
			return undoOfSignIn(r), nil
		}
		if r.ID == id && r.State == trust.ReceiptApplied {
			return f.PlanUntrust(context.Background(), each(r.Registries, mustParse))
		}
	}
	return trust.Plan{}, change.Refuse(change.ErrNoReceipt, "", "%s", id)
}

func (f *fake) Apply(_ context.Context, p trust.Plan, progress func(platform.Progress)) (trust.Receipt, error) {
	progress(platform.Progress{Done: 1, Total: len(p.Changes)})
	if f.fail != "" {
		return trust.Receipt{}, change.Refuse(change.Code(f.fail), "/etc/docker", "")
	}
	r := trust.Receipt{
		Schema: 1, ID: "r" + string(rune('1'+len(f.Receipts))), Action: p.Action, Reach: p.Reach, Registries: p.Registries,
		Changes: signInChanges(p), State: trust.ReceiptApplied, Plan: p.Hash(), At: time.Date(2026, 3, 1, len(f.Receipts), 0, 0, 0, time.UTC), Restarts: p.Restarts,
	}
	f.Receipts = append(f.Receipts, r)
	return r, f.save()
}

func (f *fake) Undo(_ context.Context, id string, progress func(platform.Progress)) (trust.Receipt, error) {
	progress(platform.Progress{Done: 1, Total: 1})
	for i := range f.Receipts {
		if f.Receipts[i].ID == id {
			f.Receipts[i].State = trust.ReceiptUndone
			return f.Receipts[i], f.save()
		}
	}
	return trust.Receipt{}, change.Refuse(change.ErrNoReceipt, "", "%s", id)
}

func (f *fake) History(context.Context) ([]trust.Receipt, error) { return f.Receipts, nil }

func (f *fake) Recover(context.Context) ([]trust.Receipt, error) { return nil, nil }
