package engine

import (
	"bytes"
	"context"
	"regexp"
	"sync"
	"time"

	"mooring.dev/mooring/platform/world"
)

// toolTimeout bounds one "--version"; such programs answer in milliseconds, but
// podman may be starting from a cold disk.
const toolTimeout = 2 * time.Second

// toolNames are the programs besides dockerd whose versions matter.
var toolNames = []string{"podman", "containerd", "nerdctl", "skopeo", "buildah"}

// Tool is an installed program of an engine.
type Tool struct {
	Path    string
	Version string // "" when it would not say
}

// Tools finds the engines' programs on w, by name: podman, containerd, nerdctl,
// skopeo, buildah. On a live machine each is asked for its version, all at once.
func Tools(ctx context.Context, w world.World) map[string]Tool {
	found := make([]Tool, len(toolNames))
	var wg sync.WaitGroup
	for i, name := range toolNames {
		wg.Go(func() { found[i] = tool(ctx, w, name) })
	}
	wg.Wait()
	out := map[string]Tool{}
	for i, t := range found {
		if t.Path != "" {
			out[toolNames[i]] = t
		}
	}
	return out
}

func tool(ctx context.Context, w world.World, name string) Tool {
	path := find(w, name)
	if path == "" {
		return Tool{}
	}
	return Tool{Path: path, Version: version(ctx, w, path)}
}

// find looks a program up on PATH, or in a tree by place.
func find(w world.World, name string) string {
	if w.Live() {
		if p, err := w.Run.Look(name); err == nil {
			return p
		}
	}
	if w.OS == "windows" {
		return ""
	}
	for _, dir := range []string{"/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"} {
		if p := w.Join(dir, name); world.Exists(w.FS, p) {
			return p
		}
	}
	return ""
}

// versionWord is the first word of a --version line that looks like a version:
// "podman version 4.3.1", "containerd github.com/containerd/containerd 1.6.20~ds1
// 1.6.20~ds1-1+b1", "Docker version 20.10.24+dfsg1, build 297e128".
var versionWord = regexp.MustCompile(`(?:^|\s)v?([0-9]+\.[0-9]+[0-9A-Za-z.+~_-]*)`)

// versions remembers what programs said, by their file as it was: asking podman
// costs more than checking a registry.
var versions sync.Map // of programFile to string

type programFile struct {
	path    string
	changed time.Time
	size    int64
}

// version is what the program at path says it is.
func version(ctx context.Context, w world.World, path string) string {
	if !w.Live() {
		return ""
	}
	i, err := w.FS.Stat(path)
	if _, real := w.Run.(world.Exec); !real || err != nil {
		return askVersion(ctx, w, path)
	}
	file := programFile{path, i.Changed, i.Size}
	if known, ok := versions.Load(file); ok {
		return known.(string)
	}
	v := askVersion(ctx, w, path)
	if v != "" {
		versions.Store(file, v)
	}
	return v
}

// askVersion runs "path --version".
func askVersion(ctx context.Context, w world.World, path string) string {
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	res, err := w.Run.Run(ctx, world.Command{Argv: []string{path, "--version"}})
	if err != nil || res.Code != 0 {
		return ""
	}
	line, _, _ := bytes.Cut(res.Stdout, []byte("\n"))
	m := versionWord.FindSubmatch(line)
	if m == nil {
		return ""
	}
	return cleanVersion(string(m[1]))
}
