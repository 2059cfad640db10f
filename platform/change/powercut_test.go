//go:build linux

package change

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"mooring.dev/mooring/trust"
)

// A machine that loses its power is not a process that is killed: the disk has what
// was synced, and of the rest some or none. A recorder watches one run from point to
// point and tells what the disk may hold at each: of every directory the names as of
// its last sync, as they are, or as at any point between; of every file its content
// if that was synced, and else perhaps none.

// node is a file or directory at one moment.
type node struct {
	mode    fs.FileMode
	content []byte
	attrs   map[string][]byte
	names   map[string]uint64 // of a directory, by inode
}

// moment is a whole tree: its nodes by inode, of which top is the first.
type moment struct {
	top   uint64
	nodes map[uint64]node
	at    map[string]uint64 // by path
}

// look takes a moment of the tree at base.
func look(t *testing.T, base string) moment {
	t.Helper()
	m := moment{nodes: map[uint64]node{}, at: map[string]uint64{}}
	err := filepath.WalkDir(base, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := os.Lstat(p)
		if err != nil {
			return err
		}
		ino := i.Sys().(*syscall.Stat_t).Ino
		n := node{mode: i.Mode()}
		if i.IsDir() {
			n.names = map[string]uint64{}
		} else if n.content, n.attrs, err = contentOf(p); err != nil {
			return err
		}
		m.nodes[ino], m.at[p] = n, ino
		if p == base {
			m.top = ino
		} else {
			m.nodes[m.at[filepath.Dir(p)]].names[filepath.Base(p)] = ino
		}
		return nil
	})
	must(t, err)
	return m
}

func contentOf(p string) ([]byte, map[string][]byte, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	attrs, err := fault(nil).attrs(int(f.Fd()), p)
	if err != nil {
		return nil, nil, err
	}
	b, err := os.ReadFile(p)
	return b, attrs, err
}

// recorder knows what is on the disk.
type recorder struct {
	t       *testing.T
	base    string
	root    string
	synced  map[uint64]map[string]uint64   // names of directories as of their last sync
	since   map[uint64][]map[string]uint64 // and as at each point after
	written map[uint64]node                // files as of theirs
	known   map[uint64]node                // everything that was ever seen
	looked  bool                           // whether the last call changed nothing
	then    func(moment)                   // what the call that was announced does to the disk
	states  map[string]func(base string)   // what the disk may hold, each once
}

func newRecorder(t *testing.T, l *lab) *recorder {
	t.Helper()
	base := filepath.Dir(l.root)
	r := &recorder{
		t: t, base: base, root: l.root, synced: map[uint64]map[string]uint64{}, since: map[uint64][]map[string]uint64{},
		written: map[uint64]node{}, known: map[uint64]node{}, states: map[string]func(string){},
	}
	m := look(t, base) // what is there at first is on the disk
	for ino, n := range m.nodes {
		r.synced[ino], r.written[ino] = maps.Clone(n.names), n
	}
	return r
}

// see is the run's fault: it comes before each call.
func (r *recorder) see(point, path string) error {
	looked := r.looked
	r.looked = slices.Contains(looks, strings.TrimPrefix(point, journalPrefix))
	if looked && r.looked {
		return nil // the disk is as it was at the last point
	}
	m := look(r.t, r.base)
	r.take(m)
	r.crash(m)
	at := path
	if !strings.HasPrefix(point, journalPrefix) {
		at = filepath.Join(r.root, path)
	}
	r.then = nil
	switch strings.TrimPrefix(point, journalPrefix) {
	case faultSync:
		r.then = func(m moment) { r.written[m.at[at]] = m.nodes[m.at[at]] }
	case faultSyncDir:
		r.then = func(m moment) {
			ino := m.at[at]
			r.synced[ino], r.since[ino] = maps.Clone(m.nodes[ino].names), nil
		}
	}
	return nil
}

// take notes what the last call has done.
func (r *recorder) take(m moment) {
	if r.then != nil {
		r.then(m)
		r.then = nil
	}
	for p, ino := range m.at {
		n := m.nodes[ino]
		if r.others(p) { // other programs' affairs: on the disk at once
			r.written[ino], r.known[ino], r.synced[ino] = n, n, n.names
			continue
		}
		if n.names != nil {
			if r.synced[ino] == nil {
				r.synced[ino] = map[string]uint64{}
			}
			if s := r.since[ino]; len(s) == 0 || !maps.Equal(s[len(s)-1], n.names) {
				r.since[ino] = append(s, maps.Clone(n.names))
			}
		}
		r.known[ino] = n
	}
	for _, p := range []string{"store", "keyring"} {
		at := filepath.Join(r.root, p)
		r.synced[m.at[r.root]][p] = m.at[at]
	}
}

// others reports whether p is not written by the engine.
func (r *recorder) others(p string) bool {
	rel, _ := filepath.Rel(r.root, p)
	return strings.HasPrefix(rel, "store") || rel == "keyring"
}

// crash notes what the disk may hold now: with the names of every directory as of its
// sync; with all as they are; and with those of one directory at each step between,
// while the others are in either state.
func (r *recorder) crash(m moment) {
	choose := func(which map[uint64]map[string]uint64) {
		for _, empty := range []bool{true, false} {
			names := maps.Clone(which)
			contents := map[uint64]node{}
			for ino, n := range r.known {
				if w, ok := r.written[ino]; ok {
					n = w
				} else if empty {
					n.content = nil
				}
				contents[ino] = n
			}
			r.states[r.render(m.top, names, contents)] = func(base string) { r.build(m.top, base, names, contents) }
		}
	}
	old, now := maps.Clone(r.synced), maps.Clone(r.synced)
	for ino, s := range r.since {
		if len(s) > 0 {
			now[ino] = s[len(s)-1]
		}
	}
	choose(old)
	choose(now)
	for ino, steps := range r.since {
		for _, s := range steps {
			for _, rest := range []map[uint64]map[string]uint64{old, now} {
				which := maps.Clone(rest)
				which[ino] = s
				choose(which)
			}
		}
	}
}

