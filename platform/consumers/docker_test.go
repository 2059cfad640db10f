package consumers

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const rootful = "unix:///run/docker.sock"

// answered is a daemon that told what it is.
func answered(version string, containerdStore bool, insecure ...string) engine.Docker {
	return engine.Docker{
		Host: rootful, Current: true, Answered: true, Version: version,
		ContainerdStore: &containerdStore, Insecure: insecure,
	}
}

// policyFor is the policy of the named consumer: "pull/classic", "login/classic".
func policyFor(t *testing.T, k Reader, w world.World, which string, q Query) trust.Policy {
	t.Helper()
	for _, c := range k.Consumers(context.Background(), w) {
		if string(c.Operation)+"/"+c.Loader == which {
			if q.Role == "" {
				q.Role, q.Host = trust.RoleRegistry, q.Registry.String()
			}
			return k.Policy(w, c, q)
		}
	}
	t.Fatalf("no consumer %s", which)
	return trust.Policy{}
}

func consumerNames(k Reader, w world.World) []string {
	var out []string
	for _, c := range k.Consumers(context.Background(), w) {
		name := string(c.Operation) + "/" + c.Loader
		if !c.Installed {
			name += " forecast"
		}
		if c.Remote {
			name += " remote"
		}
		out = append(out, name)
	}
	return out
}

func TestDockerConsumers(t *testing.T) {
	silent := func(version string) engine.Docker {
		return engine.Docker{Host: rootful, Current: true, Version: version, Why: "permission denied"}
	}
	for name, tt := range map[string]struct {
		found  []engine.Docker
		config string
		want   []string
	}{
		"none":                       {nil, "", []string{"pull/containerd forecast", "login/classic forecast"}},
		"classic":                    {[]engine.Docker{answered("28.2.2", false)}, "", []string{"pull/classic", "login/classic"}},
		"containerd":                 {[]engine.Docker{answered("29.5.1", true)}, "", []string{"pull/containerd", "login/classic"}},
		"silent, 29":                 {[]engine.Docker{silent("29.5.1")}, "", []string{"pull/classic", "pull/containerd", "login/classic"}},
		"silent, old":                {[]engine.Docker{silent("28.2.2")}, "", []string{"pull/classic", "login/classic"}},
		"silent, unknown":            {[]engine.Docker{silent("")}, "", []string{"pull/classic", "pull/containerd", "login/classic"}},
		"silent, old, asked for":     {[]engine.Docker{silent("28.2.2")}, `{"features":{"containerd-snapshotter":true}}`, []string{"pull/containerd", "login/classic"}},
		"27 with containerd":         {[]engine.Docker{answered("27.5.1", true)}, "", []string{"pull/buildkit", "login/classic"}},
		"silent, 29, switched off":   {[]engine.Docker{silent("29.5.1")}, `{"features":{"containerd-snapshotter":false}}`, []string{"pull/classic", "login/classic"}},
		"silent, 29, graph driver":   {[]engine.Docker{silent("29.5.1")}, `{"storage-driver":"overlay2"}`, []string{"pull/classic", "login/classic"}},
		"silent, 29, user namespace": {[]engine.Docker{silent("29.5.1")}, `{"userns-remap":"default"}`, []string{"pull/classic", "login/classic"}},
		"current is remote": {
			[]engine.Docker{{Host: "ssh://build", Current: true, Remote: true}, answered("29.5.1", true)},
			"",
			[]string{"pull/classic remote", "pull/containerd remote", "login/classic remote", "pull/containerd", "login/classic"},
		},
		"contexts for elsewhere": {
			[]engine.Docker{answered("29.5.1", true), {Host: "ssh://build", Context: "build", Remote: true}, {Host: "unix:///x", Context: "old", Why: "not running"}},
			"",
			[]string{"pull/containerd", "login/classic"},
		},
	} {
		files := tree{}
		if tt.config != "" {
			files["/etc/docker/daemon.json"] = tt.config
		}
		same(t, name, consumerNames(docker{dockersOf(tt.found...)}, files.under(t)), tt.want)
	}
}

