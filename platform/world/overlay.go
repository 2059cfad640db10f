package world

import (
	"io/fs"
	"sort"
	"strings"
	"time"
)

// Overlay shows a file system as it would be after some changes, without making
// them. Plans are judged against it before anything is written.
type Overlay struct {
	Base  FS
	files map[string][]byte // path -> content; nil content means removed
	dirs  map[string]bool   // directories that the added files imply
	modes map[string]fs.FileMode
	shut  map[string]bool // files that may no longer be read
	Now   time.Time       // change time reported for what was added
}

// NewOverlay returns base with nothing changed yet.
func NewOverlay(base FS, now time.Time) *Overlay {
	return &Overlay{Base: base, files: map[string][]byte{}, dirs: map[string]bool{}, modes: map[string]fs.FileMode{}, shut: map[string]bool{}, Now: now}
}

// Put adds or replaces a file, making its parent directories.
func (o *Overlay) Put(name string, content []byte) {
	o.files[name] = append([]byte{}, content...)
	for d, base := parent(name); base != "" && d != "."; d, base = parent(d) {
		o.dirs[d] = true
	}
}

// Remove hides a file.
func (o *Overlay) Remove(name string) { o.files[name] = nil }

// Narrow gives a file other permission bits. One that is hidden by that can no longer
// be read.
func (o *Overlay) Narrow(name string, mode fs.FileMode, hidden bool) {
	o.modes[name], o.shut[name] = mode, hidden
}

// ReadFile implements FS.
func (o *Overlay) ReadFile(name string) ([]byte, error) {
	if b, ok := o.files[name]; ok {
		if b == nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return append([]byte{}, b...), nil // the reader's own, as from a disk
	}
	if o.shut[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return o.Base.ReadFile(name)
}

// Stat implements FS.
func (o *Overlay) Stat(name string) (Info, error) { return o.stat(name, o.Base.Stat) }

// Lstat implements FS.
func (o *Overlay) Lstat(name string) (Info, error) { return o.stat(name, o.Base.Lstat) }

func (o *Overlay) stat(name string, base func(string) (Info, error)) (Info, error) {
	if b, ok := o.files[name]; ok {
		if b == nil {
			return Info{}, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
		}
		return Info{Mode: 0o644, Size: int64(len(b)), ModTime: o.Now, Changed: o.Now}, nil
	}
	i, err := base(name)
	if err != nil && o.dirs[name] {
		return Info{Mode: fs.ModeDir | 0o755, ModTime: o.Now, Changed: o.Now}, nil
	}
	if mode, ok := o.modes[name]; ok && err == nil {
		i.Mode = i.Mode&^fs.ModePerm | mode
	}
	return i, err
}

// Readlink implements FS.
func (o *Overlay) Readlink(name string) (string, error) {
	if b := o.files[name]; b != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return o.Base.Readlink(name)
}

// ReadDir implements FS.
func (o *Overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := o.Base.ReadDir(name)
	if err != nil && !o.dirs[name] {
		return nil, err
	}
	byName := map[string]fs.DirEntry{}
	for _, e := range entries {
		byName[e.Name()] = e
	}
	for p, b := range o.files {
		dir, base := parent(p)
		if dir != name {
			continue
		}
		if b == nil {
			delete(byName, base)
		} else {
			byName[base] = overlayEntry{base, o, p}
		}
	}
	for d := range o.dirs {
		if dir, base := parent(d); dir == name && base != "" && byName[base] == nil {
			byName[base] = overlayEntry{base, o, d}
		}
	}
	out := make([]fs.DirEntry, 0, len(byName))
	for _, e := range byName {
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return strings.Compare(out[i].Name(), out[j].Name()) < 0 })
	return out, nil
}

type overlayEntry struct {
	name string
	o    *Overlay
	path string
}

func (e overlayEntry) Name() string { return e.name }
func (e overlayEntry) IsDir() bool  { return e.o.files[e.path] == nil && e.o.dirs[e.path] }
func (e overlayEntry) Type() fs.FileMode {
	if e.IsDir() {
		return fs.ModeDir
	}
	return 0
}
func (e overlayEntry) Info() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
