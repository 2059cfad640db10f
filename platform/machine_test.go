package platform_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// site is a registry with a private CA and a machine, in a temporary root, that
// does not know the CA. No engine is installed, so the current releases of Docker
// and Podman are foretold.
type site struct {
	*testing.T
	root    string
	reg     trust.Registry
	ca      *trusttest.Cert
	machine *platform.Machine
}

const regName = "reg.example:5000"

func newSite(t *testing.T, files map[string]string) *site {
	return newSiteWith(t, files, func(*tls.Config) {})
}

// newSiteWith is newSite with a server that is set up otherwise.
func newSiteWith(t *testing.T, files map[string]string, setUp func(*tls.Config)) *site {
	s := &site{T: t, root: t.TempDir(), ca: trusttest.NewCA(t, "Corp Root CA")}
	// A current daemon verifies loopback addresses too when the list is empty.
	s.write("etc/docker/daemon.json", `{"insecure-registries": []}`, 0o644)
	for name, content := range files {
		s.write(name, content, 0o644)
	}
	leaf := s.ca.Intermediate("Corp Issuing CA").Leaf(trusttest.Names("reg.example"))
	address := serveRegistry(t, leaf, setUp)
	var err error
	if s.reg, _, err = trust.ParseRegistry(regName); err != nil {
		t.Fatal(err)
	}
	s.machine = platform.New(world.Under(s.root, "linux"))
	s.machine.Prober.Dial = func(ctx context.Context, network, name string) (net.Conn, error) {
		if !strings.HasPrefix(name, "reg.example:") {
			return nil, syscall.ECONNREFUSED // nobody else is there
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return s
}

func serveRegistry(t *testing.T, leaf *trusttest.Cert, setUp func(*tls.Config)) (address string) {
	config := leaf.Config()
	setUp(config)
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.Header().Set("WWW-Authenticate", `Basic realm="Registry"`)
		w.WriteHeader(http.StatusUnauthorized)
	}), ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

func (s *site) write(name, content string, mode fs.FileMode) {
	s.Helper()
	path := filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		s.Fatal(err)
	}
}

func (s *site) check() trust.Report {
	s.Helper()
	var got []trust.Report
	err := s.machine.Check(s.Context(), []trust.Registry{s.reg}, platform.CheckOptions{}, func(r trust.Report) { got = append(got, r) })
	if err != nil || len(got) != 1 {
		s.Fatalf("check: %d reports, %v", len(got), err)
	}
	return got[0]
}

func (s *site) plan(scope ...trust.Party) (trust.Plan, error) {
	return s.machine.PlanTrust(s.Context(), platform.TrustRequest{
		Registries: []trust.Registry{s.reg}, Parties: scope,
		Anchors: []trust.Anchor{{Cert: s.ca.Cert, Source: "given"}},
	})
}

// listing is every file below the root but Mooring's own state.
func (s *site) listing() string {
	s.Helper()
	var b strings.Builder
	err := filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.Contains(path, "mooring") && d.IsDir() {
			return filepath.SkipDir
		}
		i, err := d.Info()
		b.WriteString(i.Mode().String() + " " + strings.TrimPrefix(path, s.root))
		if !d.IsDir() {
			content, _ := os.ReadFile(path)
			b.WriteString(" " + string(content))
		}
		b.WriteByte('\n')
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return b.String()
}

func TestTrustAndUndo(t *testing.T) {
	s := newSite(t, nil)
	if r := s.check(); r.Verdict() != trust.Refused {
		t.Fatalf("before: %s", r.Verdict())
	}
	s.machine.Check(t.Context(), nil, platform.CheckOptions{}, nil) // makes the state directory
	before := s.listing()

	plan, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Forecast {
		if f.InScope && f.After != trust.Trusted {
			t.Errorf("forecast for %s %s: %s", f.Party, f.Operation, f.After)
		}
	}
	receipt, err := s.machine.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.check(); r.Verdict() != trust.Trusted {
		t.Errorf("after: %s, findings %+v", r.Verdict(), r.Findings)
	}
	again, err := s.plan()
	if err != nil || len(again.Pending()) != 0 {
		t.Errorf("a second plan has %d changes, %v", len(again.Pending()), err)
	}
	if _, err := s.machine.Undo(t.Context(), receipt.ID, nil); err != nil {
		t.Fatal(err)
	}
	if r := s.check(); r.Verdict() != trust.Refused {
		t.Errorf("after undo: %s", r.Verdict())
	}
	if after := s.listing(); after != before {
		t.Errorf("undo left:\n%s\nwant:\n%s", after, before)
	}
}

