package vm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
	"mooring.dev/mooring/ui/words"
)

const harbor = "harbor.lab.example"

var both = []trust.Party{trust.Docker, trust.Podman}

func signInForm(t *testing.T, a platform.Account) *vm.SignInForm {
	t.Helper()
	return vm.NewSignInForm(vm.Entry{Known: platform.Known{Registry: images(t).Registry}}, a, both)
}

// Every step of the dialog with every method, refusal and state of the keyring has
// words in every language.
func TestSignInHasWords(t *testing.T) {
	f := signInForm(t, platform.Account{})
	for _, lang := range words.Languages() {
		tl := teller(t, lang)
		tl.SignInPage(f)
		for _, scheme := range []signin.Scheme{signin.Open, signin.Basic, signin.Bearer, signin.Silly, "new"} {
			for _, p := range []signin.Product{signin.Unknown, signin.Distribution, signin.DockerHub, signin.Harbor, signin.GitLab, signin.ECR, signin.ACR, signin.GitHub} {
				f.SetMethod(signin.Method{Scheme: scheme, Product: p, Realm: "https://auth.example/token"}, nil)
				if page := tl.SignInPage(f); len(page.How) == 0 || page.How[0] == "" || page.Secret == "" {
					t.Errorf("%s %s %s: it is not said how one signs in", lang, scheme, p)
				}
			}
		}
		for _, state := range []keyring.State{
			keyring.NoBus, keyring.NoService, keyring.Locked, keyring.Dismissed, keyring.TooBig, keyring.TimedOut, keyring.Unsupported, keyring.Failed,
		} {
			f.SetKeyring(&keyring.Error{State: state})
			if page := tl.SignInPage(f); page.Keep[0].Detail == "" {
				t.Errorf("%s: nothing is said of a keyring that is %s", lang, state)
			}
		}
		f.SetKeyring(nil)
		everyRefusal(t, tl, f)
		everyOutcome(tl, f)
	}
}

func everyRefusal(t *testing.T, tl vm.Teller, f *vm.SignInForm) {
	t.Helper()
	seen := map[string]signin.Why{}
	for _, why := range []signin.Why{
		signin.WrongPassword, signin.Locked, signin.SecondFactor, signin.RateLimited, signin.Forbidden, signin.Ended,
		signin.NotARegistry, signin.Unavailable, signin.Unverified, signin.Redirected, signin.BadAnswer, signin.NoConnection,
	} {
		f.Begin("alice")
		f.End(signin.Outcome{}, fmt.Errorf("sign in: %w", &signin.Refusal{Why: why, Endpoint: harbor, Role: trust.RoleRegistry, RetryAfter: time.Minute}))
		what := tl.SignInPage(f).Problem.What
		if other, told := seen[what]; told {
			t.Errorf("%s and %s are not told apart: %q", why, other, what)
		}
		seen[what] = why
	}
}

func everyOutcome(tl vm.Teller, f *vm.SignInForm) {
	for _, session := range []bool{false, true} {
		for _, end := range []time.Time{{}, time.Now().Add(12 * time.Hour)} {
			for _, token := range []bool{false, true} {
				f.SetSession(session)
				f.End(signin.Outcome{Keep: trust.Credential{User: "alice", Token: token}, Expires: end}, nil)
				tl.SignInPage(f)
			}
		}
	}
	f.SetSession(false)
	f.BeginUse()
	tl.SignInPage(f)
	for _, p := range []trust.Plan{{}, {Changes: []trust.Change{{Kind: trust.EditFile, Path: "/x", Status: trust.StatusEdited}}}} {
		f.SetUse(p, nil)
		tl.SignInPage(f)
	}
	for _, phase := range []vm.Phase{vm.Applying, vm.Done} {
		f.Use.Phase = phase
		tl.SignInPage(f)
	}
	f.Use.Phase, f.Use.Err = vm.Failed, errors.New("no")
	tl.SignInPage(f)
}

