package nss

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/platform/nssdb"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// machine has a home with a database that certutil made.
type machine struct {
	world.World
	t    *testing.T
	dir  string
	real string // certutil
}

// newMachine has a database under a password; "" for none.
func newMachine(t *testing.T, password string) *machine {
	t.Helper()
	real := need.Tool(t, "certutil", "scripts/deps.sh test")
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, dir: filepath.Join(home, ".pki", "nssdb"), real: real}
	m.World = world.World{
		OS: "linux", FS: world.Disk{}, Run: world.Exec{}, Now: time.Now, Env: func(string) string { return "" },
		User: world.User{UID: os.Getuid(), GID: os.Getgid(), Home: home},
	}
	if m.User.UID == 0 { // or what lies in /tmp is everybody's
		m.FS, m.User.UID = asIfOwn{world.Disk{}}, 1000
		m.User.GID = 1000
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if password == "" {
		m.certutil("-N", "--empty-password")
	} else {
		m.certutil("-N", "-f", file)
	}
	return m
}

// asIfOwn shows root's files as those of user 1000.
type asIfOwn struct{ world.FS }

func (f asIfOwn) Stat(path string) (world.Info, error) {
	i, err := f.FS.Stat(path)
	i.UID, i.GID = 1000, 1000
	return i, err
}

