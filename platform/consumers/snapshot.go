package consumers

import (
	"errors"
	"io/fs"
	"strings"
	"sync"

	"mooring.dev/mooring/platform/world"
)

// Snapshot returns w with every path read at most once and what was parsed from
// it kept: a check of many registries asks the same few directories for each of
// them, once per consumer. It is safe for concurrent use. Changes on disk do not
// show, so take a new one for each check.
func Snapshot(w world.World) world.World {
	if _, done := w.FS.(*snapshot); done {
		return w
	}
	return w.WithFS(&snapshot{
		fs: w.FS, exact: w.OS == "linux",
		files: map[string]got[[]byte]{}, dirs: map[string]got[[]fs.DirEntry]{},
		stats: map[string]got[world.Info]{}, lstats: map[string]got[world.Info]{},
		links: map[string]got[string]{}, names: map[string]map[string]bool{},
		misses: map[string]int{}, made: map[string]any{},
	})
}

// snapshot is the file system of a Snapshot.
type snapshot struct {
	fs world.FS
	// exact: names are compared byte for byte here, so a listing without a name
	// proves that the path does not exist.
	exact bool

	mu     sync.Mutex
	files  map[string]got[[]byte]
	dirs   map[string]got[[]fs.DirEntry]
	stats  map[string]got[world.Info]
	lstats map[string]got[world.Info]
	links  map[string]got[string]
	names  map[string]map[string]bool // of listed directories
	misses map[string]int             // per directory
	made   map[string]any             // see memo
}

// got is an answer of the file system.
type got[T any] struct {
	val T
	err error
}

// manyMisses is how often a name may be missing from a directory before the
// directory is listed instead of being asked again.
const manyMisses = 4

func (s *snapshot) ReadFile(path string) ([]byte, error) {
	return recall(s, s.files, path, s.fs.ReadFile)
}

func (s *snapshot) Stat(path string) (world.Info, error) {
	return recall(s, s.stats, path, s.fs.Stat)
}

func (s *snapshot) Lstat(path string) (world.Info, error) {
	return recall(s, s.lstats, path, s.fs.Lstat)
}

func (s *snapshot) Readlink(path string) (string, error) {
	return recall(s, s.links, path, s.fs.Readlink)
}

func (s *snapshot) ReadDir(path string) ([]fs.DirEntry, error) {
	entries, err := recall(s, s.dirs, path, s.fs.ReadDir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		s.learn(path, entries)
	}
	return entries, err
}

// recall answers from what is known, else asks and remembers. Two goroutines may
// ask for the same path at once; both get the same kind of answer.
func recall[T any](s *snapshot, known map[string]got[T], path string, ask func(string) (T, error)) (T, error) {
	s.mu.Lock()
	g, ok := known[path]
	s.mu.Unlock()
	if ok {
		return g.val, g.err
	}
	if s.absent(path) {
		var none T
		return none, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	g.val, g.err = ask(path)
	s.mu.Lock()
	known[path] = g
	s.mu.Unlock()
	return g.val, g.err
}

// learn keeps the names of a directory.
func (s *snapshot) learn(dir string, entries []fs.DirEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[dir] != nil || !s.exact {
		return
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	s.names[dir] = names
}

// absent reports whether the listing of path's directory, if there is one, lacks
// it. A directory in which much was asked for gets listed.
func (s *snapshot) absent(path string) bool {
	i := strings.LastIndexByte(path, '/')
	if !s.exact || i <= 0 {
		return false
	}
	dir, base := path[:i], path[i+1:]
	s.mu.Lock()
	names := s.names[dir]
	s.misses[dir]++
	list := names == nil && s.misses[dir] == manyMisses
	s.mu.Unlock()
	if list {
		_, _ = s.ReadDir(dir) // when it fails, each path is asked for
		s.mu.Lock()
		names = s.names[dir]
		s.mu.Unlock()
	}
	return names != nil && !names[base]
}

// memo keeps what make returns under key for as long as f's snapshot lives;
// without a snapshot it is made each time.
func memo[T any](f world.FS, key string, make func() T) T {
	s, ok := f.(*snapshot)
	if !ok {
		return make()
	}
	s.mu.Lock()
	v, ok := s.made[key]
	s.mu.Unlock()
	if ok {
		return v.(T)
	}
	made := make()
	s.mu.Lock()
	s.made[key] = made
	s.mu.Unlock()
	return made
}
