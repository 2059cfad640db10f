// Package world is everything an adapter may touch of a machine: its files, its
// commands, its clock and the person using it. Adapters take a World as a value,
// so they compile on every OS and are tested against a directory and a script.
package world

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// MaxFile bounds what is read of any one configuration or certificate file.
const MaxFile = 8 << 20

// ErrTooLarge says that a file is larger than the reader's bound.
var ErrTooLarge = errors.New("file is larger than Mooring reads")

// FS is the read side of a machine's files. Paths are absolute and written as
// the target OS writes them on its own disk ("/etc/docker/certs.d"), never with
// the --root prefix. Links resolve inside the root.
type FS interface {
	// ReadFile returns the content of a regular file of at most MaxFile bytes.
	ReadFile(path string) ([]byte, error)
	// ReadDir lists a directory sorted by name.
	ReadDir(path string) ([]fs.DirEntry, error)
	// Stat follows links, Lstat does not.
	Stat(path string) (Info, error)
	Lstat(path string) (Info, error)
	// Readlink returns the target as stored.
	Readlink(path string) (string, error)
}

// Info is what Mooring wants to know of a file. UID and GID are -1 where the
// system has none.
type Info struct {
	Mode    fs.FileMode // type and permission bits
	Size    int64
	ModTime time.Time
	// Changed is the inode change time: when the file appeared under this name or
	// was last altered. Unlike ModTime nobody can set it back.
	Changed  time.Time
	UID, GID int
	// Links is how many names the file has; 0 where the system does not tell.
	Links int
}

// Command is one program to run, without a shell.
type Command struct {
	Argv  []string // Argv[0] is a name looked up on PATH or an absolute path
	Stdin []byte
	Env   []string // nil: the session's environment
	// Terminal: its standard input is the session's own, where it may ask the person.
	Terminal bool
}

// Result is what a finished command left.
type Result struct {
	Code           int
	Stdout, Stderr []byte
}

// Runner runs commands. A non-zero exit status is a Result, not an error.
type Runner interface {
	Run(ctx context.Context, c Command) (Result, error)
	// Look returns the absolute path of a program on PATH.
	Look(name string) (string, error)
}

// User is the person (or service) on whose behalf Mooring looks.
type User struct {
	UID, GID int
	Name     string
	Home     string
}

// World is one machine as Mooring sees it.
type World struct {
	OS   string // "linux", "windows" or "darwin": the target, not necessarily the host
	Root string // "" for this machine, else the directory given with --root
	FS   FS
	Run  Runner // nil with --root: nothing is executed from a foreign tree
	User User
	Env  func(string) string
	Now  func() time.Time
}

// Live reports whether w is the running machine, where processes and sockets
// may be asked, rather than a tree under --root.
func (w World) Live() bool { return w.Root == "" && w.Run != nil }

// WithFS returns w seen through another file system, for instance an Overlay.
func (w World) WithFS(f FS) World { w.FS = f; return w }

// Getenv returns an environment variable of the session, "" when unset or when
// the world is a foreign tree.
func (w World) Getenv(name string) string {
	if w.Env == nil {
		return ""
	}
	return w.Env(name)
}

// Exists reports whether path can be reached. A path that cannot be looked at
// for lack of rights is not reported as existing.
func Exists(f FS, path string) bool {
	_, err := f.Stat(path)
	return err == nil
}

// IsDir reports whether path is a directory, following links.
func IsDir(f FS, path string) bool {
	i, err := f.Stat(path)
	return err == nil && i.Mode.IsDir()
}