func TestDockerDirectories(t *testing.T) {
	p := newPKI(t)
	rootless := engine.Docker{Host: "unix:///run/user/1000/docker.sock", Current: true, Answered: true, Rootless: true, ContainerdStore: new(bool)}
	snap := answered("27.2.0", false)
	snap.Snap = true
	files := tree{
		"/etc/docker/certs.d/reg.example/ca.crt":                            p.caPEM(),
		"/var/snap/docker/current/etc/docker/certs.d/reg.example/ca.crt":    p.caPEM(),
		"/home/alice/.config/docker/certs.d/reg.example/ca.crt":             p.caPEM(),
		"/home/alice/xdg/docker/certs.d/reg.example/ca.crt":                 p.caPEM(),
		"/etc/docker/certs.d/only.root/ca.crt":                              p.caPEM(),
		"/home/alice/.config/docker/certs.d/only.root/readme":               "x",
		"/var/snap/docker/current/etc/docker/certs.d/only.root:5000/ca.crt": p.caPEM(),
	}
	w := files.under(t)
	xdg := asUser(w)
	xdg.Env = func(name string) string { return map[string]string{"XDG_CONFIG_HOME": "/home/alice/xdg"}[name] }
	for name, tt := range map[string]struct {
		w    world.World
		d    engine.Docker
		want string
	}{
		"root":            {w, answered("28.2.2", false), "/etc/docker/certs.d/reg.example"},
		"rootless":        {asUser(w), rootless, "/home/alice/.config/docker/certs.d/reg.example"},
		"rootless, moved": {xdg, rootless, "/home/alice/xdg/docker/certs.d/reg.example"},
		"snap":            {w, snap, "/var/snap/docker/current/etc/docker/certs.d/reg.example"},
	} {
		k := docker{dockersOf(tt.d)}
		got := policyFor(t, k, tt.w, "pull/classic", Query{Registry: registry(t, "reg.example")})
		if len(got.Anchors) != 1 || got.Anchors[0].Source.File() != tt.want+"/ca.crt" {
			t.Errorf("%s: anchors %v", name, got.Anchors)
		}
		place, ok := k.Place(tt.w, k.Consumers(context.Background(), tt.w)[0], registry(t, "reg.example"))
		if !ok || place.Dir != tt.want || !place.Exists || !slices.Equal(place.Files, []string{"ca.crt"}) {
			t.Errorf("%s: place %+v", name, place)
		}
	}
	got := policyFor(t, docker{dockersOf(rootless)}, asUser(w), "pull/classic", Query{Registry: registry(t, "only.root")})
	same(t, "root's directory is not rootless Docker's", notesOf(got), []string{"wrong-directory /etc/docker/certs.d/only.root"})
}

func TestDockerWindows(t *testing.T) {
	w := world.World{OS: "windows", FS: world.Disk{Root: t.TempDir()}, User: world.User{Home: `C:\Users\a`}}
	k := docker{dockersOf(engine.Docker{Host: "npipe:////./pipe/docker_engine", Current: true})}
	c := k.Consumers(context.Background(), w)[0]
	place, ok := k.Place(w, c, registry(t, "reg.example:5000"))
	if !ok || place.Dir != `C:\ProgramData\docker\certs.d\reg.example5000` {
		t.Errorf("place %+v", place)
	}
	p := k.Policy(w, c, Query{Registry: registry(t, "[2001:db8::1]:5000"), Role: trust.RoleRegistry, System: ReadSystem(w)})
	if _, looked := lookedAt(p, `C:\ProgramData\docker\certs.d\[2001db81]5000`); !looked {
		t.Errorf("looked at %v", p.Looked)
	}
	if p.Unknown == "" {
		t.Error("the store of Windows was not read")
	}
}

func TestDockerElsewhere(t *testing.T) {
	w := tree{}.under(t)
	for _, d := range []engine.Docker{
		{Host: "tcp://10.0.0.9:2376", Current: true, Remote: true},
		{Host: "unix:///home/alice/.docker/desktop/docker.sock", Current: true, Answered: true, Desktop: true},
	} {
		k := docker{dockersOf(d)}
		for _, c := range k.Consumers(context.Background(), w) {
			q := Query{Registry: registry(t, "reg.example"), Role: trust.RoleRegistry}
			if p := k.Policy(w, c, q); p.Unknown == "" {
				t.Errorf("%s is judged by files of this machine", d.Host)
			}
			if _, ok := k.Place(w, c, q.Registry); ok {
				t.Errorf("%s has a place on this machine", d.Host)
			}
		}
		b := dockerBuild{dockersOf(d)}
		c := b.Consumers(context.Background(), w)[0]
		if p := b.Policy(w, c, Query{Registry: registry(t, "reg.example"), Role: trust.RoleToken}); p.Unknown != "" {
			t.Errorf("the command line fetches tokens here: %s", p.Unknown)
		}
		if p := b.Policy(w, c, Query{Registry: registry(t, "reg.example"), Role: trust.RoleRegistry}); p.Unknown == "" {
			t.Errorf("builds of %s run elsewhere", d.Host)
		}
	}
}

