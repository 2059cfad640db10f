package winstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

var held = trust.Membership{Held: true}

// live is a Windows that runs, as far as this package asks.
func live() world.World {
	return world.World{OS: "windows", Run: world.Exec{}, FS: world.NewOverlay(world.Disk{Root: "/nonexistent"}, time.Time{})}
}

// both opens the two stores on a fake Windows.
func both(t *testing.T, w *fake) map[string]store.Store {
	t.Helper()
	out := map[string]store.Store{}
	for _, name := range []string{`CurrentUser\Root`, `LocalMachine\Root`} {
		s, err := Kind{w}.Open(live(), name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = s
	}
	return out
}

// A certificate goes in and out by itself, whatever others have its name and serial
// number, and twice is as once.
func TestAddAndRemove(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp CA", trusttest.Serial(1))
	twin := trusttest.NewCA(t, "Corp CA", trusttest.Serial(1))
	other := trusttest.NewCA(t, "Other CA")
	for _, name := range []string{`CurrentUser\Root`, `LocalMachine\Root`} {
		w := newFake(t)
		w.put(`CurrentUser\Root`, twin.Cert.Raw, other.Cert.Raw)
		w.put(`LocalMachine\Root`, other.Cert.Raw, twin.Cert.Raw)
		before, s := w.listing(), both(t, w)[name]
		for _, want := range []trust.Membership{{}, held, held, {}, {}} {
			if err := s.Set(t.Context(), ca.Cert, want); err != nil {
				t.Fatalf("%s: %v: %v", name, want, err)
			}
			if got, err := s.Get(t.Context(), ca.Cert); got != want || err != nil {
				t.Errorf("%s: got %v for %v (%v)", name, got, want, err)
			}
			for _, c := range []*trusttest.Cert{twin, other} {
				if got, err := s.Get(t.Context(), c.Cert); got != held || err != nil {
					t.Errorf("%s: a bystander is %v (%v)", name, got, err)
				}
			}
		}
		if after := w.listing(); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", name, before, after)
		}
		if !slices.Equal(w.asked, []string{name, name}) || w.commits != 1 {
			t.Errorf("%s: opened for writing: %q, %d commits", name, w.asked, w.commits)
		}
	}
}

// Copies are all removed, and the other store keeps its own.
func TestRemoveAllCopies(t *testing.T) {
	ca, w := trusttest.NewCA(t, "Corp CA"), newFake(t)
	w.put(`CurrentUser\Root`, ca.Cert.Raw, ca.Cert.Raw, ca.Cert.Raw)
	w.put(`LocalMachine\Root`, ca.Cert.Raw)
	s := both(t, w)
	if err := s[`CurrentUser\Root`].Set(t.Context(), ca.Cert, trust.Membership{}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.stores[`CurrentUser\Root`]); n != 0 {
		t.Errorf("%d copies stay", n)
	}
	if got, err := s[`LocalMachine\Root`].Get(t.Context(), ca.Cert); got != held || err != nil {
		t.Errorf("the computer's is %v (%v)", got, err)
	}
}

// Each refusal of Windows has its own code, changes nothing, and frees everything.
// Under wine every process is an administrator and nobody is asked, so what the person
// refuses and what rights are missing is injected here.
func TestRefusals(t *testing.T) {
	ca, other := trusttest.NewCA(t, "Corp CA"), trusttest.NewCA(t, "Other CA")
	codes := map[syscall.Errno]change.Code{
		1223:       change.ErrRefusedByPerson, // ERROR_CANCELLED: "no" to the security warning
		0x800704c7: change.ErrRefusedByPerson, // the same as an HRESULT
		5:          change.ErrNoRights,        // ERROR_ACCESS_DENIED
		0x80070005: change.ErrNoRights,        // E_ACCESSDENIED
		19:         change.ErrNoRights,        // ERROR_WRITE_PROTECT
		50:         change.ErrNoAgent,         // ERROR_NOT_SUPPORTED: nobody to ask
		1459:       change.ErrNoAgent,         // ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION
		112:        change.ErrNoSpace,         // ERROR_DISK_FULL
		39:         change.ErrNoSpace,         // ERROR_HANDLE_DISK_FULL
		1:          change.ErrIO,
		0x80092002: change.ErrIO,
	}
	for errno, want := range codes {
		for _, name := range []string{`CurrentUser\Root`, `LocalMachine\Root`} {
			for call, set := range map[string]trust.Membership{"add": held, "remove": {}, "open": held, "next": held} {
				w := newFake(t)
				w.put(name, other.Cert.Raw)
				if !set.Held {
					w.put(name, ca.Cert.Raw)
				}
				s, before := both(t, w)[name], w.listing()
				w.fail[call+" "+name] = errno
				err := s.Set(t.Context(), ca.Cert, set)
				if !errors.Is(err, want) || change.As(err).Path != name || change.As(err).Detail == "" {
					t.Errorf("%s: %s with %d: %v, want %s", name, call, errno, err, want)
				}
				if w.listing() != before {
					t.Errorf("%s: %s with %d: the store changed", name, call, errno)
				}
			}
		}
	}
}

