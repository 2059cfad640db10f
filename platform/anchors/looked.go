package anchors

import (
	"path"
	"slices"
)

// Looked lists every path by which Detect and the bundles of the families are found:
// for a machine whose files can only be asked for by name.
func Looked() []string {
	var out []string
	for _, f := range families {
		out = append(out, f.marker, f.Dir)
		out = append(out, f.Bundles...)
	}
	for _, c := range commands {
		for _, dir := range programDirs {
			out = append(out, path.Join(dir, c.program))
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(p string) bool { return p == "" })
}
