package vm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/words"
)

func images(tb testing.TB) *vm.Images {
	tb.Helper()
	r, _, err := trust.ParseRegistry(harbor)
	if err != nil {
		tb.Fatal(err)
	}
	return vm.NewImages(r)
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("team/service-%05d", i)
	}
	return out
}

func TestFilterSeesWhatComesLater(t *testing.T) {
	m := images(t)
	m.Begin()
	m.Add([]string{"team/app", "other/app"})
	m.SetFilter(" TEAM ")
	m.Add([]string{"team/db", "x"})
	if got := strings.Join(m.Found(), " "); got != "team/app team/db" {
		t.Errorf("found %q", got)
	}
	m.SetFilter("")
	if len(m.Found()) != 4 {
		t.Errorf("found %d of 4", len(m.Found()))
	}
}

func TestTagsKeepTheirPlace(t *testing.T) {
	m := images(t)
	m.Choose("team/app")
	m.PutTags([]catalog.Tag{{Name: "b", Size: -1}, {Name: "a", Size: -1}})
	m.PutTags([]catalog.Tag{{Name: "a", Size: 5, Digest: "sha256:0123456789abcdef0123"}})
	m.EndTags(nil)
	tags := teller(t, "en").ImagesPage(m).Repo.Tags
	if len(tags) != 2 || tags[0].Name != "b" || tags[1].Size == "" || tags[0].Size != "" {
		t.Errorf("%+v", tags)
	}
	if want := "sha256:0123456789ab"; tags[1].Detail != want {
		t.Errorf("the digest is shown as %q, want %q", tags[1].Detail, want)
	}
	m.Choose("team/db")
	if got := teller(t, "en").ImagesPage(m).Repo.Tags; len(got) != 0 {
		t.Errorf("the tags of another repository are shown: %+v", got)
	}
}

// A registry that never ends does not fill the memory.
func TestNamesAreBounded(t *testing.T) {
	m := images(t)
	m.Begin()
	lot := names(10_000)
	for range 15 {
		m.Add(lot)
	}
	if n := len(m.Found()); n != 100_000 {
		t.Errorf("kept %d", n)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		do    vm.Action
		mark  vm.Mark
		stage vm.Reading
	}{
		"for administrators": {&catalog.Refusal{Why: catalog.AdminOnly}, vm.ActSignIn, vm.MarkAttention, vm.ReadFailed},
		"wants a sign-in":    {&catalog.Refusal{Why: catalog.NeedsSignIn}, vm.ActSignIn, vm.MarkAttention, vm.ReadFailed},
		"has none":           {&catalog.Refusal{Why: catalog.NotOffered}, vm.ActNone, vm.MarkAttention, vm.ReadFailed},
		"denied":             {&catalog.Refusal{Why: catalog.Denied}, vm.ActSignIn, vm.MarkAttention, vm.ReadFailed},
		"not trusted":        {&signin.Refusal{Why: signin.Unverified, Endpoint: harbor}, vm.ActTrust, vm.MarkRefused, vm.ReadFailed},
		"sign-in ended":      {&signin.Refusal{Why: signin.Ended, Endpoint: harbor}, vm.ActSignIn, vm.MarkAttention, vm.ReadFailed},
		"not reached":        {&signin.Refusal{Why: signin.NoConnection, Endpoint: harbor}, vm.ActCheck, vm.MarkAttention, vm.ReadFailed},
		"something else":     {errors.New("broken"), vm.ActCheck, vm.MarkAttention, vm.ReadFailed},
		"cancelled":          {context.Canceled, "", "", vm.Stopped},
	} {
		for _, lang := range words.Languages() {
			m := images(t)
			m.Begin()
			m.End(c.err)
			p := teller(t, lang).ImagesPage(m)
			if m.Stage != c.stage {
				t.Errorf("%s: stage %d", name, m.Stage)
			}
			if c.stage == vm.Stopped {
				if p.Fault != nil || p.Again == "" {
					t.Errorf("%s: %+v", name, p)
				}
				continue
			}
			if p.Fault == nil || p.Fault.Do != c.do || p.Fault.Mark != c.mark || (p.Fault.Label == "") != (c.do == vm.ActNone) {
				t.Errorf("%s: %+v", name, p.Fault)
			}
		}
	}
}