// render writes a state down, to know it again.
func (r *recorder) render(ino uint64, names map[uint64]map[string]uint64, contents map[uint64]node) string {
	n := contents[ino]
	if !n.mode.IsDir() {
		return fmt.Sprintf("%v %s %v;", n.mode, hash(n.content), n.attrs)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(names[ino])) {
		fmt.Fprintf(&b, "%s:%s", name, r.render(names[ino][name], names, contents))
	}
	return fmt.Sprintf("%v{%s}", n.mode, &b)
}

// build makes a state's tree at path.
func (r *recorder) build(ino uint64, path string, names map[uint64]map[string]uint64, contents map[uint64]node) {
	n := contents[ino]
	if !n.mode.IsDir() {
		must(r.t, os.WriteFile(path, n.content, 0o600))
		for name, value := range n.attrs {
			must(r.t, unix.Setxattr(path, name, value, 0))
		}
		must(r.t, os.Chmod(path, n.mode))
		return
	}
	must(r.t, os.Mkdir(path, 0o700))
	for name, child := range names[ino] {
		r.build(child, filepath.Join(path, name), names, contents)
	}
	must(r.t, os.Chmod(path, n.mode))
}

// cutPower does what under a recorder, and lets the next start find each thing that
// the disk may hold at any point of it. When what has come to its end, nothing of it
// may be lost any more.
func cutPower(t *testing.T, count *tally, what string, broken fault, before, after map[string]string) error {
	l := start(t, filepath.Join(tempDir(t), "lab"), what)
	r := newRecorder(t, l)
	l.e.Fault = r.see
	l.comeTo(what)
	clear(r.states)
	l.e.Fault = func(point, path string) error {
		count.points.Add(1)
		err := r.see(point, path)
		if berr := broken.at(point, path); berr != nil {
			r.then = nil
			return berr
		}
		return err
	}
	var errs []error
	err := l.do(what)
	if err != nil && broken == nil {
		return err
	}
	l.e.Fault = nil
	end := look(t, filepath.Dir(l.root))
	r.take(end)
	last := map[string]bool{}
	for key := range r.states {
		last[key] = false
	}
	r.crash(end)
	for key, build := range r.states {
		_, earlier := last[key]
		errs = append(errs, count.in(t, func(base string) error {
			build(base)
			next := labAt(base)
			next.t, next.e.Now = t, clock
			if !earlier { // the run had ended
				if rec, err := next.e.Receipt(crashID); err != nil || rec.State == trust.ReceiptPending {
					return fmt.Errorf("what had ended is lost: %v, %w", rec.State, err)
				}
			}
			return next.settle(0, before, after)
		}))
		if broken != nil && errors.Join(errs...) != nil {
			break // it is found out
		}
	}
	return errors.Join(errs...)
}

// TestPowerCutAtEachPoint: after a crash between a rename and the sync of its
// directory, or anywhere else, the disk holds before or after.
func TestPowerCutAtEachPoint(t *testing.T) {
	before, after := ends(t)
	var count tally
	for _, what := range doings {
		if err := cutPower(t, &count, what, nil, before, after); err != nil {
			count.violations.Add(1)
			t.Errorf("%s: %v", what, err)
		}
	}
	count.report(t, "each thing that the disk may hold")
}

// TestPowerCutFindsBrokenEngines: an engine that forgets one of its duties does not
// pass the test above, or the one that kills.
func TestPowerCutFindsBrokenEngines(t *testing.T) {
	before, after := ends(t)
	for _, forgets := range []string{
		faultSync, faultSyncDir, journalPrefix + faultSync, journalPrefix + faultSyncDir,
	} {
		broken := fault(func(point, _ string) error {
			if point == forgets {
				return errSkipped
			}
			return nil
		})
		var count tally
		if err := cutPower(t, &count, applying, broken, before, after); err == nil {
			t.Errorf("nobody notices an engine without %q", forgets)
		} else {
			t.Logf("an engine without %q: %.200s", forgets, err)
		}
	}
}

// TestKillFindsBrokenEngines: nor does one that changes files before its journal is
// in place, or that takes a file away before it puts the new one there.
func TestKillFindsBrokenEngines(t *testing.T) {
	before, after := ends(t)
	for name, broken := range map[string]func(l *lab) fault{
		"the journal is written after": func(*lab) fault {
			first := true
			return func(point, _ string) error {
				if point == journalPrefix+faultRename && first {
					first = false
					return errSkipped
				}
				return nil
			}
		},
		"the old file goes first": func(l *lab) fault {
			return func(point, path string) error {
				if point == faultSwap {
					_ = os.Remove(filepath.Join(l.root, path))
				}
				return nil
			}
		},
	} {
		found := 0 // the first point at which somebody notices
		for n := 1; n <= len(passed(t, applying)) && found == 0; n++ {
			l := prepare(t, filepath.Join(tempDir(t), "lab"), applying)
			l.e.Fault = broken(l)
			ended, _ := l.stopAt(applying, n)
			l.e.Fault = nil
			if err := l.settle(0, before, after); err != nil && !ended {
				found = n
			}
		}
		if found == 0 {
			t.Errorf("nobody notices that %s", name)
		}
		t.Logf("%s: noticed at point %d", name, found)
	}
}
