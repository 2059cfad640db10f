package words

import (
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Impact says what restarting an engine would stop, the most important first, and
// whether that is anything to mind.
func (w *Words) Impact(r trust.Restart, i platform.RestartImpact) (sentences []string, mind bool) {
	args := map[string]any{"name": r.Name, "running": i.Running}
	add := func(key string) { sentences = append(sentences, w.T("restart.impact."+key, args)) }
	count := func(key string, n int) { sentences = append(sentences, w.N("restart.impact."+key, n, args)) }
	switch {
	case i.Stopped:
		add("stopped")
		return sentences, false
	case i.Reload:
		add("reload")
		return sentences, false
	case i.Apart:
		add("apart")
	case !i.Known:
		args["why"] = w.T("restart.why."+i.Why, nil)
		add("unknown")
	case i.Running == 0:
		add("none")
	case i.Stops == 0:
		count("kept", i.Running)
	case i.Stops < i.Running:
		count("some", i.Stops)
	default:
		count("stops", i.Stops)
	}
	if len(i.Containers) > 0 {
		args["names"] = safe.Line(strings.Join(i.Containers, ", "))
		key := "names"
		if len(i.Containers) < i.Running {
			key = "names-more"
		}
		add(key)
	}
	if i.Docker {
		add("docker")
	}
	if i.Swarm {
		add("swarm")
	}
	if mind = i.Stops > 0 || !i.Known && !i.Apart; i.Stops > 0 {
		add("again")
	}
	return sentences, mind
}
