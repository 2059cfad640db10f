package keychain

import (
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/trusttest"
)

func FuzzFound(f *testing.F) {
	mac := keychaintest.New(home)
	mac.Hold(mac.Login(), trusttest.NewCA(f, "one").Cert, trusttest.NewCA(f, "two").Cert)
	r, err := mac.Run(f.Context(), world.Command{Argv: []string{program, "find-certificate", "-a", "-Z", "-p", mac.Login()}})
	if err != nil {
		f.Fatal(err)
	}
	whole := string(r.Stdout)
	if certs, err := parseFound(r.Stdout); err != nil || len(certs) != 2 {
		f.Fatalf("%d %v", len(certs), err)
	}
	f.Add(whole)
	f.Add(strings.Replace(whole, "A", "B", 1))
	f.Add(whole[:len(whole)/2])
	f.Add(strings.ReplaceAll(whole, "SHA-256 hash: ", ""))
	f.Add("")
	f.Fuzz(func(t *testing.T, out string) {
		certs, err := parseFound([]byte(out))
		if err != nil && certs != nil {
			t.Error("certificates and an error")
		}
		for _, c := range certs {
			if len(c.Raw) == 0 {
				t.Error("an empty certificate")
			}
		}
	})
}

func FuzzExport(f *testing.F) {
	root := trusttest.NewCA(f, "Corp Root CA")
	mac := keychaintest.New(home)
	mac.Say(keychaintest.UserDomain, root.Cert, keychaintest.Rule("ssl", "reg.example", 0))
	mac.Say(keychaintest.UserDomain, root.Leaf().Cert, keychaintest.Rule("", "", 3), map[string]any{"kSecTrustSettingsApplication": []byte{1}})
	f.Add(mac.Export(keychaintest.UserDomain))
	f.Add([]byte(`<?xml version="1.0"?><plist version="1.0"><dict><key>trustVersion</key><integer>1</integer><key>trustList</key><dict><key>x</key><dict><key>trustSettings</key><array><string/></array></dict></dict></dict></plist>`))
	f.Add([]byte(`<?xml version="1.0"?><plist version="1.0"><array/></plist>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseExport(data)
		if err != nil {
			return
		}
		all.of(root.Cert)
		for _, r := range all {
			for _, root := range []bool{false, true} {
				s := r.settings(root)
				if again, err := parseSettings(s.String()); err != nil || again.String() != s.String() {
					t.Errorf("%q cannot be read: %v", s, err)
				}
				r.limits(root)
			}
		}
	})
}

func FuzzSettings(f *testing.F) {
	root := trusttest.NewCA(f, "Corp Root CA")
	for _, s := range []string{"", "always", "trust ssl", "trust basic ssl host=a.example,b.example", "deny", "unspecified ssl", "other:" + strings.Repeat("0a", 32), "trust ssl host=-k", "trust  ssl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spelling string) {
		s, err := parseSettings(spelling)
		if err != nil {
			return
		}
		if s.String() != spelling {
			t.Errorf("%q became %q", spelling, s)
		}
		if !s.sayable() || s.result == "" {
			return
		}
		args := s.options(root.Cert)
		for i, a := range args { // options and values take turns, and no value is an option
			if option := i%2 == 0; option != slices.Contains([]string{"-r", "-p", "-s"}, a) || !option && strings.HasPrefix(a, "-") {
				t.Errorf("%q gives %q", spelling, args)
			}
		}
	})
}
