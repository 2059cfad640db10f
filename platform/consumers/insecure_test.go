package consumers

import (
	"net/netip"
	"slices"
	"testing"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/trust"
)

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
