package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

func (a *app) restartCmd() *cobra.Command {
	var f consent
	c := a.answers(a.verb("restart", "[ENGINE…]", func(_ *cobra.Command, args []string) error { return a.restart(f, args) }))
	c.ValidArgsFunction = func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, e := range enginectl.Engines() {
			if strings.HasPrefix(string(e), typed) {
				out = append(out, string(e))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	a.consentFlags(c, &f)
	return c
}

// restartJob is one engine to restart and what came of it.
type restartJob struct {
	platform.WaitingRestart
	impact platform.RestartImpact
	state  string
	err    error
}

// The states of a restart in the JSON answer.
const (
	restartWaiting = "waiting" // for agreement, or after a failure of another
	restartStopped = "not-running"
	restartDone    = "restarted"
	restartFailed  = "failed"
)

// restart runs the verb: what waits, what would stop, ask, restart, prove.
func (a *app) restart(f consent, args []string) error {
	m, _, err := a.begin(f, nil)
	if err != nil {
		return err
	}
	jobs, err := a.restartJobs(m, args)
	if err != nil {
		return err
	}
	due := 0
	for i := range jobs {
		a.previewRestart(&jobs[i], len(args) > 0)
		if jobs[i].state == restartWaiting {
			due++
		}
	}
	if len(jobs) == 0 {
		a.narrator().say(a.t("restart.nothing", nil))
	}
	if f.dryRun || due == 0 {
		return a.answerRestarts(jobs)
	}
	if err := a.confirm(f); err != nil {
		return err
	}
	failure := a.carryOutRestarts(m, jobs)
	if err := a.answerRestarts(jobs); err != nil {
		return err
	}
	if failure != nil {
		return failure
	}
	return a.prove(m, trust.Receipt{Registries: restartedFor(jobs)})
}

// restartJobs are the engines that were named, or those that wait.
func (a *app) restartJobs(m platform.Service, names []string) ([]restartJob, error) {
	waiting, err := m.WaitingRestarts(a.ctx)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		if waiting, err = a.namedRestarts(m, names, waiting); err != nil {
			return nil, err
		}
	}
	jobs := make([]restartJob, 0, len(waiting))
	for _, w := range waiting {
		j := restartJob{WaitingRestart: w, state: restartWaiting}
		if j.impact, err = m.RestartImpact(a.ctx, w.Restart); err != nil {
			return nil, err
		}
		if j.impact.Stopped {
			j.state = restartStopped
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// namedRestarts finds engines by name, each once, with what waits for them.
func (a *app) namedRestarts(m platform.Service, names []string, waiting []platform.WaitingRestart) ([]platform.WaitingRestart, error) {
	var out []platform.WaitingRestart
	seen := map[trust.Engine]bool{}
	for _, name := range names {
		found := m.EnginesCalled(a.ctx, name)
		if len(found) == 0 {
			known := each(enginectl.Engines(), func(e trust.Engine) string { return string(e) })
			return nil, usage{"engine", map[string]any{"engine": name, "known": strings.Join(known, ", ")}}
		}
		for _, r := range found {
			if seen[r.Engine] {
				continue
			}
			seen[r.Engine] = true
			w := platform.WaitingRestart{Restart: r}
			for _, known := range waiting {
				if known.Engine == r.Engine {
					w = known
					w.Restart = r // a person who says restart means one
				}
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// previewRestart shows what a restart means.
func (a *app) previewRestart(j *restartJob, named bool) {
	t := a.narrator()
	t.say("")
	t.say(t.bold(t.t("restart.title", map[string]any{"name": j.Name, "command": j.Command})))
	sentences, mind := t.words.Impact(j.Restart, j.impact)
	for i, s := range sentences {
		if i == 0 && mind {
			s = t.warn(s)
		}
		t.say(wrap(s, "  ", t.width))
	}
	switch {
	case len(j.Registries) > 0:
		t.say("  " + t.t("restart.for", map[string]any{"registries": safe.Line(strings.Join(j.Registries, ", "))}))
	case named && !j.impact.Stopped && j.Since.IsZero():
		t.say("  " + t.t("restart.unneeded", nil))
	}
	if j.Unsure {
		t.say("  " + t.t("restart.unsure", nil))
	}
}

// carryOutRestarts restarts one after another, and stops at the first that fails.
func (a *app) carryOutRestarts(m platform.Service, jobs []restartJob) error {
	bar := a.progress()
	defer bar.clear()
	for i := range jobs {
		j := &jobs[i]
		if j.state != restartWaiting {
			continue
		}
		if j.err = m.Restart(a.ctx, j.Restart, bar.step); j.err != nil {
			j.state = restartFailed
			return j.err
		}
		j.state = restartDone
	}
	return nil
}

// restartedFor are the registries whose changes now count.
func restartedFor(jobs []restartJob) []string {
	var out []string
	for _, j := range jobs {
		if j.state == restartDone {
			out = append(out, j.Registries...)
		}
	}
	return unique(out)
}

// jsonRestart is one element of the verb's answer, schema 1. Fields are only ever
// added.
type jsonRestart struct {
	Engine     trust.Engine `json:"engine"`
	Name       string       `json:"name"`
	Party      trust.Party  `json:"party"`
	Command    string       `json:"command"`
	Reload     bool         `json:"reload"`
	Registries []string     `json:"registries"`
	Since      *time.Time   `json:"since"`
	Unsure     bool         `json:"unsure"`
	Impact     jsonImpact   `json:"impact"`
	State      string       `json:"state"`
	Error      *string      `json:"error"`
}

type jsonImpact struct {
	Known       bool     `json:"known"`
	Why         string   `json:"why"`
	Running     int      `json:"running"`
	Stops       int      `json:"stops"`
	Containers  []string `json:"containers"`
	LiveRestore bool     `json:"liveRestore"`
	Swarm       bool     `json:"swarm"`
}

func restartJSON(j restartJob) jsonRestart {
	i := j.impact
	out := jsonRestart{
		Engine: j.Engine, Name: j.Name, Party: j.Party, Command: j.Command, Reload: j.Reload, Registries: list(j.Registries),
		Unsure: j.Unsure, State: j.state,
		Impact: jsonImpact{i.Known, i.Why, i.Running, i.Stops, list(i.Containers), i.LiveRestore, i.Swarm},
	}
	if !j.Since.IsZero() {
		since := j.Since.UTC()
		out.Since = &since
	}
	if j.err != nil {
		out.Error = optional(j.err.Error())
	}
	return out
}

// answerRestarts gives the answer of the verb.
func (a *app) answerRestarts(jobs []restartJob) error {
	if a.json {
		return answerList(a, "restarts", each(jobs, restartJSON))
	}
	t := a.newText(a.std.Out, a.std.OutTTY)
	for _, j := range jobs {
		if j.state != restartDone {
			continue
		}
		key := "restart.done"
		if j.Reload {
			key = "restart.reloaded"
		}
		t.say(t.good(symbols[trust.Trusted]) + " " + t.t(key, map[string]any{"name": j.Name}))
	}
	return nil
}

// restartHint says how what was changed comes to count: by Mooring where it can, else
// by the person.
func (t *text) restartHint(r trust.Restart) string {
	args := map[string]any{"name": r.Name, "command": r.Command, "engine": r.Engine}
	if r.Engine == "" {
		return t.t("plan.restart", args)
	}
	return t.t("restart.hint", args)
}
