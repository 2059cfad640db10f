package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

func sha(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

// run runs the command line over s with nothing but pipes.
func run(s platform.Service, args ...string) (status int, stdout, stderr string) {
	var out, errw bytes.Buffer
	status = Main(context.Background(), args, IO{In: strings.NewReader(""), Out: &out, Err: &errw},
		Wiring{Service: func(Globals) (platform.Service, error) { return s, nil }})
	return status, out.String(), errw.String()
}

// stub answers checks with prepared reports.
type stub struct {
	platform.Service
	reports []trust.Report
}

func (s stub) Check(_ context.Context, regs []trust.Registry, _ platform.CheckOptions, each func(trust.Report)) error {
	for i, r := range s.reports {
		r.Registry = regs[i]
		each(r)
	}
	return nil
}

func judged(states ...trust.State) trust.Report {
	r := trust.Report{Scope: []trust.Party{trust.Docker}}
	e := trust.EndpointReport{}
	for _, s := range states {
		e.Verdicts = append(e.Verdicts, trust.Verdict{Consumer: trust.Consumer{Party: trust.Docker}, State: s})
	}
	r.Endpoints = []trust.EndpointReport{e}
	return r
}

func TestExitStatusOfCheck(t *testing.T) {
	down := judged(trust.Unreachable)
	down.Endpoints[0].Failure = &trust.Failure{Code: trust.DNS}
	down.Findings = []trust.Finding{{Code: trust.DNS, Severity: trust.SeverityError}}
	local := judged(trust.Unreachable)
	local.Endpoints[0].Failure = &trust.Failure{Code: trust.DNS}
	local.Findings = []trust.Finding{{Code: trust.NotPEM, Severity: trust.SeverityError, Endpoint: trust.NoIndex}}
	erroneous := judged(trust.Trusted)
	erroneous.Findings = []trust.Finding{{Code: trust.KeyWithoutCert, Severity: trust.SeverityError}}
	warned := judged(trust.Trusted)
	warned.Findings = []trust.Finding{{Code: trust.ExpiresSoon, Severity: trust.SeverityWarning}}
	foreign := judged(trust.Trusted)
	foreign.Endpoints[0].Verdicts = append(foreign.Endpoints[0].Verdicts,
		trust.Verdict{Consumer: trust.Consumer{Party: trust.System}, State: trust.Refused})
	for name, c := range map[string]struct {
		reports []trust.Report
		want    int
	}{
		"trusted":                         {[]trust.Report{judged(trust.Trusted)}, 0},
		"warnings are allowed":            {[]trust.Report{warned}, 0},
		"out of scope does not count":     {[]trust.Report{foreign}, 0},
		"refused":                         {[]trust.Report{judged(trust.Trusted), judged(trust.Refused)}, 1},
		"insecure":                        {[]trust.Report{judged(trust.Insecure)}, 1},
		"unknown":                         {[]trust.Report{judged(trust.Unknown)}, 1},
		"an error finding":                {[]trust.Report{erroneous}, 1},
		"unreachable":                     {[]trust.Report{judged(trust.Trusted), down}, 3},
		"unreachable and refused":         {[]trust.Report{down, judged(trust.Refused)}, 1},
		"one consumer refuses, one fails": {[]trust.Report{judged(trust.Refused, trust.Unreachable)}, 1},
		"a mistake in a file besides":     {[]trust.Report{local}, 1},
	} {
		args := []string{"check"}
		for i := range c.reports {
			args = append(args, string(rune('a'+i))+".example")
		}
		if got, _, stderr := run(stub{reports: c.reports}, args...); got != c.want {
			t.Errorf("%s: exit status %d, want %d (%s)", name, got, c.want, stderr)
		}
	}
}

func TestContractHasEveryFieldAndNoNullLists(t *testing.T) {
	root := trusttest.NewCA(t, "Root")
	leaf := root.Leaf(trusttest.Names("reg.example"), trusttest.IP("192.0.2.1"))
	full := judged(trust.Trusted)
	full.Registry = mustParse("reg.example:5000")
	full.Endpoints[0].Sent = leaf.Path()
	full.Endpoints[0].TLS = &trust.TLS{Version: 0x0304, Cipher: 0x1301, ALPN: "h2"}
	full.Endpoints[0].Verdicts[0].Effective = "after restart of docker"
	full.Findings = []trust.Finding{{Code: trust.Expired, Severity: trust.SeverityError, Certificate: trust.NoIndex}}
	for name, r := range map[string]trust.Report{"full": full, "empty": {Registry: mustParse("reg.example")}} {
		b, err := encode(contract(r, words.New("en")))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		nulls(t, name, got, map[string]bool{
			"effective": true, "endpoint": true, "certificate": true, "party": true, "path": true,
			"tls": true, "failure": true, "ip": true, "proxy": true,
		})
	}
	b, _ := encode(contract(full, words.New("en")))
	for _, want := range []string{
		`"registry":"reg.example:5000","verdict":"trusted","scope":["docker"]`, `"tls":{"version":"TLS 1.3","cipher":"TLS_AES_128_GCM_SHA256","alpn":"h2"}`,
		`"names":["reg.example","192.0.2.1"]`, `"effective":"after restart of docker"`, `"endpoint":0,"certificate":null`, `"auth":{"scheme":"unknown"`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in\n%s", want, b)
		}
	}
}

// nulls fails for each null that the contract does not document.
func nulls(t *testing.T, at string, v any, allowed map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil && !allowed[k] {
				t.Errorf("%s.%s is null", at, k)
			}
			nulls(t, at+"."+k, e, allowed)
		}
	case []any:
		for _, e := range v {
			nulls(t, at+"[]", e, allowed)
		}
	}
}

