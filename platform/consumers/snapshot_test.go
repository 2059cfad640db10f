package consumers

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// counted counts what is asked of a file system.
type counted struct {
	world.FS
	mu  sync.Mutex
	ask map[string]int
}

func (c *counted) count(what string) {
	c.mu.Lock()
	c.ask[what]++
	c.mu.Unlock()
}

func (c *counted) total() (n int) {
	for _, k := range c.ask {
		n += k
	}
	return n
}

func (c *counted) ReadFile(p string) ([]byte, error) { c.count("read " + p); return c.FS.ReadFile(p) }

func (c *counted) ReadDir(p string) ([]fs.DirEntry, error) {
	c.count("list " + p)
	return c.FS.ReadDir(p)
}

func (c *counted) Stat(p string) (world.Info, error)  { c.count("stat " + p); return c.FS.Stat(p) }
func (c *counted) Lstat(p string) (world.Info, error) { c.count("lstat " + p); return c.FS.Lstat(p) }

func counting(w world.World) (world.World, *counted) {
	c := &counted{FS: w.FS, ask: map[string]int{}}
	return w.WithFS(c), c
}

func TestSnapshotAsksOnce(t *testing.T) {
	w, c := counting(tree{"/d/f": "x"}.under(t))
	s := Snapshot(w).FS
	for range 3 {
		if b, err := s.ReadFile("/d/f"); err != nil || string(b) != "x" {
			t.Fatal(string(b), err)
		}
		if _, err := s.Stat("/d/none"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if c.ask["read /d/f"] != 1 || c.ask["stat /d/none"] != 1 {
		t.Errorf("asked %v", c.ask)
	}
	if Snapshot(w.WithFS(s)).FS != s {
		t.Error("a snapshot of a snapshot is itself")
	}
}

func TestSnapshotListsWhatIsAskedOften(t *testing.T) {
	w, c := counting(tree{"/d/7/x": "", "/d/link": "->7"}.under(t))
	s := Snapshot(w).FS
	for i := range 100 {
		_, err := s.Stat(fmt.Sprintf("/d/%d", i))
		if (err == nil) != (i == 7) {
			t.Errorf("%d: %v", i, err)
		}
		_, err = s.Stat(fmt.Sprintf("/gone/%d", i))
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := s.ReadDir("/d/link"); err != nil {
		t.Errorf("a link in a listed directory: %v", err)
	}
	if n := c.total(); n > 2*manyMisses+4 {
		t.Errorf("%d questions: %v", n, c.ask)
	}
}

// A directory that may not be listed proves nothing about what is in it.
func TestSnapshotOfUnlistable(t *testing.T) {
	w := tree{"/d/f": "x"}.under(t)
	s := Snapshot(w.WithFS(denyList{w.FS})).FS
	for i := range 20 {
		_, _ = s.Stat(fmt.Sprintf("/d/%d", i))
	}
	if _, err := s.Stat("/d/f"); err != nil {
		t.Errorf("%v", err)
	}
}

type denyList struct{ world.FS }

func (denyList) ReadDir(p string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrPermission}
}

// Other systems do not compare names byte for byte.
func TestSnapshotElsewhere(t *testing.T) {
	w, c := counting(tree{}.under(t))
	w.OS = "windows"
	s := Snapshot(w).FS
	for i := range 20 {
		_, _ = s.Stat(fmt.Sprintf("/d/%d", i))
	}
	if c.ask["list /d"] != 0 || c.total() != 20 {
		t.Errorf("asked %v", c.ask)
	}
}

func TestSnapshotConcurrently(t *testing.T) {
	p := newPKI(t)
	w := Snapshot(tree{"/etc/docker/certs.d/reg/ca.crt": p.caPEM()}.under(t))
	k := docker{dockersOf(answered("29.5.1", true))}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			q := Query{Registry: registry(t, "reg")}
			if got := policyFor(t, k, w, "pull/containerd", q); len(got.Anchors) != 1 {
				t.Errorf("anchors %v", subjects(got.Anchors))
			}
		})
	}
	wg.Wait()
}

// The plan's overlay is seen through a snapshot of its own.
func TestSnapshotOfOverlay(t *testing.T) {
	p := newPKI(t)
	base := Snapshot(tree{"/etc/docker/": ""}.under(t))
	k := docker{dockersOf(answered("28.2.2", false))}
	q := Query{Registry: registry(t, "reg:5000")}
	if got := policyFor(t, k, base, "pull/classic", q); len(got.Anchors) != 0 {
		t.Fatal("there before")
	}
	o := world.NewOverlay(base.FS, time.Now())
	o.Put("/etc/docker/certs.d/reg:5000/ca.crt", p.ca.PEM())
	got := policyFor(t, k, Snapshot(base.WithFS(o)), "pull/classic", q)
	same(t, "after", subjects(got.Anchors), []string{"Corp Root"})
}

// benchReaders are all parties as installed, with a daemon that answered.
func benchReaders() []Reader {
	d := dockersOf(answered("29.5.1", true, "127.0.0.0/8", "::1/128"))
	return []Reader{docker{d}, dockerBuild{d}, podman{}, &containerd{}, system{}}
}

// BenchmarkPolicies is what 100 registries cost besides their handshakes: all
// consumers of all parties, half of the registries with a directory.
func BenchmarkPolicies(b *testing.B) {
	p := newPKI(b)
	files := tree{"/usr/bin/podman": "", "/usr/bin/containerd": "", "/usr/bin/docker": "", bundlePath: p.caPEM()}
	var regs []trust.Registry
	for i := range 100 {
		name := fmt.Sprintf("reg%d.example:5000", i)
		regs = append(regs, registry(b, name))
		if i%2 == 0 {
			files["/etc/docker/certs.d/"+name+"/ca.crt"] = p.caPEM()
		}
	}
	// The tree lies on this disk without a root, as on a real machine: resolving
	// links inside a root costs more.
	w := files.under(b)
	w.FS = bare{root: w.Root}
	readers := benchReaders()
	store := ReadSystem(w)
	b.ResetTimer()
	for range b.N {
		s := Snapshot(w)
		n := 0
		for _, r := range readers {
			for _, c := range r.Consumers(b.Context(), w) {
				for _, reg := range regs {
					_ = r.Policy(s, c, Query{Registry: reg, Role: trust.RoleRegistry, Host: reg.String(), System: store})
					n++
				}
			}
		}
		b.ReportMetric(float64(n), "policies/op")
	}
}

// bare puts a root in front of each path and resolves no links.
type bare struct{ root string }

func (f bare) ReadFile(p string) ([]byte, error)       { return world.Disk{}.ReadFile(f.root + p) }
func (f bare) ReadDir(p string) ([]fs.DirEntry, error) { return world.Disk{}.ReadDir(f.root + p) }
func (f bare) Stat(p string) (world.Info, error)       { return world.Disk{}.Stat(f.root + p) }
func (f bare) Lstat(p string) (world.Info, error)      { return world.Disk{}.Lstat(f.root + p) }
func (f bare) Readlink(p string) (string, error)       { return world.Disk{}.Readlink(f.root + p) }

// BenchmarkReadSystem reads this machine's own store.
func BenchmarkReadSystem(b *testing.B) {
	w := world.World{OS: "linux", FS: world.Disk{}}
	if ReadSystem(w).Anchors.Len() == 0 {
		b.Skip("this machine has no roots")
	}
	for range b.N {
		_ = ReadSystem(w)
	}
}