// Of a daemon elsewhere one thing is known: that it says it does not verify.
func TestDockerElsewhereInsecure(t *testing.T) {
	w := tree{"/etc/docker/daemon.json": `{"insecure-registries":["here:5000"]}`}.under(t)
	const socket = "unix:///root/.colima/default/docker.sock"
	for name, tt := range map[string]struct {
		store    bool
		desktop  bool
		insecure []string
		reg, ip  string
		role     trust.Role
		want     string // why it does not verify, "" where nothing is known
		noBuild  bool   // builds differ
	}{
		"named":                     {insecure: []string{"127.0.0.0/8", "reg:5000"}, reg: "reg:5000", want: socket},
		"named, Docker Desktop":     {desktop: true, insecure: []string{"reg:5000"}, reg: "reg:5000", want: socket},
		"named, containerd":         {store: true, insecure: []string{"127.0.0.0/8", "reg:5000"}, reg: "reg:5000", want: socket},
		"named, its token":          {insecure: []string{"reg:5000"}, reg: "reg:5000", role: trust.RoleToken, want: socket, noBuild: true},
		"another":                   {insecure: []string{"reg:5001"}, reg: "reg:5000"},
		"named by this machine":     {insecure: []string{"127.0.0.0/8"}, reg: "here:5000"},
		"in a range":                {insecure: []string{"10.0.0.0/8"}, reg: "reg:5000", ip: "10.1.1.1", want: socket},
		"out of it":                 {insecure: []string{"10.0.0.0/8"}, reg: "reg:5000", ip: "11.1.1.1"},
		"its localhost":             {insecure: []string{"127.0.0.0/8"}, reg: "127.0.0.1:5000", want: ruleLoopback, noBuild: true},
		"its localhost, containerd": {store: true, insecure: []string{"127.0.0.0/8"}, reg: "127.0.0.1:5000"},
	} {
		d := answered("29.5.1", tt.store, tt.insecure...)
		d.Host, d.Remote, d.Desktop = socket, !tt.desktop, tt.desktop
		q := Query{Registry: registry(t, tt.reg), Role: tt.role, Host: "auth:443"}
		if tt.ip != "" {
			q.IP = netip.MustParseAddr(tt.ip)
		}
		which, want := "pull/classic", map[bool]string{false: tt.want}
		if tt.store {
			which = "pull/containerd"
		}
		want[true] = tt.want
		if tt.noBuild {
			want[true] = ""
		}
		for build, want := range want {
			got := policyFor(t, docker{dockersOf(d)}, w, which, q)
			if build {
				got = policyFor(t, dockerBuild{dockersOf(d)}, w, "build/containerd", q)
			}
			unknown := want == "" && (!build || tt.role != trust.RoleToken)
			if got.SkipVerify != want || (got.Unknown != "") != unknown || len(got.Looked) > 0 && !tt.desktop && unknown {
				t.Errorf("%s, build %v: skip %q, unknown %q, looked %v", name, build, got.SkipVerify, got.Unknown, got.Looked)
			}
			if want == socket && (len(got.Notes) != 1 || got.Notes[0].Path != "" || !got.PlainHTTP) {
				t.Errorf("%s, build %v: notes %v", name, build, got.Notes)
			}
		}
	}
}

func TestDockerHub(t *testing.T) {
	p := newPKI(t)
	w := tree{"/etc/docker/certs.d/docker.io/ca.crt": p.caPEM(), "/etc/docker/certs.d/mirror.example/ca.crt": string(p.other.PEM())}.under(t)
	hub := registry(t, "docker.io")
	mirror := Query{Registry: hub, Role: trust.RoleMirror, Host: "mirror.example"}
	classic, both := docker{dockersOf(answered("28.2.2", false))}, docker{dockersOf(answered("29.5.1", true))}
	same(t, "classic never looks", subjects(policyFor(t, classic, w, "pull/classic", Query{Registry: hub}).Anchors), nil)
	same(t, "classic mirror", subjects(policyFor(t, classic, w, "pull/classic", mirror).Anchors), []string{"Other Root"})
	same(t, "containerd looks", subjects(policyFor(t, both, w, "pull/containerd", Query{Registry: hub}).Anchors), []string{"Corp Root"})
	same(t, "containerd mirror is a copy", subjects(policyFor(t, both, w, "pull/containerd", mirror).Anchors), []string{"Corp Root"})
	if _, ok := classic.Place(w, classic.Consumers(context.Background(), w)[0], hub); ok {
		t.Error("there is no place for docker.io in the classic loader")
	}
}

