//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"mooring.dev/mooring/integration/lab"
)

// TestSituations prepares every situation on a registry of its own, lets Mooring
// foretell what each tool will do, and then lets the tools do it.
func TestSituations(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	image := l.Seed(t)
	// The hanging server is among the first: the others are judged meanwhile.
	all := slices.Concat(servers, served, installed, directories, insecure, clients)
	sites := make([]*site, len(all))
	for i, situation := range all {
		sites[i] = newSite(t, l, image)
		situation.prepare(sites[i])
	}
	says := foretell(t, l, sites)
	start := time.Now()
	did := judge(sites)
	t.Logf("%d situations, %d judgements of real tools in %s", len(all), len(all)*len(lab.Judges), time.Since(start).Round(time.Second))
	compare(t, l, all, sites, says, did)
}

// foretell checks all sites, once on each machine of the lab.
func foretell(t *testing.T, l *lab.Lab, sites []*site) map[string]map[string]lab.CheckedRegistry {
	t.Helper()
	var registries []string
	for _, s := range sites {
		registries = append(registries, s.registry)
	}
	says := map[string]map[string]lab.CheckedRegistry{}
	for _, judge := range lab.Judges {
		if v := lab.View(judge); says[v] == nil {
			says[v] = l.Check(t, v, registries...)
		}
	}
	return says
}

// judge asks all tools about all sites, some sites at a time.
func judge(sites []*site) []map[string]outcome {
	did := make([]map[string]outcome, len(sites))
	next := make(chan int)
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				did[i] = ask(sites[i], judgesOf(sites[i]))
			}
		}()
	}
	for i := range sites {
		next <- i
	}
	close(next)
	wg.Wait()
	return did
}

// compare prints a table of what each tool did, with what Mooring had said where
// that was something else, and fails for each of those.
func compare(t *testing.T, l *lab.Lab, all []situation, sites []*site, says map[string]map[string]lab.CheckedRegistry, did []map[string]outcome) {
	t.Helper()
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "situation\t%s\n", strings.Join(lab.Judges, "\t"))
	agreed := 0
	for i, s := range sites {
		fmt.Fprint(w, all[i].name)
		for _, j := range lab.Judges {
			o, asked := did[i][j]
			if !asked {
				fmt.Fprint(w, "\t-")
				continue
			}
			p, known := says[lab.View(j)][s.registry].Foretold(l, j)
			if known && agrees(p.Verdict, o.state) {
				agreed++
				fmt.Fprintf(w, "\t%s", o.state)
				continue
			}
			word := "nothing"
			if known {
				word = p.Verdict.String()
			}
			fmt.Fprintf(w, "\t%s (FORETOLD %s)", o.state, word)
			t.Errorf("%s (%s): %s was foretold %s (%s, %s), and it: %s: %s",
				all[i].name, s.registry, j, word, p.Instance, p.Reason, o.state, lab.Excerpt(o.said))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	t.Logf("what the tools did, %d times as foretold:\n%s", agreed, &table)
	if dir := os.Getenv("ARTEFACTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "situations.txt"), []byte(table.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}
