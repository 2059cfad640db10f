package consumers

import (
	"net/netip"
	"testing"

	"mooring.dev/mooring/trust"
)

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
