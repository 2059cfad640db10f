package platform_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/trust/trusttest"
)

// mtls is a site whose registry serves clients of one CA only.
type mtls struct {
	*site
	clients *trusttest.Cert
}

const (
	dockerDir = "/etc/docker/certs.d/" + regName + "/"
	aliceDir  = "/home/alice/.config/containers/certs.d/" + regName + "/"
)

func newMTLS(t *testing.T, files map[string]string) *mtls {
	s := &mtls{clients: trusttest.NewCA(t, "Client CA")}
	s.site = newSiteWith(t, files, func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, s.clients.Pool()
	})
	s.write("etc/docker/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
	s.check() // makes the state directory
	return s
}

// as makes the machine that of an ordinary user.
func (s *mtls) as(name string) {
	w := s.machine.World
	w.User = world.User{Name: name, Home: "/home/" + name, UID: 1000, GID: 1000}
	w.Now = time.Now
	dial := s.machine.Prober.Dial
	s.machine = platform.New(w)
	s.machine.Prober.Dial = dial
}

func (s *mtls) request(c *trusttest.Cert, parties ...trust.Party) platform.ClientCertRequest {
	return platform.ClientCertRequest{Registry: s.reg, Parties: parties, Files: []clientcert.File{
		{Name: "c", Data: c.PEM()}, {Name: "k", Data: c.KeyPEM()},
	}}
}

func (s *mtls) planFor(c *trusttest.Cert, parties ...trust.Party) (trust.Plan, error) {
	s.Helper()
	q := s.request(c, parties...)
	r, err := s.machine.ReviewClientCert(s.Context(), q)
	if err != nil || r.Fatal() {
		s.Fatalf("%v: %+v", err, r.Problems)
	}
	return s.machine.PlanClientCert(s.Context(), q, r)
}

func (s *mtls) changes(p trust.Plan) string {
	var out []string
	for _, c := range p.Changes {
		out = append(out, string(c.Status)+" "+c.Moved())
	}
	return strings.Join(out, "\n")
}

func (s *mtls) states(f func(trust.Forecast) trust.State, p trust.Plan) map[string]trust.State {
	out := map[string]trust.State{}
	for _, c := range p.Forecast {
		if c.InScope {
			out[string(c.Party)+" "+string(c.Operation)] = max(out[string(c.Party)+" "+string(c.Operation)], f(c))
		}
	}
	return out
}

func after(f trust.Forecast) trust.State  { return f.After }
func before(f trust.Forecast) trust.State { return f.Before }

func (s *mtls) all(want trust.State, got map[string]trust.State) {
	s.Helper()
	for who, state := range got {
		if state != want {
			s.Errorf("%s is %s, not %s", who, state, want)
		}
	}
	if len(got) < 2 {
		s.Errorf("only %v is foretold", got)
	}
}

// TestClientCertInstalled: as the person who is root: refused before, trusted
// after, each file with its mode, and undone to the byte.
func TestClientCertInstalled(t *testing.T) {
	s := newMTLS(t, nil)
	alice := s.clients.Client("alice")
	listed := s.listing()
	plan, err := s.planFor(alice)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.changes(plan); got != "new "+dockerDir+"client.cert\nnew "+dockerDir+"client.key" {
		t.Errorf("the plan:\n%s", got)
	}
	if plan.Action != "client-cert" || plan.Reach != trust.ReachRegistry {
		t.Errorf("%s, %s", plan.Action, plan.Reach)
	}
	s.all(trust.Refused, s.states(before, plan))
	s.all(trust.Trusted, s.states(after, plan))
	shown, err := json.Marshal(plan.Shown())
	if err != nil || strings.Contains(string(shown), `"content":"LS0tLS1CRUdJTiBQUklW`) || !strings.Contains(string(shown), `"content":"LS0tLS1CRUdJTiBDRVJU`) {
		t.Errorf("what is shown of the plan: %s, %v", shown, err)
	}
	if plan.Hash() == plan.Shown().Hash() {
		t.Error("the hash does not cover the key")
	}
	r, err := s.machine.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"client.cert": 0o644, "client.key": 0o600} {
		if i, err := os.Stat(filepath.Join(s.root, dockerDir, name)); err != nil || i.Mode() != mode {
			t.Errorf("%s: %v, %v", name, i, err)
		}
	}
	report := s.check()
	if report.Verdict() != trust.Trusted {
		t.Errorf("the check says %s", report.Verdict())
	}
	// The same pair in the directories of two tools hides nothing.
	if hasFinding(report, trust.ShadowedDirectory, "") {
		t.Errorf("%+v", report.Findings)
	}
	again, err := s.planFor(alice)
	if err != nil || len(again.Pending()) > 0 {
		t.Errorf("a second time: %v, %s", err, s.changes(again))
	}
	if _, err := s.machine.Undo(t.Context(), r.ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.listing(); got != listed {
		t.Errorf("undo left something:\n%s\n---\n%s", listed, got)
	}
}

