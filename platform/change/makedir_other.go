//go:build !linux && !windows

package change

import (
	"io/fs"
	"os"
)

func makeDir(path string, mode fs.FileMode, _ bool) error { return os.Mkdir(path, mode) }
