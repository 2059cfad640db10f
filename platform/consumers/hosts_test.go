package consumers

import (
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestHostCandidates(t *testing.T) {
	for host, want := range map[string][]string{
		"reg.example":      {"reg.example", "_default"},
		"reg.example:5000": {"reg.example_5000_", "reg.example:5000", "_default"},
		"reg.example:443":  {"reg.example_443_", "reg.example:443", "_default"},
		"[::1]:5000":       {"[::1]_5000_", "[::1]:5000", "_default"},
		"[::1]":            {"[:_1]_", "[::1]", "_default"}, // split at the last colon, brackets or not
	} {
		for i := range want {
			want[i] = "/r/" + strings.TrimPrefix(want[i], "/r/")
		}
		same(t, host, hostCandidates(world.World{OS: "linux"}, "/r", host), want)
	}
	got := hostCandidates(world.World{OS: "windows"}, `C:\r`, "reg.example:5000")
	same(t, "windows", got, []string{`C:\r\reg.example_5000_`, `C:\r\reg.example5000`, `C:\r\_default`})
	got = hostCandidates(world.World{OS: "windows"}, `C:\r`, "[::1]:5000")
	same(t, "windows", got, []string{`C:\r\[1]_5000_`, `C:\r\[1]5000`, `C:\r\_default`})
}

func TestNerdctlCandidates(t *testing.T) {
	w := tree{"/b/": ""}.under(t)
	l := hostsLoader{roots: []string{"/missing", "/b"}, nerdctl: true}
	same(t, "no port", l.candidates(w, "reg.example"),
		[]string{"/b/reg.example_443_", "/b/reg.example:443", "/b/_default", "/b/reg.example", "/b/_default"})
	same(t, "standard port", l.candidates(w, "reg.example:443"),
		[]string{"/b/reg.example_443_", "/b/reg.example:443", "/b/_default", "/b/reg.example", "/b/_default"})
	same(t, "other port", l.candidates(w, "reg.example:5000"),
		[]string{"/b/reg.example_5000_", "/b/reg.example:5000", "/b/_default"})
}

// hostsPolicyOf judges reg by containerd's loader over files under /r.
func hostsPolicyOf(t *testing.T, files tree, reg string, q Query) trust.Policy {
	t.Helper()
	var p trust.Policy
	r := reading{w: inDir(files, "/r").under(t), policy: &p, own: true}
	q.Registry = registry(t, reg)
	if q.Role == "" {
		q.Role = trust.RoleRegistry
	}
	r.hosts(hostsLoader{roots: []string{"/r"}}, dockerName(q.Registry), q)
	return p
}

func TestHostsDirectories(t *testing.T) {
	p := newPKI(t)
	ca, other := p.caPEM(), string(p.other.PEM())
	for name, tt := range map[string]struct {
		reg     string
		files   tree
		anchors []string
		notes   []string
		err     string
	}{
		"none":                   {"reg:5000", tree{}, nil, nil, ""},
		"literal":                {"reg:5000", tree{"reg:5000/ca.crt": ca}, []string{"Corp Root"}, nil, ""},
		"underscores win":        {"reg:5000", tree{"reg:5000/ca.crt": ca, "reg_5000_/ca.crt": other}, []string{"Other Root"}, []string{"shadowed-directory /r/reg:5000"}, ""},
		"empty underscores win":  {"reg:5000", tree{"reg:5000/ca.crt": ca, "reg_5000_/": ""}, nil, []string{"shadowed-directory /r/reg:5000"}, ""},
		"default last":           {"reg:5000", tree{"_default/ca.crt": ca}, []string{"Corp Root"}, nil, ""},
		"default hidden":         {"reg:5000", tree{"_default/ca.crt": ca, "reg:5000/": ""}, nil, nil, ""},
		"no port, other port":    {"reg", tree{"reg:443/ca.crt": ca}, nil, nil, ""},
		"empty hosts.toml":       {"reg", tree{"reg/hosts.toml": "", "reg/ca.crt": ca}, []string{"Corp Root"}, nil, ""},
		"hosts.toml wins":        {"reg", tree{"reg/hosts.toml": `server = "https://reg"`, "reg/ca.crt": ca}, nil, []string{"hosts-toml-wins /r/reg/hosts.toml"}, ""},
		"hosts.toml names it":    {"reg", tree{"reg/hosts.toml": `ca = "ca.crt"`, "reg/ca.crt": ca}, []string{"Corp Root"}, nil, ""},
		"hosts.toml invalid":     {"reg", tree{"reg/hosts.toml": `ca = `, "reg/ca.crt": ca}, []string{"Corp Root"}, []string{"hosts-toml-invalid /r/reg/hosts.toml"}, ""},
		"hosts.toml wrong type":  {"reg", tree{"reg/hosts.toml": `ca = 3`, "reg/ca.crt": ca}, []string{"Corp Root"}, []string{"hosts-toml-invalid /r/reg/hosts.toml"}, ""},
		"hosts.toml directory":   {"reg", tree{"reg/hosts.toml/": "", "reg/ca.crt": ca}, nil, []string{"not-a-file /r/reg/hosts.toml"}, "read /r/reg/hosts.toml: is a directory"},
		"DER":                    {"reg", tree{"reg/ca.crt": string(p.ca.Cert.Raw)}, nil, []string{"not-pem /r/reg/ca.crt"}, `unable to load CA cert "/r/reg/ca.crt"`},
		"dangling":               {"reg", tree{"reg/ca.crt": "->/nowhere"}, nil, []string{"dangling-link /r/reg/ca.crt"}, `unable to read CA cert "/r/reg/ca.crt": open /r/reg/ca.crt: no such file or directory`},
		"directory named .crt":   {"reg", tree{"reg/x.crt/": "", "reg/ca.crt": ca}, []string{"Corp Root"}, nil, ""},
		"named file missing":     {"reg", tree{"reg/hosts.toml": `ca = "x.crt"`}, nil, []string{"unreadable /r/reg/x.crt"}, `unable to read CA cert "/r/reg/x.crt"`},
		"key without cert":       {"reg", tree{"reg/c.key": string(p.client.KeyPEM()), "reg/ca.crt": ca}, []string{"Corp Root"}, []string{"key-without-cert /r/reg/c.key"}, ""},
		"cert without key":       {"reg", tree{"reg/c.cert": string(p.client.PEM())}, nil, []string{"cert-without-key /r/reg/c.cert"}, "failed to load X509 key pair: tls: found a certificate rather than a key"},
		"combined pair":          {"reg", tree{"reg/c.cert": string(p.client.PEM()) + string(p.client.KeyPEM()), "reg/ca.crt": ca}, []string{"Corp Root"}, []string{"key-permissions /r/reg/c.cert"}, ""},
		"wrong extension":        {"reg", tree{"reg/ca.pem": ca}, nil, []string{"wrong-extension /r/reg/ca.pem"}, ""},
		"docker.io is looked up": {"docker.io", tree{"docker.io/ca.crt": ca}, []string{"Corp Root"}, nil, ""},
		"file for a directory":   {"reg", tree{"reg": "x"}, nil, []string{"unreadable /r/reg/hosts.toml"}, "open /r/reg/hosts.toml: not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			got := hostsPolicyOf(t, tt.files, tt.reg, Query{})
			same(t, "anchors", subjects(got.Anchors), tt.anchors)
			same(t, "notes", notesOf(got), tt.notes)
			if !strings.HasPrefix(got.ConfigError, tt.err) || tt.err == "" && got.ConfigError != "" {
				t.Errorf("error %q, want %q", got.ConfigError, tt.err)
			}
			if got.Unknown != "" {
				t.Errorf("unknown: %s", got.Unknown)
			}
		})
	}
}