// The CA of others stays; ours goes beside it under a name from its fingerprint.
func TestTrustBesideOthers(t *testing.T) {
	other := trusttest.NewCA(t, "Corp Root CA")
	dir := "etc/docker/certs.d/" + regName
	s := newSite(t, map[string]string{dir + "/ca.crt": string(other.PEM())})
	plan, err := s.plan(trust.Docker)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Status != trust.StatusBeside {
		t.Fatalf("changes %+v", plan.Changes)
	}
	want := "mooring-" + trust.FingerprintOf(s.ca.Cert).Short() + ".crt"
	if got := filepath.Base(plan.Changes[0].Path); got != want {
		t.Errorf("file %s, want %s", got, want)
	}
}

// Where a hosts.toml says which files are read, a plan writes none that nobody
// would, and says why it changes nothing.
func TestPlanBesideHostsTOML(t *testing.T) {
	dir := "etc/docker/certs.d/" + regName
	hosts := "server = \"https://" + regName + "\"\n"
	s := newSite(t, map[string]string{dir + "/hosts.toml": hosts})
	reasons := func(p trust.Plan) (out string) {
		for _, f := range p.Forecast {
			if f.InScope {
				out += fmt.Sprintf("%s:%s %s;", f.Operation, f.After, f.Reason)
			}
		}
		return out
	}
	plan, err := s.plan(trust.Docker)
	if err != nil {
		t.Fatal(err)
	}
	// dockerd's login reads flat files there all the same.
	if len(plan.Changes) != 1 || plan.Changes[0].Path != "/"+dir+"/ca.crt" {
		t.Errorf("changes %+v", plan.Changes)
	}
	if got := reasons(plan); got != "pull:refused hosts-toml-wins;login:trusted ;" {
		t.Errorf("forecast %s", got)
	}

	var closed *planner.HostsTOMLError
	if plan, err = s.plan(trust.DockerBuild); !errors.As(err, &closed) || closed.File != "/"+dir+"/hosts.toml" {
		t.Errorf("builds alone: %+v, %v", plan.Changes, err)
	}

	s.write(dir+"/corp.pem", string(s.ca.PEM()), 0o644)
	s.write(dir+"/hosts.toml", hosts+"ca = \"corp.pem\"\n", 0o644)
	if plan, err = s.plan(trust.DockerBuild); err != nil {
		t.Fatal(err)
	}
	if len(plan.Pending()) != 0 || len(plan.Changes) != 1 || plan.Changes[0].Path != "/"+dir+"/corp.pem" {
		t.Errorf("named there already: %+v", plan.Changes)
	}
	for _, f := range s.check().Findings {
		if f.Code == trust.WrongExtension {
			t.Errorf("%s of %s", f.Code, f.Path)
		}
	}
}

// Podman reads the first directory that exists. One that an empty user directory
// hides is not where the anchor goes.
func TestPlanFollowsFirstDirectory(t *testing.T) {
	s := newSite(t, nil)
	if err := os.MkdirAll(filepath.Join(s.root, "root/.config/containers/certs.d", regName), 0o755); err != nil {
		t.Fatal(err)
	}
	plan, err := s.plan(trust.Podman)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := plan.Changes[0].Path, "/root/.config/containers/certs.d/"+regName+"/ca.crt"; got != want {
		t.Errorf("path %s, want %s", got, want)
	}
}

