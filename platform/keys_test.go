package platform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// A key that lay in a CA file, and one that everybody could read: after the plan each is
// its owner's alone, the registry is trusted as before, no copy is kept, and undo brings
// all back to the byte.
func TestProtectKeys(t *testing.T) {
	s := newSite(t, nil)
	client := s.ca.Client("alice")
	s.docker("{}")
	s.write(regDir+"ca.crt", string(s.ca.KeyPEM())+string(s.ca.PEM()), 0o644)
	s.write(regDir+"client.cert", string(client.PEM()), 0o644)
	s.write(regDir+"client.key", string(client.KeyPEM()), 0o644)
	before, now := s.etc(), verdicts(s.check())
	aside := regDir + "ca.crt.mooring-" + time8(s)
	for _, c := range []struct {
		code platform.AilmentCode
		want map[string]os.FileMode // of the files with the key
		what string
	}{
		{platform.AilOpenKey, map[string]os.FileMode{regDir + "client.key": 0o600}, "rights /" + regDir + "client.key (0644 → 0600)"},
		{platform.AilKeyInCA, map[string]os.FileMode{aside: 0o600}, "renamed /" + regDir + "ca.crt → " + filepath.Base(aside) + " (0644 → 0600)"},
	} {
		var plan trust.Plan
		for _, a := range s.ailments() {
			if a.Code == c.code {
				var err error
				if plan, err = s.machine.PlanRepair(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(plan.Changes) == 0 || plan.Action != "protect-key" || plan.Reach != trust.ReachRegistry || string(plan.Changes[0].Status)+" "+plan.Changes[0].Moved() != c.what {
			t.Fatalf("%s: %+v", c.code, plan)
		}
		for _, f := range plan.Forecast {
			if f.InScope && f.After > f.Before {
				t.Errorf("%s: %+v", c.code, f)
			}
		}
		r, err := s.machine.Apply(t.Context(), plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, mode := range c.want {
			if i, err := os.Stat(filepath.Join(s.root, name)); err != nil || i.Mode() != mode {
				t.Errorf("%s: %v, %v", name, i, err)
			}
		}
		if got := verdicts(s.check()); got != now {
			t.Errorf("%s: %s, was %s", c.code, got, now)
		}
		s.nowhereElse(append(s.ca.KeyTraces(), client.KeyTraces()...))
		back, err := s.machine.PlanUndo(t.Context(), r.ID)
		if last := back.Changes[len(back.Changes)-1]; err != nil || !strings.HasSuffix(last.Moved(), "(0600 → 0644)") {
			t.Errorf("%v, %+v", err, back.Changes)
		}
		if _, err := s.machine.Undo(t.Context(), r.ID, nil); err != nil {
			t.Fatal(err)
		}
		if got := s.etc(); got != before {
			t.Errorf("%s, after undo:\n%s\nwas:\n%s", c.code, got, before)
		}
	}
}

// etc is the listing as far as Mooring's own state, which comes after.
func (s *site) etc() string {
	s.Helper()
	files, _, ok := strings.Cut(s.listing(), "daemon.json")
	if !ok {
		s.Fatal("no daemon.json")
	}
	return files
}

func time8(s *site) string { return s.machine.World.Now().UTC().Format("20060102") }

func verdicts(r trust.Report) string {
	var out []string
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			out = append(out, string(v.Consumer.Party)+" "+v.State.String())
		}
	}
	return strings.Join(out, ", ")
}

// nowhereElse fails if a key lies outside its directory: in Mooring's own files.
func (s *site) nowhereElse(traces [][]byte) {
	s.Helper()
	err := filepath.WalkDir(s.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, regDir) {
			return err
		}
		b, err := os.ReadFile(path)
		for _, trace := range traces {
			if strings.Contains(string(b), string(trace)) {
				s.Errorf("%s holds a key", path)
			}
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}
