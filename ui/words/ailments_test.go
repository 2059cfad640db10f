package words_test

import (
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
	"mooring.dev/mooring/ui/words/wordstest"
)

func TestEveryAilmentHasWords(t *testing.T) {
	reg, _, err := trust.ParseRegistry("reg.example:5000")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range words.Languages() {
		w := wordstest.New(t, lang)
		for _, code := range platform.AilmentCodes() {
			a := platform.Ailment{
				Code: code, Path: "/etc/docker/daemon.json", Registry: reg, Name: "Corp Root", Other: "/x", Until: time.Unix(0, 0),
			}
			if code == platform.AilAlsoInStore {
				a.Files = []string{"/a", "/b"}
			}
			what, hint := w.Ailment(a)
			if what == "" || strings.Contains(what+hint, "{{") || w.AilmentTitle(code) == "" {
				t.Errorf("%s: %s: %q, %q", lang, code, what, hint)
			}
			if (code == platform.AilKeyInCA || code == platform.AilOpenKey || code == platform.AilInsecure) && hint == "" {
				t.Errorf("%s: %s is mended by hand, and nothing says how", lang, code)
			}
			a.Plan = true
			if _, planned := w.Ailment(a); (code == platform.AilKeyInCA || code == platform.AilOpenKey) && (planned == hint || strings.Contains(planned, "{{") || planned == "") {
				t.Errorf("%s: %s is mended by a plan, and the hint is %q", lang, code, planned)
			}
		}
	}
}

// What has to be taken out of where depends on what keeps a registry unverified.
func TestInsecureByWhat(t *testing.T) {
	w := wordstest.New(t, "en")
	for path, want := range map[string]string{
		"/etc/docker/daemon.json": "insecure-registries", "/etc/containers/registries.conf.d/lab.conf": "insecure = true",
		"/etc/containerd/certs.d/reg/hosts.toml": "skip_verify", "": "--insecure-registry", "/etc/buildkit/buildkitd.toml": "exception",
	} {
		a := platform.Ailment{Code: platform.AilInsecure, Path: path}
		if path == "" {
			a.Other = "--insecure-registry"
		}
		if what, hint := w.Ailment(a); !strings.Contains(hint, want) || !strings.Contains(what, path+a.Other) {
			t.Errorf("%q: %q, %q", path, what, hint)
		}
	}
}
