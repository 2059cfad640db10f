//go:build linux

package helper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const testID = "20260101-000000-0000abcd"

// lab is a Debian-like tree with a helper that takes it for the machine.
type lab struct {
	t    *testing.T
	root string
	s    server
	ca   *trusttest.Cert
	system
}

// on lets the helper take the tree for a machine of another system: what it is
// asked to do there is judged, and nothing of it can be done here.
func (l *lab) on(s system) {
	l.system = s
	l.s.world.OS, l.s.programData = s.name, s.programData
}

func newLab(t *testing.T) *lab {
	t.Helper()
	base := t.TempDir()
	l := &lab{t: t, root: filepath.Join(base, "root"), ca: trusttest.NewCA(t, "Lab Root"), system: linux}
	l.put("etc/docker/certs.d/other.example/ca.crt", "somebody else's")
	l.put("etc/shadow", "secret")
	l.put("usr/sbin/update-ca-certificates", "#!/bin/sh")
	l.put("usr/local/share/ca-certificates/others.crt", "somebody else's")
	w := world.Under(l.root, "linux")
	w.Now = time.Now
	l.s = server{world: w, places: places{journal: filepath.Join(base, "journal")}}
	return l
}

func (l *lab) put(name, content string) {
	l.t.Helper()
	p := filepath.Join(l.root, name)
	must(l.t, os.MkdirAll(filepath.Dir(p), 0o755))
	must(l.t, os.WriteFile(p, []byte(content), 0o644))
}

func (l *lab) short() string { return trust.FingerprintOf(l.ca.Cert).Short() }

func planAnchor(ca *trusttest.Cert) trust.PlanAnchor {
	return trust.PlanAnchor{
		SHA256: trust.FingerprintOf(ca.Cert).String(), Subject: ca.Cert.Subject.String(), Issuer: ca.Cert.Issuer.String(),
		NotAfter: ca.Cert.NotAfter.UTC(), Origin: "given", PEM: string(ca.PEM()),
	}
}

// plan is a good plan for one registry.
func (l *lab) plan() trust.Plan {
	return trust.Plan{
		Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachRegistry,
		Registries: []string{"reg.example:5000"}, Anchors: []trust.PlanAnchor{planAnchor(l.ca)},
		Changes: []trust.Change{l.write(l.dir + "ca.crt")},
	}
}

func (l *lab) write(path string) trust.Change {
	return trust.Change{
		Kind: trust.WriteFile, Path: path, Content: l.ca.PEM(), Mode: 0o644, Status: trust.StatusNew,
		Privileged: true, Parties: []trust.Party{trust.Docker},
	}
}

// computer is a good plan for the whole computer.
func (l *lab) computer() trust.Plan {
	p := l.plan()
	p.Reach = trust.ReachComputer
	if l.name != "linux" {
		p.Changes = append(p.Changes, l.member(l.store))
		return p
	}
	p.Changes = append(p.Changes, l.write("/usr/local/share/ca-certificates/mooring-"+l.short()+".crt"), trust.Change{
		Kind: trust.RunCommand, Command: "update-ca-certificates", Shown: "update-ca-certificates", Status: trust.StatusNew, Privileged: true,
	})
	return p
}

// apply sends a plan as the desktop side does.
func (l *lab) apply(a Action, p trust.Plan) (trust.Receipt, error) {
	b, err := json.Marshal(p)
	must(l.t, err)
	return l.send(a, b, hashOf(b))
}

func (l *lab) send(a Action, b []byte, hash string) (trust.Receipt, error) {
	return l.s.serve(l.t.Context(), []string{string(a), "apply", hash, testID}, bytes.NewReader(b))
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// listing is the tree with modes, owners and contents.
func (l *lab) listing() map[string]string {
	l.t.Helper()
	out := map[string]string{}
	must(l.t, filepath.WalkDir(l.root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := e.Info()
		if err != nil {
			return err
		}
		s := fmt.Sprintf("%v %v", i.Mode(), ownerText(i))
		if i.Mode().IsRegular() {
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			s += " " + hashOf(b)
		}
		out[strings.TrimPrefix(p, l.root)] = s
		return nil
	}))
	return out
}

// refused checks that err has the code and that the tree is as before.
func (l *lab) refused(before map[string]string, err error, codes ...change.Code) {
	l.t.Helper()
	got := change.As(err)
	ok := false
	for _, c := range codes {
		ok = ok || got != nil && got.Code == c
	}
	if !ok {
		l.t.Errorf("want one of %v, got %v", codes, err)
	}
	if d := cmp.Diff(before, l.listing()); d != "" {
		l.t.Errorf("a refusal changed something:\n%s", d)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
