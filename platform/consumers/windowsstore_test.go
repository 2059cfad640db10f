package consumers

import (
	"errors"
	"slices"
	"testing"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/store/winstore"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// fromStore is a CA of that name in a store of Windows.
func fromStore(t *testing.T, name, store string) trust.Anchor {
	t.Helper()
	return trust.Anchor{Cert: trusttest.NewCA(t, name).Cert, Source: trust.StoreSource(trust.NewStoreID(trust.StoreWindows, store))}
}

// windowsLive is a Windows that runs, with nothing in its files.
func windowsLive(t *testing.T) world.World {
	t.Helper()
	return world.World{
		OS: "windows", FS: world.Disk{Root: t.TempDir()}, Run: noPrograms{}, Now: time.Now,
		User: world.User{UID: -1, Name: "alice", Home: `C:\Users\alice`},
	}
}

// noPrograms has none.
type noPrograms struct{ world.Runner }

func (noPrograms) Look(name string) (string, error) {
	return "", errors.New(name + " is not installed")
}

// A service sees what the computer has, this person's programs their own besides; and
// a running daemon sees at once what is new.
func TestWhoSeesWhichStoreOfWindows(t *testing.T) {
	all, own := fromStore(t, "Computer", `LocalMachine\Root`), fromStore(t, "Own", `CurrentUser\Root`)
	w := windowsLive(t)
	store := readWindows(w, func() (winstore.Effective, error) {
		return winstore.Effective{Computer: []trust.Anchor{all}, Person: []trust.Anchor{own, all}, Looked: []trust.Look{{Path: `LocalMachine\Root`, Found: true}}}, nil
	})
	no := false
	daemon := engine.Docker{Host: "npipe:////./pipe/docker_engine", Current: true, Answered: true, Version: "29.5.1", ContainerdStore: &no}
	d := dockersOf(daemon)
	for _, r := range []Reader{docker{d}, dockerBuild{d}, &containerd{}, system{}} {
		for _, c := range r.Consumers(t.Context(), w) {
			p := r.Policy(w, c, Query{Registry: registry(t, "reg.example:5000"), Role: trust.RoleRegistry, System: store})
			want := []string{"Computer"}
			if c.Party == trust.System || c.Instance == instanceNerdctl {
				want = []string{"Own", "Computer"}
			}
			same(t, string(c.Party)+" "+c.Instance, subjects(p.System.All()), want)
			if p.Unknown != "" || p.LoadedUnknown != "" || !p.SystemLoaded.IsZero() {
				t.Errorf("%s: unknown %q, %q, loaded %v", c.Party, p.Unknown, p.LoadedUnknown, p.SystemLoaded)
			}
			if _, looked := lookedAt(p, `LocalMachine\Root`); !looked {
				t.Errorf("%s looked at %v", c.Party, p.Looked)
			}
		}
	}
	token := dockerBuild{d}.Policy(w, dockerBuild{d}.Consumers(t.Context(), w)[0], Query{Registry: registry(t, "reg"), Role: trust.RoleToken, System: store})
	same(t, "a token is fetched by the person's docker", subjects(token.System.All()), []string{"Own", "Computer"})
	q := Query{Registry: registry(t, "reg"), Role: trust.RoleRegistry, System: store}
	firefox := nss{}.Policy(w, trust.Consumer{Party: trust.NSS, Instance: "nss"}, q)
	same(t, "Firefox takes over", subjects(firefox.System.All()), []string{"Own", "Computer"})
	if p := (java{}).Policy(w, trust.Consumer{Party: trust.Java, Instance: "java"}, q); p.Unknown == "" || p.System.Len() != 0 {
		t.Errorf("Java, which nobody has here: %q, %v", p.Unknown, subjects(p.System.All()))
	}
	if got := (system{}).Consumers(t.Context(), w); len(got) != 1 || got[0].Instance != instanceWindows {
		t.Errorf("consumers %v", got)
	}
}

// A plan for one store shows to those who read it, and what leaves one store may stay
// in the other.
func TestShiftOfWindowsStores(t *testing.T) {
	all, own, more := fromStore(t, "Computer", `LocalMachine\Root`), fromStore(t, "Own", `CurrentUser\Root`), fromStore(t, "More", `CurrentUser\Root`)
	in := func(a trust.Anchor, store string) trust.Anchor {
		a.Source = trust.StoreSource(trust.NewStoreID(trust.StoreWindows, store))
		return a
	}
	both := fromStore(t, "Both", `LocalMachine\Root`)
	s := readWindows(windowsLive(t), func() (winstore.Effective, error) {
		return winstore.Effective{
			Computer: []trust.Anchor{all, both}, Person: []trust.Anchor{own, in(both, `CurrentUser\Root`), all, both},
		}, nil
	})
	for name, c := range map[string]struct {
		shift          Shift
		computer, mine []string
	}{
		"added for me":            {Shift{Added: []trust.Anchor{more}}, []string{"Both", "Computer"}, []string{"Both", "Computer", "More", "Own"}},
		"added for all":           {Shift{Added: []trust.Anchor{in(more, `LocalMachine\Root`)}}, []string{"Both", "Computer", "More"}, []string{"Both", "Computer", "More", "Own"}},
		"mine goes":               {Shift{Gone: []trust.Anchor{own}}, []string{"Both", "Computer"}, []string{"Both", "Computer"}},
		"the computer's goes":     {Shift{Gone: []trust.Anchor{all}}, []string{"Both"}, []string{"Both", "Own"}},
		"mine of both goes":       {Shift{Gone: []trust.Anchor{in(both, `CurrentUser\Root`)}}, []string{"Both", "Computer"}, []string{"Both", "Computer", "Own"}},
		"the computer's of both":  {Shift{Gone: []trust.Anchor{both}}, []string{"Computer"}, []string{"Both", "Computer", "Own"}},
		"both copies of both":     {Shift{Gone: []trust.Anchor{both, in(both, `CurrentUser\Root`)}}, []string{"Computer"}, []string{"Computer", "Own"}},
		"not the computer's mine": {Shift{Gone: []trust.Anchor{in(own, `LocalMachine\Root`)}}, []string{"Both", "Computer"}, []string{"Both", "Computer", "Own"}},
	} {
		got := s.With(c.shift)
		computer, mine := subjects(got.Anchors.All()), subjects(got.session().Anchors.All())
		slices.Sort(computer)
		slices.Sort(mine)
		same(t, name+": the computer's", computer, c.computer)
		same(t, name+": mine", mine, c.mine)
	}
	if n := s.session().Anchors.Len(); n != 3 {
		t.Errorf("the store itself changed: %d", n)
	}
}

func TestWindowsStoreUnknown(t *testing.T) {
	failing := func() (winstore.Effective, error) {
		return winstore.Effective{}, errors.New(`read LocalMachine\Root: no`)
	}
	if s := readWindows(windowsLive(t), failing); s.Unknown == "" || s.session().Unknown == "" {
		t.Error("it cannot be read, and nothing is said")
	}
	if s := ReadSystem(world.Under(t.TempDir(), "windows")); s.Unknown == "" || s.Anchors.Len() != 0 {
		t.Errorf("a tree has no registry: %+v", s)
	}
}

// Docker Desktop reads the person's directory when it starts; what it trusts until then
// stays unknown.
func TestDesktopOnWindows(t *testing.T) {
	w := windowsLive(t)
	k := docker{dockersOf(engine.Docker{Host: "npipe:////./pipe/dockerDesktopLinuxEngine", Current: true, Desktop: true})}
	for _, c := range k.Consumers(t.Context(), w) {
		place, ok := k.Place(w, c, registry(t, "reg.example:5000"))
		if !ok || place.Dir != `C:\Users\alice\.docker\certs.d\reg.example5000` || !place.UserWritable || place.Restart.Name != "Docker Desktop" {
			t.Errorf("%s: %+v", c.Loader, place)
		}
		if p := k.Policy(w, c, Query{Registry: registry(t, "reg.example:5000"), Role: trust.RoleRegistry, System: ReadSystem(w)}); p.Unknown == "" {
			t.Error("nothing is known of it, and that is not said")
		}
		if _, ok := k.Place(w, c, registry(t, "docker.io")); ok {
			t.Error("a place for Docker Hub")
		}
	}
}