// The password is no part of the form: it stands in the request alone, where it
// prints as dots.
func TestPasswordIsNotInTheForm(t *testing.T) {
	const password = "correct horse"
	f := signInForm(t, platform.Account{})
	f.SetMethod(signin.Method{Scheme: signin.Basic}, nil)
	q := f.Request("alice", trust.NewSecret(password))
	f.Begin("alice")
	f.End(signin.Outcome{Keep: q.Credential}, nil)
	for what, v := range map[string]any{"form": f, "request": q, "page": teller(t, "en").SignInPage(f)} {
		if got := fmt.Sprintf("%+v %#v", v, v); strings.Contains(got, password) {
			t.Errorf("the %s prints the password", what)
		}
	}
}

func TestWhereAPasswordIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		keyring error
		chosen  bool // memory, by the person
		session bool
		missing bool
	}{
		"a keyring":            {nil, false, false, false},
		"memory, by choice":    {nil, true, true, false},
		"no session bus":       {&keyring.Error{State: keyring.NoBus}, false, true, true},
		"no secret service":    {&keyring.Error{State: keyring.NoService}, false, true, true},
		"another system":       {&keyring.Error{State: keyring.Unsupported}, false, true, true},
		"locked, will ask":     {&keyring.Error{State: keyring.Locked}, false, false, false},
		"the prompt was shut":  {&keyring.Error{State: keyring.Dismissed}, false, false, false},
		"slow":                 {&keyring.Error{State: keyring.TimedOut}, false, false, false},
		"too big for this one": {&keyring.Error{State: keyring.TooBig}, false, true, true},
	} {
		f := signInForm(t, platform.Account{})
		f.SetMethod(signin.Method{Scheme: signin.Basic}, nil)
		f.SetKeyring(c.keyring)
		f.SetSession(c.chosen)
		keep := teller(t, "en").SignInPage(f).Keep
		if f.Session() != c.session || keep[0].Missing != c.missing || keep[0].Chosen == keep[1].Chosen {
			t.Errorf("%s: session %v, want %v; %+v", name, f.Session(), c.session, keep)
		}
		if len(keep) != 2 {
			t.Errorf("%s: %d places", name, len(keep))
		}
	}
}

func TestUserIsPrefilled(t *testing.T) {
	for name, c := range map[string]struct {
		kept    []platform.Kept
		product signin.Product
		want    string
	}{
		"nobody":              {nil, signin.Unknown, ""},
		"of the keyring":      {[]platform.Kept{{In: platform.KeptKeyring, User: "alice"}}, signin.Unknown, "alice"},
		"of a file":           {[]platform.Kept{{In: platform.KeptHelper}, {In: platform.KeptFile, User: "bob"}}, signin.Unknown, "bob"},
		"no token for a name": {[]platform.Kept{{In: platform.KeptFile, User: "<token>"}}, signin.Unknown, ""},
		"Amazon's":            {nil, signin.ECR, "AWS"},
	} {
		f := signInForm(t, platform.Account{Kept: c.kept})
		f.SetMethod(signin.Method{Scheme: signin.Basic, Product: c.product}, nil)
		if f.User != c.want {
			t.Errorf("%s: %q, want %q", name, f.User, c.want)
		}
	}
}

// An open registry is sent nothing: there is nothing to type.
func TestOpenRegistryHasNoFields(t *testing.T) {
	f := signInForm(t, platform.Account{})
	f.SetMethod(signin.Method{Scheme: signin.Open}, nil)
	if p := teller(t, "en").SignInPage(f); p.Fields || len(p.How) != 2 {
		t.Errorf("%+v", p)
	}
}

// A person who cancels is told nothing of an error.
func TestCancelledMethod(t *testing.T) {
	f := signInForm(t, platform.Account{})
	f.SetMethod(signin.Method{}, context.Canceled)
	if f.Step != vm.Barred || f.NeedsTrust() {
		t.Errorf("step %d", f.Step)
	}
}