// TestClientCertForOneUser: podman gets a directory of the person's own with the CA
// that it read before, Docker root's.
func TestClientCertForOneUser(t *testing.T) {
	s := newMTLS(t, nil)
	s.as("alice")
	alice := s.clients.Client("alice")
	plan, err := s.planFor(alice)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"new " + dockerDir + "client.cert", "new " + dockerDir + "client.key",
		"new " + aliceDir + "ca.crt", "new " + aliceDir + "client.cert", "new " + aliceDir + "client.key",
	}, "\n")
	if got := s.changes(plan); got != want {
		t.Errorf("the plan:\n%s", got)
	}
	s.all(trust.Trusted, s.states(after, plan))
	if len(plan.Consequences) != 1 || plan.Consequences[0].Code != trust.OwnDirectory {
		t.Errorf("%+v", plan.Consequences)
	}
	if plan, err = s.planFor(alice, trust.Docker); err != nil {
		t.Fatal(err)
	}
	// Only Docker was asked for, and there is no podman that it could hurt.
	if got := s.changes(plan); strings.Contains(got, "alice") {
		t.Errorf("the plan for docker:\n%s", got)
	}
	s.write("usr/bin/podman", "", 0o755)
	if plan, err = s.planFor(alice, trust.Docker); err != nil {
		t.Fatal(err)
	}
	if got := s.changes(plan); !strings.Contains(got, aliceDir+"ca.crt") || strings.Contains(got, aliceDir+"client.key") {
		t.Errorf("podman would meet a key that it may not read:\n%s", got)
	}
}

// TestClientCertRenewed: what would be shown in place of the new one, or stops a
// loader, goes aside; what would not, stays.
func TestClientCertRenewed(t *testing.T) {
	s := newMTLS(t, nil)
	put := func(base string, cert, key []byte) {
		if cert != nil {
			s.write(dockerDir[1:]+base+".cert", string(cert), 0o644)
		}
		if key != nil {
			s.write(dockerDir[1:]+base+".key", string(key), 0o600)
		}
	}
	old := s.clients.Client("alice", trusttest.NotAfter(time.Now().AddDate(0, 0, -3)))
	foreign := trusttest.NewCA(t, "Other CA").Client("alice")
	put("client", old.PEM(), old.KeyPEM())
	put("a-foreign", foreign.PEM(), foreign.KeyPEM())
	put("z-later", old.PEM(), old.KeyPEM())
	put("broken", nil, old.KeyPEM())
	if r := s.check(); r.Verdict() != trust.Refused || !hasFinding(r, trust.Expired, "client") {
		t.Errorf("before: %s, %+v", r.Verdict(), r.Findings)
	}
	listed := s.listing()
	alice := s.clients.Client("alice")
	plan, err := s.planFor(alice)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		if c.Kind == trust.MoveFile && (c.Before == nil || c.Before.SHA256 == "") {
			t.Errorf("%s may be another file by the time it is renamed", c.Path)
		}
	}
	date := time.Now().UTC().Format("20060102")
	name := dockerDir + "mooring-" + trust.FingerprintOf(alice.Cert).Short()
	want := strings.Join([]string{
		"renamed " + dockerDir + "broken.key → broken.key.mooring-" + date,
		"renamed " + dockerDir + "client.cert → client.cert.mooring-" + date,
		"renamed " + dockerDir + "client.key → client.key.mooring-" + date,
		"beside " + name + ".cert", "beside " + name + ".key",
	}, "\n")
	if got := s.changes(plan); got != want {
		t.Errorf("the plan:\n%s", got)
	}
	if len(plan.Consequences) != 1 || plan.Consequences[0].Code != trust.PairsInTheWay {
		t.Errorf("%+v", plan.Consequences)
	}
	s.all(trust.Trusted, s.states(after, plan))
	r, err := s.machine.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	report := s.check()
	if report.Verdict() != trust.Trusted {
		t.Errorf("after: %s, %+v", report.Verdict(), report.Findings)
	}
	for _, f := range report.Findings {
		if f.Code == trust.WrongExtension {
			t.Errorf("what was moved aside is a fault: %+v", f)
		}
	}
	undo, err := s.machine.PlanUndo(t.Context(), r.ID)
	if err != nil || !strings.Contains(s.changes(undo), dockerDir+"client.key.mooring-"+date+" → client.key") {
		t.Errorf("undoing: %v\n%s", err, s.changes(undo))
	}
	if _, err := s.machine.Undo(t.Context(), r.ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.listing(); got != listed {
		t.Errorf("undo left something:\n%s\n---\n%s", listed, got)
	}
}

func hasFinding(r trust.Report, c trust.Code, variant string) bool {
	for _, f := range r.Findings {
		if f.Code == c && f.Variant == variant {
			return true
		}
	}
	return false
}

