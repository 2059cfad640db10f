package link

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

var (
	one = strings.Repeat("1a", 32)
	two = strings.Repeat("2b", 32)
)

func fingerprint(t testing.TB, s string) trust.Fingerprint {
	t.Helper()
	f, err := trust.ParseFingerprint(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func colons(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(s[i : i+2]))
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in, registry string
		digits       []string
		doubts       []trust.NameCode
	}{
		{"mooring://trust?registry=reg.example:5000&sha256=" + one, "reg.example:5000", []string{one}, nil},
		{"mooring://trust/?registry=reg.example&sha256=" + one, "reg.example", []string{one}, nil},
		{"MOORING://Trust?registry=reg.example&sha256=" + strings.ToUpper(one), "reg.example", []string{one}, nil},
		{" mooring://trust?sha256=" + colons(one) + "&registry=reg.example%3A5000\n", "reg.example:5000", []string{one}, nil},
		{"mooring://trust?registry=reg.example&sha256=sha256:" + one + "," + two, "reg.example", []string{one, two}, nil},
		{"mooring://trust?registry=reg.example&sha256=" + one + "&sha256=" + two + "&sha256=" + one, "reg.example", []string{one, two}, nil},
		{"mooring://trust?registry=%5B::1%5D:5000&sha256=" + one, "[::1]:5000", []string{one}, nil},
		// Cyrillic letters in the place of Latin ones.
		{
			"mooring://trust?registry=r%D0%B5g.example&sha256=" + one, "xn--rg-nlc.example",
			[]string{one},
			[]trust.NameCode{trust.WarnPunycode, trust.WarnMixedScript, trust.WarnConfusable},
		},
		{"mooring://trust?registry=index.docker.io&sha256=" + one, "docker.io", []string{one}, []trust.NameCode{trust.WarnHubAlias}},
		{"mooring://trust?registry=builder&sha256=" + one, "builder", []string{one}, []trust.NameCode{trust.WarnBareWord}},
	} {
		got, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got.Registry.String() != c.registry || got.Source != (Source{Kind: FromLink}) {
			t.Errorf("%s: registry %s, source %v", c.in, got.Registry, got.Source)
		}
		var want []trust.Fingerprint
		for _, d := range c.digits {
			want = append(want, fingerprint(t, d))
		}
		if !slices.Equal(got.SHA256, want) {
			t.Errorf("%s: fingerprints %v", c.in, got.SHA256)
		}
		var doubts []trust.NameCode
		for _, d := range got.Doubts {
			doubts = append(doubts, d.Code)
		}
		if !slices.Equal(doubts, c.doubts) {
			t.Errorf("%s: doubts %v, want %v", c.in, doubts, c.doubts)
		}
	}
}

// Everything that a link cannot say is refused, with what an attacker would like
// it to say among it.
func TestParseRefuses(t *testing.T) {
	many := "mooring://trust?registry=reg.example"
	for i := range maxFingerprints + 1 {
		many += fmt.Sprintf("&sha256=%064x", i+1)
	}
	with := func(registry string) string { return "mooring://trust?sha256=" + one + "&registry=" + registry }
	for in, want := range map[string]Code{
		"":                                                         BadLink,
		"https://reg.example":                                      BadLink,
		"mooring:trust?registry=r":                                 BadLink,
		"mooring://":                                               BadLink,
		"mooring://%zz":                                            BadLink,
		"mooring:///trust?registry=r":                              Surplus,
		"mooring://apply?registry=r":                               UnknownVerb,
		"mooring://untrust?registry=r":                             UnknownVerb,
		"mooring://me@trust?registry=r":                            Surplus,
		"mooring://trust:80?registry=r":                            Surplus,
		"mooring://trust/now?registry=r":                           Surplus,
		with("reg.example") + "#x":                                 Surplus,
		with("reg.example") + "#":                                  Surplus,
		with("reg.example") + "&for=all":                           UnknownKey,
		with("reg.example") + "&scope=system":                      UnknownKey,
		with("reg.example") + "&yes":                               UnknownKey,
		with("reg.example") + "&registry=reg.example":              Duplicate,
		with("reg.example") + "&REGISTRY=x":                        UnknownKey,
		with("reg.example") + "&a=%zz":                             BadLink,
		"mooring://trust":                                          NoRegistry,
		"mooring://trust?sha256=" + one:                            NoRegistry,
		with(""):                                                   NoRegistry,
		"mooring://trust?registry=reg.example":                     NoFingerprint,
		"mooring://trust?registry=reg.example&sha256=":             BadSHA256,
		"mooring://trust?registry=reg.example&sha256=" + one[:40]:  BadSHA256,
		"mooring://trust?registry=reg.example&sha256=" + one + ",": BadSHA256,
		"mooring://trust?registry=reg.example&sha256=x" + one[1:]:  BadSHA256,
		"mooring://trust?registry=r.example&sha256=" + zeros:       BadSHA256,
		many:                                 TooMany,
		with("evil.example%2Freal.example"):  BadRegistry,
		with("real.example%40evil.example"):  BadRegistry,
		with("https://reg.example"):          BadRegistry,
		with("reg.example/team/app:1"):       BadRegistry,
		with("docker+pull+reg.example/x"):    BadRegistry,
		with("alpine:latest"):                BadRegistry,
		with("reg.example%00"):               BadRegistry,
		with("reg.example%0d%0aevil"):        BadRegistry,
		with("reg.example%E2%80%AEmoc.live"): BadRegistry, // right-to-left override
		with("..%2F..%2Fetc"):                BadRegistry,
		with("reg.example:0"):                BadRegistry,
		with("%22reg.example%22"):            BadRegistry,
		with("-reg.example"):                 BadRegistry,
		with(strings.Repeat("a", 300)):       BadRegistry,
		with(strings.Repeat("a", 3000)):      TooLong,
	} {
		_, err := Parse(in)
		if got := codeOf(t, err); got != want {
			t.Errorf("%q: %s (%v), want %s", in, got, err, want)
		}
	}
}

