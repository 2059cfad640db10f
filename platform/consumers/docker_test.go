package consumers

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/engine"
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

func TestDockerInsecure(t *testing.T) {
	p := newPKI(t)
	loopback := []string{"127.0.0.0/8", "::1/128"}
	ip := func(s string) netip.Addr {
		if s == "" {
			return netip.Addr{}
		}
		return netip.MustParseAddr(s)
	}
	for name, tt := range map[string]struct {
		insecure   []string // what the daemon says, with the loopback default
		config     string
		reg, ip    string
		classic    string // SkipVerify
		containerd string
	}{
		"name":                           {append(loopback, "reg:5000"), "", "reg:5000", "10.0.0.1", ruleFlag, ruleFlag},
		"name from daemon.json":          {append(loopback, "reg:5000"), `{"insecure-registries":["reg:5000"]}`, "reg:5000", "10.0.0.1", "/etc/docker/daemon.json", "/etc/docker/daemon.json"},
		"scheme is dropped":              {append(loopback, "reg:5000"), `{"insecure-registries":["http://reg:5000"]}`, "reg:5000", "10.0.0.1", "/etc/docker/daemon.json", "/etc/docker/daemon.json"},
		"name without port is another":   {append(loopback, "reg"), "", "reg:5000", "10.0.0.1", "", ""},
		"case counts":                    {append(loopback, "REG:5000"), "", "reg:5000", "10.0.0.1", "", ""},
		"range":                          {append(loopback, "10.0.0.0/8"), "", "reg:5000", "10.0.0.1", ruleFlag, ruleFlag},
		"range, address as name":         {append(loopback, "10.0.0.0/8"), "", "10.0.0.1:5000", "", ruleFlag, ruleFlag},
		"range, other address":           {append(loopback, "10.0.0.0/8"), "", "reg:5000", "11.0.0.1", "", ""},
		"loopback by name":               {loopback, "", "reg:5000", "127.1.2.3", ruleLoopback, ""}, // containerd's loader has no such rule of its own
		"loopback, list configured":      {append(loopback, "x"), "", "reg:5000", "127.1.2.3", ruleLoopback, ruleLoopback},
		"loopback, mirrors configured":   {loopback, `{"registry-mirrors":["https://m"]}`, "reg:5000", "127.1.2.3", ruleLoopback, ruleLoopback},
		"loopback v6":                    {loopback, "", "[::1]:5000", "", ruleLoopback, ruleLocalhost},
		"loopback switched off in 29.10": {nil, `{"insecure-registries":[]}`, "reg:5000", "127.0.0.1", "", ""},
		"localhost":                      {loopback, "", "localhost:5000", "127.0.0.1", ruleLoopback, ruleLocalhost},
		"docker.io is always verified":   {append(loopback, "docker.io"), "", "docker.io", "10.0.0.1", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := tree{"/etc/docker/certs.d/" + tt.reg + "/ca.crt": p.caPEM(), "/etc/docker/daemon.json": tt.config}
			w := files.under(t)
			q := Query{Registry: registry(t, tt.reg), IP: ip(tt.ip)}
			got := policyFor(t, docker{dockersOf(answered("29.5.1", false, tt.insecure...))}, w, "pull/classic", q)
			if got.SkipVerify != tt.classic || got.PlainHTTP != (tt.classic != "") {
				t.Errorf("classic: skip %q, plain %v", got.SkipVerify, got.PlainHTTP)
			}
			if tt.classic != "" && (len(got.Anchors) > 0 || len(got.Notes) == 0) {
				t.Errorf("classic loads no certs.d then, and we say so: %v %v", subjects(got.Anchors), got.Notes)
			}
			got = policyFor(t, docker{dockersOf(answered("29.5.1", true, tt.insecure...))}, w, "pull/containerd", q)
			if got.SkipVerify != tt.containerd {
				t.Errorf("containerd: skip %q", got.SkipVerify)
			}
			got = policyFor(t, dockerBuild{dockersOf(answered("29.5.1", false, tt.insecure...))}, w, "build/containerd", q)
			if got.SkipVerify != tt.containerd {
				t.Errorf("build: skip %q", got.SkipVerify)
			}
		})
	}
}

// A mistake in certs.d of an insecure registry stops containerd's loader and not
// the classic one, which does not read it.
func TestInsecureWithMistake(t *testing.T) {
	w := tree{"/etc/docker/certs.d/reg:5000/ca.crt": "no certificate", "/etc/docker/certs.d/reg:5000/x.cert": ""}.under(t)
	q := Query{Registry: registry(t, "reg:5000"), IP: netip.MustParseAddr("10.0.0.1")}
	got := policyFor(t, docker{dockersOf(answered("28.2.2", false, "reg:5000"))}, w, "pull/classic", q)
	if got.ConfigError != "" || got.SkipVerify == "" {
		t.Errorf("classic: error %q, skip %q", got.ConfigError, got.SkipVerify)
	}
	got = policyFor(t, docker{dockersOf(answered("29.5.1", true, "reg:5000"))}, w, "pull/containerd", q)
	if got.ConfigError == "" {
		t.Error("containerd passes over the mistake")
	}
}

