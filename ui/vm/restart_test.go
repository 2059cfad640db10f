package vm_test

import (
	"errors"
	"strings"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/words/wordstest"
)

func waitingReport(engine trust.Engine, scope ...trust.Party) trust.Report {
	r, _, err := trust.ParseRegistry("reg.example:5000")
	if err != nil {
		panic(err)
	}
	verdict := func(p trust.Party) trust.Verdict {
		return trust.Verdict{
			Consumer: trust.Consumer{Party: p, Installed: true}, State: trust.Refused, Effective: "after restart of docker",
			Restart: trust.Restart{Party: p, Name: "docker", Command: "systemctl restart docker", Engine: engine},
		}
	}
	return trust.Report{Registry: r, Scope: scope, Endpoints: []trust.EndpointReport{{
		Verdicts: []trust.Verdict{{Consumer: trust.Consumer{Party: trust.Podman, Installed: true}}, verdict(trust.Docker)},
	}}}
}

func TestWaits(t *testing.T) {
	for name, c := range map[string]struct {
		report  trust.Report
		parties []trust.Party
		want    bool
	}{
		"docker's":         {waitingReport(trust.EngineDocker), []trust.Party{trust.Podman, trust.Docker}, true},
		"not podman's":     {waitingReport(trust.EngineDocker), []trust.Party{trust.Podman}, false},
		"nobody's":         {waitingReport(trust.EngineDocker), nil, false},
		"not in the table": {waitingReport(""), []trust.Party{trust.Docker}, false},
	} {
		if r, ok := vm.Waits(c.report, c.parties...); ok != c.want || ok && r.Engine != trust.EngineDocker {
			t.Errorf("%s: %+v, %v", name, r, ok)
		}
	}
	b := vm.NewBook()
	report := waitingReport(trust.EngineDocker, trust.Podman) // docker is not in scope, and waits
	b.SetKnown([]platform.Known{{Registry: report.Registry}})
	b.Put(report)
	if got := b.WaitingFor(trust.EngineDocker); len(got) != 1 || got[0] != report.Registry {
		t.Errorf("waiting for docker: %v", got)
	}
	if got := b.WaitingFor(trust.EngineContainerd); got != nil {
		t.Errorf("waiting for containerd: %v", got)
	}
}

// TestRestartPage goes through the phases, in every language.
func TestRestartPage(t *testing.T) {
	restart := trust.Restart{Name: "docker", Command: "systemctl restart docker", Engine: trust.EngineDocker}
	reload := restart
	reload.Reload = true
	stops := &platform.RestartImpact{Known: true, Running: 2, Stops: 2}
	for _, lang := range []string{"en", "ko", "ru"} {
		tl := vm.Teller{W: wordstest.New(t, lang)}
		for name, c := range map[string]struct {
			form            vm.RestartForm
			do, busy, held  bool
			problem, minded bool
		}{
			"asking":      {form: vm.RestartForm{}, busy: true},
			"they stop":   {form: vm.RestartForm{Impact: stops}, do: true, minded: true},
			"a reload":    {form: vm.RestartForm{Restart: reload, Impact: &platform.RestartImpact{Known: true, Reload: true}}, do: true},
			"not running": {form: vm.RestartForm{Impact: &platform.RestartImpact{Known: true, Stopped: true}}},
			"not asked":   {form: vm.RestartForm{Err: errors.New("no")}, problem: true},
			"under way":   {form: vm.RestartForm{Phase: vm.Applying, Progress: platform.Progress{Step: "progress.restart-wait", Args: map[string]string{"name": "docker"}}}, busy: true, held: true},
			"proving":     {form: vm.RestartForm{Phase: vm.Proving}, busy: true},
			"done":        {form: vm.RestartForm{Phase: vm.Done, Proof: []trust.Report{waitingReport(trust.EngineDocker, trust.Docker)}}},
			"failed":      {form: vm.RestartForm{Phase: vm.Failed, Err: errors.New("no")}, problem: true},
		} {
			f := c.form
			if f.Restart.Name == "" {
				f.Restart = restart
			}
			p := tl.RestartPage(&f)
			minded := len(p.Sayings) > 1 && p.Sayings[1].Mark == vm.MarkAttention
			if (p.Do != "") != c.do || (p.Busy != "") != c.busy || p.Held != c.held || (p.Problem != nil) != c.problem || minded != c.minded {
				t.Errorf("%s, %s: %+v", lang, name, p)
			}
			if !strings.Contains(p.Title, "docker") || len(p.Proof) != len(f.Proof) {
				t.Errorf("%s, %s: %+v", lang, name, p)
			}
		}
	}
}

// A registry that somebody refuses for another reason has another thing to be done
// first.
func TestBannerUrgesARestartOnlyWhereThatHelps(t *testing.T) {
	tl := vm.NewTeller(wordstest.New(t, "en"))
	action := func(r trust.Report) vm.Action {
		return tl.Registry(vm.Entry{Known: platform.Known{Registry: r.Registry}, Report: &r}).Banner.Action
	}
	r := waitingReport(trust.EngineDocker, trust.Docker, trust.Podman)
	if got := action(r); got != vm.ActRestart {
		t.Errorf("docker alone waits: %q", got)
	}
	podman := &r.Endpoints[0].Verdicts[0]
	podman.State, podman.Reason = trust.Refused, trust.UnknownAuthority
	if got := action(r); got == vm.ActRestart {
		t.Error("podman is refused for another reason, and a restart is urged")
	}
}
