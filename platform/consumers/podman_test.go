package consumers

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const (
	userCerts   = "/home/alice/.config/containers/certs.d/"
	etcCerts    = "/etc/containers/certs.d/"
	dockerCerts = "/etc/docker/certs.d/"
)

func podmanPolicy(t *testing.T, w world.World, reg string) trust.Policy {
	t.Helper()
	return policyFor(t, podman{}, w, "pull/", Query{Registry: registry(t, reg)})
}

func TestPodmanDirectories(t *testing.T) {
	p := newPKI(t)
	a, b := p.caPEM(), string(p.other.PEM())
	for name, tt := range map[string]struct {
		files   tree
		anchors []string
		notes   []string
	}{
		"nothing":               {tree{}, nil, nil},
		"user":                  {tree{userCerts + "reg/ca.crt": a}, []string{"Corp Root"}, nil},
		"etc":                   {tree{etcCerts + "reg/ca.crt": a}, []string{"Corp Root"}, nil},
		"docker's":              {tree{dockerCerts + "reg/ca.crt": a}, []string{"Corp Root"}, nil},
		"first wins, no merge":  {tree{etcCerts + "reg/ca.crt": a, dockerCerts + "reg/ca.crt": b}, []string{"Corp Root"}, []string{"shadowed-directory " + dockerCerts + "reg"}},
		"empty one wins":        {tree{userCerts + "reg/": "", etcCerts + "reg/ca.crt": a}, nil, []string{"shadowed-directory " + etcCerts + "reg"}},
		"hosts.toml is nothing": {tree{dockerCerts + "reg/ca.crt": a, dockerCerts + "reg/hosts.toml": "server = 'https://x'"}, []string{"Corp Root"}, nil},
		"containerd's spelling": {tree{etcCerts + "reg_443_/ca.crt": a}, nil, []string{"wrong-directory " + etcCerts + "reg_443_"}},
		"with port":             {tree{userCerts + "reg:443/ca.crt": a}, nil, []string{"wrong-directory " + userCerts + "reg:443"}},
		"XDG is not honoured":   {tree{"/home/alice/xdg/containers/certs.d/reg/ca.crt": a}, nil, nil},
	} {
		w := asUser(tt.files.under(t))
		w.Env = func(name string) string { return map[string]string{"XDG_CONFIG_HOME": "/home/alice/xdg"}[name] }
		got := podmanPolicy(t, w, "reg")
		same(t, name+": anchors", subjects(got.Anchors), tt.anchors)
		same(t, name+": notes", notesOf(got), tt.notes)
		if got.ConfigError != "" || got.Unknown != "" {
			t.Errorf("%s: error %q, unknown %q", name, got.ConfigError, got.Unknown)
		}
	}
}

func TestPodmanLooksInOrder(t *testing.T) {
	w := asUser(tree{etcCerts + "reg/": ""}.under(t))
	var got []string
	for _, l := range podmanPolicy(t, w, "reg").Looked[:2] {
		got = append(got, l.Path)
	}
	same(t, "looked", got, []string{userCerts + "reg", etcCerts + "reg"})
	if found, looked := lookedAt(podmanPolicy(t, w, "reg"), dockerCerts+"reg"); found || looked {
		t.Error("looked on after the first hit")
	}
}

func TestPodmanPassesOverRights(t *testing.T) {
	p := newPKI(t)
	w := asUser(tree{etcCerts + "reg/ca.crt": p.caPEM(), dockerCerts + "reg/ca.crt": string(p.other.PEM())}.under(t))
	got := podmanPolicy(t, w.WithFS(faked{FS: denyStat{w.FS, etcCerts}}), "reg")
	same(t, "anchors", subjects(got.Anchors), []string{"Other Root"})
}

// denyStat is a directory that may not be searched.
type denyStat struct {
	world.FS
	prefix string
}

func (d denyStat) Stat(path string) (world.Info, error) {
	if strings.HasPrefix(path, d.prefix) {
		return world.Info{}, (faked{deny: []string{d.prefix}}).err(path)
	}
	return d.FS.Stat(path)
}

func TestPodmanRegistriesConf(t *testing.T) {
	const conf = "/etc/containers/registries.conf"
	for name, tt := range map[string]struct {
		files   tree
		reg     string
		skip    string
		err     string
		unknown bool
		notes   []string
	}{
		"none":       {tree{}, "reg:5000", "", "", false, nil},
		"other":      {tree{conf: "[[registry]]\nlocation='other'\ninsecure=true"}, "reg:5000", "", "", false, nil},
		"insecure":   {tree{conf: "[[registry]]\nlocation='reg:5000'\ninsecure=true"}, "reg:5000", conf, "", false, []string{"insecure-registry " + conf}},
		"any port":   {tree{conf: "[[registry]]\nlocation='reg'\ninsecure=true"}, "reg:5000", conf, "", false, []string{"insecure-registry " + conf}},
		"longest":    {tree{conf: "[[registry]]\nlocation='reg'\ninsecure=true\n[[registry]]\nlocation='reg:5000'"}, "reg:5000", "", "", false, nil},
		"wildcard":   {tree{conf: "[[registry]]\nprefix='*.corp.example'\ninsecure=true"}, "a.b.corp.example:5000", conf, "", false, []string{"insecure-registry " + conf}},
		"not itself": {tree{conf: "[[registry]]\nprefix='*.corp.example'\ninsecure=true"}, "corp.example", "", "", false, nil},
		"namespace":  {tree{conf: "[[registry]]\nlocation='reg:5000/team'\ninsecure=true"}, "reg:5000", "", "", false, []string{"insecure-registry " + conf}},
		"blocked":    {tree{conf: "[[registry]]\nlocation='reg:5000'\nblocked=true"}, "reg:5000", "", "", true, nil},
		"moved":      {tree{conf: "[[registry]]\nprefix='reg:5000'\nlocation='other/team'"}, "reg:5000", "", "", true, nil},
		"drop-in":    {tree{conf: "[[registry]]\nlocation='reg:5000'", conf + ".d/1.conf": "[[registry]]\nlocation='reg:5000'\ninsecure=true"}, "reg:5000", conf + ".d/1.conf", "", false, []string{"insecure-registry " + conf + ".d/1.conf"}},
		"user's own replaces": {
			tree{conf: "[[registry]]\nlocation='reg:5000'\ninsecure=true", "/home/alice/.config/containers/registries.conf": ""},
			"reg:5000", "", "", false, nil,
		},
		"broken": {tree{conf: "[[registry"}, "reg:5000", "", "loading registries configuration", false, []string{"unreadable " + conf}},
	} {
		t.Run(name, func(t *testing.T) {
			got := podmanPolicy(t, asUser(tt.files.under(t)), tt.reg)
			if got.SkipVerify != tt.skip || (got.Unknown != "") != tt.unknown || !strings.HasPrefix(got.ConfigError, tt.err) || tt.err == "" && got.ConfigError != "" {
				t.Errorf("skip %q, error %q, unknown %q", got.SkipVerify, got.ConfigError, got.Unknown)
			}
			same(t, "notes", notesOf(got), tt.notes)
		})
	}
}

