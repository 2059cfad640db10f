//go:build linux

package helper

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// FuzzPlan: whatever arrives as a plan, what is allowed of it lies below certs.d.
func FuzzPlan(f *testing.F) {
	l := &lab{ca: trusttest.NewCA(f, "Lab Root")}
	for _, p := range []trust.Plan{l.plan(), l.computer()} {
		b, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"schema":1,"changes":[{"kind":"write-file","path":"/etc/shadow"}]}`))
	r := rules{world: world.Under(f.TempDir(), "linux"), dirs: certsDirs} // no OS store there
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePlan(b, hashOf(b))
		if err != nil {
			return
		}
		for _, reach := range []trust.Reach{trust.ReachRegistry, trust.ReachComputer} {
			if r.check(p, reach) != nil {
				continue
			}
			for _, c := range p.Pending() {
				allowed := strings.HasPrefix(c.Path, "/etc/docker/certs.d/") || strings.HasPrefix(c.Path, "/etc/containers/certs.d/") ||
					strings.HasPrefix(c.Path, "/etc/containerd/certs.d/")
				if c.Kind == trust.RunCommand || !allowed || strings.Contains(c.Path, "..") {
					t.Fatalf("allowed %+v", c)
				}
			}
		}
	})
}

// FuzzChange puts anything into one change of a plan that is good otherwise. What
// is allowed is one of the few files that a plan for that registry may write.
func FuzzChange(f *testing.F) {
	f.Add("reg.example:5000", "/etc/docker/certs.d/reg.example:5000/ca.crt", "write-file", "", uint32(0o644))
	f.Add("reg.example", "/etc/containerd/certs.d/reg.example/../x", "remove-file", "update-ca-trust", uint32(0o4755))
	f.Add("[::1]:5000", "/etc/containers/certs.d/[::1]_5000_/ca.crt", "run-command", "x", uint32(0))
	l := &lab{ca: trusttest.NewCA(f, "Lab Root")}
	r := rules{world: world.Under(f.TempDir(), "linux"), dirs: certsDirs}
	f.Fuzz(func(t *testing.T, registry, path, kind, command string, mode uint32) {
		p := l.plan()
		p.Registries = []string{registry}
		c := &p.Changes[0]
		c.Path, c.Kind, c.Command, c.Mode = path, trust.ChangeKind(kind), command, fs.FileMode(mode)
		if r.check(p, trust.ReachRegistry) != nil {
			return
		}
		below, ok := "", false
		for _, dir := range certsDirs {
			if rest, in := strings.CutPrefix(path, dir+"/"); in {
				below, ok = rest, true
			}
		}
		dir, name, _ := strings.Cut(below, "/")
		if !ok || mode != fileMode || command != "" || dir != registry && strings.TrimSuffix(strings.ReplaceAll(dir, "_", ":"), ":") != registry ||
			name != "ca.crt" && name != "mooring-"+l.short()+".crt" {
			t.Fatalf("allowed %+v for %q", *c, registry)
		}
	})
}
