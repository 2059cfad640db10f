package world

import (
	"os"
	"path/filepath"
	"testing"
)

func TestResolve(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"a/b", "data/docker", "data/secrets"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"dot": "data/docker", "abs": "/data/docker", "data/docker/c": "../secrets/c", "data/docker/up": "../../../../a",
		"loop": "loop", "a/b/c": "../../dot/../secrets", "new": "a/none/file",
	} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Skip(err)
		}
	}
	files := Disk{Root: root}
	for name, want := range map[string]string{
		"/": "/", "/a/b": "/a/b", "/a/./b/": "/a/b", "/a/../a/b": "/a/b", "/dot/c": "/data/secrets/c", "/abs/c": "/data/secrets/c",
		"/dot/..": "/data", "/a/b/c/x": "/data/secrets/x", "/data/docker/up/b": "/a/b", "/none/x": "/none/x", "/new": "/a/none/file",
		"/none/../x": "", "/loop": "", "/dot/../../loop/x": "",
	} {
		got, err := Resolve(files, name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}