func TestJSONHidesNothing(t *testing.T) {
	const hostile = "a\x1b[2Jb\u009b31mc\u202ed\u200be\U000e0041f\x7f"
	b, err := encode(map[string]string{"subject": hostile})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range string(b) {
		if hidden(r) || r < 0x20 {
			t.Errorf("%U is written as it is: %s", r, b)
		}
	}
	var back map[string]string
	if err := json.Unmarshal(b, &back); err != nil || back["subject"] != hostile {
		t.Errorf("reads back as %q, %v", back["subject"], err)
	}
}

func TestReportsComeInTheOrderAsked(t *testing.T) {
	regs := []trust.Registry{mustParse("a.example"), mustParse("b.example"), mustParse("c.example")}
	var got []string
	q := inOrder(regs, func(name string) { got = append(got, name) })
	q.add(regs[1], regs[1].String())
	if len(got) != 0 {
		t.Fatalf("b came before a: %v", got)
	}
	q.add(regs[0], regs[0].String())
	if strings.Join(got, " ") != "a.example b.example" {
		t.Fatalf("%v", got)
	}
	q.flush() // c never answered
	if len(got) != 2 {
		t.Fatalf("%v", got)
	}
}

func TestTableAlignsWideLetters(t *testing.T) {
	var b bytes.Buffer
	tab := table{}
	tab.row(plain("신뢰함"), plain("x"))
	tab.row(plain("ok"), plain("y"))
	tab.write(&b)
	if want := "신뢰함  x\nok      y\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestMarkdownStaysText(t *testing.T) {
	got := quoteMarkdown("![x](http://evil.example/p.png)|<b>\nrow")
	for _, bad := range []string{"![", "](", "://", "<b>", "\n"} {
		if strings.Contains(strings.NewReplacer(`\[`, "", `\]`, "", `\!`, "").Replace(got), bad) {
			t.Errorf("%q keeps %q", got, bad)
		}
	}
}

func TestInterruptedAskEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	a := newApp(ctx, IO{In: blocked{}, Out: new(bytes.Buffer), Err: new(bytes.Buffer), Getenv: func(string) string { return "" }}, Wiring{}, "en")
	cancel()
	if _, err := a.ask("?"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// blocked is a terminal at which nobody types.
type blocked struct{}

func (blocked) Read([]byte) (int, error) { select {} }

// An engine's word that proves nothing is shown with the reason and never as a
// success.
func TestDoubtfulWord(t *testing.T) {
	for name, c := range map[string]struct {
		judged, said trust.State
		others       []string
		line, reason string
	}{
		"proof":         {trust.Trusted, trust.Trusted, nil, "✓ Docker itself", "trusted"},
		"contradiction": {trust.Refused, trust.Trusted, nil, "? Docker itself", "contradicts"},
		"a mirror":      {trust.Refused, trust.Unknown, []string{"mir.example:5006"}, "? Docker itself", "(mir.example:5006)"},
	} {
		r := judged(c.judged)
		r.Endpoints[0].Role, r.Endpoints[0].Verdicts[0].Consumer.Operation = trust.RoleRegistry, trust.OpPull
		on := r.Endpoints[0].Verdicts[0].Consumer
		r.Proved = []trust.EngineWord{{Party: on.Party, Instance: on.Instance, State: c.said, Others: c.others, Text: "not found"}}
		_, text, _ := run(stub{reports: []trust.Report{r}}, "check", "reg.example")
		if !strings.Contains(text, c.line) || !strings.Contains(strings.Join(strings.Fields(text), " "), c.reason) {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// A server chooses its subject: none of it may steer a terminal, hide, or fill
// the screen, in any form of the answer.
func TestHostileSubjectStaysText(t *testing.T) {
	evil := "\x1b[2J\x1b]0;owned\x07\u202e\u200b\u009b31m\r\n✓ trusted " + strings.Repeat("A", 64<<10)
	leaf := trusttest.NewCA(t, "Root").Leaf(trusttest.Names("reg.example"), trusttest.Subject(pkix.Name{CommonName: evil}))
	r := judged(trust.Refused)
	r.Endpoints[0].Sent = leaf.Sent()
	r.Endpoints[0].Verdicts[0].Consumer.Instance = evil
	r.Endpoints[0].Verdicts[0].Looked = []trust.Look{{Path: evil}}
	r.Findings = []trust.Finding{{Code: trust.UnknownAuthority, Severity: trust.SeverityError, Path: evil, Args: map[string]string{"subject": evil}}}
	r.Proved = []trust.EngineWord{{Party: trust.Docker, Text: evil}, {Party: trust.Docker, Others: []string{evil}}}
	report := filepath.Join(t.TempDir(), "r.md")
	_, text, _ := run(stub{reports: []trust.Report{r}}, "check", "-v", "reg.example", "--report", report)
	_, asJSON, _ := run(stub{reports: []trust.Report{r}}, "check", "--json", "reg.example")
	markdown, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"text": text, "JSON": asJSON, "Markdown": string(markdown)} {
		for _, c := range out {
			if c < 0x20 && c != '\n' || hidden(c) {
				t.Errorf("%s lets %U through", name, c)
			}
		}
		for _, l := range strings.Split(out, "\n") {
			if name != "JSON" && (len(l) > 4*safe.MaxLine || strings.HasPrefix(l, "✓")) {
				t.Errorf("%s has the line %.80q of %d bytes", name, l, len(l))
			}
		}
	}
	if !strings.Contains(text, `\u001b[2J`) {
		t.Error("the text does not show the subject at all")
	}
}
