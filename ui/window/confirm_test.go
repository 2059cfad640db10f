//go:build !nogui

package window

import (
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
	"mooring.dev/mooring/ui/words/wordstest"
)

// Ceasing to trust is no undo: what was done is said, and what stays.
func TestUntrustSaysWhatItDid(t *testing.T) {
	const corpHost = "registry.corp.example:5000"
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose(corpHost)
	r.w.showTrust(&given{anchors: []trust.Anchor{{Cert: corp.Root.Cert, Source: "given"}}})
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.press("Trust it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.press("Close")

	r.w.showUntrust()
	r.until("the plan to untrust", func() bool { return !r.button("Stop trusting").Disabled() })
	r.has("What this registry is trusted by is removed")
	r.press("Stop trusting")
	r.until("red again", func() bool { return strings.Contains(r.texts(), "nobody here knows") })
	r.has("This registry’s CA was removed.")
	if strings.Contains(r.texts(), "as it was before") {
		t.Error("it is told as an undo")
	}
}

// The client certificates that stay are named before and after.
func TestUntrustLeavesClientCertificates(t *testing.T) {
	tl := vm.Teller{W: wordstest.New(t, "en")}
	p := trust.Plan{Consequences: []trust.Consequence{{Code: trust.ClientStays, Path: "/etc/docker/certs.d/reg/client.cert"}}}
	want := vm.Remark{Mark: vm.MarkUnknown, Sentence: "The client certificate /etc/docker/certs.d/reg/client.cert stays."}
	if notes := tl.Changes(p).Notes; !slices.Equal(notes, []vm.Remark{want}) {
		t.Errorf("notes %+v", notes)
	}
	if got := tl.Untrusted(p); got != "This registry’s CA was removed. Its client certificates stay." {
		t.Error(got)
	}
	if got := tl.Untrusted(trust.Plan{}); strings.Contains(got, "client") {
		t.Error(got)
	}
}

// In the dialog of an undo the button that does nothing is not called as the undo is.
func TestButtonThatDoesNotUndo(t *testing.T) {
	for _, lang := range []string{"ko", "ru"} {
		tl := vm.Teller{W: wordstest.New(t, lang)}
		word := tl.Say("undo.cancel")
		for _, other := range []string{"undo.title", "undo.do", "act.undo", "act.cancel"} {
			if word == tl.Say(other) {
				t.Errorf("%s: %q is also %s", lang, word, other)
			}
		}
	}
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.t.W = wordstest.New(t, "ru")
	r.w.showUndo("none")
	r.button("Не отменять")
}
