package consumers

import (
	"os"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/nssdb"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func nssFixture(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../nssdb/testdata/certutil.db")
	must(t, err)
	return string(data)
}

// only is the policy of the one consumer that a reader finds.
func only(t *testing.T, w world.World, k Reader, q Query) trust.Policy {
	t.Helper()
	w = Snapshot(w)
	if q.System == nil {
		q.System = ReadSystem(w)
	}
	found := k.Consumers(t.Context(), w)
	if len(found) != 1 {
		t.Fatalf("consumers %+v", found)
	}
	return k.Policy(w, found[0], q)
}

func TestNSS(t *testing.T) {
	p := newPKI(t)
	const db = "/root/.pki/nssdb"
	files := tree{
		db + "/" + nssdb.File: nssFixture(t),
		bundlePath:            p.caPEM() + string(p.other.PEM()),
		"/usr/share/ca-certificates/mozilla/Other.crt": string(p.other.PEM()),
	}
	w := files.under(t)
	policy := only(t, w, nss{}, Query{})
	// Of what the database holds, those with the flag C; of the OS store, what came
	// from Mozilla's list: a CA that an administrator added there is none of NSS'.
	if got := subjects(policy.Anchors); !slices.Equal(got, []string{"Lab Anchor", "Lab Same", "Lab All"}) {
		t.Errorf("anchors %q", got)
	}
	if got := sortedSubjects(policy.System); !slices.Equal(got, []string{"Other Root"}) {
		t.Errorf("roots %q", got)
	}
	if len(policy.Denied) != 1 || policy.Denied[0].Subject.CommonName != "Lab Distrusted" {
		t.Errorf("denied %+v", policy.Denied)
	}
	if policy.Unknown != "" || policy.Consumer.Instance != db || !policy.Consumer.Installed {
		t.Errorf("%+v", policy)
	}
	if s := policy.Anchors[0].Source; s != "store:nss:"+db {
		t.Errorf("source %q", s)
	}
	added := trusttest.NewCA(t, "Planned")
	q := Query{Shift: Shift{
		Added: []trust.Anchor{{Cert: added.Cert, Source: "store:nss:" + db}, {Cert: p.ca.Cert, Source: "store:nss:/other"}},
		Gone:  policy.Anchors[:1],
	}}
	if got := subjects(only(t, w, nss{}, q).Anchors); !slices.Equal(got, []string{"Lab Same", "Lab All", "Planned"}) {
		t.Errorf("planned %q", got)
	}
}

func TestNSSUnknown(t *testing.T) {
	p := newPKI(t)
	list := tree{bundlePath: p.caPEM(), "/usr/share/ca-certificates/mozilla/a.crt": p.caPEM()}
	for name, c := range map[string]struct {
		files tree
		want  string
	}{
		"no list":  {tree{bundlePath: p.caPEM()}, "which public roots"},
		"no store": {tree{}, "which public roots"},
		"known":    {list, ""},
		"damaged":  {with(list, "/root/.pki/nssdb/"+nssdb.File, "SQLite"), "/root/.pki/nssdb/cert9.db: it is no database"},
		"busy": {
			with(with(list, "/root/.pki/nssdb/"+nssdb.File, nssFixture(t)), "/root/.pki/nssdb/cert9.db-journal", "x"),
			"it is being changed",
		},
	} {
		policy := only(t, c.files.under(t), nss{}, Query{})
		if (policy.Unknown == "") != (c.want == "") || !strings.Contains(policy.Unknown, c.want) {
			t.Errorf("%s: unknown %q", name, policy.Unknown)
		}
		if policy.Consumer.Installed != strings.Contains(c.want, "cert9.db") && name != "busy" {
			t.Errorf("%s: installed %v", name, policy.Consumer.Installed)
		}
	}
}

func with(tr tree, path, content string) tree {
	out := tree{path: content}
	for k, v := range tr {
		out[k] = v
	}
	return out
}

// Where the distribution gives NSS the store of the system, Firefox of that
// distribution follows it; one in a sandbox, and Chromium, do not.
func TestNSSFollowsTheSystem(t *testing.T) {
	p := newPKI(t)
	base := tree{
		bundlePath: p.caPEM(), "/usr/share/ca-certificates/mozilla/a.crt": string(p.other.PEM()),
		"/usr/lib64/libnssckbi.so": "->/etc/alternatives/libnssckbi.so.x86_64", "/etc/alternatives/libnssckbi.so.x86_64": "->/usr/lib64/pkcs11/p11-kit-trust.so",
	}
	const ini = "[Profile0]\nIsRelative=1\nPath=a.default\n"
	firefox := func(home string) tree {
		return with(with(base, home+"/.mozilla/firefox/profiles.ini", ini), home+"/.mozilla/firefox/a.default/"+nssdb.File, nssFixture(t))
	}
	for name, c := range map[string]struct {
		files tree
		want  int
	}{
		"firefox":  {firefox("/root"), 1},
		"snap":     {firefox("/root/snap/firefox/common"), -1},
		"chromium": {with(base, "/root/.pki/nssdb/"+nssdb.File, nssFixture(t)), -1},
	} {
		policy := only(t, c.files.under(t), nss{}, Query{})
		if c.want > 0 && policy.System.Len() != c.want || (c.want < 0) != (policy.Unknown != "") {
			t.Errorf("%s: %d roots, unknown %q", name, policy.System.Len(), policy.Unknown)
		}
	}
}

func TestNSSOnOtherSystems(t *testing.T) {
	store := &SystemStore{Anchors: trust.NewAnchorSet([]trust.Anchor{{Cert: trusttest.NewCA(t, "Imported").Cert}})}
	profile := "/var/root/Library/Application Support/Firefox/"
	for pref, unknown := range map[string]bool{
		`user_pref("a", 1);`: false, `user_pref("security.enterprise_roots.enabled", false);`: true,
		`user_pref("security.enterprise_roots.enabled", true);`: false,
	} {
		w := tree{
			profile + "profiles.ini":    "[Profile0]\nIsRelative=1\nPath=p\n",
			profile + "p/" + nssdb.File: nssFixture(t), profile + "p/prefs.js": pref,
		}.under(t)
		w.OS, w.User.Home = "darwin", "/var/root"
		policy := only(t, w, nss{}, Query{System: store})
		if (policy.Unknown != "") != unknown || !unknown && policy.System.Len() != 1 || len(policy.Anchors) != 3 {
			t.Errorf("%s: unknown %q, %d anchors", pref, policy.Unknown, len(policy.Anchors))
		}
	}
}
