package world

import "strings"

// Join joins path elements as the target OS writes them, whatever this program
// was built for. The first element is taken as it is; empty ones are left out.
func (w World) Join(elem ...string) string {
	sep := "/"
	if w.OS == "windows" {
		sep = `\`
	}
	var b strings.Builder
	for _, e := range elem {
		if e == "" {
			continue
		}
		if b.Len() > 0 && !strings.HasSuffix(b.String(), sep) {
			b.WriteString(sep)
		}
		b.WriteString(e)
	}
	return b.String()
}

// InTree rewrites a path with a drive letter for a tree that was mounted under
// --root: the tree is that drive.
func InTree(path string) string {
	if len(path) < 3 || path[1] != ':' || (path[2] != '\\' && path[2] != '/') {
		return path
	}
	return strings.ReplaceAll(path[2:], `\`, "/")
}

// parent parts an absolute path into its directory and its last element, as the system
// writes it that the path is of. The directory of a root is the root itself.
func parent(name string) (dir, base string) {
	seps, root := "/", 0
	if InTree(name) != name || strings.HasPrefix(name, `\`) {
		seps, root = `\/`, len(`C:\`)-1
	}
	i := strings.LastIndexAny(name, seps)
	switch {
	case i < 0:
		return ".", name
	case i <= root:
		return name[:i+1], name[i+1:]
	default:
		return name[:i], name[i+1:]
	}
}