func TestClientCertBesideHostsTOML(t *testing.T) {
	s := newMTLS(t, map[string]string{
		"etc/docker/certs.d/" + regName + "/hosts.toml": "server = \"https://" + regName + "\"\nca = \"ca.crt\"\n",
	})
	plan, err := s.planFor(s.clients.Client("alice"))
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Consequences) != 1 || plan.Consequences[0].Code != trust.HostsTOMLToEdit || plan.Consequences[0].Path != dockerDir+"hosts.toml" {
		t.Errorf("%+v", plan.Consequences)
	}
	if _, err = s.planFor(s.clients.Client("alice"), trust.DockerBuild); !errors.As(err, new(*planner.HostsTOMLError)) {
		t.Errorf("a plan that nobody would read: %v", err)
	}
}

// TestSigningRequestAndItsAnswer: the key waits here, and is found when the
// certificate comes.
func TestSigningRequestAndItsAnswer(t *testing.T) {
	s := newMTLS(t, nil)
	s.as("alice")
	if _, err := s.machine.NewSigningRequest(t.Context(), s.reg, "a\nb"); err == nil {
		t.Error("a name with a line break was taken")
	}
	q, err := s.machine.NewSigningRequest(t.Context(), s.reg, "alice")
	if err != nil {
		t.Fatal(err)
	}
	if i, err := os.Stat(filepath.Join(s.root, q.KeyPath)); err != nil || i.Mode() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
	open, err := s.machine.SigningRequests(t.Context())
	if err != nil || len(open) != 1 || open[0].PEM != q.PEM || open[0].Name != "alice" {
		t.Fatalf("%+v, %v", open, err)
	}
	answer := s.clients.Client("alice", trusttest.PublicKey(publicKeyOf(t, q.PEM)))
	in := platform.ClientCertRequest{Registry: s.reg, Files: []clientcert.File{{Name: "answer.pem", Data: answer.PEM()}}}
	r, err := s.machine.ReviewClientCert(t.Context(), in)
	if err != nil || r.Fatal() || r.Pair.KeyFile != q.KeyPath {
		t.Fatalf("%v: %+v", err, r)
	}
	plan, err := s.machine.PlanClientCert(t.Context(), in, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.machine.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	open, err = s.machine.SigningRequests(t.Context())
	if err != nil || len(open) != 1 || !open[0].Answered || open[0].Copy != platform.KeyInstalled {
		t.Errorf("it was answered: %+v, %v", open, err)
	}
}

// TestUnfitClientCertIsNotPlanned whatever a face asks for.
func TestUnfitClientCertIsNotPlanned(t *testing.T) {
	s := newMTLS(t, nil)
	listed := s.listing()
	for name, c := range map[string]*trusttest.Cert{
		"expired": s.clients.Client("alice", trusttest.NotAfter(time.Now().AddDate(0, 0, -1))),
		"foreign": trusttest.NewCA(t, "Other CA").Client("alice"),
		"server":  s.clients.Leaf(trusttest.Names("reg.example")),
	} {
		q := s.request(c)
		r, err := s.machine.ReviewClientCert(t.Context(), q)
		if err != nil || !r.Fatal() {
			t.Errorf("%s: %v, %+v", name, err, r.Problems)
		}
		if _, err := s.machine.PlanClientCert(t.Context(), q, r); err == nil {
			t.Errorf("%s was planned", name)
		}
	}
	if got := s.listing(); got != listed {
		t.Errorf("something changed:\n%s", got)
	}
}

func publicKeyOf(t *testing.T, csr string) any {
	t.Helper()
	b, _ := pem.Decode([]byte(csr))
	r, err := x509.ParseCertificateRequest(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return r.PublicKey
}

// TestProofOfNothing: a registry that asks for no certificate accepts none either.
func TestProofOfNothing(t *testing.T) {
	s := newSite(t, nil)
	s.write("etc/docker/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
	alice := trusttest.NewCA(t, "Client CA").Client("alice")
	r := clientcert.Read(t.Context(), []clientcert.File{{Name: "c", Data: alice.PEM()}, {Name: "k", Data: alice.KeyPEM()}}, trust.Secret{})
	p, err := s.machine.ProveClientCert(t.Context(), s.reg, *r.Pair)
	if err != nil || p.Outcome != clientcert.NotAsked {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestProof: the registry's own word on the pair, and nothing shown to a server that
// nobody verifies.
func TestProof(t *testing.T) {
	s := newMTLS(t, nil)
	prove := func(c *trusttest.Cert) clientcert.Proof {
		r := clientcert.Read(t.Context(), s.request(c).Files, trust.Secret{})
		p, err := s.machine.ProveClientCert(t.Context(), s.reg, *r.Pair)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := prove(s.clients.Client("alice")); p.Outcome != clientcert.Accepted {
		t.Errorf("%+v", p)
	}
	if p := prove(trusttest.NewCA(t, "Other CA").Client("alice")); p.Outcome != clientcert.Refused || p.Text == "" {
		t.Errorf("%+v", p)
	}
	s.write("etc/docker/certs.d/"+regName+"/ca.crt", string(trusttest.NewCA(t, "Other CA").PEM()), 0o644)
	if p := prove(s.clients.Client("alice")); p.Outcome != clientcert.Untrusted {
		t.Errorf("%+v", p)
	}
}
