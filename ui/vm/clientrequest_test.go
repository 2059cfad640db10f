package vm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
	"mooring.dev/mooring/ui/words"
)

const spareAt = "/home/alice/.local/state/mooring/requests/5f3a910c44d27b19.key"

// Only the key of an answered request can be removed, and each step has its words in
// every language.
func TestSpareKeyViews(t *testing.T) {
	s, _ := windowtest.Scene(t)
	reg := entry(t, checked(t, s), harbor).Known.Registry
	installed := platform.SigningRequest{
		Registry: reg, Name: "alice", KeyPath: spareAt, At: time.Now(), Answered: true, Copy: platform.KeyInstalled, CopyPath: "/etc/docker/certs.d/x/client.key",
	}
	unseen, used, awaited := installed, installed, installed
	unseen.Copy, used.Copy = platform.KeyUnseen, platform.KeyUsed
	awaited.Answered, awaited.Copy = false, platform.KeyAlone
	for _, lang := range words.Languages() {
		tl := teller(t, lang)
		show := func(q platform.SigningRequest, spare *vm.SpareKey) *vm.SpareView {
			f := vm.NewClientForm(reg, nil)
			f.Requests, f.Spare = []platform.SigningRequest{q}, spare
			page := tl.ClientPage(f).Requests
			if len(page) != 1 || page[0].ID != spareAt || !strings.Contains(page[0].Detail, spareAt) {
				t.Fatalf("%s: %+v", lang, page)
			}
			return page[0].Spare
		}
		if show(awaited, &vm.SpareKey{ID: spareAt}) != nil {
			t.Errorf("%s: the only key can be removed", lang)
		}
		if v := show(installed, nil); v == nil || v.Means != "" {
			t.Errorf("%s: not asked yet: %+v", lang, v)
		}
		if v := show(installed, &vm.SpareKey{ID: "another"}); v.Means != "" {
			t.Errorf("%s: asked of another: %+v", lang, v)
		}
		if v := show(installed, &vm.SpareKey{ID: spareAt}); v.Means == "" || v.Problem != nil {
			t.Errorf("%s: asked: %+v", lang, v)
		}
		for _, q := range []platform.SigningRequest{unseen, used} {
			v := show(q, &vm.SpareKey{ID: spareAt, Err: q.MustStay(false)})
			if v.Problem == nil || v.Problem.Hint == "" || v.Insist != (q.Copy == platform.KeyUnseen) {
				t.Errorf("%s, %s: %+v", lang, q.Copy, v)
			}
		}
		if v := show(installed, &vm.SpareKey{ID: spareAt, Err: errors.New("disk full")}); v.Problem == nil || v.Insist {
			t.Errorf("%s: another error: %+v", lang, v)
		}
	}
}

// A certificate that was not accepted may need its key once more.
func TestSpareKeyAfterTheProof(t *testing.T) {
	s, _ := windowtest.Scene(t)
	reg := entry(t, checked(t, s), harbor).Known.Registry
	tl := teller(t, "en")
	f := vm.NewClientForm(reg, nil)
	f.Requests = []platform.SigningRequest{
		{Registry: reg, KeyPath: spareAt, Answered: true, Copy: platform.KeyInstalled}, {Registry: reg, KeyPath: "b", Copy: platform.KeyAlone},
	}
	f.Phase = vm.Done
	for outcome, want := range map[clientcert.Outcome]int{
		clientcert.Accepted: 1, clientcert.Refused: 0, clientcert.NotAsked: 0, clientcert.Unknown: 0, clientcert.Untrusted: 0,
	} {
		f.Shown = &clientcert.Proof{Outcome: outcome}
		if spare, gone := tl.SpareKeys(f); len(spare) != want || gone.Sentence != "" {
			t.Errorf("%s: %+v, %+v", outcome, spare, gone)
		}
	}
	f.Shown, f.Requests, f.Spare = &clientcert.Proof{Outcome: clientcert.Accepted}, nil, &vm.SpareKey{ID: spareAt, Gone: true}
	if spare, gone := tl.SpareKeys(f); len(spare) != 0 || gone.Mark != vm.MarkTrusted || gone.Sentence == "" {
		t.Errorf("%+v, %+v", spare, gone)
	}
}
