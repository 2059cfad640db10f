package keychain

import (
	"fmt"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// One spelling only: Was and what is there are compared as text.
func TestSettingsHaveOneSpelling(t *testing.T) {
	for _, s := range []string{
		" ", "trust ", "trust  ssl", "Trust ssl", "trustRoot ssl", "trust SSL", "trust tls", "trust ssl basic", "trust ssl ssl", "trust ssl host=", "trust ssl host=b,a",
		"trust ssl host=a,a", "trust ssl host=A", "trust host=a", "trust ssl host=a host=b", "trust host=a ssl", "trust ssl host=a b", "trust ssl host=-k", "trust ssl host=a\x00", "trust ssl\n",
		"always ssl", "deny host=a", "other:", "other:" + strings.Repeat("A", 64), "other:" + strings.Repeat("0", 63), "trust ssl host=" + strings.Repeat("a", 254), "trust " + strings.Repeat("ssl ", 9000),
	} {
		if got, err := parseSettings(s); err == nil {
			t.Errorf("%.40q is read as %q", s, got)
		}
	}
}

func TestMembershipsHaveOneSpelling(t *testing.T) {
	for _, m := range []trust.Membership{{Settings: "always"}, {Settings: "elsewhere always"}, {Held: true, Settings: "elsewhere "}, {Held: true, Settings: "elsewhere"}} {
		if s, err := stateOf(m); err == nil {
			t.Errorf("%+v is read as %+v", m, s)
		}
	}
}

func TestJoin(t *testing.T) {
	many := make([]string, maxHosts+1)
	for i := range many {
		many[i] = fmt.Sprintf("h%03d.example", i)
	}
	long := make([]string, 40)
	for i := range long {
		long[i] = fmt.Sprintf("%s%03d.example", strings.Repeat("long.", 20), i)
	}
	other := otherPrefix + strings.Repeat("0", 64)
	for name, tt := range map[string]struct {
		was   string
		hosts []string
		want  string
		back  string // once want is taken away again
	}{
		"nothing yet":             {"", []string{"Reg.Example"}, "trust ssl host=reg.example", ""},
		"a token server besides":  {"", []string{"reg.example", "auth.example", "10.0.0.1", "fd00::1"}, "trust ssl host=10.0.0.1,auth.example,fd00::1,reg.example", ""},
		"for every host":          {"", nil, "trust ssl", ""},
		"one more host":           {"trust ssl host=a", []string{"b"}, "trust ssl host=a,b", "trust ssl host=a"},
		"the same host":           {"trust ssl host=a", []string{"a"}, "trust ssl host=a", ""},
		"wider than before":       {"trust ssl host=a", nil, "trust ssl", ""},
		"for every host already":  {"trust ssl", []string{"a"}, "trust ssl", ""},
		"always":                  {"always", []string{"a"}, "always", ""},
		"always, elsewhere":       {"elsewhere always", []string{"a"}, "elsewhere always", ""},
		"one host, elsewhere":     {"elsewhere trust ssl host=a", []string{"b"}, "trust ssl host=a,b", "trust ssl host=a"},
		"every policy":            {"trust", []string{"a"}, "trust", ""},
		"mkcert":                  {"trust basic ssl", []string{"a"}, "trust basic ssl", ""},
		"mail only":               {"trust smime", []string{"a"}, "trust smime ssl", ""},
		"mail for a host":         {"trust smime host=m", []string{"a"}, "trust smime ssl", ""},
		"denied":                  {"deny", []string{"a"}, "trust ssl host=a", ""},
		"unspecified":             {"unspecified ssl", []string{"a"}, "trust ssl host=a", ""},
		"what cannot be said":     {other, []string{"a"}, "trust ssl host=a", ""},
		"not of ours":             {"x", []string{"a"}, "trust ssl host=a", ""},
		"a name that is none":     {"", []string{"a", "b c"}, "trust ssl", ""},
		"more than one call says": {"", many, "trust ssl", ""},
		"longer than root takes":  {"", long, "trust ssl", ""},
	} {
		want := trust.Membership{Held: true, Settings: forHosts(tt.hosts).String()}
		got := join(trust.Membership{Held: tt.was != "", Settings: tt.was}, want)
		if got != (trust.Membership{Held: true, Settings: tt.want}) {
			t.Errorf("%s: %q", name, got.Settings)
		}
		if back := part(got, want); back.Settings != tt.back || back.Held != (tt.back != "") {
			t.Errorf("%s: back to %+v", name, back)
		}
	}
}

func TestAdmissible(t *testing.T) {
	other := otherPrefix + strings.Repeat("0", 64)
	for was, wants := range map[string]map[string]bool{
		"": {
			"": true, "trust ssl": true, "trust ssl host=reg.example": true, "trust ssl host=auth.example,reg.example": true,
			"always": false, "trust": false, "trust smime": false, "trust codeSign ssl": false, "deny": false, "deny ssl": false, "unspecified ssl": false,
			"trust ssl host=": false, "trust ssl host=a always": false, "trust ssl\n": false, "trust ssl host=b,a": false, "x": false, other: false, "elsewhere ": false, "elsewhere trust ssl": false, "elsewhere elsewhere trust ssl": false,
		},
		"trust smime":      {"trust smime ssl": true, "trust smime": true, "trust ssl": true, "trust codeSign smime ssl": false, "always": false},
		"trust ssl host=a": {"trust ssl host=a,b": true, "trust ssl": true, "trust smime ssl": false, "trust basic ssl": false},
		"always":           {"always": true, "": true, "trust ssl": true, "trust": false},
		"elsewhere always": {"elsewhere always": true, "always": false, "trust ssl": true},
		other:              {other: true, "": false, "trust ssl": false},
		"x":                {"x": false, "": false, "trust ssl": false},
	} {
		for want, ok := range wants {
			if got := Admissible(was, want); got != ok {
				t.Errorf("from %q to %q: %v", was, want, got)
			}
		}
	}
}

func TestRecords(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA").Cert
	rule := keychaintest.Rule
	with := func(r map[string]any, key string, value any) map[string]any { r[key] = value; return r }
	for name, tt := range map[string]struct {
		rules  []map[string]any
		others trust.Standing
		hosts  map[string]trust.Standing
	}{
		"no constraint":            {nil, trust.Trusts, nil},
		"TLS":                      {[]map[string]any{rule("ssl", "", 0)}, trust.Trusts, nil},
		"mail":                     {[]map[string]any{rule("smime", "", 0)}, trust.Silent, nil},
		"one host":                 {[]map[string]any{rule("ssl", "Reg.Example", 0)}, trust.Silent, map[string]trust.Standing{"reg.example": trust.Trusts}},
		"all but one":              {[]map[string]any{rule("ssl", "bad", 3), rule("ssl", "", 1)}, trust.Trusts, map[string]trust.Standing{"bad": trust.Denies}},
		"the first that matches":   {[]map[string]any{rule("ssl", "", 3), rule("ssl", "reg", 1)}, trust.Denies, nil},
		"denied":                   {[]map[string]any{rule("", "", 3)}, trust.Denies, nil},
		"unspecified":              {[]map[string]any{rule("ssl", "", 4)}, trust.Silent, nil},
		"for non-roots":            {[]map[string]any{rule("ssl", "", 2)}, trust.Silent, nil},
		"for one program":          {[]map[string]any{with(rule("ssl", "", 1), "kSecTrustSettingsApplication", []byte{1})}, trust.Silent, nil},
		"denied to one program":    {[]map[string]any{with(rule("ssl", "", 3), "kSecTrustSettingsApplication", []byte{1}), rule("ssl", "", 1)}, trust.Trusts, nil},
		"with an error passed by":  {[]map[string]any{with(rule("ssl", "", 1), "kSecTrustSettingsAllowedError", -2147408896)}, trust.Trusts, nil},
		"something new":            {[]map[string]any{with(rule("ssl", "", 1), "kSecTrustSettingsMoonPhase", 1)}, trust.Silent, nil},
		"an old string":            {[]map[string]any{with(rule("ssl", "", 1), "kSecTrustSettingsPolicyString", "reg\x00")}, trust.Silent, map[string]trust.Standing{"reg": trust.Trusts}},
		"a string of another kind": {[]map[string]any{with(rule("ssl", "", 1), "kSecTrustSettingsPolicyString", 7)}, trust.Silent, nil},
	} {
		t.Run(name, func(t *testing.T) {
			list := make([]any, len(tt.rules))
			for i, r := range tt.rules {
				if n, ok := r["kSecTrustSettingsResult"].(int); ok {
					r["kSecTrustSettingsResult"] = uint64(n) // as the plist gives it
				}
				list[i] = r
			}
			r, err := readRecord(map[string]any{"trustSettings": list})
			if err != nil {
				t.Fatal(err)
			}
			a := trust.Anchor{Cert: root, Limits: r.limits(true)}
			if got := a.For("elsewhere"); got != tt.others {
				t.Errorf("other hosts: %d", got)
			}
			for host, want := range tt.hosts {
				if got := a.For(host); got != want {
					t.Errorf("%s: %d", host, got)
				}
			}
		})
	}
}

func TestExportsThatAreNone(t *testing.T) {
	wrap := func(body string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>` + body + `</dict></plist>`
	}
	for name, data := range map[string]string{
		"nothing":          "",
		"another form":     `{ trustVersion = 1; trustList = {}; }`,
		"binary":           "bplist00\xd0",
		"no version":       wrap(`<key>trustList</key><dict/>`),
		"a later version":  wrap(`<key>trustVersion</key><integer>2</integer><key>trustList</key><dict/>`),
		"settings no list": wrap(`<key>trustVersion</key><integer>1</integer><key>trustList</key><dict><key>A</key><dict><key>trustSettings</key><string>x</string></dict></dict>`),
		"rules no dicts":   wrap(`<key>trustVersion</key><integer>1</integer><key>trustList</key><dict><key>A</key><dict><key>trustSettings</key><array><string>x</string></array></dict></dict>`),
		"cut off":          wrap(`<key>trustVersion</key><integer>1</integer><key>trustList</key>`)[:90],
		"too large":        wrap(strings.Repeat(" ", maxExport)),
	} {
		if got, err := parseExport([]byte(data)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, err := parseExport([]byte(wrap(`<key>trustVersion</key><integer>1</integer><key>trustList</key><dict/>`))); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}