// Unlike Docker the containers tools load certs.d for an insecure registry, too.
func TestPodmanInsecureStillReads(t *testing.T) {
	p := newPKI(t)
	w := tree{
		"/etc/containers/registries.conf": "[[registry]]\nlocation='reg'\ninsecure=true",
		etcCerts + "reg/c.cert":           string(p.client.PEM()), etcCerts + "reg/c.key": string(p.client.KeyPEM()),
	}.under(t)
	got := podmanPolicy(t, asUser(w), "reg")
	if got.SkipVerify == "" || len(got.ClientPairs) != 1 {
		t.Errorf("skip %q, %d pairs", got.SkipVerify, len(got.ClientPairs))
	}
}

func TestPodmanMirror(t *testing.T) {
	p := newPKI(t)
	w := asUser(tree{
		"/etc/containers/registries.conf": "[[registry]]\nlocation='reg'\n[[registry.mirror]]\nlocation='mirror:5000/x'\ninsecure=true",
		etcCerts + "mirror:5000/ca.crt":   p.caPEM(),
	}.under(t))
	got := policyFor(t, podman{}, w, "pull/", Query{Registry: registry(t, "reg"), Role: trust.RoleMirror, Host: "mirror:5000"})
	if len(got.Anchors) != 1 || got.SkipVerify == "" {
		t.Errorf("anchors %v, skip %q", subjects(got.Anchors), got.SkipVerify)
	}
	if got := podmanPolicy(t, w, "reg"); got.SkipVerify != "" {
		t.Error("the mirror's switch is not the registry's")
	}
}

func TestPodmanConsumersAndPlaces(t *testing.T) {
	w := asUser(tree{"/usr/bin/skopeo": "", "/usr/bin/crio": "", "/home/alice/": ""}.under(t))
	all := podman{}.Consumers(context.Background(), w)
	if len(all) != 2 || !all[0].Installed || all[0].Instance != "user alice" || all[1].Instance != "cri-o" {
		t.Fatalf("consumers %+v", all)
	}
	place, ok := podman{}.Place(w, all[0], registry(t, "reg:5000"))
	if !ok || place.Dir != etcCerts+"reg:5000" || place.Alternative != userCerts+"reg:5000" || place.Exists {
		t.Errorf("place %+v", place)
	}
	place, _ = podman{}.Place(w, all[1], registry(t, "reg:5000"))
	if place.Alternative != "" {
		t.Error("CRI-O does not read alice's directory")
	}
	w = asUser(tree{dockerCerts + "reg:5000/ca.crt": "x"}.under(t))
	place, _ = podman{}.Place(w, all[0], registry(t, "reg:5000"))
	if place.Dir != dockerCerts+"reg:5000" || !place.Exists || place.Alternative != "" || !slices.Equal(place.Files, []string{"ca.crt"}) {
		t.Errorf("the directory that wins: %+v", place)
	}
	if c := (podman{}).Consumers(context.Background(), w)[0]; c.Installed {
		t.Error("not installed")
	}
	mac := world.World{OS: "darwin", FS: world.Disk{Root: t.TempDir()}, User: world.User{Home: "/Users/a"}}
	if p := podmanPolicy(t, mac, "reg"); p.Unknown == "" {
		t.Error("podman's files are inside its machine there")
	}
}

func TestPodmanTLS(t *testing.T) {
	w := asUser(tree{"/usr/bin/podman": ""}.under(t))
	for version, want := range map[string]struct {
		aead bool
		tls  uint16
	}{
		"": {true, 0}, "6.0.0": {true, 0}, "5.7.0": {true, 0}, "5.6.2": {false, 0}, "4.6.0": {false, 0},
		"4.5.1": {false, tls.VersionTLS10}, "4.3.1+ds1": {false, tls.VersionTLS10},
		"1.9.3": {true, 0}, // Skopeo's
	} {
		c := trust.Consumer{Party: trust.Podman, Instance: "user alice", Version: version}
		got := podman{}.Policy(w, c, Query{Registry: registry(t, "reg"), Role: trust.RoleRegistry})
		if got.AEADOnly != want.aead || got.MinTLS != want.tls {
			t.Errorf("%s: AEAD only %v, TLS %x", version, got.AEADOnly, got.MinTLS)
		}
	}
}