func (m *machine) certutil(args ...string) string {
	m.t.Helper()
	out, err := exec.Command(m.real, append(args, "-d", "sql:"+m.dir)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("certutil %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// foreign adds a certificate as another tool would.
func (m *machine) foreign(ca *trusttest.Cert, name, flags string) {
	m.t.Helper()
	file := filepath.Join(m.t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.certutil("-A", "-n", name, "-t", flags, "-i", file)
}

func (m *machine) open() store.Store {
	m.t.Helper()
	s, err := open(m.World, m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

func (m *machine) get(cert *x509.Certificate, want trust.Membership) {
	m.t.Helper()
	if got, err := m.open().Get(m.t.Context(), cert); err != nil || got != want {
		m.t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func (m *machine) set(cert *x509.Certificate, want trust.Membership) {
	m.t.Helper()
	if err := m.open().Set(m.t.Context(), cert, want); err != nil {
		m.t.Fatal(err)
	}
	m.get(cert, want)
}

// list is what certutil says that the database holds.
func (m *machine) list() []string {
	var out []string
	for line := range strings.Lines(m.certutil("-L")) {
		if f := strings.Fields(line); len(f) > 1 && strings.Count(line, ",") == 2 && !strings.Contains(line, "S/MIME") {
			out = append(out, strings.Join(f, " "))
		}
	}
	slices.Sort(out)
	return out
}

var (
	none = trust.Membership{}
	held = trust.Membership{Held: true, Settings: forServers}
)

func TestMembership(t *testing.T) {
	m := newMachine(t, "")
	a, b := trusttest.NewCA(t, "Same Name"), trusttest.NewCA(t, "Same Name")
	m.foreign(a, "by somebody", "CT,C,")
	before := m.list()
	foreign := trust.Membership{Held: true, Settings: "CT,C, name=by%20somebody"}
	m.get(a.Cert, foreign)
	m.get(b.Cert, none)
	m.set(b.Cert, held)
	name := "mooring-" + trust.FingerprintOf(b.Cert).Short()
	if got := m.list(); !slices.Contains(got, name+" C,,") || len(got) != 2 {
		t.Errorf("certutil lists %q", got)
	}
	m.set(b.Cert, held)
	m.set(b.Cert, trust.Membership{Held: true, Settings: "p,p,p"})
	m.set(b.Cert, trust.Membership{Held: true})
	m.set(b.Cert, held)
	m.set(b.Cert, none)
	if got := m.list(); !slices.Equal(got, before) {
		t.Errorf("certutil lists %q, want %q", got, before)
	}
	// What another tool put there comes back as it was.
	m.set(a.Cert, none)
	m.set(a.Cert, foreign)
	m.set(a.Cert, held)
	m.set(a.Cert, foreign)
	if got := m.list(); !slices.Equal(got, before) {
		t.Errorf("certutil lists %q, want %q", got, before)
	}
}

// certutil leaves a certificate behind that it could not trust; Mooring does not.
func TestPassword(t *testing.T) {
	m := newMachine(t, "secret")
	ca := trusttest.NewCA(t, "A")
	err := m.open().Set(t.Context(), ca.Cert, held)
	if !errors.Is(err, change.ErrCommandFailed) || !strings.Contains(err.Error(), "has a password") {
		t.Errorf("%v", err)
	}
	m.get(ca.Cert, none)
	if got := m.list(); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

// Two certificates under one nickname certutil cannot tell apart.
func TestSharedNickname(t *testing.T) {
	m := newMachine(t, "")
	a, b := trusttest.NewCA(t, "Same Name"), trusttest.NewCA(t, "Same Name")
	m.foreign(a, "x", "C,,")
	m.foreign(b, "x", "C,,")
	if err := m.open().Set(t.Context(), a.Cert, none); !errors.Is(err, change.ErrNotTaken) {
		t.Errorf("removed: %v", err)
	}
	if got := m.list(); len(got) != 2 {
		t.Errorf("certutil lists %q", got)
	}
	// To distrust one of them is safe: that goes by the certificate.
	m.set(a.Cert, trust.Membership{Held: true, Settings: "name=x"})
	m.get(b.Cert, trust.Membership{Held: true, Settings: "C,, name=x"})
}

// scripted answers in place of certutil.
type scripted struct {
	answer world.Result
	err    error
	ran    []world.Command
}

func (s *scripted) Run(_ context.Context, c world.Command) (world.Result, error) {
	s.ran = append(s.ran, c)
	return s.answer, s.err
}

func (s *scripted) Look(name string) (string, error) {
	if name != "certutil" {
		return "", fs.ErrNotExist
	}
	return "/usr/bin/certutil", nil
}

func TestFailures(t *testing.T) {
	m := newMachine(t, "")
	ca := trusttest.NewCA(t, "A")
	for name, c := range map[string]struct {
		run  world.Runner
		code change.Code
		text string
	}{
		"not installed": {nothing{}, change.ErrCommandFailed, "libnss3-tools"},
		"cannot run":    {&scripted{err: errors.New("no memory")}, change.ErrCommandFailed, "no memory"},
		"refuses":       {&scripted{answer: world.Result{Code: 255, Stderr: []byte("a\nSEC_ERROR_READ_ONLY: b\n")}}, change.ErrCommandFailed, "SEC_ERROR_READ_ONLY"},
		"does nothing":  {&scripted{}, change.ErrNotTaken, ""},
	} {
		m.Run = c.run
		err := m.open().Set(t.Context(), ca.Cert, held)
		if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := &scripted{}
	m.Run = s
	_ = m.open().Set(t.Context(), ca.Cert, held)
	nick := "mooring-" + trust.FingerprintOf(ca.Cert).Short()
	want := []string{"/usr/bin/certutil", "-A", "-a", "-d", "sql:" + m.dir, "-n", nick, "-t", "C,,", "-f", "/dev/null"}
	if len(s.ran) != 1 || !slices.Equal(s.ran[0].Argv, want) || string(s.ran[0].Stdin) != string(ca.PEM()) || len(s.ran[0].Env) != 3 {
		t.Errorf("ran %+v", s.ran)
	}
}

// nothing has no program.
type nothing struct{ world.Runner }

func (nothing) Look(string) (string, error) { return "", fs.ErrNotExist }

// A database that is being written is waited for, and never for long.
func TestBusy(t *testing.T) {
	m := newMachine(t, "")
	journal := filepath.Join(m.dir, nssdb.File+"-journal")
	if err := os.WriteFile(journal, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.open().Get(ctx, trusttest.NewCA(t, "A").Cert); !errors.Is(err, change.ErrIO) {
		t.Errorf("%v", err)
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]settings{
		"": {",,", ""}, "C,,": {"C,,", ""}, "cT,p,P": {"cT,p,P", ""}, "name=a%20b": {",,", "a b"}, "C,, name=%D0%AF": {"C,,", "Я"},
	} {
		if got, err := parse(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		",,", "C", "C,", "C,,,", "u,,", "C,, ", " ", "C,,  name=a", "name=", "name=a b", "name=-a", "name=a%3Ab", "name=%00",
		"C,, C,,", "name=a C,,", "C,, name=a name=b", "name=%zz", "C;,,", "C,, name=" + strings.Repeat("x", 300),
	} {
		if got, err := parse(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestOpen(t *testing.T) {
	m := newMachine(t, "")
	for _, name := range []string{"", "nssdb", m.dir + "/", m.dir + "/../nssdb", "/nowhere", m.dir + "\x00"} {
		if _, err := open(m.World, name); !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := os.Chmod(filepath.Join(m.dir, "pkcs11.txt"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := open(m.World, m.dir); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Errorf("others name its libraries: %v", err)
	}
	tree := world.Under(m.User.Home, "linux")
	if _, err := open(tree, "/.pki/nssdb"); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Errorf("below --root: %v", err)
	}
	if found, err := find(t, tree); err != nil || found != nil {
		t.Errorf("below --root: %v, %v", found, err)
	}
	root := m.World
	root.User.UID, root.FS = 0, asIfOwn{world.Disk{}}
	if _, err := open(root, m.dir); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Errorf("root in a person's database: %v", err)
	}
}

func TestFind(t *testing.T) {
	m := newMachine(t, "")
	ca := trusttest.NewCA(t, "A")
	infos, err := find(t, m.World)
	if err != nil || len(infos) == 0 || infos[0].ID != trust.StoreID("nss:"+m.dir) {
		t.Fatalf("%+v, %v", infos, err)
	}
	i := infos[0]
	nick := "mooring-" + trust.FingerprintOf(ca.Cert).Short()
	shown := i.Commands(ca.Cert, held)[0]
	if shown != "certutil -A -a -d sql:"+m.dir+" -n "+nick+" -t C,, -f /dev/null < FILE" {
		t.Errorf("shown %q", shown)
	}
	m.foreign(ca, "theirs", "T,,")
	for want, lines := range map[trust.Membership][]string{
		none: {"certutil -D -d sql:" + m.dir + " -n theirs -f /dev/null"},
		held: {"certutil -D -d sql:" + m.dir + " -n theirs -f /dev/null", shown},
	} {
		if got := i.Commands(ca.Cert, want); !slices.Equal(got, lines) {
			t.Errorf("shown %q", got)
		}
	}
	if i.Party != trust.NSS || i.Location != trust.LocationUser || i.Privileged || i.Derived || i.Want(nil, nil) != held {
		t.Errorf("%+v", i)
	}
	for settings, want := range map[string]bool{"C,,": true, "CT,C,C name=x": true, "T,,": false, "": false, "p,,": false, "c,C,C": false} {
		was := trust.Membership{Held: true, Settings: settings}
		if got := i.Join(was, held) == was; got != want {
			t.Errorf("%q is enough: %v", settings, got)
		}
	}
	m.Run = nothing{}
	if infos, _ = find(t, m.World); !slices.Contains(infos[0].Asks, trust.NSSNeedsTool) {
		t.Errorf("asks %v", infos[0].Asks)
	}
	m.OS = "darwin"
	if infos, _ = find(t, m.World); len(infos) != 0 && !infos[0].Derived {
		t.Errorf("on macOS: %+v", infos)
	}
}

func open(w world.World, name string) (store.Store, error) { return Kind{}.Open(w, name) }

func find(t *testing.T, w world.World) ([]store.Info, error) { return Kind{}.Find(t.Context(), w) }
