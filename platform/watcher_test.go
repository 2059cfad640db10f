package platform_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// told looks once, at a moment so many days from now, and returns what is new.
func (s *site) told(days float64) []watch.Event {
	s.Helper()
	s.machine.World.Now = func() time.Time { return time.Now().Add(time.Duration(days * 24 * float64(time.Hour))) }
	out, err := s.machine.WatchOnce(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return out.Events
}

// The watcher sees everything that ends: of the server, of a client certificate
// where a tool in scope finds it, of a sign-in that is kept.
func TestTheWatcherSeesWhatEnds(t *testing.T) {
	s := newSite(t, nil)
	client := s.ca.Client("alice", trusttest.NotBefore(time.Now().AddDate(-1, 0, 0)), trusttest.NotAfter(time.Now().AddDate(0, 0, 6)))
	s.write("etc/docker/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
	s.write("etc/containers/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
	for _, dir := range []string{"etc/docker/certs.d/", "etc/containers/certs.d/"} {
		s.write(dir+regName+"/client.cert", string(client.PEM()), 0o644)
		s.write(dir+regName+"/client.key", string(client.KeyPEM()), 0o600)
	}
	if err := s.machine.Add(t.Context(), s.reg); err != nil {
		t.Fatal(err)
	}
	got := s.told(0)
	if len(got) != 1 || got[0].Kind != watch.Expires || got[0].Ends != watch.EndClient || got[0].Days != 7 || got[0].Registry != s.reg {
		t.Fatalf("told %+v, want the client certificate once", got)
	}
	if got := s.told(0.5); len(got) != 0 {
		t.Errorf("told again: %+v", got)
	}
	err := state.Open(s.machine.World).NoteSignIn(state.SignIn{
		Registry: s.reg, User: "AWS", At: time.Now(), Expires: time.Now().Add(12 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.told(0.1); len(got) != 0 {
		t.Errorf("a sign-in of twelve hours is told beforehand: %+v", got)
	}
	got = s.told(0.6)
	if len(got) != 1 || got[0].Kind != watch.SignInExpired || got[0].Action != watch.ActSignIn {
		t.Errorf("told %+v, want the sign-in", got)
	}
	kinds := func(es []watch.Event) (out []watch.EventKind) {
		for _, e := range es {
			out = append(out, e.Kind)
		}
		return out
	}
	s.remove("etc/docker/certs.d/" + regName + "/ca.crt")
	if got := kinds(s.told(0.7)); !slices.Equal(got, []watch.EventKind{watch.NewlyUntrusted}) {
		t.Errorf("told %v, want that it is no longer trusted", got)
	}
	status, running, err := s.machine.WatchStatus(t.Context())
	if err != nil || running || !status.At.IsZero() {
		t.Errorf("one look is no watcher: %+v, %v, %v", status, running, err)
	}
}

func (s *site) remove(name string) {
	s.Helper()
	if err := os.Remove(filepath.Join(s.root, name)); err != nil {
		s.Fatal(err)
	}
}

// A registry that is taken off the list is not watched, and a hidden one neither.
func TestTheWatcherGoesByTheList(t *testing.T) {
	s := newSite(t, map[string]string{"root/.docker/config.json": `{"auths": {"` + regName + `": {}}}`})
	out, err := s.machine.WatchOnce(t.Context())
	if err != nil || out.Status.Total != 1 || out.Status.Mood != watch.Broken || out.Status.Trouble[0].State != trust.Refused {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := s.machine.Remove(t.Context(), s.reg); err != nil {
		t.Fatal(err)
	}
	if out, err = s.machine.WatchOnce(t.Context()); err != nil || out.Status.Total != 0 || out.Status.Mood != watch.Offline {
		t.Errorf("%+v, %v", out, err)
	}
}
