package guest

import (
	"io/fs"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"mooring.dev/mooring/platform/world"
)

// maxListed bounds what is read of a list of guests, in bytes.
const maxListed = 64 << 10

// decode reads what a program of Windows wrote: wsl.exe writes UTF-16 with or without
// a mark, and UTF-8 where WSL_UTF8 is set; what runs inside writes UTF-8. What is
// neither comes out with replacement characters.
func decode(b []byte) string {
	b = b[:min(len(b), maxListed)]
	if len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[1] == 0) {
		units := make([]uint16, 0, len(b)/2)
		for i := 0; i+1 < len(b); i += 2 {
			units = append(units, uint16(b[i])|uint16(b[i+1])<<8)
		}
		return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
	}
	s := strings.TrimPrefix(string(b), "\ufeff")
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// names are the lines of a list that are names of guests. Whatever else a program
// says, in whatever language, has spaces in it.
func names(b []byte) []string {
	var out []string
	for line := range strings.FieldsFuncSeq(decode(b), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if name := strings.Trim(line, " \t\x00"); nameForm().MatchString(name) && len(out) < maxGuests {
			out = append(out, name)
		}
	}
	return out
}

// listing is what `ls -1dLp` said is there: all that can be asked of a guest's files
// by name. It is a world's files for who looks whether things exist.
type listing map[string]bool // path -> is a directory

func listed(b []byte, asked []string) listing {
	known := map[string]bool{}
	for _, p := range asked {
		known[p] = true
	}
	out := listing{}
	for line := range strings.Lines(string(b[:min(len(b), maxListed)])) {
		line = strings.TrimRight(line, "\r\n")
		if p := strings.TrimSuffix(line, "/"); known[p] {
			out[p] = p != line
		}
	}
	return out
}

// Stat implements [world.FS].
func (l listing) Stat(path string) (world.Info, error) {
	dir, ok := l[path]
	switch {
	case !ok:
		return world.Info{}, &fs.PathError{Op: "stat", Path: path, Err: fs.ErrNotExist}
	case dir:
		return world.Info{Mode: fs.ModeDir | 0o755}, nil
	}
	return world.Info{Mode: 0o755}, nil
}

// Lstat implements [world.FS]. Links were followed when the list was made.
func (l listing) Lstat(path string) (world.Info, error) { return l.Stat(path) }

// ReadFile implements [world.FS].
func (listing) ReadFile(path string) ([]byte, error) { return nil, unasked("read", path) }

// ReadDir implements [world.FS].
func (listing) ReadDir(path string) ([]fs.DirEntry, error) { return nil, unasked("readdir", path) }

// Readlink implements [world.FS].
func (listing) Readlink(path string) (string, error) { return "", unasked("readlink", path) }

func unasked(op, path string) error {
	return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
}
