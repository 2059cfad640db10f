//go:build linux

package helper

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/platform/change"
)

// made refuses a directory as soon as somebody has made it, as the guards of Windows and
// macOS do.
func made(l *lab, theirs string) func(string) error {
	return func(dir string) error {
		if _, err := os.Stat(theirs); err == nil && (dir == theirs || filepath.Join(l.root, dir) == theirs) {
			return change.Refuse(change.ErrOthersWrite, dir, "")
		}
		return nil
	}
}

// late hands the plan over once it has made a directory: whoever starts the helper
// chooses the moment.
type late struct {
	io.Reader
	dir string
}

func (r late) Read(b []byte) (int, error) {
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// TestWhatAppearsMeanwhile: a journal or a directory of a registry that somebody makes
// while the helper waits for its plan is not used, and one of theirs is not read.
func TestWhatAppearsMeanwhile(t *testing.T) {
	for name, where := range map[string]func(*lab) string{
		"the journal":              func(l *lab) string { return l.s.journal },
		"the registry's directory": func(l *lab) string { return filepath.Join(l.root, l.dir) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			theirs := filepath.Clean(where(l))
			l.s.guard = made(l, theirs)
			b, err := json.Marshal(l.plan())
			must(t, err)
			args := []string{string(TrustRegistry), "apply", hashOf(b), testID}
			_, err = l.s.serve(t.Context(), args, late{bytes.NewReader(b), theirs})
			if got := change.As(err); got == nil || got.Code != change.ErrOthersWrite {
				t.Errorf("got %v", err)
			}
			if in, err := os.ReadDir(theirs); err != nil || len(in) > 0 {
				t.Errorf("there is %v in it, %v", in, err)
			}
			if _, err := l.s.serve(t.Context(), []string{string(TrustRegistry), "recover", testID}, nil); name == "the journal" && change.As(err).Code != change.ErrOthersWrite {
				t.Errorf("recovering: %v", err)
			}
		})
	}
}
