package trust_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"mooring.dev/mooring/trust"
)

const aDigest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParseRegistry(t *testing.T) {
	tests := []struct {
		in, want string
		warnings string // codes, separated by spaces
	}{
		{"reg.example", "reg.example", ""},
		{"  reg.example:5000\n", "reg.example:5000", ""},
		{`"reg.example"`, "reg.example", ""},
		{"reg:5000/team/app:tag" + aDigest, "reg:5000", ""},
		{"reg.example/team/app" + aDigest, "reg.example", ""},
		{"https://reg.example/v2/", "reg.example", ""},
		{"HTTPS://reg.example:443/v2/?n=1#x", "reg.example:443", ""},
		{"https://reg/v2/", "reg", "bare-word"},
		{"http://10.0.0.1:5000/", "10.0.0.1:5000", "http"},
		{"docker://reg.example/a/b:c", "reg.example", ""},
		{"oci://reg.example/charts", "reg.example", ""},
		{"localhost", "localhost", ""},
		{"localhost/x", "localhost", ""},
		{"localhost:5000/x", "localhost:5000", ""},
		{"127.0.0.1:5000", "127.0.0.1:5000", ""},
		{"[::1]", "[::1]", ""},
		{"[::1]:5000", "[::1]:5000", ""},
		{"https://[2001:DB8::1]:5000/v2/", "[2001:DB8::1]:5000", ""},
		{"Reg.Example:5000", "Reg.Example:5000", "upper-case"},
		{"MyTeam/app", "MyTeam", "bare-word upper-case"}, // Docker takes it for a host
		{"myreg", "myreg", "bare-word"},
		{"myreg:5000", "myreg:5000", ""},
		// Docker Hub and its other names.
		{"docker.io", "docker.io", ""},
		{"docker.io/library/ubuntu:24.04", "docker.io", ""},
		{"https://index.docker.io/v1/", "docker.io", "hub-alias"},
		{"registry-1.docker.io", "docker.io", "hub-alias"},
		{"registry.hub.docker.com/library/ubuntu", "docker.io", "hub-alias"},
		{"https://hub.docker.com/_/ubuntu", "docker.io", "hub-alias"},
		{"Docker.IO:443", "docker.io", "hub-alias"},
		{"docker.io:5000", "docker.io:5000", ""},
		{"library/ubuntu", "docker.io", "hub-image"},
		{"team/app:1.0", "docker.io", "hub-image"},
		{"ubuntu:noble", "docker.io", "hub-image"},
		{"ubuntu" + aDigest, "docker.io", "hub-image"},
		// Commands.
		{"docker pull reg:5000/x", "reg:5000", ""},
		{"$ sudo docker pull -q reg:5000/x", "reg:5000", ""},
		{"docker pull --platform linux/amd64 reg:5000/x", "reg:5000", ""},
		{"docker login -u alice reg.example", "reg.example", ""},
		{"docker login reg.example -u alice", "reg.example", ""},
		{"docker login -u alice --password-stdin reg.example", "reg.example", ""},
		{"skopeo inspect docker://reg.example/a/b", "reg.example", ""},
		// Names beyond ASCII.
		{"münchen.example:5000", "xn--mnchen-3ya.example:5000", "punycode"},
		{"레지스트리.한국", "xn--om2b23a15p8shb5l.xn--3e0b707e", "punycode"},
		{"реестр.рф", "xn--e1aa5aceg.xn--p1ai", "punycode"},
		{"東京tower.example", "xn--tower-w91hq39l.example", "punycode"},
		{"аррӏе.com", "xn--80ak6aa92e.com", "punycode confusable"},
		{"xn--80ak6aa92e.com", "xn--80ak6aa92e.com", "punycode confusable"},
		{"pаypal.com", "xn--pypal-4ve.com", "punycode mixed-script confusable"},
		{"regжstry.example", "xn--regstry-ihg.example", "punycode mixed-script"},
		{"gıthub.com", "xn--gthub-n4a.com", "punycode confusable"},
		{"reg。example", "reg.example", ""},
	}
	for _, tt := range tests {
		got, warnings, err := trust.ParseRegistry(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if got.String() != tt.want {
			t.Errorf("%q is read as %q, want %q", tt.in, got, tt.want)
		}
		var codes []string
		for _, w := range warnings {
			codes = append(codes, string(w.Code))
			if w.Args["Registry"] != tt.want || w.Args["Input"] == "" {
				t.Errorf("%q: warning %s has args %v", tt.in, w.Code, w.Args)
			}
		}
		if strings.Join(codes, " ") != tt.warnings {
			t.Errorf("%q warns of %q, want %q", tt.in, codes, tt.warnings)
		}
	}
}

func TestParseRegistryRefuses(t *testing.T) {
	label64 := strings.Repeat("a", 64)
	tests := map[string]trust.NameCode{
		"":                                   trust.NameEmpty,
		" \n\t":                              trust.NameEmpty,
		`""`:                                 trust.NameEmpty,
		"https://":                           trust.NameEmpty,
		"https:///v2/":                       trust.NameEmpty,
		"docker pull":                        trust.NameEmpty,
		"docker pull -q":                     trust.NameEmpty,
		"reg example":                        trust.NameSpaces,
		"reg.example other.example":          trust.NameSpaces,
		"reg\nexample":                       trust.NameSpaces,
		"reg\x00.example":                    trust.NameControl,
		"reg\x1b[31m.example":                trust.NameControl,
		"reg\u202egro.example":               trust.NameControl,
		"reg\u200b.example":                  trust.NameControl,
		"reg\xff.example":                    trust.NameControl,
		"../../etc":                          trust.NameDots,
		"..":                                 trust.NameDots,
		".":                                  trust.NameDots,
		"reg..example":                       trust.NameDots,
		"reg.example.":                       trust.NameDots,
		".reg.example":                       trust.NameDots,
		"reg.example/../../etc":              trust.NameDots,
		"https://reg.example/../etc":         trust.NameDots,
		"/etc/docker":                        trust.NamePath,
		"//reg.example/x":                    trust.NamePath,
		"~/certs":                            trust.NamePath,
		`C:\certs\ca.crt`:                    trust.NamePath,
		`reg.example\..\x`:                   trust.NamePath,
		"ftp://reg.example":                  trust.NameScheme,
		"file:///etc/passwd":                 trust.NameScheme,
		"https://alice:secret@reg.example/":  trust.NameUserInfo,
		"alice:secret@reg.example:5000/x":    trust.NameUserInfo,
		"alice@reg.example":                  trust.NameUserInfo,
		"reg.example:":                       trust.NamePort,
		"reg.example:0":                      trust.NamePort,
		"reg.example:65536":                  trust.NamePort,
		"reg.example:+80":                    trust.NamePort,
		"reg.example:0443":                   trust.NamePort,
		"reg.example:v1":                     trust.NamePort,
		"reg:5000:v1":                        trust.NamePort,
		"[::1]5000":                          trust.NamePort,
		"[::1]:99999":                        trust.NamePort,
		"::1":                                trust.NameBrackets,
		"2001:db8::1:5000":                   trust.NameBrackets,
		"[::1":                               trust.NameIP,
		"[]:5000":                            trust.NameIP,
		"[::1%eth0]:5000":                    trust.NameIP,
		"[127.0.0.1]":                        trust.NameIP,
		"[::ffff:10.0.0.1]":                  trust.NameIP,
		"256.1.1.1":                          trust.NameIP,
		"10.0.0.1.2":                         trust.NameIP,
		"reg.12":                             trust.NameIP,
		"reg_example:5000":                   trust.NameCharacter,
		"reg%2fexample":                      trust.NameCharacter,
		"*.example":                          trust.NameCharacter,
		"reg,example":                        trust.NameCharacter,
		"-reg.example":                       trust.NameHyphen,
		"reg-.example":                       trust.NameHyphen,
		label64 + ".example":                 trust.NameTooLong,
		strings.Repeat("abc.", 64) + "abc":   trust.NameTooLong,
		strings.Repeat("a", 1<<20):           trust.NameTooLong,
		"xn--zzzzzzzz-.example":              trust.NameIDN,
		"reg／x.example":                      trust.NameIDN,
		strings.TrimPrefix(aDigest, "@"):     trust.NameNotHost,
		"curl -u me:pw https://reg.example/": trust.NameSpaces,
	}
	for in, want := range tests {
		r, _, err := trust.ParseRegistry(in)
		var ne trust.NameError
		if !errors.As(err, &ne) {
			t.Errorf("%.40q is read as %q with error %v", in, r, err)
			continue
		}
		if ne.Code != want {
			t.Errorf("%.40q: code %s, want %s", in, ne.Code, want)
		}
		if !r.IsZero() {
			t.Errorf("%.40q: refused, and yet %q", in, r)
		}
		checkSentence(t, ne.Error())
	}
}

// checkSentence fails when an error's words could harm a terminal or give away
// the password that every test here spells "secret" or "me:pw".
func checkSentence(t *testing.T, s string) {
	t.Helper()
	if s == "" || len(s) > 400 || strings.Contains(s, "secret") || strings.Contains(s, "me:pw") {
		t.Errorf("bad sentence %q", s)
	}
	for _, c := range s {
		if !unicode.IsPrint(c) {
			t.Errorf("sentence %q holds %U", s, c)
		}
	}
}

func TestRegistryParts(t *testing.T) {
	tests := []struct{ in, host, port, address, serverName string }{
		{"reg.example", "reg.example", "", "reg.example:443", "reg.example"},
		{"reg.example:5000", "reg.example", "5000", "reg.example:5000", "reg.example"},
		{"[::1]:5000", "::1", "5000", "[::1]:5000", "::1"},
		{"[::1]", "::1", "", "[::1]:443", "::1"},
		{"docker.io", "docker.io", "", "registry-1.docker.io:443", "registry-1.docker.io"},
	}
	for _, tt := range tests {
		r, _, err := trust.ParseRegistry(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if r.Host() != tt.host || r.Port() != tt.port || r.Address() != tt.address || r.ServerName() != tt.serverName {
			t.Errorf("%s: %q %q %q %q", tt.in, r.Host(), r.Port(), r.Address(), r.ServerName())
		}
		if r.IsHub() != (tt.in == "docker.io") {
			t.Errorf("%s: IsHub is %v", tt.in, r.IsHub())
		}
	}
}

func TestRegistryIdentity(t *testing.T) {
	parse := func(s string) trust.Registry {
		r, _, err := trust.ParseRegistry(s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if parse("reg.example") == parse("reg.example:443") {
		t.Error("reg.example and reg.example:443 have directories of their own")
	}
	upper, lower := parse("Reg.Example:5000"), parse("reg.example:5000")
	if upper == lower || upper.Folded() != lower || upper.Compare(lower) == 0 {
		t.Error("case is kept, and folded only when asked")
	}
}

func TestRegistryText(t *testing.T) {
	in := map[trust.Registry]int{}
	r, _, _ := trust.ParseRegistry("[::1]:5000")
	in[r] = 1
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out map[trust.Registry]int
	if err := json.Unmarshal(b, &out); err != nil || out[r] != 1 {
		t.Errorf("%s comes back as %v, %v", b, out, err)
	}
	for _, bad := range []string{`"https://reg"`, `"../../etc"`, `" reg"`, `"reg/x"`, `"[::1"`} {
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("%s is taken for what a program wrote", bad)
		}
	}
}

// The faces translate by code: every code needs its words in every language, and
// the English ones are those of Error.
func TestNameWords(t *testing.T) {
	for _, lang := range []string{"en", "ko", "ru"} {
		b, err := os.ReadFile(filepath.Join("..", "assets", "translations", "names."+lang+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]string
		if err := json.Unmarshal(b, &words); err != nil {
			t.Fatalf("%s: %v", lang, err)
		}
		for _, code := range trust.NameCodes() {
			text := words["name."+string(code)]
			if text == "" {
				t.Errorf("%s: no words for name.%s", lang, code)
			}
			english := trust.NameError{Code: code, Input: "{{.Input}}"}.Error()
			if lang == "en" && english != "" && text != english {
				t.Errorf("name.%s: %q, but Error says %q", code, text, english)
			}
			delete(words, "name."+string(code))
		}
		for key := range words {
			t.Errorf("%s: words for %s, which no code has", lang, key)
		}
	}
}

func FuzzParseRegistry(f *testing.F) {
	for _, s := range []string{
		"reg:5000/a:b" + aDigest, "https://reg.example/v2/", "[::1]:5000", "../../etc", "ubuntu",
		"docker pull -q reg/x", "аррӏе.com", "u:p@h/x", "xn--80ak6aa92e.com", "Reg.Example", "h\\x", "reg。example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, warnings, err := trust.ParseRegistry(s)
		if err != nil {
			var ne trust.NameError
			if !errors.As(err, &ne) || ne.Error() == "" {
				t.Fatalf("%q: untyped error %v", s, err)
			}
			for _, c := range ne.Error() {
				if !unicode.IsPrint(c) {
					t.Fatalf("%q: sentence %q holds %U", s, ne.Error(), c)
				}
			}
			return
		}
		name := r.String()
		if strings.ContainsAny(name, "/\\\x00 %@*?\"'<>|_") || strings.Contains(name, "..") ||
			name == "." || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || len(name) > 253+6+2 || name == "" {
			t.Fatalf("%q gives %q, which is no name for a directory", s, name)
		}
		for _, c := range name {
			if c <= ' ' || c > '~' {
				t.Fatalf("%q gives %q with %U", s, name, c)
			}
		}
		again, _, err := trust.ParseRegistry(name)
		if err != nil || again != r {
			t.Fatalf("%q gives %q, which is read again as %q (%v)", s, r, again, err)
		}
		var text trust.Registry
		if b, _ := r.MarshalText(); text.UnmarshalText(b) != nil || text != r {
			t.Fatalf("%q does not survive as text", r)
		}
		for _, w := range warnings {
			if w.Code == "" || w.Args["Registry"] != name {
				t.Fatalf("%q: warning %v", s, w)
			}
		}
	})
}
