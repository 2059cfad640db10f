package words_test

import (
	"strings"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
	"mooring.dev/mooring/ui/words/wordstest"
)

func TestImpact(t *testing.T) {
	r := trust.Restart{Name: "docker", Engine: trust.EngineDocker}
	for _, c := range []struct {
		i    platform.RestartImpact
		want string // of English, the first words
		mind bool
	}{
		{platform.RestartImpact{Known: true, Stopped: true}, "docker is not running.", false},
		{platform.RestartImpact{Known: true, Reload: true, Running: 3}, "docker only reads", false},
		{platform.RestartImpact{Known: true, Apart: true, Running: 3}, "Running containers go on", false},
		{platform.RestartImpact{Why: "silent", Apart: true}, "Running containers go on", false},
		{platform.RestartImpact{Why: "unasked"}, "What would stop with docker is not known: it cannot be asked", true},
		{platform.RestartImpact{Known: true}, "No container is running.", false},
		{platform.RestartImpact{Known: true, Running: 1, LiveRestore: true}, "1 container is running and goes on", false},
		{platform.RestartImpact{Known: true, Running: 5, Stops: 2}, "2 of 5 running containers", true},
		{platform.RestartImpact{Known: true, Running: 1, Stops: 1}, "1 container is running and will stop.", true},
	} {
		got, mind := words.New("en").Impact(r, c.i)
		if !strings.HasPrefix(got[0], c.want) || mind != c.mind {
			t.Errorf("%+v: %q, %v", c.i, got, mind)
		}
	}
	all := platform.RestartImpact{Known: true, Running: 3, Stops: 3, Containers: []string{"a\x1b", "b"}, Swarm: true, Docker: true}
	got, _ := words.New("en").Impact(r, all)
	if len(got) != 5 || strings.Contains(got[1], "\x1b") || !strings.Contains(got[1], "among others") {
		t.Errorf("%q", got)
	}
	for _, lang := range words.Languages() {
		w := wordstest.New(t, lang)
		for n := range 6 {
			w.Impact(r, platform.RestartImpact{Known: true, Running: n, Stops: n})
			w.Impact(r, platform.RestartImpact{Known: true, Running: n, LiveRestore: true})
		}
		for _, why := range enginectl.Whys() {
			w.Impact(r, platform.RestartImpact{Why: why})
		}
		for _, code := range enginectl.Codes() {
			p := w.Error(&enginectl.Error{Code: code, Name: "docker", Command: "systemctl restart docker", Detail: "said so"})
			if !strings.Contains(p.What, "docker") || p.What == p.Details {
				t.Errorf("%s, %s: %+v", lang, code, p)
			}
		}
	}
}