// What is not on the disk in the end is an error, whatever came before.
func TestNotWritten(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp CA")
	for _, call := range []string{"close", "commit"} {
		w := newFake(t)
		w.put(`LocalMachine\Root`, ca.Cert.Raw)
		s := &roots{api: w, place: computerRoot}
		w.fail[call] = 112
		if err := s.remove(ca.Cert); !errors.Is(err, change.ErrNoSpace) {
			t.Errorf("%s fails: %v", call, err)
		}
	}
	for _, want := range []trust.Membership{held, {}} {
		w := newFake(t)
		w.put(`LocalMachine\Root`)
		if !want.Held {
			w.put(`LocalMachine\Root`, ca.Cert.Raw)
		}
		w.lost = true
		if err := both(t, w)[`LocalMachine\Root`].Set(t.Context(), ca.Cert, want); !errors.Is(err, change.ErrNotTaken) {
			t.Errorf("lost, and %v", err)
		}
	}
}

// A root that Windows would not use is not added, and the reason is said.
func TestUseless(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp CA")
	for name, c := range map[string]struct {
		store    string
		prepare  func(*fake)
		code     change.Code
		sentence string
	}{
		"policy":            {`CurrentUser\Root`, func(w *fake) { w.off = true }, change.ErrNoRights, "ProtectedRoots"},
		"distrusted":        {`LocalMachine\Root`, func(w *fake) { w.put(`LocalMachine\Disallowed`, ca.Cert.Raw) }, change.ErrNotTaken, `LocalMachine\Disallowed`},
		"distrusted for me": {`CurrentUser\Root`, func(w *fake) { w.put(`CurrentUser\Disallowed`, ca.Cert.Raw) }, change.ErrNotTaken, `CurrentUser\Disallowed`},
		"distrusted by policy": {
			`CurrentUser\Root`, func(w *fake) { w.put(`LocalMachineGroupPolicy\Disallowed`, ca.Cert.Raw) },
			change.ErrNotTaken, `LocalMachineGroupPolicy\Disallowed`,
		},
	} {
		w := newFake(t)
		c.prepare(w)
		err := both(t, w)[c.store].Set(t.Context(), ca.Cert, held)
		if !errors.Is(err, c.code) || !strings.Contains(change.As(err).Detail, c.sentence) || len(w.asked) != 0 {
			t.Errorf("%s: %v (opened %q)", name, err, w.asked)
		}
	}
	// What is the computer's is no concern of the person's own distrust, and what is
	// there already goes away whatever the policy says.
	w := newFake(t)
	w.put(`CurrentUser\Disallowed`, ca.Cert.Raw)
	w.put(`CurrentUser\Root`, ca.Cert.Raw)
	w.off = true
	if err := both(t, w)[`LocalMachine\Root`].Set(t.Context(), ca.Cert, held); err != nil {
		t.Error(err)
	}
	if err := both(t, w)[`CurrentUser\Root`].Set(t.Context(), ca.Cert, trust.Membership{}); err != nil {
		t.Error(err)
	}
}

