package consumers

import (
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestJava(t *testing.T) {
	p := newPKI(t)
	own := trusttest.NewCA(t, "Only Java")
	const cacerts = "/opt/jdk-21/lib/security/cacerts"
	w := tree{
		cacerts: string(trusttest.Keystore(p.ca, own)), "/opt/jdk-21/release": "JAVA_VERSION=\"21.0.4\"\n",
		bundlePath: p.caPEM() + string(p.other.PEM()),
	}.under(t)
	policy := only(t, w, java{}, Query{})
	if got := sortedSubjects(policy.System); !slices.Equal(got, []string{"Corp Root", "Only Java"}) {
		t.Errorf("anchors %q", got)
	}
	c := policy.Consumer
	if policy.Unknown != "" || c.Instance != "/opt/jdk-21" || c.Version != "21.0.4" || !c.Installed {
		t.Errorf("%+v", policy)
	}
	if s := policy.System.All()[0].Source; s != "store:java:"+cacerts {
		t.Errorf("source %q", s)
	}
	planned := trusttest.NewCA(t, "Planned")
	q := Query{Shift: Shift{
		Added: []trust.Anchor{{Cert: planned.Cert, Source: "store:java:" + cacerts}, {Cert: p.other.Cert, Source: "file:/x"}},
		Gone:  []trust.Anchor{{Cert: own.Cert, Source: "store:java:" + cacerts}},
	}}
	if got := sortedSubjects(only(t, w, java{}, q).System); !slices.Equal(got, []string{"Corp Root", "Planned"}) {
		t.Errorf("planned: %q", got)
	}
}

// A keystore that is made from the store of the system gets what a plan puts there,
// and nothing that merely lies there: the hook may never have run.
func TestJavaDerived(t *testing.T) {
	p := newPKI(t)
	w := tree{
		"/usr/lib/jvm/a/lib/security/cacerts": "->/etc/ssl/certs/java/cacerts",
		"/etc/ssl/certs/java/cacerts":         string(trusttest.Keystore(p.other)), bundlePath: p.caPEM(),
	}.under(t)
	policy := only(t, w, java{}, Query{})
	if got := sortedSubjects(policy.System); !slices.Equal(got, []string{"Other Root"}) {
		t.Errorf("now %q", got)
	}
	q := Query{Shift: Shift{
		Added: []trust.Anchor{{Cert: trusttest.NewCA(t, "Planned").Cert, Source: "file:/usr/local/share/ca-certificates/x.crt"}},
		Gone:  []trust.Anchor{{Cert: p.other.Cert, Source: "file:/y"}},
	}}
	if got := sortedSubjects(only(t, w, java{}, q).System); !slices.Equal(got, []string{"Planned"}) {
		t.Errorf("planned %q", got)
	}
}

func TestJavaUnknown(t *testing.T) {
	p := newPKI(t)
	const cacerts = "/opt/jdk/lib/security/cacerts"
	for name, c := range map[string]struct {
		files   tree
		options string
		want    string
	}{
		"not installed": {tree{bundlePath: p.caPEM()}, "", ""},
		"not found":     {tree{bundlePath: p.caPEM(), "/usr/bin/java": ""}, "", "JAVA_HOME would tell"},
		"damaged":       {tree{cacerts: "\xfe\xed\xfe\xed"}, "", cacerts + ": "},
		"protected":     {tree{cacerts: "\x30\x03\x02\x01\x03"}, "", cacerts + ": "},
		"elsewhere":     {tree{cacerts: string(trusttest.Keystore(p.ca))}, "-Xmx1g -Djavax.net.ssl.trustStore=/x", "JAVA_TOOL_OPTIONS names"},
	} {
		w := c.files.under(t)
		w.Env = func(name string) string { return map[string]string{"JAVA_TOOL_OPTIONS": c.options}[name] }
		policy := only(t, w, java{}, Query{})
		if (policy.Unknown == "") != (c.want == "") || !strings.Contains(policy.Unknown, c.want) {
			t.Errorf("%s: unknown %q", name, policy.Unknown)
		}
		if name == "not installed" && (policy.Consumer.Installed || policy.System.Len() != 1) {
			t.Errorf("%s: %+v", name, policy)
		}
	}
}