func TestRights(t *testing.T) {
	answers := []catalog.Answer{catalog.Yes, catalog.No, catalog.NotKnown, "new"}
	for _, lang := range words.Languages() {
		tl := teller(t, lang)
		for _, pull := range answers {
			for _, said := range []string{"", "denied: requested access to the resource is denied"} {
				m := images(t)
				m.Choose("team/app")
				m.PutRights(catalog.Rights{Pull: pull, Push: pull, PullText: said, PushText: said, UploadLeft: true}, nil)
				r := tl.ImagesPage(m).Repo
				if len(r.Rights) != 3 || r.Anon == "" {
					t.Fatalf("%s %s: %+v", lang, pull, r)
				}
				if quoted := strings.Contains(r.Rights[1].Sentence, "denied:"); quoted != (said != "" && pull != catalog.Yes) {
					t.Errorf("%s %s: the registry's words: %q", lang, pull, r.Rights[1].Sentence)
				}
				if (r.SignIn == "") != (pull == catalog.Yes) {
					t.Errorf("%s %s: offers %q", lang, pull, r.SignIn)
				}
			}
		}
		m := images(t)
		m.Choose("team/app")
		m.PutRights(catalog.Rights{}, &signin.Refusal{Why: signin.NoConnection, Endpoint: harbor})
		if r := tl.ImagesPage(m).Repo; len(r.Rights) != 1 || r.Rights[0].Mark != vm.MarkUnknown {
			t.Errorf("%s: %+v", lang, r.Rights)
		}
	}
}

// Every stage of reading has words, with one, a few and many.
func TestStagesHaveWords(t *testing.T) {
	for _, lang := range words.Languages() {
		tl := teller(t, lang)
		for _, n := range []int{0, 1, 3, 250} {
			m := images(t)
			m.Begin()
			m.Add(names(n))
			tl.ImagesPage(m)
			m.SetFilter("service-00000")
			tl.ImagesPage(m)
			m.SetFilter("nothing like it")
			tl.ImagesPage(m)
			m.SetFilter("")
			m.Choose("team/app")
			for _, name := range names(n) {
				m.PutTags([]catalog.Tag{{Name: name, Platforms: []string{"linux/amd64"}, Digest: "sha256:00"}})
			}
			tl.ImagesPage(m)
			m.Stop()
			tl.ImagesPage(m)
			m.End(errors.New("broken"))
			m.EndTags(&signin.Refusal{Why: signin.Forbidden, Endpoint: harbor})
			tl.ImagesPage(m)
			m.End(nil)
			m.EndTags(nil)
			if p := tl.ImagesPage(m); n == 0 && (p.None == "" || p.Repo.None == "") {
				t.Errorf("%s: an empty registry says nothing", lang)
			}
		}
	}
}

func TestNamed(t *testing.T) {
	m := images(t)
	for text, want := range map[string]string{
		"team/app":       "team/app",
		" team/app:1.2 ": "team/app",
		"docker pull harbor.lab.example/team/app:1": "team/app",
		harbor + "/app@sha256:00":                   "app",
		"Team/App":                                  "",
		"../../etc/passwd":                          "",
		"a b":                                       "b",
		"":                                          "",
		strings.Repeat("a", 300):                    "",
	} {
		if got := m.Named(text); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}

// What a registry calls its repositories and tags moves no cursor.
func TestHostileNames(t *testing.T) {
	m := images(t)
	m.Choose("evil\x1b[2J\u202e")
	m.PutTags([]catalog.Tag{{Name: "a\nb", Digest: "sha256:\x1b", Platforms: []string{"linux/\x00"}}})
	p := teller(t, "en").ImagesPage(m)
	for _, text := range []string{p.Repo.Name, p.Repo.Tags[0].Name, p.Repo.Tags[0].Detail} {
		if strings.ContainsAny(text, "\x1b\n\x00\u202e") {
			t.Errorf("shown as it is: %q", text)
		}
	}
}

// BenchmarkImages10000 reads ten thousand names in pages of a hundred, each drawn,
// and filters them.
func BenchmarkImages10000(b *testing.B) {
	m, tl, all := images(b), teller(b, "en"), names(10_000)
	for b.Loop() {
		m.Begin()
		for lot := all; len(lot) > 0; lot = lot[100:] {
			m.Add(lot[:100])
			tl.ImagesPage(m)
		}
		m.SetFilter("service-0999")
		m.SetFilter("")
	}
}
