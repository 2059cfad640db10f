package state

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mooring.dev/mooring/platform/world"
)

const (
	fileMode = 0o600
	dirMode  = 0o700
	// maxFile bounds registries.toml, in bytes: some 8,000 registries. The TOML
	// library's work grows with the square of the keys in one table.
	maxFile = 512 << 10
	// lockWait is how long another Mooring may take to write: it takes
	// milliseconds, so longer means that it hangs.
	lockWait = 3 * time.Second
	lockPoll = 5 * time.Millisecond
)

// maxLinks bounds a chain of links to one file.
const maxLinks = 8

// errForeignLink says that a file is a link which leads wherever its maker wants.
var errForeignLink = errors.New("a link that is not this user's own")

// errBusy says that another Mooring holds the lock and does not let go.
var errBusy = errors.New("another Mooring is writing to it")

// file is one of Mooring's own files, seen from the directory it lies in: what
// is done to it can not lead out of that directory, nor out of a tree.
type file struct {
	root *os.Root
	name string
}

// openFile finds the file at path, which need not exist; its directory must,
// unless create makes it for the user alone.
func openFile(w world.World, path string, create bool) (file, error) {
	if w.Root != "" {
		return openInTree(w.Root, path, create)
	}
	path, err := ownFile(path)
	if err != nil {
		return file{}, err
	}
	parent, name := filepath.Split(path)
	if create {
		if err := os.MkdirAll(parent, dirMode); err != nil {
			return file{}, err
		}
	}
	root, err := os.OpenRoot(parent)
	return file{root, name}, err
}

// ownFile is where path leads. Keepers of dot files make their files links to
// another directory; writing there keeps the link. A link that somebody else made
// is not followed, and root keeps its files only where nobody else has a say.
func ownFile(path string) (string, error) {
	disk, me := world.Disk{}, os.Geteuid()
	if me == 0 {
		if err := world.OnlyRoot(disk, path); err != nil {
			return "", err
		}
	}
	for range maxLinks {
		i, err := disk.Lstat(path)
		if err != nil || i.Mode&fs.ModeSymlink == 0 {
			return path, nil // what is wrong with it shows when it is opened
		}
		if i.UID != me {
			return "", &fs.PathError{Op: "open", Path: path, Err: errForeignLink}
		}
		to, err := disk.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: errForeignLink}
}

func openInTree(tree, path string, create bool) (file, error) {
	top, err := os.OpenRoot(tree)
	if err != nil {
		return file{}, err
	}
	defer top.Close()
	path = filepath.FromSlash(world.InTree(path))
	parent, name := filepath.Split(strings.TrimLeft(path, string(filepath.Separator)))
	parent = filepath.Clean(parent)
	if create {
		if err := top.MkdirAll(parent, dirMode); err != nil {
			return file{}, err
		}
	}
	root, err := top.OpenRoot(parent)
	return file{root, name}, err
}

func (f file) close() { f.root.Close() }

// stat describes the file, nil when there is none.
func (f file) stat() (fs.FileInfo, error) {
	i, err := f.root.Stat(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return i, err
}

// read returns the content, nil when there is no file.
func (f file) read(limit int64) ([]byte, error) {
	r, err := f.root.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = world.ErrTooLarge
	}
	return b, err
}

// write replaces the content: whoever reads meanwhile, or after a crash, finds
// the old or the new, never a part.
func (f file) write(data []byte) error {
	temp := f.name + "." + rand.Text() + ".tmp"
	if err := f.writeNew(temp, data); err != nil {
		_ = f.root.Remove(temp) // may never have come to be
		return err
	}
	if err := f.root.Rename(temp, f.name); err != nil {
		_ = f.root.Remove(temp)
		return err
	}
	return f.syncDir()
}

func (f file) writeNew(name string, data []byte) error {
	w, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

// syncDir makes a rename outlive a power cut, where directories can be synced.
func (f file) syncDir() error {
	d, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// setAside renames the file and returns its new name.
func (f file) setAside(now time.Time) (string, error) {
	stamp := now.UTC().Format("20060102T150405Z")
	for n := range 100 {
		aside := f.name + ".broken-" + stamp
		if n > 0 {
			aside = fmt.Sprintf("%s-%d", aside, n)
		}
		if _, err := f.root.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, f.root.Rename(f.name, aside)
		}
	}
	return "", fs.ErrExist
}

// lock keeps other processes from writing until unlock is called. Readers need
// no lock. The lock lies beside the file, because writing replaces the file.
func (f file) lock() (unlock func(), err error) {
	l, err := f.root.OpenFile(f.name+".lock", os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockPoll) {
		switch got, err := tryLock(l); {
		case got, errors.Is(err, errors.ErrUnsupported): // some network file systems have no locks
			return func() { l.Close() }, nil
		case err != nil:
			l.Close()
			return nil, err
		case time.Now().After(deadline):
			l.Close()
			return nil, errBusy
		}
	}
}
