package keychain

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const home = "/Users/alice"

// wanted is how an anchor is held for TLS with every host.
var wanted = trust.Membership{Held: true, Settings: "trust ssl"}

func registries(t *testing.T, names ...string) (out []trust.Registry) {
	t.Helper()
	for _, n := range names {
		r, _, err := trust.ParseRegistry(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// lab is a Mac with one of its stores.
type lab struct {
	*keychaintest.Mac
	w     world.World
	store store.Store
	info  store.Info
}

func newLab(t *testing.T, name string) lab {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	mac := keychaintest.New(home)
	mac.Root = name == Admin
	l := lab{Mac: mac, w: mac.World(t.TempDir())}
	var err error
	if l.store, err = (Kind{}).Open(l.w, name); err != nil {
		t.Fatal(err)
	}
	all, err := Kind{}.Find(t.Context(), l.w)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.ID == trust.NewStoreID(trust.StoreKeychain, name) {
			l.info = i
		}
	}
	// Nothing of ours stays behind, whatever happened.
	t.Cleanup(func() {
		if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
			t.Errorf("temporary files are left: %v", left)
		}
	})
	return l
}

func (l lab) get(t *testing.T, c *trusttest.Cert) trust.Membership {
	t.Helper()
	m, err := l.store.Get(t.Context(), c.Cert)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (l lab) set(t *testing.T, c *trusttest.Cert, want trust.Membership) {
	t.Helper()
	if err := l.store.Set(t.Context(), c.Cert, want); err != nil {
		t.Fatal(err)
	}
	if got := l.get(t, c); got != want {
		t.Fatalf("set %+v, is %+v", want, got)
	}
}

// keychainOf is the keychain of a domain.
func (l lab) keychainOf(name string) string {
	if name == Admin {
		return keychaintest.SystemKeychain
	}
	return l.Login()
}

// verifies is macOS's own word on a server's chain.
func (l lab) verifies(t *testing.T, host string, chain ...*trusttest.Cert) bool {
	t.Helper()
	args := []string{program, "verify-cert"}
	for _, c := range chain {
		file := filepath.Join(t.TempDir(), "c.pem")
		if err := os.WriteFile(file, c.PEM(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-c", file)
	}
	r, err := l.Run(t.Context(), world.Command{Argv: append(args, "-p", "ssl", "-n", host, "-L")})
	if err != nil || r.Code > 1 {
		t.Fatalf("%v %d %s", err, r.Code, r.Stderr)
	}
	return r.Code == 0
}

func TestRoundTrip(t *testing.T) {
	const host, other = "reg.example", "other.example"
	root := trusttest.NewCA(t, "Corp Root CA", trusttest.Serial(7))
	inter := root.Intermediate("Corp Issuing CA")
	leaf := inter.Leaf(trusttest.Names(host, other))
	namesake := trusttest.NewCA(t, "Corp Root CA", trusttest.Serial(7))
	for _, name := range []string{User, Admin} {
		for what, anchor := range map[string]*trusttest.Cert{"root": root, "intermediate": inter, "leaf": leaf} {
			for _, hosts := range [][]string{nil, {host}} {
				t.Run(name+" "+what+" "+strings.Join(hosts, ","), func(t *testing.T) {
					l := newLab(t, name)
					keychain := l.keychainOf(name)
					l.Hold(keychain, namesake.Cert)
					l.Say(name, namesake.Cert, keychaintest.Rule("smime", "", 0))
					before, settings := l.Held(keychain), string(l.Export(name))

					if got := l.get(t, anchor); got != (trust.Membership{}) || l.verifies(t, host, leaf, inter) {
						t.Fatalf("before: %+v", got)
					}
					want := l.info.Holding(trust.Membership{}, anchor.Cert, registries(t, hosts...))
					l.Calls()
					l.set(t, anchor, want)
					if asked := l.Asked[name]; asked != 1 {
						t.Errorf("the person was asked %d times", asked)
					}
					if !l.verifies(t, host, leaf, inter) {
						t.Error("macOS does not trust the chain")
					}
					if got, limited := l.verifies(t, other, leaf, inter), hosts != nil; got == limited {
						t.Errorf("another host: trusted %v", got)
					}
					l.set(t, anchor, want) // once more changes nothing and asks nobody
					if l.Asked[name] != 1 {
						t.Error("what was there already was made again")
					}
					l.set(t, anchor, trust.Membership{})
					if l.verifies(t, host, leaf, inter) {
						t.Error("it is trusted still")
					}
					if !slices.EqualFunc(before, l.Held(keychain), slices.Equal) || settings != string(l.Export(name)) {
						t.Error("the certificates or trust settings of others have changed")
					}
					for _, c := range l.Calls() {
						if c.Stdin != nil || c.Argv[0] != program {
							t.Errorf("%q %q", c.Argv, c.Stdin)
						}
					}
				})
			}
		}
	}
}

// Set can bring back whatever it replaces.
func TestRestores(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	rule := keychaintest.Rule
	for name, tt := range map[string]struct {
		cert  *trusttest.Cert
		held  bool
		rules []map[string]any
		said  string
	}{
		"held only":              {root, true, nil, ""},
		"always":                 {root, true, []map[string]any{}, "always"},
		"always, not held here":  {root, false, []map[string]any{}, "elsewhere always"},
		"trusted by a result":    {root, true, []map[string]any{rule("", "", 1)}, "always"},
		"mkcert":                 {root, true, []map[string]any{rule("ssl", "", 1), rule("basic", "", 1)}, "trust basic ssl"},
		"one host":               {root, true, []map[string]any{rule("ssl", "a.example", 0)}, "trust ssl host=a.example"},
		"hosts in any order":     {root, true, []map[string]any{rule("ssl", "b.example", 0), rule("ssl", "A.example", 0)}, "trust ssl host=a.example,b.example"},
		"two policies and hosts": {root, true, []map[string]any{rule("ssl", "a", 0), rule("smime", "a", 0), rule("smime", "b", 0), rule("ssl", "b", 0)}, "trust smime ssl host=a,b"},
		"denied":                 {root, true, []map[string]any{rule("", "", 3)}, "deny"},
		"denied for TLS":         {root, true, []map[string]any{rule("ssl", "", 3)}, "deny ssl"},
		"unspecified":            {root, true, []map[string]any{rule("ssl", "", 4)}, "unspecified ssl"},
		"as a root":              {inter, true, []map[string]any{rule("", "", 2)}, "trust"},
		"as a root for TLS":      {inter, false, []map[string]any{rule("ssl", "", 2)}, "elsewhere trust ssl"},
		"one host, elsewhere":    {inter, false, []map[string]any{rule("ssl", "a", 2)}, "elsewhere trust ssl host=a"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, domain := range []string{User, Admin} {
				l := newLab(t, domain)
				if tt.held {
					l.Hold(l.keychainOf(domain), tt.cert.Cert)
				}
				if tt.rules != nil {
					l.Say(domain, tt.cert.Cert, tt.rules...)
				}
				was := l.get(t, tt.cert)
				if was != (trust.Membership{Held: true, Settings: tt.said}) {
					t.Fatalf("%+v", was)
				}
				if want := l.info.Holding(was, tt.cert.Cert, registries(t, "reg.example")); want != was {
					l.set(t, tt.cert, want)
				}
				l.set(t, tt.cert, was)
				l.set(t, tt.cert, trust.Membership{})
				l.set(t, tt.cert, was)
			}
		})
	}
}

// What cannot be said to `security` is not touched.
func TestLeavesAlone(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	rule := keychaintest.Rule
	with := func(r map[string]any, key string, value any) map[string]any { r[key] = value; return r }
	for name, tt := range map[string]struct {
		cert  *trusttest.Cert
		rules []map[string]any
	}{
		"Keychain Access's Always Trust": {root, []map[string]any{
			with(rule("ssl", "", 1), "kSecTrustSettingsAllowedError", -2147408896), with(rule("ssl", "", 1), "kSecTrustSettingsAllowedError", -2147409654), rule("smime", "", 1),
		}},
		"different results":    {root, []map[string]any{rule("ssl", "", 0), rule("smime", "", 3)}},
		"a policy of its own":  {root, []map[string]any{rule("ssl", "a", 0), rule("smime", "", 0)}},
		"not every pair":       {root, []map[string]any{rule("ssl", "a", 0), rule("ssl", "b", 0), rule("smime", "a", 0)}},
		"the same twice":       {root, []map[string]any{rule("ssl", "a", 0), rule("ssl", "A", 0)}},
		"an application":       {root, []map[string]any{with(rule("ssl", "", 0), "kSecTrustSettingsApplication", []byte("/x"))}},
		"a key usage":          {root, []map[string]any{with(rule("ssl", "", 0), "kSecTrustSettingsKeyUsage", 8)}},
		"a host of no policy":  {root, []map[string]any{rule("", "a.example", 0)}},
		"a host that is none":  {root, []map[string]any{rule("ssl", "a b,c", 0)}},
		"a policy by its text": {root, []map[string]any{{"kSecTrustSettingsPolicy": "1.2.840.113635.100.1.3"}}},
		"the client's policy":  {root, []map[string]any{with(rule("ssl", "", 0), "kSecTrustSettingsPolicyName", "sslClient")}},
		"nothing, of no root":  {inter, []map[string]any{}},
		"an invalid result":    {inter, []map[string]any{rule("ssl", "", 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, User)
			l.Hold(l.Login(), tt.cert.Cert)
			l.Say(User, tt.cert.Cert, tt.rules...)
			was, before := l.get(t, tt.cert), string(l.Export(User))
			if !strings.HasPrefix(was.Settings, otherPrefix) {
				t.Fatalf("%+v", was)
			}
			for _, want := range []trust.Membership{{}, {Held: true, Settings: "trust ssl"}, wanted, {Held: true, Settings: otherPrefix + strings.Repeat("0", 64)}} {
				err := l.store.Set(t.Context(), tt.cert.Cert, want)
				if !errors.Is(err, change.ErrOtherSettings) {
					t.Errorf("%+v: %v", want, err)
				}
			}
			l.set(t, tt.cert, was)
			if l.Asked[User] != 0 || string(l.Export(User)) != before {
				t.Error("something was changed")
			}
			// Whether the certificate lies here or elsewhere is another matter.
			l.set(t, tt.cert, trust.Membership{Held: true, Settings: elsewherePrefix + was.Settings})
			l.set(t, tt.cert, was)
		})
	}
}

// A certificate that lies in the keychain more than once leaves it altogether, and
// one of the same name, serial number and other digest stays.
func TestDuplicates(t *testing.T) {
	for _, name := range []string{User, Admin} {
		l := newLab(t, name)
		ca := trusttest.NewCA(t, "Corp CA", trusttest.Serial(1))
		twin := trusttest.NewCA(t, "Corp CA", trusttest.Serial(1))
		keychain := l.keychainOf(name)
		l.Hold(keychain, ca.Cert, twin.Cert, ca.Cert, ca.Cert)
		if got := l.get(t, ca); got != (trust.Membership{Held: true}) {
			t.Errorf("%+v", got)
		}
		l.set(t, ca, wanted)
		l.set(t, ca, trust.Membership{})
		if held := l.Held(keychain); len(held) != 1 || !slices.Equal(held[0], twin.Cert.Raw) {
			t.Errorf("%s: %d are left", name, len(held))
		}
	}
}

func TestHostsComeAndGo(t *testing.T) {
	l := newLab(t, User)
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Leaf(trusttest.Names("a.example", "b.example", "c.example"))
	trusted := func() (out string) {
		for _, h := range []string{"a.example", "b.example", "c.example"} {
			if l.verifies(t, h, leaf) {
				out += h[:1]
			}
		}
		return out
	}
	first := l.info.Holding(l.get(t, root), root.Cert, registries(t, "a.example:5000"))
	l.set(t, root, first)
	second := l.info.Holding(l.get(t, root), root.Cert, registries(t, "B.example"))
	l.set(t, root, second)
	if got := trusted(); got != "ab" {
		t.Errorf("trusted for %q", got)
	}
	l.set(t, root, first) // the second is undone
	if got := trusted(); got != "a" {
		t.Errorf("trusted for %q", got)
	}
	l.set(t, root, second)
	l.set(t, root, l.info.Dropping(l.get(t, root), root.Cert, registries(t, "A.example")))
	if got := trusted(); got != "b" {
		t.Errorf("trusted for %q", got)
	}
	if last := l.info.Dropping(l.get(t, root), root.Cert, registries(t, "b.example")); last != (trust.Membership{}) {
		t.Errorf("%+v", last)
	}
}

func TestFind(t *testing.T) {
	l := newLab(t, User)
	all, err := Kind{}.Find(t.Context(), l.w)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	user, admin := all[0], all[1]
	if user.ID != "keychain:user" || user.Location != trust.LocationUser || user.Privileged || !slices.Contains(user.Asks, trust.MacAsksPerson) {
		t.Errorf("%+v", user)
	}
	if admin.ID != "keychain:admin" || admin.Location != trust.LocationComputer || !admin.Privileged || !slices.Contains(admin.Asks, trust.MacAsksAdmin) {
		t.Errorf("%+v", admin)
	}
	root := trusttest.NewCA(t, "CA")
	inter := root.Intermediate("sub")
	for _, tt := range []struct {
		info  store.Info
		cert  *x509.Certificate
		want  trust.Membership
		lines []string
	}{
		{user, root.Cert, user.Want(root.Cert, nil), []string{"security add-trusted-cert -r trustRoot -p ssl -k /Users/alice/Library/Keychains/login.keychain-db FILE"}},
		{
			admin, inter.Cert, admin.Want(inter.Cert, registries(t, "reg.example:5000", "Auth.example", "[fd00::1]:5000")),
			[]string{"security add-trusted-cert -d -r trustAsRoot -p ssl -s auth.example -s fd00::1 -s reg.example -k /Library/Keychains/System.keychain FILE"},
		},
		{admin, root.Cert, trust.Membership{}, []string{
			"security remove-trusted-cert -d FILE",
			"security delete-certificate -Z " + strings.ToUpper(trust.FingerprintOf(root.Cert).String()) + " /Library/Keychains/System.keychain",
		}},
		{user, root.Cert, trust.Membership{Held: true, Settings: always}, []string{"security add-trusted-cert -k /Users/alice/Library/Keychains/login.keychain-db FILE"}},
		{user, root.Cert, trust.Membership{Held: true, Settings: "; rm -rf /"}, nil},
	} {
		if got := tt.info.Commands(tt.cert, tt.want); !slices.Equal(got, tt.lines) {
			t.Errorf("%q\nwant %q", got, tt.lines)
		}
	}
	if got := line([]string{"a b", "it's"}); got != `security 'a b' 'it'\''s'` {
		t.Error(got)
	}
	for name, w := range map[string]world.World{
		"Linux":  {OS: "linux", FS: l.w.FS, Run: l.Mac},
		"a tree": world.Under(t.TempDir(), "darwin"),
	} {
		if found, err := (Kind{}).Find(t.Context(), w); err != nil || len(found) > 0 {
			t.Errorf("%s: %v %v", name, found, err)
		}
		if _, err := (Kind{}).Open(w, User); !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "system", "User", "user/../admin", "admin\x00", "/Library/Keychains/System.keychain"} {
		if _, err := (Kind{}).Open(l.w, name); !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
