package nssdb

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/certfile"
)

// testdata/certutil.db was written by certutil of NSS 3.87, which says of it what
// the first table here says. small-pages.db is the same with pages of 512 bytes,
// with trust as newer releases of NSS write it, and with rows that a reader must pass over.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParse(t *testing.T) {
	certs, err := certfile.Read(fixture(t, "certs.pem"))
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ label, flags string }
	certutil := []row{
		{"anchor", "C,,"},
		{"same", "C,,"},
		{"same", "c,,"},
		{"none", ",,"},
		{"bad", "p,p,p"},
		{"client", "T,,"},
		{"peer", "P,,"},
		{"all", "CT,C,C"},
	}
	newer := slices.Clone(certutil) // which knows no "CA, but not by itself"
	newer[2].flags = ",,"
	for name, want := range map[string][]row{"certutil.db": certutil, "small-pages.db": newer} {
		found, err := Parse(fixture(t, name))
		if err != nil || len(found) != len(want) {
			t.Fatalf("%s: %d certificates, %v", name, len(found), err)
		}
		for i, c := range certs {
			at := slices.IndexFunc(found, func(f Cert) bool { return f.Cert.Equal(c) })
			if at < 0 {
				t.Fatalf("%s lacks %s", name, c.Subject)
			}
			if got := (row{found[at].Label, found[at].Flags}); got != want[i] {
				t.Errorf("%s: %s is held as %q, want %q", name, c.Subject, got, want[i])
			}
		}
	}
}

func TestMeaning(t *testing.T) {
	for flags, want := range map[string][2]bool{
		"C,,": {true, false}, "CT,C,C": {true, false}, "T,,": {}, "c,C,C": {}, ",C,": {}, "p,,": {false, true},
		"P,,": {}, "": {}, "C": {}, ",,": {},
	} {
		if c := (Cert{Flags: flags}); c.Anchor() != want[0] || c.Distrusted() != want[1] {
			t.Errorf("%q: anchor %v, distrusted %v", flags, c.Anchor(), c.Distrusted())
		}
	}
}

func TestParseErrors(t *testing.T) {
	good := fixture(t, "certutil.db")
	change := func(at int, to ...byte) []byte {
		data := slices.Clone(good)
		copy(data[at:], to)
		return data
	}
	for name, data := range map[string][]byte{
		"empty":       nil,
		"text":        []byte("SQLite format 3\x00"),
		"wal":         change(18, 2, 2),
		"page size":   change(16, 0x30, 0x01),
		"reserved":    change(20, 255, 255),
		"UTF-16":      change(56, 0, 0, 0, 2),
		"kind":        change(pageHeader, 2),
		"cut":         good[:4096],
		"cell":        change(pageHeader+8, 0xFF, 0xFF),
		"count":       change(pageHeader+3, 0xFF, 0xFF),
		"other table": slices.Concat(good[:512], make([]byte, len(good)-512)),
	} {
		if certs, err := Parse(data); err == nil || certs != nil {
			t.Errorf("%s: %d certificates, %v", name, len(certs), err)
		}
	}
}

// A tree of pages that lead to each other must end.
func TestLoop(t *testing.T) {
	data := fixture(t, "small-pages.db")
	page := int(binary.BigEndian.Uint16(data[16:]))
	for n := 1; n < len(data)/page; n++ {
		if head := data[n*page:]; head[0] == interior {
			binary.BigEndian.PutUint32(head[8:], uint32(n+1))
		}
	}
	if _, err := Parse(data); err == nil {
		t.Error("a tree without end was read")
	}
}

func TestBusy(t *testing.T) {
	root := t.TempDir()
	put := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := world.Under(root, "linux")
	put(File, fixture(t, "certutil.db"))
	put(File+"-journal", nil)
	if certs, err := Read(w, "/"); err != nil || len(certs) != 8 {
		t.Errorf("an empty journal: %d certificates, %v", len(certs), err)
	}
	put(File+"-journal", []byte("x"))
	if _, err := Read(w, "/"); !errors.Is(err, ErrBusy) {
		t.Errorf("a journal: %v", err)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	put := func(name, content string) {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dirs := func(system string) (out []string) {
		w := world.Under(root, system)
		w.User.Home = "/home/a"
		if system == "windows" {
			w.User.Home = `C:\home\a`
		}
		for _, p := range Find(w) {
			out = append(out, p.Dir)
		}
		return out
	}
	if got := dirs("linux"); got != nil {
		t.Errorf("an empty home: %v", got)
	}
	ini := "[Install1]\nDefault=x.default\nLocked=1\n\n[Profile1]\nName=a\nIsRelative=1\nPath=x.default\n\n" +
		"[Profile0]\nName=b\nIsRelative=0\nPath=/data/own\n\n[Profile2]\nIsRelative=1\nPath=../../etc\n[Profile3]\nIsRelative=1\nPath=no.db\n"
	put("/home/a/.mozilla/firefox/profiles.ini", ini)
	put("/home/a/snap/firefox/common/.mozilla/firefox/profiles.ini", ini)
	for _, dir := range []string{
		"/home/a/.mozilla/firefox/x.default", "/data/own", "/home/a/snap/firefox/common/.mozilla/firefox/x.default",
		"/home/a/.local/share/pki/nssdb", "/home/a/snap/chromium/current/.pki/nssdb",
		"/home/a/.var/app/org.chromium.Chromium/data/pki/nssdb", "/etc/pki/nssdb", "/home/etc",
		"/home/a/AppData/Roaming/Mozilla/Firefox/Profiles/w.default", "/home/a/Library/Application Support/Firefox/Profiles/m.default",
	} {
		put(dir+"/"+File, "")
	}
	put("/home/a/AppData/Roaming/Mozilla/Firefox/profiles.ini", "[Profile0]\r\nIsRelative=1\r\nPath=Profiles/w.default\r\n")
	put("/home/a/Library/Application Support/Firefox/profiles.ini", "[Profile0]\nIsRelative=1\nPath=Profiles/m.default\n")
	want := map[string][]string{
		"linux": {
			"/home/a/.mozilla/firefox/x.default", "/data/own", "/home/a/snap/firefox/common/.mozilla/firefox/x.default",
			"/home/a/.local/share/pki/nssdb", "/home/a/snap/chromium/current/.pki/nssdb",
			"/home/a/.var/app/org.chromium.Chromium/data/pki/nssdb", "/etc/pki/nssdb",
		},
		"darwin":  {"/home/a/Library/Application Support/Firefox/Profiles/m.default"},
		"windows": {`C:\home\a\AppData\Roaming\Mozilla\Firefox\Profiles\w.default`},
	}
	for system, want := range want {
		if got := dirs(system); !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", system, got, want)
		}
	}
	// Chromium does not look at the new place while the old one is there.
	put("/home/a/.pki/nssdb/"+File, "")
	if got := dirs("linux"); !slices.Contains(got, "/home/a/.pki/nssdb") || slices.Contains(got, "/home/a/.local/share/pki/nssdb") {
		t.Errorf("with both places: %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(fixture(f, "certutil.db"))
	f.Add(fixture(f, "small-pages.db"))
	f.Fuzz(func(t *testing.T, data []byte) {
		certs, err := Parse(data)
		if err != nil && certs != nil {
			t.Fatal("certificates and an error")
		}
		for _, c := range certs {
			if c.Cert == nil || len(c.Flags) < 2 {
				t.Fatalf("%+v", c)
			}
		}
	})
}
