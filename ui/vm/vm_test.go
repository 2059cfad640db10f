package vm_test

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
	"mooring.dev/mooring/ui/words"
	"mooring.dev/mooring/ui/words/wordstest"
)

func teller(t testing.TB, lang string) vm.Teller {
	return vm.Teller{W: wordstest.New(t, lang), Now: time.Now}
}

// checked is a book of the machine s with every registry checked.
func checked(t testing.TB, s *windowtest.Service) *vm.Book {
	t.Helper()
	b := vm.NewBook()
	list, err := s.Registries(t.Context(), platform.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.SetKnown(list)
	var regs []trust.Registry
	for _, k := range list {
		regs = append(regs, k.Registry)
	}
	if err := s.Check(t.Context(), regs, platform.CheckOptions{EngineWord: true}, b.Put); err != nil {
		t.Fatal(err)
	}
	b.Settle()
	return b
}

func entry(t testing.TB, b *vm.Book, id string) vm.Entry {
	t.Helper()
	e, ok := b.Entry(id)
	if !ok {
		t.Fatalf("%s is not in the book", id)
	}
	return e
}

const corp = "registry.corp.example:5000"

// Every page of every state is put into words in every language: the words of
// the tests fail on a missing key or value.
func TestEveryStateHasWords(t *testing.T) {
	s, ca := windowtest.Scene(t)
	b := checked(t, s)
	for _, lang := range words.Languages() {
		tl := teller(t, lang)
		tl.Sidebar(b, "")
		tl.Sidebar(b, "no such thing")
		tl.Sidebar(b, "a b")
		for _, e := range b.All() {
			page := tl.Registry(e)
			if page.Banner.Sentence == "" || page.Meta == "" || len(page.Parties) == 0 {
				t.Errorf("%s %s: the page is incomplete: %+v", lang, e.ID(), page.Banner)
			}
			tl.ReportText(*e.Report)
			form := vm.NewTrustForm(*e.Report, windowtest.New().Reaches())
			tl.TrustPage(form)
			everyCandidate(t, s, tl, form)
		}
		tl.Registry(vm.Entry{Known: entry(t, b, corp).Known})
		tl.Registry(vm.Entry{Known: entry(t, b, corp).Known, Checking: true})
		tl.Examined(certfile.Examine(trusttest.PEM(ca.Root.Cert, ca.Issuing.Cert)))
		tl.Examined(certfile.Examine(append(ca.Root.PEM(), ca.Root.KeyPEM()...)))
		tl.Examined(certfile.Examine(nil))
	}
}

// everyCandidate walks a form through all its choices and phases.
func everyCandidate(t *testing.T, s *windowtest.Service, tl vm.Teller, f *vm.TrustForm) {
	t.Helper()
	cs, err := s.Candidates(t.Context(), f.Report, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.SetCandidates(cs)
	f.Others = []trust.Registry{f.Registry, f.Registry}
	for i := range cs {
		f.Choose(i)
		for _, reach := range []trust.Reach{trust.ReachRegistry, trust.ReachComputer} {
			f.SetReach(reach)
			q, _ := f.Request()
			plan, err := s.PlanTrust(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			f.Plan = &plan
			page := tl.TrustPage(f)
			if !page.CanApply {
				t.Errorf("%s cannot be trusted: %s", f.Registry, page.WhyNot)
			}
		}
	}
	for _, paste := range []string{"zz", strings.Repeat("a", 40), strings.Repeat("b", 64), ""} {
		f.Paste(paste)
		tl.TrustPage(f)
	}
	for _, phase := range []vm.Phase{vm.Applying, vm.Proving, vm.Done} {
		f.Phase = phase
		tl.Outcome(f)
	}
	f.Proof = &f.Report
	tl.Outcome(f)
	f.Phase, f.Err = vm.Failed, errors.New("odd")
	tl.Outcome(f)
}

// A failure says in one place what has come of the changes, and nothing of it when
// nobody knows.
func TestFailureSaysWhatCameOfTheChanges(t *testing.T) {
	tl := vm.NewTeller(wordstest.New(t, "en"))
	for name, c := range map[string]struct {
		err     error
		receipt *trust.Receipt
		want    string
	}{
		"not given rights": {
			change.Refuse(change.ErrNoRights, "", "Not authorized"), nil,
			"The system gave Mooring no administrator rights. Nothing was changed.",
		},
		"says it itself": {
			change.Refuse(change.ErrTooBroad, "", ""), nil,
			"The plan wants more than it was allowed. Nothing was changed.",
		},
		"pending": {
			change.Refuse(change.ErrPending, "", "killed"), nil,
			"It is not known how far this came. The next start of Mooring finishes it or rolls it back.",
		},
		"unproved": {
			context.DeadlineExceeded, &trust.Receipt{},
			"This took too long and was stopped. The changes were made, but could not be proved.",
		},
	} {
		o := tl.Outcome(&vm.TrustForm{Phase: vm.Failed, Err: c.err, Receipt: c.receipt})
		if o.Problem.What != c.want || o.Summary.Sentence != "" {
			t.Errorf("%s: %q, and beside it %q", name, o.Problem.What, o.Summary.Sentence)
		}
	}
}

// While root is asked, and once it has refused, no change looks made.
func TestOnlyTheReceiptTicksChanges(t *testing.T) {
	plan := &trust.Plan{Changes: []trust.Change{
		{Kind: trust.WriteFile, Path: "/etc/docker/certs.d/a.example/ca.crt", Status: trust.StatusNew, Privileged: true},
		{Kind: trust.WriteFile, Path: "/home/alice/.config/containers/certs.d/a.example/ca.crt", Status: trust.StatusNew},
	}}
	marks := func(f *vm.TrustForm) string {
		var out []string
		for _, s := range vm.NewTeller(wordstest.New(t, "en")).Outcome(f).Steps {
			out = append(out, string(s.Mark))
		}
		return strings.Join(out, " ")
	}
	f := &vm.TrustForm{Plan: plan, Phase: vm.Applying}
	f.Progress = platform.Progress{Done: 1, Total: 2, Args: map[string]string{"path": plan.Changes[0].Path}}
	if got, want := marks(f), "checking unknown"; got != want {
		t.Errorf("while root is asked: %q, want %q", got, want)
	}
	f.Phase, f.Err = vm.Failed, errors.New("refused")
	if got, want := marks(f), "unknown unknown"; got != want {
		t.Errorf("after the refusal: %q, want %q", got, want)
	}
	f.Phase, f.Err, f.Receipt = vm.Done, nil, &trust.Receipt{State: trust.ReceiptApplied}
	if got, want := marks(f), "trusted trusted"; got != want {
		t.Errorf("with the receipt: %q, want %q", got, want)
	}
}

func TestBanner(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	for id, want := range map[string]struct {
		mark     vm.Mark
		sentence string
		action   vm.Action
	}{
		corp:                        {vm.MarkRefused, "Docker and Podman refuse this registry: nobody here knows “Corp Root CA”, which signed its chain.", vm.ActTrust},
		"gitlab.example:5050":       {vm.MarkRefused, "Docker and Podman refuse this registry. The token server is not trusted.", vm.ActTrust},
		"harbor.lab.example":        {vm.MarkAttention, "Docker and Podman trust this registry.", vm.ActNone},
		"quay.io":                   {vm.MarkTrusted, "Docker and Podman trust this registry.", vm.ActNone},
		"nas.home:5000":             {vm.MarkUnknown, "This registry was not reached. No answer in time.", vm.ActCheck},
		"plain.lab.example:5000":    {vm.MarkRefused, "Docker and Podman refuse this registry. The registry speaks plain HTTP.", vm.ActReport},
		"insecure.lab.example:5000": {vm.MarkInsecure, "Docker and Podman do not check this registry: anyone on the network could answer in its place.", vm.ActTrust},
		"old.corp.example":          {vm.MarkRefused, "Docker and Podman refuse this registry. A certificate has expired.", vm.ActReport},
		"alone.lab.example:5000":    {vm.MarkRefused, "Docker and Podman refuse this registry. The server's certificate signs itself.", vm.ActTrust},
	} {
		got := tl.Registry(entry(t, b, id)).Banner
		if got.Mark != want.mark || got.Sentence != want.sentence || got.Action != want.action {
			t.Errorf("%s:\n got %s %q %q\nwant %s %q %q", id, got.Mark, got.Sentence, got.Action, want.mark, want.sentence, want.action)
		}
	}
	e := entry(t, b, corp)
	for action, want := range map[string]vm.Action{
		"trust": vm.ActUndo, "untrust": vm.ActUndo, "use": vm.ActTrust, "move": vm.ActTrust, "client-cert": vm.ActTrust,
	} {
		e.Fresh = []trust.Receipt{{ID: "r1", Action: action, Registries: []string{corp}}}
		if got := tl.Registry(e).Banner; got.Action != want || got.Quiet != (want == vm.ActUndo) {
			t.Errorf("after %s the banner offers %q", action, got.Action)
		}
	}
	e.Fresh = []trust.Receipt{{ID: "r1", Action: "trust", Registries: []string{"quay.io"}}}
	if got := tl.Registry(e).Banner.Action; got != vm.ActTrust {
		t.Errorf("after trusting another registry the banner offers %q", got)
	}
	if got := tl.Registry(entry(t, b, corp)).Banner; got.Error != "x509: certificate signed by unknown authority" {
		t.Errorf("the text to search for is %q", got.Error)
	}
}

// shape is a chain as drawn: roles with the links between them.
func shape(c vm.Chain) string {
	var b strings.Builder
	for _, n := range c.Nodes {
		if n.Link != vm.LinkNone {
			b.WriteString(" -" + string(n.Link) + "- ")
		}
		b.WriteString(n.Cert.Role)
		if n.Cert.Missing != "" {
			b.WriteString("?")
		}
		if n.Cert.Broken {
			b.WriteString("!")
		}
	}
	return b.String()
}

func TestChains(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	for id, want := range map[string]string{
		corp:                           "SERVER -verified- INTERMEDIATE -broken- ROOT, SENT BY THE SERVER!",
		"harbor.lab.example":           "SERVER -verified- INTERMEDIATE -verified- TRUST ANCHOR",
		"incomplete.corp.example:8443": "SERVER -broken- MISSING ISSUER?",
		"insecure.lab.example:5000":    "SERVER -verified- INTERMEDIATE -slack- ROOT, SENT BY THE SERVER",
		"old.corp.example":             "SERVER! -verified- INTERMEDIATE -verified- ROOT, SENT BY THE SERVER",
		"alone.lab.example:5000":       "SERVER!",
	} {
		page := tl.Registry(entry(t, b, id))
		if got := shape(page.Chains[0]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", id, got, want)
		}
	}
	harbor := tl.Registry(entry(t, b, "harbor.lab.example")).Chains[0].Nodes[2].Cert
	if want := "/etc/docker/certs.d/harbor.lab.example/ca.crt"; harbor.Origin != want {
		t.Errorf("the anchor comes from %q, want %q", harbor.Origin, want)
	}
	if chains := tl.Registry(entry(t, b, "gitlab.example:5050")).Chains; len(chains) != 2 || !strings.Contains(chains[1].Title, "token server") {
		t.Errorf("the token server's chain is not shown: %d chains", len(chains))
	}
	if chains := tl.Registry(entry(t, b, "nas.home:5000")).Chains; len(chains) != 0 {
		t.Error("an unreached registry has a chain")
	}
}

// Parties out of scope or not installed are muted, never red.
func TestPartiesOutOfScopeAreMuted(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	rows := tl.Registry(entry(t, b, corp)).Parties
	for i, want := range []struct {
		title, word string
		mark        vm.Mark
		muted       bool
	}{
		{"Docker 29.5.1", "refuses", vm.MarkRefused, false},
		{"Podman 5.3.1", "refuses", vm.MarkRefused, false},
		{"This computer", "not in scope", vm.MarkUnknown, true},
		{"containerd", "not installed", vm.MarkUnknown, true},
	} {
		r := rows[i]
		if r.Title != want.title || r.Word != want.word || r.Mark != want.mark || r.Muted != want.muted {
			t.Errorf("row %d is %q %q %s muted=%v, want %+v", i, r.Title, r.Word, r.Mark, r.Muted, want)
		}
	}
	if got := rows[0].Looked[0]; got.Path != "/etc/docker/certs.d/"+corp || got.Found {
		t.Errorf("docker looked first at %+v", got)
	}
	e := entry(t, b, corp)
	first := &e.Report.Endpoints[0].Verdicts[0]
	first.Looked = []trust.Look{{Path: "/bad", Found: true, Note: string(trust.NotPEM)}, {Path: "/good", Found: true}}
	if got := teller(t, "en").Registry(e).Parties[0].Looked; got[0].Mark != vm.MarkAttention || got[1].Mark != "" {
		t.Errorf("what is odd and what is found are marked %+v", got)
	}
}

func TestRowsMoveOnlyWhenSettled(t *testing.T) {
	s, ca := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	group := func() string {
		heading := ""
		for _, r := range tl.Sidebar(b, "").Rows {
			if r.Heading != "" {
				heading = r.Heading
			}
			if r.ID == corp {
				return heading
			}
		}
		return ""
	}
	if got := group(); !strings.HasPrefix(got, "NEEDS ATTENTION") {
		t.Fatalf("it stands under %q", got)
	}
	reg := entry(t, b, corp).Known.Registry
	plan, _ := s.PlanTrust(t.Context(), platform.TrustRequest{Registries: []trust.Registry{reg}, Anchors: []trust.Anchor{{Cert: ca.Root.Cert}}})
	if _, err := s.Apply(t.Context(), plan, func(platform.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), []trust.Registry{reg}, platform.CheckOptions{}, b.Put); err != nil {
		t.Fatal(err)
	}
	if got := group(); !strings.HasPrefix(got, "NEEDS ATTENTION") {
		t.Errorf("it moved to %q while it was looked at", got)
	}
	b.Settle()
	if got := group(); !strings.HasPrefix(got, "TRUSTED") {
		t.Errorf("it stays under %q", got)
	}
}

func TestSearch(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	for query, want := range map[string]struct {
		found int
		add   string
	}{
		"":                                      {14, ""},
		"CORP.example":                          {4, "CORP.example"},
		"registry.corp.example:5000/team/app":   {1, ""},
		"https://registry.corp.example:5000/v2": {1, ""},
		"docker pull new.example/app":           {0, "new.example"},
		"quay":                                  {1, ""},
		"config.json":                           {14, "config.json"},
		"two words":                             {0, ""},
	} {
		got := tl.Sidebar(b, query)
		if got.Found != want.found || got.Add != want.add {
			t.Errorf("%q: found %d, add %q; want %d, %q", query, got.Found, got.Add, want.found, want.add)
		}
	}
	if got := tl.Sidebar(b, "two words"); got.None == "" || got.AddNote == "" {
		t.Errorf("it is not said why this cannot be added: %+v", got)
	}
}

func TestSignedByFindsTheOthers(t *testing.T) {
	s, ca := windowtest.Scene(t)
	b := checked(t, s)
	var got []string
	for _, r := range b.SignedBy(trust.Anchor{Cert: ca.Root.Cert}, corp) {
		got = append(got, r.String())
	}
	list := strings.Join(got, " ")
	for _, id := range []string{"insecure.lab.example:5000", "gitlab.example:5050"} {
		if !strings.Contains(list, id) {
			t.Errorf("%s is missing among %s", id, list)
		}
	}
	for _, id := range []string{corp, "quay.io", "old.corp.example", "nas.home:5000"} {
		if strings.Contains(list, id) {
			t.Errorf("%s is offered, which trusting this CA does not help", id)
		}
	}
}

func form(t *testing.T, s *windowtest.Service, b *vm.Book, id string) *vm.TrustForm {
	t.Helper()
	f := vm.NewTrustForm(*entry(t, b, id).Report, windowtest.New().Reaches())
	cs, err := s.Candidates(context.Background(), f.Report, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.SetCandidates(cs)
	return f
}

func TestCompare(t *testing.T) {
	s, ca := windowtest.Scene(t)
	f := form(t, s, checked(t, s), corp)
	f.Plan = &trust.Plan{Changes: []trust.Change{{Status: trust.StatusNew}}}
	root, issuing := trust.FingerprintOf(ca.Root.Cert), trust.FingerprintOf(ca.Issuing.Cert)
	for paste, want := range map[string]struct {
		compare vm.Comparison
		blocked vm.Blocked
	}{
		"":                           {vm.NotCompared, vm.NotBlocked},
		root.String():                {vm.Match, vm.NotBlocked},
		root.Groups():                {vm.Match, vm.NotBlocked},
		"sha256:" + root.String():    {vm.Match, vm.NotBlocked},
		strings.Repeat("0", 64):      {vm.Mismatch, vm.BlockedMismatch},
		root.String()[:63]:           {vm.NotAFingerprint, vm.BlockedNotAFingerprint},
		strings.Repeat("ab", 20):     {vm.SHA1Given, vm.BlockedNotAFingerprint},
		"the one on the sticky note": {vm.NotAFingerprint, vm.BlockedNotAFingerprint},
	} {
		f.Paste(paste)
		if f.Compare() != want.compare || f.Blocked() != want.blocked {
			t.Errorf("%q: %d blocked %d, want %+v", paste, f.Compare(), f.Blocked(), want)
		}
	}
	// The fingerprint of another candidate means that one.
	f.Paste(issuing.String())
	if c, _ := f.Candidate(); c.Anchor.Fingerprint() != issuing {
		t.Error("the fingerprint of another candidate did not choose it")
	}
	if f.Plan != nil {
		t.Error("the plan for one certificate is kept for another")
	}
}

// A server's own certificate is never preselected: it must be asked for.
func TestLeafMustBeChosen(t *testing.T) {
	s, _ := windowtest.Scene(t)
	f := form(t, s, checked(t, s), "alone.lab.example:5000")
	if _, chosen := f.Candidate(); chosen {
		t.Fatal("a leaf is chosen without being asked for")
	}
	if f.Blocked() != vm.BlockedNothingChosen {
		t.Errorf("blocked is %d", f.Blocked())
	}
	f.Choose(0)
	if q, _ := f.Request(); !q.AllowLeaf {
		t.Error("a leaf that was asked for is not allowed")
	}
	if v := teller(t, "en").TrustPage(f).Candidates[0]; !strings.Contains(v.Consequence, "own certificate") {
		t.Errorf("the consequence is not said: %q", v.Consequence)
	}
}

func TestCommand(t *testing.T) {
	s, ca := windowtest.Scene(t)
	f := form(t, s, checked(t, s), corp)
	fp := trust.FingerprintOf(ca.Root.Cert).String()
	if got, want := f.Command(), "mooring trust registry.corp.example:5000 --fingerprint "+fp; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	f.SetReach(trust.ReachComputer)
	f.AddGiven([]trust.Anchor{{Cert: ca.Root.Cert}}, "/tmp/it's here.pem")
	if got, want := f.Command(), `mooring trust registry.corp.example:5000 --ca '/tmp/it'\''s here.pem' --location computer`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// What a stranger wrote into a certificate moves no cursor, hides nothing and
// fills no page.
func TestHostileSubject(t *testing.T) {
	s := windowtest.New()
	evil := trusttest.SelfSigned(t, trusttest.Subject(pkix.Name{
		CommonName:   "../../etc\n\x1b[31m\u202egnp.evil" + strings.Repeat("A", 64<<10),
		Organization: []string{"\u2066Example\x00"},
	}), trusttest.Names("evil.example"))
	s.AddHost(t, "evil.example:5000", windowtest.Host{Sent: evil.Path()})
	b, tl := checked(t, s), teller(t, "en")
	cert := tl.Registry(entry(t, b, "evil.example:5000")).Chains[0].Nodes[0].Cert
	for _, text := range []string{cert.Name, cert.Owner, cert.Fields[0].Value, tl.ReportText(*entry(t, b, "evil.example:5000").Report)} {
		if len(text) > 8<<10 {
			t.Errorf("%d bytes of a stranger's text are shown", len(text))
		}
		for _, r := range text {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Errorf("%q is shown as it is", r)
				break
			}
		}
	}
	if got := vm.FileName(cert.Name); strings.ContainsAny(got, "/\\\n") || strings.HasPrefix(got, ".") || len(got) > 80 {
		t.Errorf("the file would be called %q", got)
	}
}

func TestHistory(t *testing.T) {
	tl := teller(t, "en")
	receipts := []trust.Receipt{
		{ID: "2", Action: "trust", Reach: trust.ReachComputer, State: trust.ReceiptUndone, Registries: []string{"b.example"}, Anchors: []trust.PlanAnchor{{Subject: "CN=B,O=x"}}},
		{
			ID: "1", Action: "trust", State: trust.ReceiptApplied, Registries: []string{"a.example"}, Anchors: []trust.PlanAnchor{{Subject: "CN=A"}},
			Changes: []trust.Done{{Kind: trust.WriteFile, Path: "/etc/x/ca.crt"}, {Kind: trust.RunCommand, Command: "update-ca-certificates"}},
		},
	}
	all := tl.History(receipts, "")
	if len(all) != 2 || all[0].CanUndo || !all[1].CanUndo {
		t.Fatalf("got %+v", all)
	}
	if want := "Trusted “B” for b.example, on the whole computer"; all[0].Title != want {
		t.Errorf("got %q, want %q", all[0].Title, want)
	}
	if one := tl.History(receipts, "a.example"); len(one) != 1 || one[0].ID != "1" {
		t.Errorf("of one registry: %+v", one)
	}
	if signs := all[1].Lines[0].Sign + all[1].Lines[1].Sign; signs != "+$" {
		t.Errorf("the lines are marked %q", signs)
	}
}

func BenchmarkSidebar1000(b *testing.B) {
	book, tl := checked(b, windowtest.Many(b, 1000)), teller(b, "en")
	for b.Loop() {
		tl.Sidebar(book, "")
	}
}

// A file that names a registry twice, once for a password and once for a helper,
// is one place.
func TestOriginsNameAFileOnce(t *testing.T) {
	const file = "/home/alice/.docker/config.json"
	page := teller(t, "en").Registry(vm.Entry{Known: platform.Known{Origins: []platform.Origin{
		{Kind: "docker-config", Path: file, Note: "auths"},
		{Kind: "docker-config", Path: file, Note: "credHelpers"},
		{Kind: "certs.d", Path: file + ".d"},
	}}})
	rows := page.Origins
	if len(rows) != 2 || len(rows[0].Notes) != 2 || len(rows[0].Looked) != 1 {
		t.Errorf("%+v", rows)
	}
}
