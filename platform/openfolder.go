package platform

import (
	"context"

	"mooring.dev/mooring/platform/world"
)

// folderOpeners are the programs that show a directory to the person.
var folderOpeners = map[string][]string{
	"linux": {"xdg-open"}, "darwin": {"open"}, "windows": {"explorer.exe"},
}

// OpenFolder shows a directory of this machine in the desktop's file manager. In
// a tree under --root nothing is executed.
func (m *Machine) OpenFolder(ctx context.Context, dir string) error {
	if !m.World.Live() {
		return nil
	}
	opener := folderOpeners[m.World.OS]
	_, err := m.World.Run.Run(ctx, world.Command{Argv: append(opener[:len(opener):len(opener)], dir)})
	return err
}
