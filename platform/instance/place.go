package instance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
)

// ErrUnsafe says that what lies in the sockets' place is not this user's alone. It
// is neither used nor changed. The error is an [UnsafeError].
var ErrUnsafe = errors.New("it is not this user's alone")

// UnsafeError says what lies there.
type UnsafeError struct{ Path, Why string }

func (e *UnsafeError) Error() string { return fmt.Sprintf("%s: %v: %s", e.Path, ErrUnsafe, e.Why) }

func (e *UnsafeError) Unwrap() error { return ErrUnsafe }

// Problem names the error's sentences.
func (e *UnsafeError) Problem() (key string, args map[string]any) {
	return "instance-unsafe", map[string]any{"path": e.Path, "detail": e.Why}
}

// maxPath is how long a socket's path may be: 108 bytes on Linux, 104 on macOS,
// with the closing zero.
const maxPath = 100

// dir is the directory of w's sockets: in the session's runtime directory, which
// the system empties at its end, else beside the state. With create it is made if
// it is not there; a link is refused, whoever made it.
func dir(w world.World, create bool) (string, error) {
	if runtime := w.Getenv("XDG_RUNTIME_DIR"); w.OS == "linux" && filepath.IsAbs(runtime) && owned(runtime) == nil {
		return private(filepath.Join(runtime, "mooring"), create)
	}
	beside := state.Dirs(w).State
	if create {
		if err := os.MkdirAll(beside, 0o700); err != nil {
			return "", err
		}
	}
	return private(w.Join(beside, "run"), create)
}

// private returns dir, which is a directory of this user that nobody else can look
// into.
func private(dir string, create bool) (string, error) {
	if create {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	if err := owned(dir); err != nil {
		return "", err
	}
	i, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if hasModes && i.Mode().Perm()&0o077 != 0 {
		return "", &UnsafeError{dir, "others may enter it"}
	}
	return dir, nil
}

// owned says why dir is no directory of this user's.
func owned(dir string) error {
	i, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !i.IsDir():
		return &UnsafeError{dir, "it is a link or a file"}
	case !isMine(i):
		return &UnsafeError{dir, "it belongs to somebody else"}
	}
	return nil
}

// place is where an endpoint's socket and lock lie.
type place struct{ dir, socket, lock string }

func placeOf(w world.World, e Endpoint, create bool) (place, error) {
	d, err := dir(w, create)
	if err != nil {
		return place{}, err
	}
	p := place{dir: d, socket: w.Join(d, string(e)+".sock"), lock: w.Join(d, string(e)+".lock")}
	if len(p.socket) > maxPath {
		return place{}, fmt.Errorf("%s: the path is too long for a socket", p.socket)
	}
	return p, nil
}
