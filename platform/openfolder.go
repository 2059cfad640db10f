package platform

import (
	"context"
	"path/filepath"

	"mooring.dev/mooring/platform/world"
)

// folderOpeners are the programs that show a directory to the person.
var folderOpeners = map[string][]string{
	"linux": {"xdg-open"}, "darwin": {"open"}, "windows": {"explorer.exe"},
}

// OpenFolder shows the place of path in the desktop's file manager: path itself if
// it is a directory, else the nearest directory above it that is there. Tools look
// at many paths that do not exist. In a tree under --root nothing is executed.
func (m *Machine) OpenFolder(ctx context.Context, path string) error {
	if !m.World.Live() {
		return nil
	}
	dir := path
	for !world.IsDir(m.World.FS, dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	opener := folderOpeners[m.World.OS]
	_, err := m.World.Run.Run(ctx, world.Command{Argv: append(opener[:len(opener):len(opener)], dir)})
	return err
}
