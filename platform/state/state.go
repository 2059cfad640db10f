// Package state keeps what Mooring remembers between runs: the registries that
// the person added, hid or gave a scope, who vouched for each registry when it was
// last seen, and the keys of signing requests until they are answered. It holds no
// passwords. Window and command line may use it at the same time: each change is
// made to what the file holds at that moment.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const registriesName = "registries.toml"

// Store is the state of one user on one machine, or in one tree. It is safe for
// concurrent use.
type Store struct {
	w       world.World
	path    string // of registries.toml
	signIns string // the path of signins.json
	seen    *history

	mu   sync.Mutex // of the last good reading: it need not be read again, and stands in for a broken file
	last Registries
	info fs.FileInfo // of the file it was read from
}

// Open returns the store of w's user. Nothing is read or made yet.
func Open(w world.World) *Store {
	d := Dirs(w)
	return &Store{
		w: w, path: w.Join(d.Config, registriesName), signIns: w.Join(d.State, signInsName),
		seen: newHistory(w, w.Join(d.State, historyName)),
	}
}

// Path is where the registries are kept, as the target OS writes it.
func (s *Store) Path() string { return s.path }

// CorruptError says that the file of registries could not be understood.
type CorruptError struct {
	Path string
	Kept string // where it was moved, "" while it is still in its place
	Err  error
}

func (e *CorruptError) Error() string {
	if e.Kept != "" {
		return fmt.Sprintf("%s could not be read and was kept as %s: %v", e.Path, e.Kept, e.Err)
	}
	return fmt.Sprintf("%s cannot be read: %v", e.Path, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// Load returns what the person decided. Without a file that is nothing. The
// error is a *[CorruptError] when the file cannot be understood: it stays where
// it is, since somebody may be editing it.
func (s *Store) Load() (Registries, error) {
	f, err := openFile(s.w, s.path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.path, err)
	}
	defer f.close()
	info, err := f.stat()
	if err != nil || info == nil {
		return nil, err
	}
	if rs, ok := s.recall(info); ok {
		return rs, nil
	}
	_, rs, err := s.read(f)
	if err == nil {
		s.remember(rs, info)
	}
	return rs, err
}

// recall returns the last reading if it was of this very file. Writing makes a
// new file, and an editor changes its time.
func (s *Store) recall(info fs.FileInfo) (Registries, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.info != nil && os.SameFile(s.info, info) && s.info.ModTime().Equal(info.ModTime()) && s.info.Size() == info.Size()
	return s.last, same
}

func (s *Store) remember(rs Registries, info fs.FileInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.info = rs, info
}

func (s *Store) read(f file) ([]byte, Registries, error) {
	data, err := f.read(maxFile)
	if err != nil && !errors.Is(err, world.ErrTooLarge) {
		return nil, nil, fmt.Errorf("read %s: %w", s.path, err)
	}
	var rs Registries
	if err == nil {
		rs, err = parse(data)
	}
	if err != nil && !errors.Is(err, ErrNewer) {
		err = &CorruptError{Path: s.path, Err: err}
	}
	return data, rs, err
}

// Add puts registries into the list, and back if they were hidden.
func (s *Store) Add(regs ...trust.Registry) error {
	return s.change(regs, func(e *Entry) { e.Added, e.Hidden = true, false })
}

// Remove takes r off the list: what was added is forgotten, and what is found on
// this machine anyway is hidden.
func (s *Store) Remove(r trust.Registry, found bool) error {
	return s.change([]trust.Registry{r}, func(e *Entry) { *e = Entry{Registry: r, Hidden: found} })
}

// SetScope says which parties r is meant to work with; with none it is the
// default scope again.
func (s *Store) SetScope(r trust.Registry, parties []trust.Party) error {
	return s.change([]trust.Registry{r}, func(e *Entry) { e.Scope = slices.Clone(parties) })
}

// Scope is what SetScope last said of r; nil for the default. While the file is
// broken it answers from the last good reading.
func (s *Store) Scope(r trust.Registry) []trust.Party { return s.Scopes()(r) }

// Scopes is [Store.Scope] as of now, for many registries.
func (s *Store) Scopes() func(trust.Registry) []trust.Party {
	rs, err := s.Load()
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		rs = s.last
	}
	scopes := make(map[trust.Registry][]trust.Party, len(rs))
	for _, e := range rs {
		scopes[e.Registry] = e.Scope
	}
	return func(r trust.Registry) []trust.Party { return scopes[r] }
}

// change alters the entries for regs, in the file as it is now. A file that
// cannot be understood is moved aside and the change is not made: the error says
// so, and the next change starts afresh.
func (s *Store) change(regs []trust.Registry, alter func(*Entry)) error {
	f, err := openFile(s.w, s.path, true)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	defer f.close()
	unlock, err := f.lock()
	if err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	defer unlock()
	data, before, err := s.read(f)
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		return s.setAside(f, corrupt)
	}
	if err != nil {
		return err
	}
	changed, after := alterAll(before, regs, alter)
	if after.equal(before) {
		return nil
	}
	if err := f.write(edit(data, changed, after)); err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	return nil
}

func alterAll(rs Registries, regs []trust.Registry, alter func(*Entry)) (changed []Entry, after Registries) {
	after = slices.Clone(rs)
	for _, r := range regs {
		e := after.Of(r)
		alter(&e)
		changed, after = append(changed, e), after.put(e)
	}
	return changed, after
}

func (s *Store) setAside(f file, corrupt *CorruptError) error {
	kept, err := f.setAside(s.w.Now())
	if err != nil {
		return fmt.Errorf("keep %s aside: %w", s.path, err)
	}
	corrupt.Kept = kept
	return corrupt
}