func TestHostsTOMLServers(t *testing.T) {
	p := newPKI(t)
	for name, tt := range map[string]struct {
		toml    string
		role    trust.Role
		host    string // of a mirror
		anchors []string
		skip    bool
		plain   bool
		only    bool
		unknown bool
	}{
		"top level is the registry's":     {toml: `ca = "a.pem"`, anchors: []string{"Corp Root"}},
		"top level is the server's":       {toml: "server = \"https://reg:5000\"\nca = \"a.pem\"", anchors: []string{"Corp Root"}},
		"server without scheme":           {toml: "server = \"reg:5000\"\nca = \"a.pem\"", anchors: []string{"Corp Root"}},
		"TLS of a mirror is not its":      {toml: "[host.\"https://mirror\"]\nca = \"a.pem\""},
		"the registry as a host":          {toml: "[host.\"https://reg:5000\"]\nca = \"a.pem\"", anchors: []string{"Corp Root"}},
		"host and server, either will do": {toml: "server = \"https://reg:5000\"\nca = \"b.pem\"\n[host.\"https://reg:5000\"]\nca = \"a.pem\"", anchors: []string{"Corp Root", "Other Root"}},
		"hosts for pushing do not count":  {toml: "[host.\"https://reg:5000\"]\ncapabilities = [\"push\"]\nca = \"a.pem\""},
		"list":                            {toml: `ca = ["a.pem", "b.pem"]`, anchors: []string{"Corp Root", "Other Root"}},
		"inline tables are not found":     {toml: `host = { "https://reg:5000" = { ca = "a.pem" } }`},
		"elsewhere":                       {toml: `server = "https://other:5000"`, unknown: true},
		"skip_verify":                     {toml: `skip_verify = true`, skip: true},
		"skip_verify = false":             {toml: "skip_verify = false\nca = \"a.pem\"", anchors: []string{"Corp Root"}},
		"http":                            {toml: `server = "http://reg:5000"`, skip: true, plain: true, only: true},
		"http, and https as a host":       {toml: "server = \"http://reg:5000\"\n[host.\"https://reg:5000\"]\nca = \"a.pem\"", anchors: []string{"Corp Root"}, skip: true, plain: true},
		"http with a CA tries TLS first":  {toml: "server = \"http://reg:5000\"\nca = \"a.pem\"", anchors: []string{"Corp Root"}, plain: true},
		"mirror":                          {toml: "[host.\"https://mirror\"]\nca = \"a.pem\"", role: trust.RoleMirror, host: "mirror:443", anchors: []string{"Corp Root"}},
		"insecure mirror":                 {toml: "[host.\"https://mirror\"]\nskip_verify = true", role: trust.RoleMirror, host: "mirror", skip: true},
		"token with the host's client":    {toml: `ca = "a.pem"`, role: trust.RoleToken, host: "auth.example", anchors: []string{"Corp Root"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := tree{"reg:5000/hosts.toml": tt.toml, "reg:5000/a.pem": p.caPEM(), "reg:5000/b.pem": string(p.other.PEM())}
			got := hostsPolicyOf(t, files, "reg:5000", Query{Role: tt.role, Host: tt.host})
			same(t, "anchors", subjects(got.Anchors), tt.anchors)
			if (got.SkipVerify != "") != tt.skip || got.PlainHTTP != tt.plain || got.PlainOnly != tt.only || (got.Unknown != "") != tt.unknown {
				t.Errorf("skip %q, plain %v, unknown %q", got.SkipVerify, got.PlainHTTP, got.Unknown)
			}
			if tt.skip && !slices.Contains(notesOf(got), "insecure-registry /r/reg:5000/hosts.toml") {
				t.Errorf("notes %v", notesOf(got))
			}
			if got.ConfigError != "" {
				t.Errorf("error %q", got.ConfigError)
			}
		})
	}
}

