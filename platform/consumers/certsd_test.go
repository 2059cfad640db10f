package consumers

import (
	"strconv"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
)

const regDir = "/etc/docker/certs.d/reg.example:5000"

func TestFlatDir(t *testing.T) {
	p := newPKI(t)
	ca, cert, key := p.caPEM(), string(p.client.PEM()), string(p.client.KeyPEM())
	encryptedKey := "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
	missingKey := "missing key ca.key for client certificate ca.cert. CA certificates must use the extension .crt"
	type want struct {
		anchors []string
		pairs   int
		notes   []string
		err     string // of docker
		podman  string // of podman, if another
		lenient bool   // podman passes it over
	}
	for name, tt := range map[string]struct {
		files tree
		want  want
	}{
		"nothing":           {tree{}, want{}},
		"empty directory":   {tree{"/": ""}, want{}},
		"one CA":            {tree{"ca.crt": ca}, want{anchors: []string{"Corp Root"}}},
		"any name":          {tree{"x y.crt": ca}, want{anchors: []string{"Corp Root"}}},
		"two CAs, one file": {tree{"ca.crt": ca + string(p.other.PEM())}, want{anchors: []string{"Corp Root", "Other Root"}}},
		"two files":         {tree{"a.crt": ca, "b.crt": string(p.other.PEM())}, want{anchors: []string{"Corp Root", "Other Root"}}},
		"CRLF and text":     {tree{"ca.crt": "subject=x\r\n" + strings.ReplaceAll(ca, "\n", "\r\n")}, want{anchors: []string{"Corp Root"}}},
		"DER":               {tree{"ca.crt": string(p.ca.Cert.Raw)}, want{notes: []string{"not-pem ca.crt"}}},
		"byte order mark":   {tree{"ca.crt": "\xef\xbb\xbf" + ca}, want{notes: []string{"byte-order-mark ca.crt"}}},
		"empty file":        {tree{"ca.crt": ""}, want{notes: []string{"empty-file ca.crt"}}},
		"web page":          {tree{"ca.crt": "<html></html>"}, want{notes: []string{"not-pem ca.crt"}}},
		"PEM headers": {
			tree{"ca.crt": strings.Replace(ca, "-----\n", "-----\nName: x\n\n", 1)},
			want{notes: []string{"pem-headers ca.crt"}},
		},
		"TRUSTED":       {tree{"ca.crt": strings.ReplaceAll(ca, "CERTIFICATE", "TRUSTED CERTIFICATE")}, want{notes: []string{"not-pem ca.crt"}}},
		"key beside CA": {tree{"ca.crt": ca + string(p.ca.KeyPEM())}, want{anchors: []string{"Corp Root"}, notes: []string{"private-key-in-ca ca.crt"}}},
		"extensions nobody reads": {
			tree{"ca.pem": ca, "ca.cer": ca, "CA.CRT": ca, "ca": ca, "der.ca": string(p.ca.Cert.Raw), "readme.txt": "hello"},
			want{notes: []string{"wrong-extension CA.CRT", "wrong-extension ca", "wrong-extension ca.cer", "wrong-extension ca.pem", "wrong-extension der.ca"}},
		},
		"directory for file": {
			tree{"ca.crt/": ""},
			want{notes: []string{"not-a-file ca.crt"}, err: "read " + regDir + "/ca.crt: is a directory"},
		},
		"dangling link": {
			tree{"ca.crt": "->/nowhere"},
			want{notes: []string{"dangling-link ca.crt"}, err: "open " + regDir + "/ca.crt: no such file or directory", lenient: true},
		},
		"pair":                 {tree{"client.cert": cert, "client.key": key}, want{pairs: 1}},
		"CA as .cert":          {tree{"ca.cert": ca}, want{notes: []string{"cert-without-key ca.cert"}, err: missingKey, podman: strings.Replace(missingKey, "CA certificates must", "Note that CA certificates should", 1)}},
		"key alone":            {tree{"c.key": key}, want{notes: []string{"key-without-cert c.key"}, err: "missing client certificate c.cert for key c.key"}},
		"pair named .crt":      {tree{"c.crt": cert, "c.key": key}, want{anchors: []string{"me"}, notes: []string{"key-without-cert c.key"}, err: "missing client certificate c.cert for key c.key"}},
		"halves of two pairs":  {tree{"c.cert": string(p.stranger.PEM()), "c.key": key}, want{notes: []string{"key-mismatch c.key"}, err: "tls: private key does not match public key"}},
		"key behind password":  {tree{"c.cert": cert, "c.key": encryptedKey}, want{notes: []string{"key-encrypted c.key"}, err: "tls: failed to parse private key"}},
		"first mistake counts": {tree{"a.crt": ca, "b.cert": cert, "c.key": key}, want{anchors: []string{"Corp Root"}, notes: []string{"cert-without-key b.cert", "key-without-cert c.key"}, err: "missing key b.key for client certificate b.cert. CA certificates must use the extension .crt", podman: "missing key b.key for client certificate b.cert. Note that CA certificates should use the extension .crt"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := inDir(tt.files, regDir).under(t)
			for i, s := range tt.want.notes {
				code, file, _ := strings.Cut(s, " ")
				tt.want.notes[i] = code + " " + regDir + "/" + file
			}
			check := func(tool string, rules flatRules, wantErr string) {
				var pol trust.Policy
				r := reading{w: w, policy: &pol, own: true}
				r.flatDir(regDir, rules)
				same(t, tool+" anchors", subjects(pol.Anchors), tt.want.anchors)
				same(t, tool+" notes", notesOf(pol), tt.want.notes)
				if len(pol.ClientPairs) != tt.want.pairs {
					t.Errorf("%s: %d pairs, want %d", tool, len(pol.ClientPairs), tt.want.pairs)
				}
				if !strings.HasPrefix(pol.ConfigError, wantErr) || wantErr == "" && pol.ConfigError != "" {
					t.Errorf("%s: error %q, want %q", tool, pol.ConfigError, wantErr)
				}
				if wantErr != "" && (pol.ConfigCode == "" || !strings.HasPrefix(pol.ConfigPath, regDir)) {
					t.Errorf("%s: code %q of path %q", tool, pol.ConfigCode, pol.ConfigPath)
				}
			}
			podmanErr := tt.want.err
			if tt.want.podman != "" {
				podmanErr = tt.want.podman
			}
			if tt.want.lenient {
				podmanErr = ""
			}
			check("docker", classicRules, tt.want.err)
			check("podman", containersRules, podmanErr)
		})
	}
}

