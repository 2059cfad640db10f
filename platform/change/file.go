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
	// mask hides what may be a secret in a file that is edited: what plans and
	// receipts say of it is said of what is left. Nil for all others.
	mask func(content []byte) ([]byte, error)
}

// hasACL reports whether f has an access control list: acl(5) keeps the permissions of
// owner, mask and others in it.
func (f *file) hasACL() bool { return f.Attrs["system.posix_acl_access"] != nil }

// state is what a plan or receipt says of f; nil for no file. Of a file that is
// edited it says nothing that depends on a secret, and of one that cannot be, no
// hash at all.
func (f *file) state() *trust.FileState {
	if f == nil || f.mask == nil {
		return f.exact()
	}
	s := &trust.FileState{Mode: f.Mode, UID: f.UID, GID: f.GID}
	if text, err := f.mask(f.Content); err == nil {
		s.SHA256 = hash(text)
	}
	return s
}

// exact is the state of f with every byte of its content. Of a file that is edited
// it is written down only while that file has a second name anyway.
func (f *file) exact() *trust.FileState {
	if f == nil {
		return nil
	}
	return &trust.FileState{SHA256: hash(f.Content), Mode: f.Mode, UID: f.UID, GID: f.GID}
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// is reports whether f is as s says. Time is no evidence: content, mode and
// owner are, as far as the system has them.
func (f *file) is(s *trust.FileState) bool { return same(f.state(), s) }

// isExactly is is for a state that counts every byte.
func (f *file) isExactly(s *trust.FileState) bool { return same(f.exact(), s) }

// equals reports whether f and g are the same in everything that undo restores.
func (f *file) equals(g *file) bool {
	return f.isExactly(g.exact()) && (f == nil || maps.EqualFunc(f.Attrs, g.Attrs, bytes.Equal))
}

func same(a, b *trust.FileState) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a.SHA256 == "" || a.SHA256 != b.SHA256 || hasModes && (a.Mode^b.Mode)&modeBits != 0 {
		return false
	}
	return a.UID < 0 || b.UID < 0 || a.UID == b.UID && a.GID == b.GID
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