func TestLeafIsAskedFor(t *testing.T) {
	s := newSite(t, nil)
	leaf := s.ca.Leaf(trusttest.Names("reg.example"))
	q := platform.TrustRequest{Registries: []trust.Registry{s.reg}, Anchors: []trust.Anchor{{Cert: leaf.Cert, Source: trust.SourceSent}}}
	_, err := s.machine.PlanTrust(t.Context(), q)
	var want *planner.LeafError
	if !errors.As(err, &want) {
		t.Fatalf("a leaf was planned unasked: %v", err)
	}
	q.AllowLeaf = true
	if _, err := s.machine.PlanTrust(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

// The best candidate is one found on this machine; the leaf comes last.
func TestCandidates(t *testing.T) {
	s := newSite(t, nil)
	s.write("etc/docker/certs.d/elsewhere.example/ca.crt", string(s.ca.PEM()), 0o644)
	got, err := s.machine.Candidates(t.Context(), s.check(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, c := range got {
		kinds = append(kinds, c.Kind)
	}
	if strings.Join(kinds, " ") != "found sent-intermediate leaf" || !got[0].Completes || got[2].Consequence != trust.LeafAsAnchor {
		t.Errorf("candidates %v", kinds)
	}
	if got[0].Anchor.Source.File() != "/etc/docker/certs.d/elsewhere.example/ca.crt" {
		t.Errorf("source %s", got[0].Anchor.Source)
	}
}

// A password that lies open is found with every check, and never shown.
func TestPlaintextCredentials(t *testing.T) {
	s := newSite(t, map[string]string{
		"root/.docker/config.json": `{"auths": {"` + regName + `": {"auth": "YWxpY2U6aHVudGVyMg=="}}}`,
	})
	for _, f := range s.check().Findings {
		if f.Code == trust.PlaintextCredentials {
			if f.Path != "/root/.docker/config.json" || strings.Contains(fmt.Sprint(f), "hunter2") {
				t.Errorf("finding %+v", f)
			}
			return
		}
	}
	t.Error("not found")
}

// A server's own certificate that calls itself a CA is still the server's: its
// key could sign for any name, and it is only trusted when asked for.
func TestSelfSignedServerIsALeaf(t *testing.T) {
	s := newSite(t, nil)
	own := trusttest.NewCA(t, "reg.example", trusttest.Names("reg.example"))
	address := serveRegistry(t, own, func(*tls.Config) {})
	s.machine.Prober.Dial = func(ctx context.Context, network, name string) (net.Conn, error) {
		if !strings.HasPrefix(name, "reg.example:") {
			return nil, syscall.ECONNREFUSED // nobody else is there
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	got, err := s.machine.Candidates(t.Context(), s.check(), nil)
	if err != nil || len(got) != 1 || got[0].Consequence != trust.LeafAsAnchor {
		t.Fatalf("candidates %+v, %v", got, err)
	}
	q := platform.TrustRequest{Registries: []trust.Registry{s.reg}, Anchors: []trust.Anchor{got[0].Anchor}}
	var leaf *planner.LeafError
	if _, err := s.machine.PlanTrust(t.Context(), q); !errors.As(err, &leaf) {
		t.Errorf("planned unasked: %v", err)
	}
}

// Untrust takes CA files away, but none that a hosts.toml names.
func TestUntrust(t *testing.T) {
	dir := "etc/docker/certs.d/" + regName
	s := newSite(t, nil)
	s.write(dir+"/ca.crt", string(s.ca.PEM()), 0o644)
	s.write("etc/containers/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
	s.write(dir+"/hosts.toml", "server = \"https://"+regName+"\"\nca = \"ca.crt\"\n", 0o644)
	plan, err := s.machine.PlanUntrust(t.Context(), []trust.Registry{s.reg})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Path != "/etc/containers/certs.d/"+regName+"/ca.crt" {
		t.Fatalf("changes %+v", plan.Changes)
	}
	receipt, err := s.machine.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.machine.Undo(t.Context(), receipt.ID, nil); err != nil {
		t.Fatal(err)
	}
	if !world.Exists(s.machine.World.FS, plan.Changes[0].Path) {
		t.Error("undo did not bring the file back")
	}
}

// Untrust says who refuses then, among those in scope, and what it leaves behind.
func TestUntrustTellsWhatItBrings(t *testing.T) {
	dir := "etc/docker/certs.d/" + regName
	s := newSite(t, nil)
	s.write(dir+"/ca.crt", string(s.ca.PEM()), 0o644)
	alice := trusttest.NewCA(t, "Client CA").Client("alice")
	s.write(dir+"/client.cert", string(alice.PEM()), 0o644)
	s.write(dir+"/client.key", string(alice.KeyPEM()), 0o600)
	plan, err := s.machine.PlanUntrust(t.Context(), []trust.Registry{s.reg})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(plan.Forecast, func(f trust.Forecast) bool { return f.Party == trust.Docker })
	if i < 0 {
		t.Fatalf("nothing of Docker in %+v", plan.Forecast)
	}
	if f := plan.Forecast[i]; !f.InScope || f.Before != trust.Trusted || f.After != trust.Refused || f.Reason != trust.UnknownAuthority {
		t.Errorf("forecast %+v", f)
	}
	if want := []trust.Consequence{{Code: trust.ClientStays, Path: "/" + dir + "/client.cert"}}; !slices.Equal(plan.Consequences, want) {
		t.Errorf("consequences %+v", plan.Consequences)
	}
	if len(plan.Changes) != 1 || plan.Changes[0].Path != "/"+dir+"/ca.crt" {
		t.Errorf("changes %+v", plan.Changes)
	}
}

// NixOS generates its trust store: what the person can do there is part of the
// refusal.
func TestStoreThatOnlyThePersonCanChange(t *testing.T) {
	s := newSite(t, map[string]string{"etc/NIXOS": ""})
	_, err := s.plan(trust.System)
	var none *planner.NoStoreError
	if !errors.As(err, &none) || none.Family != "nixos" || !strings.Contains(none.Snippet, "certificateFiles") {
		t.Fatalf("%v, %+v", err, none)
	}
}
