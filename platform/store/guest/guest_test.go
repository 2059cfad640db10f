package guest

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func on(h *windows, system string) world.World {
	return world.World{OS: system, FS: listing{}, Run: h, User: world.User{UID: 501, Home: "/Users/alice"}}
}

var held = trust.Membership{Held: true}

func opened(t *testing.T, k store.Kind, w world.World, name string) store.Store {
	t.Helper()
	s, err := k.Open(w, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDistributions goes round in a distribution of each family: not there, put in,
// there, taken out, and nothing of it left.
func TestDistributions(t *testing.T) {
	ca, other := trusttest.NewCA(t, "Corp Root"), trusttest.NewCA(t, "Other")
	for family, make := range map[string]func() *linux{"debian": debian, "fedora": fedora} {
		t.Run(family, func(t *testing.T) {
			l := make()
			h := &windows{distributions: map[string]*linux{"Distro-1.0": l, "docker-desktop": debian(), "podman-machine-default": fedora()}, stopped: []string{"Sleeps"}}
			w := on(h, "windows")
			before := clone(l.files)
			infos, err := WSL{}.Find(t.Context(), w)
			if err != nil || len(infos) != 1 || infos[0].ID != "wsl:Distro-1.0" || infos[0].Party != trust.System || infos[0].Location != trust.LocationComputer || infos[0].Privileged {
				t.Fatalf("%+v, %v", infos, err)
			}
			s := opened(t, WSL{}, w, "Distro-1.0")
			expect := func(want trust.Membership) {
				t.Helper()
				if got, err := s.Get(t.Context(), ca.Cert); err != nil || got != want {
					t.Errorf("holds it %+v, %v", got, err)
				}
			}
			expect(trust.Membership{})
			if err := s.Set(t.Context(), ca.Cert, infos[0].Want(ca.Cert, nil)); err != nil {
				t.Fatal(err)
			}
			expect(held)
			if got, err := s.Get(t.Context(), other.Cert); err != nil || got.Held {
				t.Errorf("another certificate: %+v, %v", got, err)
			}
			shown := infos[0].Commands(ca.Cert, held)
			for _, line := range shown {
				if !h.hasRun(strings.TrimSuffix(line, " < FILE")) && !h.hasRun(strings.TrimSuffix(line, " < FILE")+unfinished) {
					t.Errorf("shown and not run: %s\n%v", line, h.lines())
				}
			}
			if err := s.Set(t.Context(), ca.Cert, trust.Membership{}); err != nil {
				t.Fatal(err)
			}
			expect(trust.Membership{})
			for name := range l.files {
				if _, was := before[name]; !was {
					t.Errorf("%s was left", name)
				}
			}
			if len(h.started) > 0 {
				t.Errorf("started %v", h.started)
			}
		})
	}
}

func (h *windows) lines() []string {
	var out []string
	for _, c := range h.ran {
		out = append(out, strings.Join(c.Argv, " "))
	}
	return out
}

func (h *windows) hasRun(line string) bool { return slices.Contains(h.lines(), line) }

func clone(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// TestDistributionIsLeftClean: whatever fails on the way, no file stays that a later
// refresh of the store would take.
func TestDistributionIsLeftClean(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp Root")
	for _, fails := range []string{"tee", "mv", "update-ca-certificates", "deaf"} {
		l := debian()
		l.fails, l.deaf = fails, fails == "deaf"
		h := &windows{distributions: map[string]*linux{"Ubuntu": l}}
		err := opened(t, WSL{}, on(h, "windows"), "Ubuntu").Set(t.Context(), ca.Cert, held)
		code := change.ErrCommandFailed
		if l.deaf {
			code = change.ErrNotTaken
		}
		if !errors.Is(err, code) {
			t.Errorf("%s: %v", fails, err)
		}
		for name := range l.files {
			if strings.Contains(name, "mooring") {
				t.Errorf("%s: %s was left", fails, name)
			}
		}
	}
	// One that another put there, too, is not claimed to be gone.
	l := debian()
	l.files["/usr/local/share/ca-certificates/corp.crt"] = string(ca.PEM())
	h := &windows{distributions: map[string]*linux{"Ubuntu": l}}
	if err := opened(t, WSL{}, on(h, "windows"), "Ubuntu").Set(t.Context(), ca.Cert, trust.Membership{}); !errors.Is(err, change.ErrNotTaken) {
		t.Errorf("still held: %v", err)
	}
	// One that sleeps is not woken.
	h = &windows{distributions: map[string]*linux{"Ubuntu": debian()}, stopped: []string{"Sleeps"}}
	sleeper := opened(t, WSL{}, on(h, "windows"), "Sleeps")
	if err := sleeper.Set(t.Context(), ca.Cert, held); !errors.Is(err, change.ErrCommandFailed) || len(h.started) > 0 {
		t.Errorf("%v, started %v", err, h.started)
	}
	if _, err := sleeper.Get(t.Context(), ca.Cert); err == nil || len(h.started) > 0 {
		t.Errorf("%v, started %v", err, h.started)
	}
	// No store that is known.
	h = &windows{distributions: map[string]*linux{"Odd": newLinux("/bin/sh")}}
	if infos, err := (WSL{}).Find(t.Context(), on(h, "windows")); err != nil || len(infos) > 0 {
		t.Errorf("%+v, %v", infos, err)
	}
	if err := opened(t, WSL{}, on(h, "windows"), "Odd").Set(t.Context(), ca.Cert, held); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Error(err)
	}
}

// TestMachines goes round in a virtual machine of podman's: for two registries, then
// one, then none.
func TestMachines(t *testing.T) {
	ca, other := trusttest.NewCA(t, "Corp Root"), trusttest.NewCA(t, "Other")
	l := fedora()
	l.files[certsDir+"/"] = ""
	l.files[certsDir+"/old.example/ca.crt"] = strings.TrimSuffix(string(other.PEM()), "\n") // no line's end
	l.files[certsDir+"/reg.example:5000/bundle.crt"] = string(other.PEM()) + string(ca.PEM())
	h := &windows{machines: map[string]*linux{"podman-machine-default": l}, stopped: []string{"sleeps"}}
	w := on(h, "darwin")
	infos, err := PodmanMachine{}.Find(t.Context(), w)
	if err != nil || len(infos) != 1 || infos[0].ID != "podman-machine:podman-machine-default" || infos[0].Party != trust.Podman {
		t.Fatalf("%+v, %v", infos, err)
	}
	i, s := infos[0], opened(t, PodmanMachine{}, w, "podman-machine-default")
	is := func(settings string) {
		t.Helper()
		got, err := s.Get(t.Context(), ca.Cert)
		if want := (trust.Membership{Held: settings != "", Settings: settings}); err != nil || got != want {
			t.Errorf("holds it %+v, not for %q (%v)", got, settings, err)
		}
	}
	is("reg.example:5000")
	was, err := s.Get(t.Context(), ca.Cert)
	if err != nil {
		t.Fatal(err)
	}
	both := i.Holding(was, ca.Cert, registries(t, "other.example", "reg.example:5000"))
	if err := s.Set(t.Context(), ca.Cert, both); err != nil {
		t.Fatal(err)
	}
	is("other.example,reg.example:5000")
	if got := l.files[path.Join(certsDir, "other.example", fileFor(ca.Cert))]; got != string(ca.PEM()) {
		t.Errorf("written: %q", got)
	}
	if shown := i.Commands(ca.Cert, both); len(shown) != 4 || !strings.Contains(shown[1], "/other.example/mooring-") {
		t.Errorf("shown: %q", shown)
	}
	one := i.Dropping(both, ca.Cert, registries(t, "other.example"))
	if err := s.Set(t.Context(), ca.Cert, one); err != nil {
		t.Fatal(err)
	}
	is("reg.example:5000")
	if l.isDir(certsDir + "/other.example") {
		t.Error("an empty directory was left: it would hide others")
	}
	// In a file with another's certificate it stays, and that is told.
	if err := s.Set(t.Context(), ca.Cert, trust.Membership{}); !errors.Is(err, change.ErrNotTaken) {
		t.Errorf("of a bundle: %v", err)
	}
	if !strings.Contains(l.files[certsDir+"/reg.example:5000/bundle.crt"], string(other.PEM())) {
		t.Error("another's file was changed")
	}
}

func registries(t *testing.T, names ...string) []trust.Registry {
	t.Helper()
	var out []trust.Registry
	for _, n := range names {
		r, _, err := trust.ParseRegistry(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// TestNamesAreStrict hands in what a hostile plan may name.
func TestNamesAreStrict(t *testing.T) {
	h := &windows{distributions: map[string]*linux{}, machines: map[string]*linux{}}
	for _, name := range []string{"", "-u", "--exec", "a b", "a;b", "a'b", "$(x)", "a/b", `a\b`, "a\nb", ".hidden", strings.Repeat("a", 65), "ubuntu\x00", "名"} {
		for _, k := range []store.Kind{WSL{}, PodmanMachine{}} {
			if _, err := k.Open(on(h, "windows"), name); !errors.Is(err, change.ErrOutsideAllowList) {
				t.Errorf("%s %q: %v", k.Name(), name, err)
			}
		}
	}
	for _, name := range []string{"docker-desktop", "Docker-Desktop-Data", "podman-machine-default", "rancher-desktop"} {
		if _, err := (WSL{}).Open(on(h, "windows"), name); !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%q is opened: %v", name, err)
		}
	}
	if _, err := (WSL{}).Open(on(h, "linux"), "Ubuntu"); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Error(err)
	}
	ca := trusttest.NewCA(t, "Corp Root")
	h.machines["m"] = fedora()
	s := opened(t, PodmanMachine{}, on(h, "darwin"), "m")
	for _, settings := range []string{"../x", "a/b", "a b", "-x", "$(reboot)", "[::1]:5000", "b,a", "a,a", "a,", "a:b", "a;b", "a:123456"} {
		n := len(h.ran)
		if err := s.Set(t.Context(), ca.Cert, trust.Membership{Held: true, Settings: settings}); !errors.Is(err, change.ErrOutsideAllowList) || len(h.ran) != n {
			t.Errorf("%q: %v", settings, err)
		}
	}
	wsl := opened(t, WSL{}, on(h, "windows"), "Ubuntu")
	if err := wsl.Set(t.Context(), ca.Cert, trust.Membership{Held: true, Settings: "C,,"}); !errors.Is(err, change.ErrBadPlan) {
		t.Error(err)
	}
}

// TestWrongOptionsFail makes each mistake that could be made in a command line, and
// expects that the round above would see it.
func TestWrongOptionsFail(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp Root")
	swap := func(from, to string) func([]string) []string {
		return func(argv []string) []string {
			var out []string
			for _, a := range argv {
				if a == from {
					if to != "" {
						out = append(out, strings.Fields(to)...)
					}
					continue
				}
				out = append(out, a)
			}
			return out
		}
	}
	for name, c := range map[string]func([]string) []string{
		"wsl: a shell":               swap("--exec", ""),
		"wsl: a shell by --":         swap("--exec", "--"),
		"wsl: as the person":         swap("root", "alice"),
		"wsl: another option":        swap("-u", "-U"),
		"wsl: the default one":       swap("-d", "-D"),
		"wsl: with words":            swap("--quiet", ""),
		"wsl: those that sleep":      swap("--running", "--all"),
		"wsl: links not followed":    swap("-1dLp", "-1dp"),
		"wsl: no force":              swap("-f", ""),
		"wsl: not fresh":             swap("--fresh", "--frsh"),
		"podman: as core":            swap("--username", ""),
		"podman: text":               swap("json", "table"),
		"podman: unquoted":           swap("'*.crt'", "*.crt"),
		"podman: unquoted semicolon": swap(`\;`, ";"),
		"podman: no parents":         swap("-p", ""),
		"podman: everything":         swap("-maxdepth", "-depth"),
		"podman: another command":    swap("ssh", "exec"),
	} {
		h := &windows{change: c}
		var err error
		if strings.HasPrefix(name, "wsl") {
			h.distributions = map[string]*linux{"Ubuntu": debian()}
			err = round(t, WSL{}, on(h, "windows"), "Ubuntu", ca)
		} else {
			h.machines = map[string]*linux{"m": fedora()}
			err = round(t, PodmanMachine{}, on(h, "darwin"), "m", ca)
		}
		if err == nil {
			t.Errorf("%s: nothing was noticed", name)
		}
	}
	for _, k := range []store.Kind{WSL{}, PodmanMachine{}} {
		h := &windows{distributions: map[string]*linux{"x": debian()}, machines: map[string]*linux{"x": fedora()}}
		if err := round(t, k, on(h, "windows"), "x", ca); err != nil {
			t.Errorf("%s without a mistake: %v", k.Name(), err)
		}
	}
}

// round finds a store, puts a certificate in and takes it out.
func round(t *testing.T, k store.Kind, w world.World, name string, ca *trusttest.Cert) error {
	t.Helper()
	infos, err := k.Find(t.Context(), w)
	if err != nil {
		return err
	}
	if len(infos) != 1 {
		return errors.New("not found")
	}
	s, err := k.Open(w, name)
	if err != nil {
		return err
	}
	if err := s.Set(t.Context(), ca.Cert, infos[0].Want(ca.Cert, registries(t, "reg.example"))); err != nil {
		return err
	}
	return s.Set(t.Context(), ca.Cert, trust.Membership{})
}

func TestLists(t *testing.T) {
	for text, want := range map[string][]string{
		"Ubuntu\r\nDebian-12\r\n":                       {"Ubuntu", "Debian-12"},
		"\ufeffUbuntu\r\n":                              {"Ubuntu"},
		"Es gibt keine laufenden Distributionen.\r\n":   nil,
		"실행 중인 배포판이 없습니다.\r\n":                          nil,
		"Ubuntu (Default)\r\n":                          nil,
		"--exec\r\n-u\r\n":                              nil,
		"":                                              nil,
		strings.Repeat("a\n", 40):                       slices.Repeat([]string{"a"}, maxGuests),
		"Ubuntu\x00\x00\r\n$(calc)\r\n\u202eutnubU\r\n": {"Ubuntu"},
	} {
		for form, b := range map[string][]byte{"UTF-16": utf16le(text), "UTF-8": []byte(text)} {
			if got := names(b); !slices.Equal(got, want) {
				t.Errorf("%s %q: %q", form, text, got)
			}
		}
	}
	for text, want := range map[string][]string{
		`[{"Name":"a","Running":true},{"Name":"b","Running":false},{"Name":"-x","Running":true}]`: {"a"},
		`[]`: nil, `null`: nil, `{"Name":"a"}`: nil, ``: nil, `[{"Name":7,"Running":true}]`: nil,
	} {
		if got := running([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add(utf16le("Ubuntu\r\nDebian\r\n"))
	f.Add([]byte("\xff\xfeU\x00"))
	f.Add([]byte("Ubuntu\n\xc3("))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, n := range names(b) {
			if !nameForm().MatchString(n) || strings.HasPrefix(n, "-") {
				t.Errorf("%q", n)
			}
		}
		for _, n := range running(b) {
			if !nameForm().MatchString(n) {
				t.Errorf("%q", n)
			}
		}
	})
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte("/etc/containers/certs.d/reg:5000/ca.crt\n-----BEGIN CERTIFICATE-----\n"))
	f.Add([]byte("/etc/containers/certs.d/../ca.crt\n/etc/containers/certs.d/a/-rf.crt\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name := range split(b) {
			if strings.Contains(name, "/../") || path.Clean(name) != name || path.Dir(path.Dir(name)) != certsDir || strings.HasPrefix(path.Base(name), "-") {
				t.Errorf("%q", name)
			}
		}
	})
}