func TestSignInTab(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b, tl := checked(t, s), teller(t, "en")
	ended := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		id   string
		kept []platform.Kept
		mark vm.Mark
		act  vm.Action
		says string
	}{
		"nobody":           {harbor, nil, vm.MarkUnknown, vm.ActSignIn, "You are not signed in."},
		"not trusted yet":  {corp, nil, vm.MarkUnknown, vm.ActTrust, "You are not signed in."},
		"used by none":     {harbor, []platform.Kept{{In: platform.KeptKeyring, User: "alice"}}, vm.MarkTrusted, vm.ActUse, "You are signed in as alice."},
		"used by both":     {harbor, []platform.Kept{{In: platform.KeptKeyring, User: "alice", Readers: both}}, vm.MarkTrusted, vm.ActSignOut, "You are signed in as alice."},
		"in memory":        {harbor, []platform.Kept{{In: platform.KeptSession, User: "alice"}}, vm.MarkTrusted, vm.ActSignOut, "until Mooring closes"},
		"a token":          {harbor, []platform.Kept{{In: platform.KeptKeyring, User: "<token>", Token: true, Readers: both}}, vm.MarkTrusted, vm.ActSignOut, "signed in as somebody"},
		"ended":            {harbor, []platform.Kept{{In: platform.KeptKeyring, User: "AWS", Expires: ended}}, vm.MarkAttention, vm.ActSignIn, "Your sign-in as AWS ended"},
		"in plain text":    {harbor, []platform.Kept{{In: platform.KeptFile, Path: "/c.json", User: "alice", Readers: both}}, vm.MarkAttention, vm.ActMove, "lies in plain text"},
		"plain text first": {harbor, []platform.Kept{{In: platform.KeptKeyring}, {In: platform.KeptFile, Path: "/c.json"}}, vm.MarkAttention, vm.ActMove, "lies in plain text"},
		"another helper":   {harbor, []platform.Kept{{In: platform.KeptHelper, Helper: "pass", Readers: both}}, vm.MarkTrusted, vm.ActSignIn, "“pass”"},
	} {
		tab := tl.SignInTab(entry(t, b, c.id), platform.Account{Kept: c.kept}, both)
		if got := tab.Banner; got.Mark != c.mark || got.Action != c.act || !strings.Contains(got.Sentence, c.says) {
			t.Errorf("%s: %s %q %q, want %s %q %q", name, got.Mark, got.Action, got.Sentence, c.mark, c.act, c.says)
		}
		if len(tab.Kept) != len(c.kept) || len(tab.Tools) != 2 {
			t.Errorf("%s: %d places and %d tools", name, len(tab.Kept), len(tab.Tools))
		}
	}
}

// The tab has words for every place and tool in every language.
func TestSignInTabHasWords(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b := checked(t, s)
	at := time.Now()
	for _, lang := range words.Languages() {
		tl := teller(t, lang)
		for _, in := range []platform.KeptIn{platform.KeptKeyring, platform.KeptSession, platform.KeptHelper, platform.KeptFile} {
			tl.SignInTab(entry(t, b, harbor), platform.Account{Kept: []platform.Kept{{In: in, Expires: at.Add(-time.Hour), Readers: both}}}, both)
			for _, readers := range [][]trust.Party{nil, {trust.Docker}, both} {
				kept := platform.Kept{In: in, Helper: "pass", Path: "/home/alice/.docker/config.json", User: "alice", Token: true, At: at, Expires: at.Add(time.Hour), Readers: readers}
				tl.SignInTab(entry(t, b, harbor), platform.Account{Kept: []platform.Kept{kept}}, both)
			}
		}
		for _, scheme := range []trust.AuthScheme{trust.AuthNone, trust.AuthBasic, trust.AuthBearer, trust.AuthUnknown} {
			e := entry(t, b, harbor)
			e.Report.Auth = trust.Challenge{Scheme: scheme, Realm: "https://auth.example/token", Service: "registry"}
			if how := tl.SignInTab(e, platform.Account{}, both).How; len(how) != 1 || how[0].Title == "" {
				t.Errorf("%s %s: %+v", lang, scheme, how)
			}
		}
	}
}

