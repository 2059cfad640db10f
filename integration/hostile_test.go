//go:build integration

package integration

import (
	"crypto/x509/pkix"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// clean fails when what people are shown holds a control character: a terminal
// would obey it.
func clean(t *testing.T, out lab.Output) {
	t.Helper()
	for _, r := range out.Text() {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			t.Errorf("the output holds %q: %s", r, lab.Excerpt(out.Text()))
			return
		}
	}
}

// onlyUnder fails when anything but what is at or under dirs differs between
// snapshots.
func onlyUnder(t *testing.T, before, after string, dirs ...string) {
	t.Helper()
	had := strings.Split(before, "\n")
	for _, line := range strings.Split(after, "\n") {
		inside := slices.ContainsFunc(dirs, func(dir string) bool { return strings.HasPrefix(line, dir) })
		if !inside && !slices.Contains(had, line) {
			t.Errorf("changed: %s", line)
		}
	}
}

func TestHostileNames(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	ca := filepath.Join(l.Home, "ca.pem")
	l.Write(t, ca, trusttest.NewCA(t, "Corp Root CA").PEM(), 0o644)
	for _, name := range []string{"../../etc", "..", "a/../../b", "reg.test:5000/../../x", "reg\n.test", "reg.test:99999", "-rf", "reg test"} {
		refusedWithoutChange(t, l, 2, "trust", "--ca", ca, "--yes", "--", name)
	}
}

// TestHostileSubject: what a CA calls itself is shown harmlessly and names no
// file; one whose name a terminal or an editor would obey is refused.
func TestHostileSubject(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	for name, c := range map[string]struct {
		subject string
		refused bool
	}{
		"control characters": {"x\n* * * * * root true\r\x1b[2J\u202e", true},
		"a path":             {"../../../cron.d/evil $(reboot) `reboot`", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, l, l.Seed(t))
			s.root = trusttest.NewCA(t, "x", trusttest.Subject(pkix.Name{CommonName: c.subject}))
			s.issuing = s.root.Intermediate("Issuing CA")
			s.serve(s.leaf())
			ca := filepath.Join(l.Home, "ca.pem")
			l.Write(t, ca, s.root.PEM(), 0o644)
			clean(t, l.Mooring("check", s.registry))
			clean(t, l.Mooring("trust", s.registry, "--ca", ca, "--dry-run"))
			if c.refused {
				refusedWithoutChange(t, l, 1, "trust", s.registry, "--ca", ca, "--yes")
				return
			}
			places := append(touched(l), "/etc/cron.d")
			before := l.Snapshot(t, places...)
			receipt := must[trust.Receipt](t, l, 0, "trust", s.registry, "--ca", ca, "--yes", "--json")
			for _, done := range receipt.Changes {
				if filepath.Base(done.Path) != "ca.crt" {
					t.Errorf("wrote %s", done.Path)
				}
			}
			onlyUnder(t, before, l.Snapshot(t, places...), "/etc/docker/certs.d", "/etc/containers/certs.d")
			clean(t, l.Mooring("history"))
			must[trust.Receipt](t, l, 0, "undo", receipt.ID, "--yes", "--json")
			lab.SameAs(t, before, l.Snapshot(t, places...))
		})
	}
}

// TestHugeSubject: a CA with 64 KB of text in its name is not carried to root.
func TestHugeSubject(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	s := newSite(t, l, l.Seed(t))
	s.root = trusttest.NewCA(t, "x", trusttest.Organization(strings.Repeat("long ", 64<<10/5)))
	s.serve(s.root.Leaf(trusttest.Names(s.host.Name)))
	ca := filepath.Join(l.Home, "ca.pem")
	l.Write(t, ca, s.root.PEM(), 0o644)
	refusedWithoutChange(t, l, 1, "trust", s.registry, "--ca", ca, "--yes")
	if out := l.Mooring("check", s.registry); len(out.Text()) > 16<<10 {
		t.Errorf("check says %d bytes about it", len(out.Text()))
	}
}