func TestHostsTOMLClientForms(t *testing.T) {
	p := newPKI(t)
	cert, key := string(p.client.PEM()), string(p.client.KeyPEM())
	files := tree{"reg/both.pem": cert + key, "reg/c.pem": cert, "reg/k.pem": key}
	for toml, want := range map[string]int{
		`client = "both.pem"`:                                             1,
		`client = ["both.pem", "both.pem"]`:                               2,
		`client = [["c.pem", "k.pem"]]`:                                   1,
		`client = [["c.pem", "k.pem"], "both.pem"]`:                       2,
		`client = [["c.pem", "k.pem"], ["/r/reg/c.pem", "/r/reg/k.pem"]]`: 2,
	} {
		files["reg/hosts.toml"] = toml
		if got := hostsPolicyOf(t, files, "reg", Query{}); len(got.ClientPairs) != want || got.ConfigError != "" {
			t.Errorf("%s: %d pairs, want %d (%s)", toml, len(got.ClientPairs), want, got.ConfigError)
		}
	}
	for _, toml := range []string{`client = [["c.pem"]]`, `client = 3`, `client = [3]`, `client = [["a", "b", "c"]]`, `ca = [3]`, `capabilities = ["eat"]`, `dial_timeout = "soon"`, "[header]\nx = 3", `skip_verify = "no"`, `server = "https://%zz"`} {
		files["reg/hosts.toml"] = toml
		got := hostsPolicyOf(t, files, "reg", Query{})
		if !slices.Contains(notesOf(got), "hosts-toml-invalid /r/reg/hosts.toml") {
			t.Errorf("%s is taken: %v", toml, notesOf(got))
		}
	}
}