var zeros = strings.Repeat("0", 64)

func codeOf(t testing.TB, err error) Code {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("no *Error but %v", err)
		return ""
	}
	if len(e.Text) > maxText+len("…") {
		t.Errorf("%s repeats %d bytes", e.Code, len(e.Text))
	}
	return e.Code
}

// What is given away by name is a host: what a person reads at its end is what is
// dialled.
func TestRefusedRegistryKeepsItsReason(t *testing.T) {
	_, err := Parse("mooring://trust?sha256=" + one + "&registry=user:hunter2@reg.example")
	var e *Error
	if !errors.As(err, &e) || e.Name == nil || e.Name.Code != trust.NameUserInfo {
		t.Fatalf("%v", err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error holds a password: %v", err)
	}
}

func TestFormat(t *testing.T) {
	for _, name := range []string{"reg.example", "reg.example:5000", "[::1]:5000", "10.0.0.1:443", "bücher.example"} {
		r, _, err := trust.ParseRegistry(name)
		if err != nil {
			t.Fatal(err)
		}
		c := Claim{Registry: r, SHA256: []trust.Fingerprint{fingerprint(t, one), fingerprint(t, two)}}
		s := Format(c)
		got, err := Parse(s)
		if err != nil || got.Registry != r || !slices.Equal(got.SHA256, c.SHA256) {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
}

// A claim names the anchors by which the parties in scope trust a registry, and
// nobody else's.
func TestOf(t *testing.T) {
	root, other := trusttest.NewCA(t, "Root"), trusttest.NewCA(t, "Other")
	leaf := root.Leaf(trusttest.Names("reg.example"))
	reg, _, _ := trust.ParseRegistry("reg.example")
	verdict := func(p trust.Party, s trust.State, anchor *trusttest.Cert) trust.Verdict {
		return trust.Verdict{
			Consumer: trust.Consumer{Party: p}, State: s,
			Path: []trust.PathLink{{Cert: leaf.Cert, Source: trust.SourceSent}, {Cert: anchor.Cert, Source: "file:/x"}},
		}
	}
	report := trust.Report{Registry: reg, Scope: []trust.Party{trust.Docker, trust.Podman}, Endpoints: []trust.EndpointReport{{
		Verdicts: []trust.Verdict{
			verdict(trust.Docker, trust.Trusted, root), verdict(trust.Docker, trust.Trusted, root),
			verdict(trust.Podman, trust.Refused, other), verdict(trust.System, trust.Trusted, other),
		},
	}}}
	c, ok := Of(report)
	if !ok || len(c.SHA256) != 1 || c.SHA256[0] != trust.FingerprintOf(root.Cert) {
		t.Fatalf("%v %v", c.SHA256, ok)
	}
	if c.Compare(trust.FingerprintOf(root.Cert)) != Same || c.Compare(trust.FingerprintOf(other.Cert)) != Differs {
		t.Error("a claim does not know its own fingerprint")
	}
	report.Scope = []trust.Party{trust.Containerd}
	if _, ok := Of(report); ok {
		t.Error("nobody in scope trusts it, and there is a claim")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("mooring://trust?registry=reg.example:5000&sha256=" + one)
	f.Add("mooring://trust/?registry=%5B::1%5D&sha256=" + one + "," + two)
	f.Add("mooring://trust?registry=r%D0%B5g.example&sha256=" + colons(one))
	f.Add("mooring://trust?registry=a%2Fb&sha256=&for=all#x")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			codeOf(t, err)
			return
		}
		checkClaim(t, c)
	})
}

// checkClaim is what holds for every claim, whoever wrote it.
func checkClaim(t *testing.T, c Claim) {
	t.Helper()
	if c.Registry.IsZero() || len(c.SHA256) == 0 || len(c.SHA256) > maxFingerprints {
		t.Fatalf("%+v", c)
	}
	again, err := Parse(Format(c))
	if err != nil || again.Registry != c.Registry || !slices.Equal(again.SHA256, c.SHA256) {
		t.Fatalf("%s: %+v, %v", Format(c), again, err)
	}
}