// TestLongChain: two hundred certificates are looked at in the time there is.
func TestLongChain(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	s := newSite(t, l, l.Seed(t))
	leaf := s.leaf()
	sent := []*trusttest.Cert{leaf}
	for ca := s.root; len(sent) < 200; ca = ca.Intermediate("Corp Root CA") { // all with one name
		sent = append(sent, ca)
	}
	s.serve(leaf, sent...)
	start := time.Now()
	out := l.Mooring("check", s.registry)
	if d := time.Since(start); d > 6*time.Second || out.Code == 0 {
		t.Errorf("exit status %d after %s: %s", out.Code, d, lab.Excerpt(out.Text()))
	}
	clean(t, out)
}

// TestEndlessHandshake: a server that goes on sending is left when time is up.
func TestEndlessHandshake(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	for name, handle := range map[string]func(net.Conn){
		"drip": func(c net.Conn) { // a record header, then a byte at a time
			_, _ = c.Write([]byte{22, 3, 3, 0x40, 0})
			for {
				if _, err := c.Write([]byte{2}); err != nil {
					return
				}
				if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
					return
				}
				_, _ = c.Read(make([]byte, 1024)) // only to wait
			}
		},
		"flood": func(c net.Conn) {
			junk := make([]byte, 16<<10)
			for {
				if _, err := c.Write(junk); err != nil {
					return
				}
			}
		},
		"renegotiate": func(c net.Conn) { // hello requests without end
			for {
				if _, err := c.Write([]byte{22, 3, 3, 0, 4, 0, 0, 0, 0}); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := l.Host(t)
			l.Listen(t, net.JoinHostPort(h.IP, "5000"), handle)
			start := time.Now()
			out := l.Mooring("check", h.At("5000"))
			if d := time.Since(start); d > 6*time.Second || out.Code != 3 && out.Code != 1 {
				t.Errorf("exit status %d after %s: %s", out.Code, d, lab.Excerpt(out.Text()))
			}
			clean(t, out)
		})
	}
}

// TestLinkedDirectory: a registry's directory that leads elsewhere is not written
// through.
func TestLinkedDirectory(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	s := newSite(t, l, l.Seed(t))
	s.serve(s.leaf())
	s.link("/etc", "/etc/docker/certs.d/"+s.registry) // where shadow lies
	s.link("/etc", "/etc/containers/certs.d/"+s.registry)
	ca := filepath.Join(l.Home, "ca.pem")
	l.Write(t, ca, s.root.PEM(), 0o644)
	before := l.Snapshot(t, "/etc")
	if out := l.Mooring("trust", s.registry, "--ca", ca, "--yes"); out.OK() {
		t.Errorf("a link was followed: %s", out.Text())
	}
	lab.SameAs(t, before, l.Snapshot(t, "/etc"))
}

// TestDamagedJournal: what was cut off or edited is not acted upon.
func TestDamagedJournal(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	for name, damage := range map[string]func([]byte) []byte{
		"cut in the middle": func(b []byte) []byte { return b[:len(b)/2] },
		"emptied":           func([]byte) []byte { return nil },
		"another path": func(b []byte) []byte {
			return []byte(strings.ReplaceAll(string(b), "/etc/docker/certs.d/", "/etc/docker/../"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, l, l.Seed(t))
			s.serve(s.leaf())
			ca := filepath.Join(l.Home, "ca.pem")
			l.Write(t, ca, s.root.PEM(), 0o644)
			receipt := must[trust.Receipt](t, l, 0, "trust", s.registry, "--ca", ca, "--yes", "--json")
			records := journalOf(t, receipt.ID)
			before := l.Snapshot(t, touched(l)...)
			for _, file := range records {
				b := read(t, file)
				noError(t, os.WriteFile(file, damage(b), 0o600))
				defer func() { noError(t, os.WriteFile(file, b, 0o600)) }()
			}
			if out := l.Mooring("undo", receipt.ID, "--yes"); out.OK() {
				t.Errorf("undo took the damaged record: %s", out.Text())
			}
			lab.SameAs(t, before, l.Snapshot(t, touched(l)...))
		})
	}
}

// journalOf finds the records that name a receipt.
func journalOf(t *testing.T, id string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir("/var/lib/mooring/journal", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && json.Valid(read(t, path)) && strings.Contains(string(read(t, path)), id) {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("no record names %s: %v", id, err)
	}
	return out
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	noError(t, err)
	return b
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
