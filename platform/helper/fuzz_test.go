//go:build linux

package helper

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// allowed are the paths that a plan for these registries may write on a system, with
// the names that its files may have; written down anew, and without the rules' code.
func (s system) allowed(registries []string, name string) []string {
	dirs := map[string][]string{
		"linux":   {"/etc/docker/certs.d/", "/etc/containers/certs.d/", "/etc/containerd/certs.d/"},
		"windows": {`C:\ProgramData\docker\certs.d\`, `C:\ProgramData\containerd\certs.d\`},
		"darwin":  {"/etc/docker/certs.d/", "/etc/containers/certs.d/"},
	}[s.name]
	var out []string
	for _, reg := range registries {
		spelled := []string{reg}
		if i := strings.LastIndexByte(reg, ':'); i > 0 {
			spelled = append(spelled, reg[:i]+"_"+reg[i+1:]+"_")
		}
		for _, dir := range dirs {
			for _, n := range spelled {
				if s.name == "windows" {
					n = strings.ReplaceAll(n, ":", "")
				}
				out = append(out, dir+n+s.sep+name)
			}
		}
	}
	return out
}

// FuzzPlan: whatever arrives as a plan, what is allowed of it on any system is files
// below certs.d and the one store of the whole computer.
func FuzzPlan(f *testing.F) {
	l := &lab{ca: trusttest.NewCA(f, "Lab Root")}
	for _, s := range systems {
		l.system = s
		for _, p := range []trust.Plan{l.plan(), l.computer()} {
			b, err := json.Marshal(p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Add([]byte(`{"schema":1,"changes":[{"kind":"write-file","path":"/etc/shadow"}]}`))
	root := f.TempDir() // no OS store there
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePlan(b, hashOf(b))
		if err != nil {
			return
		}
		for _, s := range systems {
			r := rules{world: world.Under(root, s.name), site: siteOf(s.name, s.programData)}
			for _, reach := range []trust.Reach{trust.ReachRegistry, trust.ReachComputer} {
				if r.check(p, reach) != nil {
					continue
				}
				for _, c := range p.Pending() {
					name := c.Path[strings.LastIndex(c.Path, s.sep)+1:]
					switch {
					case c.Kind == trust.ChangeStore && reach == trust.ReachComputer && c.Store == s.store && s.name != "linux":
					case c.Kind != trust.RunCommand && slices.Contains(s.allowed(p.Registries, name), c.Path) && filepath.Ext(name) != "":
					default:
						t.Fatalf("%s allowed %+v", s.name, c)
					}
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
	f.Add("reg.example:5000", `C:\ProgramData\docker\certs.d\reg.example5000\ca.crt`, "write-file", "", uint32(0o644))
	f.Add("reg.example:5000", `C:\ProgramData\docker\certs.d\reg.example5000\ca.crt:x`, "write-file", "", uint32(0o644))
	f.Add("nul", `C:\ProgramData\docker\certs.d\nul\ca.crt`, "write-file", "", uint32(0o644))
	f.Add("reg.example", `windows:LocalMachine\Root`, "change-store", "", uint32(0))
	l := &lab{ca: trusttest.NewCA(f, "Lab Root"), system: linux}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, registry, path, kind, command string, mode uint32) {
		p := l.plan()
		p.Registries = []string{registry}
		c := &p.Changes[0]
		c.Path, c.Kind, c.Command, c.Mode = path, trust.ChangeKind(kind), command, fs.FileMode(mode)
		for _, s := range systems {
			r := rules{world: world.Under(root, s.name), site: siteOf(s.name, s.programData)}
			if r.check(p, trust.ReachRegistry) != nil {
				continue
			}
			files := append(s.allowed(p.Registries, "ca.crt"), s.allowed(p.Registries, "mooring-"+l.short()+".crt")...)
			if !slices.Contains(files, path) || mode != fileMode || command != "" {
				t.Fatalf("%s allowed %+v for %q", s.name, *c, registry)
			}
			if s.name == "windows" && strings.ContainsAny(path[3:], `:/`) {
				t.Fatalf("%q is no name of Windows", path)
			}
		}
	})
}