// containerd does not verify localhost, whatever is configured for it, unless a
// server is named.
func TestLocalhostRule(t *testing.T) {
	p := newPKI(t)
	for reg, want := range map[string]struct{ skip, plain bool }{
		"localhost": {true, false}, "localhost:443": {true, false}, "localhost:5000": {true, true},
		"127.0.0.1:5000": {true, true}, "[::1]:5000": {true, true}, "127.8.8.8:5000": {true, true},
		"reg.example:5000": {false, false}, "10.0.0.1:5000": {false, false}, "localhost.example": {false, false},
	} {
		got := hostsPolicyOf(t, tree{reg + "/ca.crt": p.caPEM()}, reg, Query{})
		if (got.SkipVerify == ruleLocalhost) != want.skip || got.PlainHTTP != want.plain {
			t.Errorf("%s: skip %q, plain %v", reg, got.SkipVerify, got.PlainHTTP)
		}
		if want.skip && !slices.Contains(notesOf(got), "loopback-insecure ") {
			t.Errorf("%s: notes %v", reg, notesOf(got))
		}
	}
	got := hostsPolicyOf(t, tree{"localhost:80/": ""}, "localhost:80", Query{})
	if got.SkipVerify == "" || !got.PlainHTTP {
		t.Errorf("port 80 is HTTP: %+v", got)
	}
	named := tree{"localhost:5000/hosts.toml": "server = \"https://localhost:5000\"\nca = \"ca.crt\"", "localhost:5000/ca.crt": p.caPEM()}
	if got := hostsPolicyOf(t, named, "localhost:5000", Query{}); got.SkipVerify != "" || len(got.Anchors) != 1 {
		t.Errorf("a named server is verified: skip %q", got.SkipVerify)
	}
}

func TestHostsTOMLTooLarge(t *testing.T) {
	p := newPKI(t)
	got := hostsPolicyOf(t, tree{"reg/hosts.toml": strings.Repeat("# x\n", maxHostsTOML/4+1), "reg/ca.crt": p.caPEM()}, "reg", Query{})
	if got.Unknown == "" {
		t.Error("a hosts.toml that was not read decides nothing")
	}
}

func FuzzHostsTOML(f *testing.F) {
	for _, s := range []string{
		"", `ca = "ca.crt"`, "server = \"https://reg\"\n[host.\"https://m\"]\nca = [\"a\"]\nclient = [[\"a\", \"b\"]]\nskip_verify = true",
		"[host]", "[[host]]", "[host.\"\".x]", "host.a.b = 1", "[host.'https://[::1']\n", "\xef\xbb\xbfca = 1",
	} {
		f.Add([]byte(s))
	}
	w := world.World{OS: "linux"}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseHostsTOML(w, "/d", data, false)
		if err == nil && len(entries) == 0 {
			t.Fatal("no server at all")
		}
		for _, e := range entries {
			for _, ca := range e.cas {
				if !strings.HasPrefix(ca, "/") {
					t.Fatalf("relative path %q", ca)
				}
			}
			_ = e.address()
		}
	})
}
