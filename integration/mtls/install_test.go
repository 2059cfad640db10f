//go:build integration

package mtls

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// install installs a pair with the command line under test.
func (p spot) install(c *trusttest.Cert) trust.Receipt {
	p.t.Helper()
	cert, key := filepath.Join(p.l.Home, "alice.pem"), filepath.Join(p.l.Home, "alice.key")
	p.l.Write(p.t, cert, trusttest.PEM(c.Sent()...), 0o600)
	p.l.Write(p.t, key, c.KeyPEM(), 0o600)
	out := p.l.Mooring("client-cert", p.registry, "--cert", cert, "--key", key, "--yes", "--json")
	var r trust.Receipt
	if err := json.Unmarshal([]byte(out.Stdout), &r); err != nil || out.Code != 0 {
		p.t.Fatalf("client-cert: exit status %d, %v\n%s", out.Code, err, out.Text())
	}
	if !strings.Contains(out.Stderr, "accepts the certificate of CN="+c.Cert.Subject.CommonName) {
		p.t.Errorf("no proof: %s", out.Stderr)
	}
	p.silent(c, "the output", []byte(out.Stdout+out.Stderr))
	return r
}

// silent fails if text holds a part of a key.
func (p spot) silent(c *trusttest.Cert, where string, text []byte) {
	p.t.Helper()
	for _, trace := range c.KeyTraces() {
		if bytes.Contains(text, trace) {
			p.t.Errorf("%s holds the private key", where)
		}
	}
}

// nowhere fails if any file below dirs holds a part of the key.
func (p spot) nowhere(c *trusttest.Cert, dirs ...string) {
	p.t.Helper()
	files := 0
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // sockets and processes that end meanwhile
			}
			b, err := os.ReadFile(name)
			if err == nil {
				files++
				p.silent(c, name, b)
			}
			return nil
		})
	}
	if files == 0 {
		p.t.Errorf("nothing below %v was read", dirs)
	}
}

// TestGoodPair: refused without, pulled by every engine once it is installed, at
// each server, and undone to the byte; the key is nowhere but in its place.
func TestGoodPair(t *testing.T) {
	s := newStage(t, all...)
	for _, port := range all {
		p := s.spot(t, port)
		alice := s.clients.Client("alice")
		before := s.l.Snapshot(t, "/etc/docker", "/etc/containers", "/etc/containerd", filepath.Join(s.l.Home, ".config/containers"))
		r := p.install(alice)
		if r.State != trust.ReceiptApplied || r.Action != "client-cert" {
			t.Errorf("the receipt: %+v", r)
		}
		for name, mode := range map[string]os.FileMode{"client.cert": 0o644, "client.key": 0o600} {
			if i, err := os.Stat(filepath.Join(p.dir(), name)); err != nil || i.Mode() != mode {
				t.Errorf("%s: %v, %v", name, i, err)
			}
		}
		for judge, out := range s.l.Pulls(p.registry, s.image, engines...) {
			if !out.OK() {
				t.Errorf("%s at %s ended with %d: %s", judge, port, out.Code, lab.Excerpt(out.Text()))
			}
		}
		logs, err := filepath.Glob(s.l.Logs())
		if err != nil || len(logs) == 0 {
			t.Errorf("no logs: %v", err)
		}
		p.nowhere(alice, append(logs, "/var/lib/mooring", "/var/log", filepath.Join(s.l.Home, ".local"), filepath.Join(s.l.Dir, "tmp"))...)
		if out := s.l.Mooring("undo", "--yes"); !out.OK() {
			t.Fatalf("undo: %s", out.Text())
		}
		lab.SameAs(t, before, s.l.Snapshot(t, "/etc/docker", "/etc/containers", "/etc/containerd", filepath.Join(s.l.Home, ".config/containers")))
		p.nowhere(alice, "/etc", "/var/lib/mooring", filepath.Join(s.l.Home, ".local"))
	}
}