// inDir moves a tree's paths into dir.
func inDir(files tree, dir string) tree {
	out := tree{}
	for name, content := range files {
		out[strings.TrimSuffix(dir, "/")+"/"+strings.TrimPrefix(name, "/")] = content
	}
	return out
}

func TestFlatDirLooks(t *testing.T) {
	p := newPKI(t)
	w := tree{regDir + "/ca.crt": p.caPEM(), regDir + "/c.cert": string(p.client.PEM()), regDir + "/c.key": string(p.client.KeyPEM())}.under(t)
	var pol trust.Policy
	r := reading{w: w, policy: &pol, own: true}
	if !r.flatDir(regDir, classicRules) {
		t.Fatal("directory not found")
	}
	var got []string
	for _, l := range pol.Looked {
		got = append(got, l.Path)
	}
	same(t, "looked", got, []string{regDir, regDir + "/c.cert", regDir + "/c.key", regDir + "/ca.crt"})
	if got := pol.Anchors[0].Source.File(); got != regDir+"/ca.crt" {
		t.Errorf("provenance %q", got)
	}
}

// What we may not read says nothing of a daemon that is root, and everything of
// a tool with our own rights.
func TestRights(t *testing.T) {
	p := newPKI(t)
	w := tree{regDir + "/ca.crt": p.caPEM(), regDir + "/c.cert": string(p.client.PEM()), regDir + "/c.key": string(p.client.KeyPEM())}.under(t)
	read := func(deny string, own bool, rules flatRules) trust.Policy {
		var pol trust.Policy
		r := reading{w: w.WithFS(faked{FS: w.FS, deny: []string{deny}}), policy: &pol, own: own}
		r.flatDir(regDir, rules)
		return pol
	}
	if got := read(regDir+"/ca.crt", false, classicRules); got.Unknown == "" || got.ConfigError != "" {
		t.Errorf("root's CA file: unknown %q, error %q", got.Unknown, got.ConfigError)
	}
	if got := read(regDir+"/ca.crt", true, containersRules); got.Unknown != "" || !strings.Contains(got.ConfigError, "permission denied") || got.ConfigCode != trust.Unreadable {
		t.Errorf("own CA file: unknown %q, error %q %s", got.Unknown, got.ConfigError, got.ConfigCode)
	}
	if got := read(regDir+"/c.key", false, classicRules); got.Unknown != "" || got.ConfigError != "" || len(got.ClientPairs) != 1 {
		t.Errorf("root's key: unknown %q, error %q, %d pairs", got.Unknown, got.ConfigError, len(got.ClientPairs))
	}
	if got := read(regDir+"/c.key", true, containersRules); got.ConfigCode != trust.KeyPermissions {
		t.Errorf("own key: %s %q", got.ConfigCode, got.ConfigError)
	}
	if got := read(regDir, true, containersRules); got.ConfigError != "" || len(got.Notes) != 1 {
		t.Errorf("podman passes over a directory it may not list, and we say so: %q, %v", got.ConfigError, got.Notes)
	}
	if got := read(regDir, false, classicRules); got.Unknown == "" {
		t.Error("root's directory is not known to be empty")
	}
}

// A link in certs.d may lead anywhere, and a mirror's name come from anywhere.
func TestHostileDirectories(t *testing.T) {
	p := newPKI(t)
	files := tree{"/etc/docker/certs.d/reg": "->/srv/many", "/etc/docker/certs.d/big/dump": p.caPEM() + strings.Repeat("x", maxStray)}
	for i := range maxHostFiles + 1 {
		files["/srv/many/"+strconv.Itoa(i)+".crt"] = ""
	}
	w := files.under(t)
	for name, k := range map[string]Reader{
		"pull/classic":    docker{dockersOf(answered("28.2.2", false))},
		"pull/containerd": docker{dockersOf(answered("29.5.1", true))},
		"pull/buildkit":   docker{dockersOf(answered("27.5.1", true))},
		"pull/":           podman{},
	} {
		if got := policyFor(t, k, w, name, Query{Registry: registry(t, "reg")}); got.Unknown == "" {
			t.Errorf("%s: %d notes of a directory with %d files", name, len(got.Notes), maxHostFiles+1)
		}
		if got := policyFor(t, k, w, name, Query{Registry: registry(t, "big")}); len(got.Notes) != 0 {
			t.Errorf("%s looked into a large file: %v", name, got.Notes)
		}
		if name == "pull/containerd" {
			continue // makes no directory's name of a mirror
		}
		for _, host := range []string{"../../etc", "..", `a\b`, "", "a\x00"} {
			got := policyFor(t, k, w, name, Query{Registry: registry(t, "reg2"), Role: trust.RoleMirror, Host: host})
			if got.Unknown == "" || len(got.Looked) != 0 {
				t.Errorf("%s: mirror %q looked at %v", name, host, got.Looked)
			}
		}
	}
}