// A root that the administrator keeps for other purposes is shown as that, and stays.
func TestLimitedPurposes(t *testing.T) {
	ca, w := trusttest.NewCA(t, "Corp CA"), newFake(t)
	w.stores[`LocalMachine\Root`] = []member{{ca.Cert.Raw, false}}
	s := both(t, w)[`LocalMachine\Root`]
	if got, err := s.Get(t.Context(), ca.Cert); got != (trust.Membership{Held: true, Settings: limited}) || err != nil {
		t.Errorf("got %v (%v)", got, err)
	}
	for _, want := range []trust.Membership{held, {}} {
		if err := s.Set(t.Context(), ca.Cert, want); !errors.Is(err, change.ErrBadPlan) {
			t.Errorf("%v: %v", want, err)
		}
	}
	if len(w.asked) != 0 {
		t.Errorf("opened %q", w.asked)
	}
}

func TestTooMany(t *testing.T) {
	ca, w := trusttest.NewCA(t, "Corp CA"), newFake(t)
	w.stores[`LocalMachine\Root`] = slices.Repeat([]member{{[]byte{0x30, 0}, true}}, maxMembers+1)
	if err := both(t, w)[`LocalMachine\Root`].Set(t.Context(), ca.Cert, held); !errors.Is(err, change.ErrTooLarge) {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	w := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := both(t, w)[`CurrentUser\Root`].Set(ctx, trusttest.NewCA(t, "CA").Cert, held)
	if !errors.Is(err, change.ErrCancelled) || len(w.asked) != 0 {
		t.Errorf("%v, opened %q", err, w.asked)
	}
}

// A name from a plan or a journal is one of two, letter for letter, on a Windows that
// runs.
func TestOpen(t *testing.T) {
	k := Kind{newFake(t)}
	for _, name := range []string{
		"", "Root", `\Root`, `currentuser\root`, `CurrentUser/Root`, `CurrentUser\Root `, `CurrentUser\Root\.LocalMachine`, `LocalMachine\CA`,
		`LocalMachine\AuthRoot`, `LocalMachine\Disallowed`, `LocalMachineGroupPolicy\Root`, `\\server\LocalMachine\Root`, "LocalMachine\\Root\x00",
	} {
		if _, err := k.Open(live(), name); !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, w := range []world.World{{OS: "linux", Run: world.Exec{}}, {OS: "windows"}, {OS: "windows", Root: "/mnt", Run: world.Exec{}}} {
		if _, err := k.Open(w, `LocalMachine\Root`); !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%s under %q: %v", w.OS, w.Root, err)
		}
		if found, err := k.Find(t.Context(), w); len(found) != 0 || err != nil {
			t.Errorf("%s under %q: %v, %v", w.OS, w.Root, found, err)
		}
	}
}

func TestFind(t *testing.T) {
	for _, admin := range []bool{false, true} {
		w := newFake(t)
		w.admin = admin
		found, err := Kind{w}.Find(t.Context(), live())
		if err != nil || len(found) != 2 {
			t.Fatal(found, err)
		}
		own, all := found[0], found[1]
		if own.ID != `windows:CurrentUser\Root` || own.Location != trust.LocationUser || own.Privileged || !slices.Contains(own.Asks, trust.WindowsAsks) {
			t.Errorf("the person's: %+v", own)
		}
		if all.ID != `windows:LocalMachine\Root` || all.Location != trust.LocationComputer || all.Privileged == admin || slices.Contains(all.Asks, trust.WindowsAsks) {
			t.Errorf("the computer's: %+v", all)
		}
		for _, i := range found {
			if i.Party != trust.System || i.Want(nil, nil) != held || i.Restart != (trust.Restart{}) {
				t.Errorf("%+v", i)
			}
			if _, err := (Kind{w}).Open(live(), i.ID.Name()); err != nil {
				t.Error(err)
			}
		}
	}
}

// What Docker Desktop trusts in its machine, it takes over when it starts.
func TestDesktopIsToBeRestarted(t *testing.T) {
	w := live()
	w.FS.(*world.Overlay).Put(`C:\Program Files\Docker\Docker\Docker Desktop.exe`, nil)
	found, err := Kind{newFake(t)}.Find(t.Context(), w)
	if err != nil || len(found) != 2 || found[0].Restart.Name != "Docker Desktop" || found[1].Restart.Name != "Docker Desktop" {
		t.Errorf("%+v, %v", found, err)
	}
}
