package change

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"maps"
	"runtime"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// file is a file as it is or shall be: everything that undo restores.
type file struct {
	Content []byte
	Mode    fs.FileMode // permission, setuid, setgid and sticky bits
	UID     int         // -1: the system has none, or as the process makes it
	GID     int
	Attrs   map[string][]byte // extended attributes, ACLs among them
}

// state is what a plan or receipt says of f; nil for no file.
func (f *file) state() *trust.FileState {
	if f == nil {
		return nil
	}
	sum := sha256.Sum256(f.Content)
	return &trust.FileState{SHA256: hex.EncodeToString(sum[:]), Mode: f.Mode, UID: f.UID, GID: f.GID}
}

// is reports whether f is as s says. Time is no evidence: content, mode and
// owner are, as far as the system has them.
func (f *file) is(s *trust.FileState) bool {
	if f == nil || s == nil {
		return f == nil && s == nil
	}
	own := f.state()
	if own.SHA256 != s.SHA256 || hasModes && (own.Mode^s.Mode)&modeBits != 0 {
		return false
	}
	return own.UID < 0 || s.UID < 0 || own.UID == s.UID && own.GID == s.GID
}

// equals reports whether f and g are the same in everything that undo restores.
func (f *file) equals(g *file) bool {
	return f.is(g.state()) && (f == nil || maps.EqualFunc(f.Attrs, g.Attrs, bytes.Equal))
}

// hasModes: Windows knows a read-only bit and nothing else.
const hasModes = runtime.GOOS != "windows"

const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// readBounded reads a file of at most world.MaxFile bytes.
func readBounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, world.MaxFile+1))
	if err == nil && len(b) > world.MaxFile {
		return nil, &Error{Code: ErrTooLarge}
	}
	return b, err
}

// oneName reports whether s names something directly in a directory.
func oneName(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, "/\\\x00")
}
