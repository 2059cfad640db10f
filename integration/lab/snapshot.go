//go:build integration

package lab

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Snapshot lists everything under paths: kind, mode, owner and content of each
// file, one line each. Two snapshots are equal if and only if nothing changed.
func (l *Lab) Snapshot(t *testing.T, paths ...string) string {
	t.Helper()
	var b strings.Builder
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				fmt.Fprintf(&b, "%s is not there\n", path)
				return nil
			}
			if err != nil {
				return err
			}
			line, err := describe(path, d)
			b.WriteString(line)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func describe(path string, d fs.DirEntry) (string, error) {
	info, err := d.Info()
	if err != nil {
		return "", err
	}
	var content string
	switch {
	case info.Mode().IsRegular():
		data, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		content = fmt.Sprintf("%x", sha256.Sum256(data))
	case info.Mode()&fs.ModeSymlink != 0:
		if content, err = os.Readlink(path); err != nil {
			return "", err
		}
	}
	st := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%s %s %d:%d %s\n", path, info.Mode(), st.Uid, st.Gid, content), nil
}

// SameAs fails the test when a snapshot differs from an earlier one.
func SameAs(t *testing.T, before, after string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")); diff != "" {
		t.Errorf("files differ from those before (-before +after):\n%s", diff)
	}
}

// put writes a file of the lab's own, without cleaning up.
func (l *Lab) put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
