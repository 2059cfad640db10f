//go:build integration

package mtls

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// person is an ordinary user of the lab, who may become root through the helper
// alone.
type person struct {
	l    *lab.Lab
	t    *testing.T
	name string
	home string
	uid  uint32
}

const libexec = "/usr/libexec"

// newPerson makes a user, and installs the helper under the names that sudo knows.
func newPerson(t *testing.T, l *lab.Lab) person {
	t.Helper()
	for _, tool := range []string{"sudo", "script", "setpriv", "useradd"} {
		need.Tool(t, tool, "scripts/deps.sh lab")
	}
	p := person{l: l, t: t, name: "alice", home: "/run/people/alice", uid: 5001}
	up, work := filepath.Join(l.Dir, "libexec-up"), filepath.Join(l.Dir, "libexec-work")
	for _, dir := range []string{filepath.Join(up, "mooring"), work, filepath.Dir(p.home), "/run/user/5001"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l.Must(t, "mount", "-t", "overlay", "libexec", "-o", "lowerdir="+libexec+",upperdir="+up+",workdir="+work, libexec)
	t.Cleanup(func() { l.Must(t, "umount", libexec) })
	for _, action := range []string{"registry", "computer"} {
		l.Must(t, "install", "-m", "0755", l.Program(), filepath.Join(libexec, "mooring", "mooring-helper-"+action))
	}
	l.Must(t, "useradd", "--create-home", "--home-dir", p.home, "--uid", fmt.Sprint(p.uid), "--shell", "/bin/sh", p.name)
	l.Must(t, "chown", p.name, "/run/user/5001")
	for _, ids := range []string{"/etc/subuid", "/etc/subgid"} { // podman does with the person's own id, then
		if err := os.WriteFile(ids, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l.Write(t, "/etc/sudoers.d/lab", []byte(p.name+" ALL=(root) NOPASSWD: "+libexec+"/mooring/mooring-helper-registry\n"), 0o440)
	return p
}

func (p person) run(argv ...string) lab.Output {
	return p.l.Run(nil, append([]string{
		"setpriv", "--reuid", p.name, "--regid", p.name, "--init-groups", "env", "-i", "-C", p.home, "HOME=" + p.home, "USER=" + p.name,
		"XDG_RUNTIME_DIR=/run/user/5001", "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8",
	}, argv...)...)
}

// terminal runs Mooring for the person at a terminal, where sudo serves.
func (p person) terminal(args ...string) lab.Output {
	return p.run("script", "-qec", p.l.Program()+" "+strings.Join(args, " "), "/dev/null")
}

func (p person) give(name string, content []byte) string {
	p.t.Helper()
	path := filepath.Join(p.home, name)
	p.l.Write(p.t, path, content, 0o600)
	if err := os.Chown(path, int(p.uid), int(p.uid)); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// TestOrdinaryUser: root's Docker and a person's podman at the same time, each with
// the key where it and nobody else reads it, from one command.
func TestOrdinaryUser(t *testing.T) {
	s := newStage(t, registry)
	u := newPerson(t, s.l)
	p := s.spot(t, registry)
	alice := s.clients.Client("alice")
	cert, key := u.give("alice.pem", alice.PEM()), u.give("alice.key", alice.KeyPEM())
	own := filepath.Join(u.home, ".config/containers/certs.d", p.registry)
	touched := []string{"/etc/docker", "/etc/containers", filepath.Join(u.home, ".config/containers")}
	before := s.l.Snapshot(t, touched...)
	if out := u.inspect(p.registry, s.image); out.OK() {
		t.Fatal("skopeo got in without a certificate")
	}

	out := u.run(s.l.Program(), "client-cert", p.registry, "--cert", cert, "--key", key, "--for", "docker,podman", "--dry-run", "--json")
	var plan trust.Plan
	if err := json.Unmarshal([]byte(out.Stdout), &plan); err != nil {
		t.Fatalf("%v: %s", err, out.Text())
	}
	var got []string
	for _, c := range plan.Changes {
		got = append(got, fmt.Sprintf("%v %v %s", c.Privileged, c.Secret, c.Path))
	}
	want := []string{
		"true false " + p.dir() + "/client.cert", "true true " + p.dir() + "/client.key",
		"false false " + own + "/ca.crt", "false false " + own + "/client.cert", "false true " + own + "/client.key",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the plan:\n%s", strings.Join(got, "\n"))
	}
	p.silent(alice, "the plan", []byte(out.Text()))

	stop := p.watchArguments(alice)
	out = u.terminal("client-cert", p.registry, "--cert", cert, "--key", key, "--for", "docker,podman", "--yes")
	if looks := stop(); looks < 3 {
		t.Errorf("the processes were looked at %d times only", looks)
	}
	if !out.OK() || !strings.Contains(out.Text(), "accepts the certificate of CN=alice") {
		t.Fatalf("exit status %d: %s", out.Code, out.Text())
	}
	p.silent(alice, "the output", []byte(out.Text()))
	for path, owner := range map[string]uint32{p.dir() + "/client.key": 0, own + "/client.key": u.uid} {
		i, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st := i.Sys().(*syscall.Stat_t); i.Mode() != 0o600 || st.Uid != owner {
			t.Errorf("%s: %v, owner %d", path, i.Mode(), st.Uid)
		}
	}
	for judge, out := range s.l.Pulls(p.registry, s.image, lab.Dockers...) {
		if !out.OK() {
			t.Errorf("%s: %s", judge, lab.Excerpt(out.Text()))
		}
	}
	if out := u.inspect(p.registry, s.image); !out.OK() {
		t.Errorf("skopeo: %s", lab.Excerpt(out.Text()))
	}
	u.podman(p.registry, s.image)
	if out := u.run(s.l.Program(), "check", p.registry, "--party", "docker,podman"); !out.OK() || !strings.Contains(out.Text(), "trusted") {
		t.Errorf("the check ended with %d: %s", out.Code, out.Text())
	}

	// What the plan says of docker's own command line.
	if !slices.ContainsFunc(plan.Consequences, func(c trust.Consequence) bool { return c.Code == trust.ManifestStops }) {
		t.Errorf("the plan does not speak of docker manifest: %+v", plan.Consequences)
	}
	if out := u.run("docker", "manifest", "inspect", p.registry+"/"+s.image); out.OK() || !strings.Contains(out.Text(), "client.key: permission denied") {
		t.Errorf("docker manifest: %s", lab.Excerpt(out.Text()))
	}

	// Why there are two places: root's key is not for the person's tools.
	if err := os.Rename(own, own+".away"); err != nil {
		t.Fatal(err)
	}
	if out := u.inspect(p.registry, s.image); out.OK() || !strings.Contains(out.Text(), "permission denied") {
		t.Errorf("without the person's own directory skopeo says: %s", lab.Excerpt(out.Text()))
	}
	if out := u.run(s.l.Program(), "check", p.registry, "--json", "--party", "podman"); !strings.Contains(out.Text(), `"key-permissions"`) {
		t.Errorf("the check does not say why: %s", lab.Excerpt(out.Text()))
	}
	if err := os.Rename(own+".away", own); err != nil {
		t.Fatal(err)
	}

	// Another pair takes the place of the first, whose key the person may not read.
	installed := s.l.Snapshot(t, touched...)
	bob := s.clients.Client("bob")
	cert, key = u.give("bob.pem", bob.PEM()), u.give("bob.key", bob.KeyPEM())
	out = u.terminal("client-cert", p.registry, "--cert", cert, "--key", key, "--for", "docker,podman", "--yes")
	renamed, err := filepath.Glob(filepath.Join(p.dir(), "client.key.mooring-*"))
	if !out.OK() || err != nil || len(renamed) != 1 {
		t.Errorf("renamed %v, %v: %s", renamed, err, out.Text())
	}
	for judge, out := range s.l.Pulls(p.registry, s.image, lab.Dockers...) {
		if !out.OK() {
			t.Errorf("%s with the second pair: %s", judge, lab.Excerpt(out.Text()))
		}
	}
	if out := u.terminal("undo", "--yes"); !out.OK() {
		t.Fatalf("undo: exit status %d: %s", out.Code, out.Text())
	}
	lab.SameAs(t, installed, s.l.Snapshot(t, touched...))

	p.nowhere(bob, "/var/lib/mooring", filepath.Join(u.home, ".local"))
	p.nowhere(alice, "/var/lib/mooring", "/var/log", filepath.Join(u.home, ".local"))
	if out := u.terminal("undo", "--yes"); !out.OK() {
		t.Fatalf("undo: exit status %d: %s", out.Code, out.Text())
	}
	lab.SameAs(t, before, s.l.Snapshot(t, touched...))
	p.nowhere(alice, "/var/lib/mooring", filepath.Join(u.home, ".local"), "/etc/docker")
}

func (p person) inspect(registry, image string) lab.Output {
	return p.run("skopeo", "inspect", "docker://"+registry+"/"+image)
}

// podman pulls without root, with the person's own id alone in its namespace.
func (p person) podman(registry, image string) {
	out := p.run("podman", "--storage-driver", "vfs", "pull", registry+"/"+image)
	if !out.OK() {
		p.t.Errorf("podman: %s", lab.Excerpt(out.Text()))
	}
}

// watchArguments looks at what every process is started with until it is stopped.
func (p spot) watchArguments(c *trusttest.Cert) (stop func() int) {
	var done atomic.Bool
	looks := make(chan int)
	go func() {
		n := 0
		for !done.Load() {
			procs, _ := filepath.Glob("/proc/[0-9]*")
			for _, proc := range procs {
				for _, what := range []string{"cmdline", "environ"} {
					b, _ := os.ReadFile(filepath.Join(proc, what)) // it may have ended
					p.silent(c, proc+"/"+what, b)
				}
			}
			n++
		}
		looks <- n
	}()
	return func() int {
		done.Store(true)
		return <-looks
	}
}