func TestDockerToken(t *testing.T) {
	p := newPKI(t)
	w := tree{"/etc/docker/certs.d/reg:5000/ca.crt": p.caPEM()}.under(t)
	w.Env = nil
	q := Query{Registry: registry(t, "reg:5000"), Role: trust.RoleToken, Host: "auth.example:443"}
	of := func(version, api string, store bool) engine.Docker {
		d := answered(version, store)
		d.APIVersion = api
		return d
	}
	for name, tt := range map[string]struct {
		d       engine.Docker
		which   string
		anchors []string
		unknown bool
	}{
		"classic":               {of("28.2.2", "1.50", false), "pull/classic", []string{"Corp Root"}, false},
		"login":                 {of("29.4.0", "1.54", true), "login/classic", []string{"Corp Root"}, false},
		"containerd 28":         {of("28.2.2", "1.50", true), "pull/containerd", nil, false},
		"containerd 29.4":       {of("29.4.3", "1.54", true), "pull/containerd", nil, false},
		"containerd 29.5":       {of("29.5.0", "1.54", true), "pull/containerd", []string{"Corp Root"}, false},
		"containerd 30":         {of("30.0.0", "1.60", true), "pull/containerd", []string{"Corp Root"}, false},
		"built from source":     {of("", "1.56", true), "pull/containerd", []string{"Corp Root"}, false},
		"built from old source": {of("", "1.48", true), "pull/containerd", nil, false},
		"undecided":             {of("", "1.53", true), "pull/containerd", []string{"Corp Root"}, true},
	} {
		got := policyFor(t, docker{dockersOf(tt.d)}, w, tt.which, q)
		same(t, name, subjects(got.Anchors), tt.anchors)
		if (got.Unknown != "") != tt.unknown {
			t.Errorf("%s: unknown %q", name, got.Unknown)
		}
	}
	empty := tree{}.under(t)
	if got := policyFor(t, docker{dockersOf(of("", "1.53", true))}, empty, "pull/containerd", q); got.Unknown != "" {
		t.Errorf("with nothing in certs.d the version does not matter: %s", got.Unknown)
	}
	if got := policyFor(t, docker{dockersOf()}, w, "pull/containerd", q); len(got.Anchors) != 1 || got.Unknown != "" {
		t.Errorf("a forecast is of the current release: %v %q", subjects(got.Anchors), got.Unknown)
	}
	got := policyFor(t, dockerBuild{dockersOf(of("29.5.0", "1.54", true))}, w, "build/containerd", q)
	same(t, "docker build's token", subjects(got.Anchors), nil)
	q.Role, q.Host = trust.RoleRegistry, "reg:5000"
	got = policyFor(t, dockerBuild{dockersOf(of("28.2.2", "1.50", false))}, w, "build/containerd", q)
	same(t, "docker build's registry", subjects(got.Anchors), []string{"Corp Root"})
}

func TestDockerStart(t *testing.T) {
	w := tree{}.under(t)
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	d := answered("29.5.1", true)
	d.Started = started
	q := Query{Registry: registry(t, "reg")}
	got := policyFor(t, docker{dockersOf(d)}, w, "pull/containerd", q)
	if !got.SystemLoaded.Equal(started) || got.Restart != "docker" || got.RestartCommand != "systemctl restart docker" || got.AEADOnly {
		t.Errorf("%+v", got)
	}
	for version, want := range map[string]bool{"29.5.1": true, "29.0.0": true, "28.5.2": false, "20.10.24": false, "": true} {
		if got := policyFor(t, docker{dockersOf(answered(version, false))}, w, "login/classic", q); got.AEADOnly != want {
			t.Errorf("%s: the classic loader offers AEAD suites only: %v", version, got.AEADOnly)
		}
	}
	got = policyFor(t, dockerBuild{dockersOf(d)}, w, "build/containerd", Query{Registry: q.Registry, Role: trust.RoleToken})
	if !got.SystemLoaded.IsZero() {
		t.Error("the command line is a new process each time")
	}
	d.Rootless = true
	got = policyFor(t, docker{dockersOf(d)}, w, "login/classic", q)
	if got.RestartCommand != "systemctl --user restart docker" {
		t.Errorf("restart: %s", got.RestartCommand)
	}
}

func TestVersions(t *testing.T) {
	for v, want := range map[string]bool{
		"29.5.0": true, "29.5.0-rc.1": true, "29.10.0": true, "30.0": true, "v29.5.1": true,
		"29.4.9": false, "28.9.9": false, "20.10.24+dfsg1": false, "": false, "library-import": false, "29": false, "-1.5": false,
	} {
		if got := versionAtLeast(v, 29, 5); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
	if strings.Contains(enginectl.ForDocker(world.World{OS: "windows"}, engine.Docker{}).Command, "systemctl") {
		t.Error("Windows has no systemctl")
	}
}
