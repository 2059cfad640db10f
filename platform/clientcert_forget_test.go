package platform_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/trust/trusttest"
)

// sealed is a machine with one file that its user may not read.
type sealed struct {
	world.FS
	path string
}

func (s sealed) ReadFile(path string) ([]byte, error) {
	if path == s.path {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return s.FS.ReadFile(path)
}

// requested makes a request as alice, and returns its answer as well.
func (s *mtls) requested() (platform.SigningRequest, *trusttest.Cert) {
	s.Helper()
	s.as("alice")
	q, err := s.machine.NewSigningRequest(s.Context(), s.reg, "alice")
	if err != nil {
		s.Fatal(err)
	}
	return q, s.clients.Client("alice", trusttest.PublicKey(publicKeyOf(s.T, q.PEM)))
}

// keptKey is the content of the file with a request's key; "" for none.
func (s *mtls) keptKey(q platform.SigningRequest) string {
	b, _ := os.ReadFile(filepath.Join(s.root, q.KeyPath))
	return string(b)
}

// forgets tries to remove a request's key and returns the words of the refusal.
func (s *mtls) forgets(q platform.SigningRequest, force bool) string {
	s.Helper()
	err := s.machine.ForgetSigningRequest(s.Context(), q.KeyPath, force)
	if err == nil {
		return ""
	}
	var coded interface {
		Problem() (string, map[string]any)
	}
	if !errors.As(err, &coded) {
		s.Fatal(err)
	}
	key, _ := coded.Problem()
	return key
}

// TestSpareKeyForgotten: refused while it is the only one, removed once it is
// installed, and in no journal.
func TestSpareKeyForgotten(t *testing.T) {
	s := newMTLS(t, nil)
	q, answer := s.requested()
	other, _ := s.requested()
	for _, force := range []bool{false, true} {
		if got := s.forgets(q, force); got != "client-cert-key-alone" {
			t.Errorf("force %t: the only key: %q", force, got)
		}
	}
	in := platform.ClientCertRequest{Registry: s.reg, Files: []clientcert.File{{Name: "answer.pem", Data: answer.PEM()}}}
	r, err := s.machine.ReviewClientCert(t.Context(), in)
	if err != nil || r.Fatal() {
		t.Fatalf("%v: %+v", err, r)
	}
	plan, err := s.machine.PlanClientCert(t.Context(), in, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.machine.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	key := s.keptKey(q)
	if got := s.forgets(q, false); got != "" || key == "" || s.keptKey(q) != "" {
		t.Errorf("%q, and the key is there: %t", got, s.keptKey(q) != "")
	}
	if left, err := s.machine.SigningRequests(t.Context()); err != nil || len(left) != 1 || left[0].KeyPath != other.KeyPath || left[0].Answered {
		t.Errorf("%+v, %v", left, err)
	}
	if s.keptKey(other) == "" {
		t.Error("the key of another request is gone")
	}
	// The installed one, as any change, and that is all.
	holders := 0
	_ = filepath.WalkDir(s.root, func(path string, d os.DirEntry, err error) error {
		if b, rerr := os.ReadFile(path); err == nil && rerr == nil && strings.Contains(string(b), strings.TrimSpace(key)) {
			holders++
			if !strings.Contains(path, "certs.d") {
				t.Errorf("%s holds the key", path)
			}
		}
		return nil
	})
	if holders == 0 {
		t.Error("nobody holds the key any more")
	}
	if got := s.forgets(q, true); got != "client-cert-no-key" {
		t.Errorf("a second time: %q", got)
	}
	// Of another's files none is taken for the key of a request.
	if got := s.forgets(platform.SigningRequest{KeyPath: dockerDir + "client.key"}, true); got != "client-cert-no-key" {
		t.Errorf("an installed key: %q", got)
	}
}

// TestKeyThatMustStay: which copies count.
func TestKeyThatMustStay(t *testing.T) {
	for name, c := range map[string]struct {
		install      func(s *mtls, q platform.SigningRequest, answer *trusttest.Cert)
		answered     bool
		plain, force string
	}{
		"another pair": {func(s *mtls, _ platform.SigningRequest, _ *trusttest.Cert) {
			bob := s.clients.Client("bob")
			s.write(dockerDir[1:]+"client.cert", string(bob.PEM()), 0o644)
			s.write(dockerDir[1:]+"client.key", string(bob.KeyPEM()), 0o600)
		}, false, "client-cert-key-alone", "client-cert-key-alone"},
		"a copy": {func(s *mtls, q platform.SigningRequest, answer *trusttest.Cert) {
			s.write(dockerDir[1:]+"client.cert", string(answer.PEM()), 0o644)
			s.write(dockerDir[1:]+"client.key", s.keptKey(q), 0o600)
		}, true, "", ""},
		"a link to the kept key": {func(s *mtls, q platform.SigningRequest, answer *trusttest.Cert) {
			s.write(dockerDir[1:]+"client.cert", string(answer.PEM()), 0o644)
			if err := os.Symlink(q.KeyPath, filepath.Join(s.root, dockerDir, "client.key")); err != nil {
				s.Fatal(err)
			}
		}, true, "client-cert-key-used", "client-cert-key-used"},
		"the certificate alone": {func(s *mtls, _ platform.SigningRequest, answer *trusttest.Cert) {
			s.write(dockerDir[1:]+"client.cert", string(answer.PEM()), 0o644)
		}, false, "client-cert-key-alone", "client-cert-key-alone"},
		"a key that only root reads": {func(s *mtls, q platform.SigningRequest, answer *trusttest.Cert) {
			s.write(dockerDir[1:]+"client.cert", string(answer.PEM()), 0o644)
			s.write(dockerDir[1:]+"client.key", s.keptKey(q), 0o600)
			s.machine.World.FS = sealed{s.machine.World.FS, dockerDir + "client.key"}
		}, true, "client-cert-key-unseen", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMTLS(t, nil)
			q, answer := s.requested()
			c.install(s, q, answer)
			if all, err := s.machine.SigningRequests(t.Context()); err != nil || len(all) != 1 || all[0].Answered != c.answered {
				t.Errorf("%+v, %v", all, err)
			}
			if got := s.forgets(q, false); got != c.plain {
				t.Errorf("%q", got)
			}
			if c.plain == "" {
				return
			}
			if s.keptKey(q) == "" {
				t.Fatal("refused, and gone")
			}
			if got := s.forgets(q, true); got != c.force || (s.keptKey(q) == "") != (c.force == "") {
				t.Errorf("with force: %q, and the key is there: %t", got, s.keptKey(q) != "")
			}
		})
	}
}
