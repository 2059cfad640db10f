package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"mooring.dev/mooring/platform/world"
)

// ReadOwn returns the content of one of Mooring's own files, nil when there is
// none; with more than limit bytes the error is [world.ErrTooLarge].
func ReadOwn(w world.World, path string, limit int64) ([]byte, error) {
	f, err := openFile(w, path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.close()
	data, err := f.read(limit)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}

// WriteOwn replaces one of Mooring's own files, for the user alone: a reader finds
// the old content or the new, never a part.
func WriteOwn(w world.World, path string, data []byte) error {
	f, err := openFile(w, path, true)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.close()
	if err := f.write(data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// TryLock takes the exclusive lock of an open file unless another process has it.
// Closing the file lets go, and so does the end of the process.
func TryLock(f *os.File) (bool, error) { return tryLock(f) }