// A realm is an address with a token server, and else a name that needs a word before it.
func TestRealmIsWorded(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b := checked(t, s)
	for _, c := range []struct {
		auth   trust.Challenge
		reason string
	}{
		{trust.Challenge{Scheme: trust.AuthBasic, Realm: "lab"}, "realm: lab"},
		{trust.Challenge{Scheme: trust.AuthBasic}, ""},
		{trust.Challenge{Scheme: trust.AuthBearer, Realm: "https://auth.example/token", Service: "lab"}, "https://auth.example/token"},
	} {
		e := entry(t, b, harbor)
		report := *e.Report
		report.Auth, e.Report = c.auth, &report
		if how := teller(t, "en").SignInTab(e, platform.Account{}, both).How; len(how) != 1 || how[0].Reason != c.reason {
			t.Errorf("%+v: %+v", c.auth, how)
		}
	}
}

// Tools that read another sign-in of the person's are told apart from those that
// use Mooring's.
func TestToolRows(t *testing.T) {
	s, _ := windowtest.Scene(t)
	e := entry(t, checked(t, s), harbor)
	a := platform.Account{Kept: []platform.Kept{
		{In: platform.KeptKeyring, User: "alice", Readers: []trust.Party{trust.Docker}},
		{In: platform.KeptFile, Path: "/run/user/1000/containers/auth.json", User: "alice", Readers: []trust.Party{trust.Podman}},
	}}
	rows := teller(t, "en").SignInTab(e, a, both).Tools
	for i, want := range []struct {
		word string
		mark vm.Mark
		act  vm.Action
	}{{"uses it", vm.MarkTrusted, vm.ActStopUse}, {"in plain text", vm.MarkAttention, vm.ActUse}} {
		if r := rows[i]; r.Word != want.word || r.Mark != want.mark || len(r.Acts) != 1 || r.Acts[0].Do != want.act {
			t.Errorf("row %d: %+v", i, r)
		}
	}
}

// A file's name and a realm are a stranger's: nothing of them moves a cursor.
func TestHostileRealm(t *testing.T) {
	s, _ := windowtest.Scene(t)
	e := entry(t, checked(t, s), harbor)
	e.Report.Auth = trust.Challenge{Scheme: trust.AuthBearer, Realm: "https://\x1b[31m\u202eevil/\n", Service: "a\x00b"}
	row := teller(t, "en").SignInTab(e, platform.Account{}, both).How[0]
	for _, text := range []string{row.Title, row.Reason, row.Fields[0].Value, row.Fields[1].Value} {
		if strings.ContainsAny(text, "\x1b\n\x00\u202e") {
			t.Errorf("shown as it is: %q", text)
		}
	}
}

// The finding of a password in plain text offers the way out.
func TestPlaintextFindingOffersTheKeyring(t *testing.T) {
	s, _ := windowtest.Scene(t)
	e := entry(t, checked(t, s), harbor)
	e.Report.Findings = append(e.Report.Findings, trust.Finding{
		Code: trust.PlaintextCredentials, Severity: trust.SeverityWarning, Path: "/home/alice/.docker/config.json", Args: map[string]string{"text": harbor, "registry": harbor},
	})
	for _, row := range teller(t, "en").Registry(e).Findings {
		if strings.Contains(row.ID, string(trust.PlaintextCredentials)) {
			if len(row.Acts) != 1 || row.Acts[0].Do != vm.ActMove {
				t.Errorf("%+v", row.Acts)
			}
			if row.Mark != vm.MarkAttention || len(row.Looked) != 1 || row.Looked[0].Mark != vm.MarkAttention {
				t.Errorf("a password in plain text is marked %q, its file %+v", row.Mark, row.Looked)
			}
			if len(row.Notes) != 1 || !strings.Contains(row.Notes[0], "“mooring login "+harbor+" --move”") {
				t.Errorf("the way out is %q", row.Notes)
			}
			return
		}
	}
	t.Error("there is no such finding")
}