// The token server of an insecure registry is not verified either, by its name or
// by the address of the registry, not its own.
func TestInsecureToken(t *testing.T) {
	w := tree{}.under(t)
	q := Query{Registry: registry(t, "reg:5000"), Role: trust.RoleToken, Host: "auth:443", IP: netip.MustParseAddr("10.0.0.1")}
	got := policyFor(t, docker{dockersOf(answered("28.2.2", false, "10.0.0.0/8"))}, w, "login/classic", q)
	if got.SkipVerify == "" {
		t.Error("the token of an insecure registry is fetched with verification")
	}
	q.IP = netip.Addr{}
	got = policyFor(t, docker{dockersOf(answered("28.2.2", false, "10.0.0.0/8"))}, w, "login/classic", q)
	if got.SkipVerify != "" || len(got.InsecureNets) != 0 {
		t.Error("the token server's own address decides")
	}
	q.Role = trust.RoleRegistry
	got = policyFor(t, docker{dockersOf(answered("28.2.2", false, "10.0.0.0/8"))}, w, "login/classic", q)
	if len(got.InsecureNets) != 1 {
		t.Errorf("ranges are handed on while the address is not known: %v", got.InsecureNets)
	}
}

// A silent daemon is judged by its file and the rules that are built in.
func TestInsecureOfSilentDaemon(t *testing.T) {
	for name, tt := range map[string]struct {
		version, config string
		want            string
	}{
		"default":             {"28.2.2", "", ruleLoopback},
		"list before 29.10":   {"28.2.2", `{"insecure-registries":["x"]}`, ruleLoopback},
		"no list since 29.10": {"29.10.0", `{}`, ruleLoopback},
		"list since 29.10":    {"29.10.0", `{"insecure-registries":["x"]}`, ""},
		"empty since 29.10":   {"29.10.0", `{"insecure-registries":[]}`, ""},
		"broken file":         {"28.2.2", `{"insecure`, ruleLoopback},
	} {
		files := tree{}
		if tt.config != "" {
			files["/etc/docker/daemon.json"] = tt.config
		}
		d := engine.Docker{Host: rootful, Current: true, Version: tt.version, Why: "permission denied"}
		q := Query{Registry: registry(t, "reg:5000"), IP: netip.MustParseAddr("127.0.0.1")}
		got := policyFor(t, docker{dockersOf(d)}, files.under(t), "login/classic", q)
		if got.SkipVerify != tt.want {
			t.Errorf("%s: skip %q, want %q", name, got.SkipVerify, tt.want)
		}
		if name == "broken file" && !slices.Contains(notesOf(got), "unreadable /etc/docker/daemon.json") {
			t.Errorf("notes %v", notesOf(got))
		}
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

func TestWrongDirectory(t *testing.T) {
	p := newPKI(t)
	ca := p.caPEM()
	for name, tt := range map[string]struct {
		reg  string
		dirs []string
		want []string
	}{
		"port written in the directory only": {"reg.example", []string{"reg.example:443"}, []string{"reg.example:443"}},
		"port missing":                       {"reg.example:5000", []string{"reg.example"}, []string{"reg.example"}},
		"other port":                         {"reg.example:5000", []string{"reg.example:5001"}, []string{"reg.example:5001"}},
		"case":                               {"reg.example:5000", []string{"Reg.Example:5000"}, []string{"Reg.Example:5000"}},
		"containerd's spelling":              {"reg.example:5000", []string{"reg.example_5000_"}, []string{"reg.example_5000_"}},
		"other host":                         {"reg.example:5000", []string{"regs.example:5000", "example:5000"}, nil},
		"found, so no matter":                {"reg.example:5000", []string{"reg.example:5000", "reg.example:5001"}, nil},
	} {
		files := tree{}
		for _, d := range tt.dirs {
			files["/etc/docker/certs.d/"+d+"/ca.crt"] = ca
		}
		got := policyFor(t, docker{dockersOf(answered("28.2.2", false))}, files.under(t), "pull/classic", Query{Registry: registry(t, tt.reg)})
		var want []string
		for _, d := range tt.want {
			want = append(want, "wrong-directory /etc/docker/certs.d/"+d)
		}
		same(t, name, notesOf(got), want)
		for _, n := range got.Notes {
			if n.Text != "/etc/docker/certs.d/"+tt.reg {
				t.Errorf("%s: would serve: %q", name, n.Text)
			}
		}
	}
}

func TestDockerPlaces(t *testing.T) {
	p := newPKI(t)
	for name, tt := range map[string]struct {
		files tree
		pull  string // with the containerd store
		login string
		hosts string
	}{
		"nothing there":                  {tree{}, "reg:5000", "reg:5000", ""},
		"literal":                        {tree{"reg:5000/ca.crt": p.caPEM()}, "reg:5000", "reg:5000", ""},
		"underscores win":                {tree{"reg_5000_/": "", "reg:5000/": ""}, "reg_5000_", "reg:5000", ""},
		"not into default":               {tree{"_default/": ""}, "reg:5000", "reg:5000", ""},
		"hosts.toml":                     {tree{"reg:5000/hosts.toml": "server = \"https://reg:5000\""}, "reg:5000", "reg:5000", "/etc/docker/certs.d/reg:5000/hosts.toml"},
		"hosts.toml that is passed over": {tree{"reg:5000/hosts.toml": "server ="}, "reg:5000", "reg:5000", ""},
	} {
		w := inDir(tt.files, "/etc/docker/certs.d").under(t)
		k := docker{dockersOf(answered("29.5.1", true))}
		for _, c := range k.Consumers(context.Background(), w) {
			got, ok := k.Place(w, c, registry(t, "reg:5000"))
			want, hosts := tt.login, ""
			if c.Operation == trust.OpPull {
				want, hosts = tt.pull, tt.hosts
			}
			if !ok || got.Dir != "/etc/docker/certs.d/"+want || got.HostsTOML != hosts || !got.UserWritable {
				t.Errorf("%s, %s: %+v", name, c.Operation, got)
			}
		}
	}
	w := asUser(tree{"/etc/docker/": ""}.under(t))
	k := docker{dockersOf(answered("29.5.1", true))}
	if got, _ := k.Place(w, k.Consumers(context.Background(), w)[0], registry(t, "reg")); got.UserWritable {
		t.Error("an ordinary user may not write to /etc/docker")
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
	if strings.Contains(restartCommand(world.World{OS: "windows"}, daemon{}), "systemctl") {
		t.Error("Windows has no systemctl")
	}
}

// Before 28 builds and the containerd store went by BuildKit's own loader.
func TestBuildKitLoader(t *testing.T) {
	p := newPKI(t)
	ca, cert, key := p.caPEM(), string(p.client.PEM()), string(p.client.KeyPEM())
	for name, tt := range map[string]struct {
		files   tree
		anchors []string
		pairs   int
		notes   []string
		err     string
	}{
		"nothing":            {tree{}, nil, 0, nil, ""},
		"flat":               {tree{"reg:5000/ca.crt": ca, "reg:5000/c.cert": cert, "reg:5000/c.key": key}, []string{"Corp Root"}, 1, nil, ""},
		"no other spelling":  {tree{"reg_5000_/ca.crt": ca}, nil, 0, []string{"wrong-directory /etc/docker/certs.d/reg_5000_"}, ""},
		"no default":         {tree{"_default/ca.crt": ca}, nil, 0, nil, ""},
		"no hosts.toml":      {tree{"reg:5000/hosts.toml": "skip_verify = true", "reg:5000/ca.crt": ca}, []string{"Corp Root"}, 0, nil, ""},
		"DER is passed over": {tree{"reg:5000/ca.crt": string(p.ca.Cert.Raw)}, nil, 0, []string{"not-pem /etc/docker/certs.d/reg:5000/ca.crt"}, ""},
		"key alone":          {tree{"reg:5000/c.key": key}, nil, 0, nil, ""},
		"cert alone": {
			tree{"reg:5000/c.cert": cert},
			nil, 0,
			[]string{"cert-without-key /etc/docker/certs.d/reg:5000/c.key"},
			"failed to load keypair for /etc/docker/certs.d/reg:5000/c.cert: open /etc/docker/certs.d/reg:5000/c.key: no such file or directory",
		},
		"dangling": {
			tree{"reg:5000/ca.crt": "->/x"},
			nil, 0,
			[]string{"dangling-link /etc/docker/certs.d/reg:5000/ca.crt"},
			"failed to read /etc/docker/certs.d/reg:5000/ca.crt: open /etc/docker/certs.d/reg:5000/ca.crt: no such file or directory",
		},
	} {
		w := inDir(tt.files, "/etc/docker/certs.d").under(t)
		got := policyFor(t, dockerBuild{dockersOf(answered("20.10.24", false))}, w, "build/buildkit", Query{Registry: registry(t, "reg:5000")})
		same(t, name+": anchors", subjects(got.Anchors), tt.anchors)
		same(t, name+": notes", notesOf(got), tt.notes)
		if len(got.ClientPairs) != tt.pairs || got.ConfigError != tt.err || got.SkipVerify != "" {
			t.Errorf("%s: %d pairs, error %q, skip %q", name, len(got.ClientPairs), got.ConfigError, got.SkipVerify)
		}
	}
	w := tree{"/etc/docker/certs.d/reg:5000/ca.crt": ca}.under(t)
	q := Query{Registry: registry(t, "reg:5000"), Role: trust.RoleToken}
	got := policyFor(t, docker{dockersOf(answered("27.5.1", true))}, w, "pull/buildkit", q)
	same(t, "tokens by a default client", subjects(got.Anchors), nil)
	q.Role, q.IP = trust.RoleRegistry, netip.MustParseAddr("127.0.0.1")
	if got := policyFor(t, docker{dockersOf(answered("27.5.1", true, "127.0.0.0/8"))}, w, "pull/buildkit", q); got.SkipVerify != ruleLoopback {
		t.Errorf("skip %q", got.SkipVerify)
	}
}
