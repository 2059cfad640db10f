package java

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/javastore"
	"mooring.dev/mooring/trust/trusttest"
)

const cacerts = "/opt/jdk-21/lib/security/cacerts"

// tree is a root with one runtime whose keystore holds certs.
func tree(t *testing.T, name string, certs ...*trusttest.Cert) world.World {
	t.Helper()
	root := t.TempDir()
	put(t, root, name, trusttest.Keystore(certs...))
	return world.Under(root, "linux")
}

func put(t *testing.T, root, name string, data []byte) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o640); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, w world.World, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.Root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestMembership: a certificate is put in and taken out by itself, and what was there
// before is there to the byte.
func TestMembership(t *testing.T) {
	a, b := trusttest.NewCA(t, "Same Name"), trusttest.NewCA(t, "Same Name")
	w := tree(t, cacerts, a)
	before := content(t, w, cacerts)
	s, err := open(w, cacerts)
	if err != nil {
		t.Fatal(err)
	}
	held := trust.Membership{Held: true}
	get := func(cert *x509.Certificate, want trust.Membership) {
		t.Helper()
		if m, err := s.Get(t.Context(), cert); err != nil || m != want {
			t.Errorf("%+v, %v, want %+v", m, err, want)
		}
	}
	set := func(cert *x509.Certificate, want trust.Membership) {
		t.Helper()
		if err := s.Set(t.Context(), cert, want); err != nil {
			t.Fatal(err)
		}
		get(cert, want)
	}
	foreign := trust.Membership{Held: true, Settings: "entry-0"}
	get(a.Cert, foreign)
	get(b.Cert, trust.Membership{})
	set(b.Cert, held)
	get(a.Cert, foreign)
	f, err := javastore.Parse(content(t, w, cacerts))
	if err != nil || f.Trusted[1].Alias != "mooring-"+trust.FingerprintOf(b.Cert).Short() {
		t.Errorf("%+v, %v", f, err)
	}
	again := content(t, w, cacerts)
	set(b.Cert, held) // changes nothing
	if !bytes.Equal(again, content(t, w, cacerts)) {
		t.Error("written anew")
	}
	set(b.Cert, trust.Membership{})
	if !bytes.Equal(before, content(t, w, cacerts)) {
		t.Error("not as it was")
	}
	if i, err := os.Stat(filepath.Join(w.Root, cacerts)); err != nil || i.Mode() != 0o640 {
		t.Errorf("mode %v, %v", i.Mode(), err)
	}
	// Somebody else's entry comes back under its name, however odd that is.
	set(a.Cert, trust.Membership{})
	set(a.Cert, trust.Membership{Held: true, Settings: "entry-0 my%20CA%20%F0%9D%84%9E"})
	set(a.Cert, foreign)
	left, err := os.ReadDir(filepath.Join(w.Root, filepath.Dir(cacerts)))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRefusals(t *testing.T) {
	ca := trusttest.NewCA(t, "A")
	held := trust.Membership{Held: true}
	set := func(w world.World, m trust.Membership) error {
		s, err := open(w, cacerts)
		if err != nil {
			t.Fatal(err)
		}
		return s.Set(t.Context(), ca.Cert, m)
	}
	other := trusttest.Keystore()
	other[len(other)-1] ^= 1
	for name, c := range map[string]struct {
		data []byte
		want trust.Membership
		code change.Code
	}{
		"another password":  {other, held, change.ErrNotTaken},
		"no keystore":       {[]byte("hello"), held, change.ErrIO},
		"a name twice":      {trusttest.Keystore(), trust.Membership{Held: true, Settings: "a A"}, change.ErrNotTaken},
		"a name of nothing": {trusttest.Keystore(), trust.Membership{Held: true, Settings: "a "}, change.ErrNotTaken},
		"a name of others":  {trusttest.Keystore(trusttest.NewCA(t, "B")), trust.Membership{Held: true, Settings: "ENTRY-0"}, change.ErrNotTaken},
		"no encoding":       {trusttest.Keystore(), trust.Membership{Held: true, Settings: "%zz"}, change.ErrBadPlan},
	} {
		w := tree(t, cacerts)
		put(t, w.Root, cacerts, c.data)
		if err := set(w, c.want); !errors.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(content(t, w, cacerts), c.data) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// Open takes a name from anybody: a plan, a journal.
func TestOpen(t *testing.T) {
	w := tree(t, cacerts)
	link := func(name, target string) {
		name = filepath.Join(w.Root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	link("/opt/linked", "jdk-21")
	link("/opt/other/lib/security/cacerts", cacerts)
	for name, ok := range map[string]bool{
		cacerts: true, "/opt/jdk-21/lib/security/jssecacerts": true, "/opt/linked/lib/security/cacerts": false,
		"/opt/other/lib/security/cacerts": false, "": false, "cacerts": false, "/etc/shadow": false, "/etc/lib/security/shadow": false,
		"/opt/../opt/jdk-21/lib/security/cacerts": false, "/opt//jdk-21/lib/security/cacerts": false, cacerts + "/": false,
		"/etc/ssl/certs/java/cacerts": true, "/opt/x\x00/lib/security/cacerts": false, "opt/jdk-21/lib/security/cacerts": false,
	} {
		s, err := open(w, name)
		if (err == nil) != ok || !ok && !errors.Is(err, change.ErrOutsideAllowList) {
			t.Errorf("%q: %v, %v", name, s, err)
		}
	}
	windows := world.Under(t.TempDir(), "windows")
	for name, ok := range map[string]bool{
		`C:\Program Files\Java\jdk-21\lib\security\cacerts`: true, `C:\x\..\lib\security\cacerts`: false, cacerts: false,
		`\\host\share\lib\security\cacerts`: false, `C:\x:y\lib\security\cacerts`: false, `C:\x/lib\security\cacerts`: false,
	} {
		if _, err := open(windows, name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// owned is a file system in which everything belongs to one user, but some things.
type owned struct {
	world.FS
	uid   int
	alien string
}

func (o owned) of(path string, i world.Info, err error) (world.Info, error) {
	i.UID, i.GID = o.uid, o.uid
	if path == o.alien {
		i.UID = 1234
	}
	return i, err
}

func (o owned) Stat(p string) (world.Info, error) {
	i, err := o.FS.Stat(p)
	return o.of(p, i, err)
}

func (o owned) Lstat(p string) (world.Info, error) {
	i, err := o.FS.Lstat(p)
	return o.of(p, i, err)
}

// nobody runs no command.
type nobody struct{ world.Runner }

// Root changes nothing where somebody else has a say.
func TestRoot(t *testing.T) {
	w := tree(t, cacerts)
	w.FS, w.Root, w.Run = world.Disk{Root: w.Root}, "", nobody{}
	for alien, ok := range map[string]bool{"": true, "/opt": false, "/opt/jdk-21": false, cacerts: false} {
		w.FS = owned{FS: w.FS, alien: alien}
		if _, err := open(w, cacerts); (err == nil) != ok {
			t.Errorf("%q is somebody else's: %v", alien, err)
		}
	}
}

func TestFind(t *testing.T) {
	const mine, derived = "/home/a/.sdkman/candidates/java/21/lib/security/cacerts", "/etc/ssl/certs/java/cacerts"
	w := tree(t, cacerts)
	put(t, w.Root, mine, trusttest.Keystore())
	put(t, w.Root, derived, trusttest.Keystore())
	link := filepath.Join(w.Root, "/usr/lib/jvm/d/lib/security/cacerts")
	if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(derived, link)); err != nil {
		t.Fatal(err)
	}
	w.User = world.User{UID: 1000, GID: 1000, Home: "/home/a"}
	type found struct {
		at                  trust.Location
		privileged, derived bool
	}
	w.FS = owned{FS: w.FS, uid: 1000, alien: cacerts}
	infos, err := Kind{}.Find(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	got := map[trust.StoreID]found{}
	for _, i := range infos {
		got[i.ID] = found{i.Location, i.Privileged, i.Derived}
		if want := i.Want(nil, nil); i.Party != trust.Java || want != (trust.Membership{Held: true}) || i.Join(trust.Membership{}, want) != want || i.Join(trust.Membership{Held: true, Settings: "x"}, want).Settings != "x" {
			t.Errorf("%+v", i)
		}
	}
	want := map[trust.StoreID]found{
		"java:" + cacerts: {trust.LocationComputer, true, false},
		"java:" + mine:    {trust.LocationUser, false, false},
		"java:" + derived: {trust.LocationComputer, false, true},
	}
	if len(got) != len(want) {
		t.Errorf("found %v", got)
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("%s: %+v, want %+v", id, got[id], w)
		}
	}
}

// A derived keystore is read, and never written.
func TestDerived(t *testing.T) {
	const derived = "/etc/ssl/certs/java/cacerts"
	ca := trusttest.NewCA(t, "A")
	w := tree(t, derived, ca)
	s, err := open(w, derived)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.Get(t.Context(), ca.Cert); err != nil || !m.Held {
		t.Errorf("%+v, %v", m, err)
	}
	if err := s.Set(t.Context(), ca.Cert, trust.Membership{}); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Errorf("written: %v", err)
	}
}

// Beside an edit of somebody else's nothing is written.
func TestChangedSince(t *testing.T) {
	w := tree(t, cacerts)
	s, err := open(w, cacerts)
	if err != nil {
		t.Fatal(err)
	}
	k := s.(*keystore)
	if err := k.target().Replace([]byte("as it was"), []byte("new")); !errors.Is(err, change.ErrChangedSince) {
		t.Errorf("replaced: %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.Root, filepath.Dir(cacerts), ".cacerts.mooring")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

func open(w world.World, name string) (store.Store, error) { return Kind{}.Open(w, name) }
