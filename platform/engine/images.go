package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/distribution/reference"

	"mooring.dev/mooring/platform/world"
)

const (
	imagesTimeout = 5 * time.Second
	maxImages     = 16 << 20 // of a list of images, bytes: 20,000 images have about 8 MiB
)

// ImageSource is a registry that an engine holds images of.
type ImageSource struct {
	Registry string // host[:port] as written in the image's name
	Engine   string // "docker" or "podman"
	Instance string // the daemon's host, "" for podman
}

// Images lists the registries of the images that this machine's Docker daemons
// and the user's podman hold, each once per engine. An engine that does not
// answer within 5 s is left out.
func Images(ctx context.Context, w world.World) []ImageSource {
	if !w.Live() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, imagesTimeout)
	defer cancel()
	daemons := Dockers(ctx, w)
	found := make([][]ImageSource, len(daemons)+1)
	var wg sync.WaitGroup
	for i, d := range daemons {
		wg.Go(func() { found[i] = dockerImages(ctx, d) })
	}
	wg.Go(func() { found[len(daemons)] = podmanImages(ctx, w) })
	wg.Wait()
	var out []ImageSource
	for _, f := range found {
		out = append(out, f...)
	}
	return out
}

func dockerImages(ctx context.Context, d Docker) []ImageSource {
	if !d.Answered || d.Remote {
		return nil
	}
	c := newClient(d.Host)
	defer c.close()
	var images []struct{ RepoTags, RepoDigests []string }
	if c.getUpTo(ctx, "/images/json", maxImages, &images) != nil {
		return nil
	}
	var names []string
	for _, i := range images {
		names = append(names, elsewhere(i.RepoTags)...)
		names = append(names, i.RepoDigests...)
	}
	return sources(names, ImageSource{Engine: "docker", Instance: d.Host})
}

// elsewhere leaves out the tags of Docker Hub: an image built here and never
// pushed bears such a name too, and only a digest tells that it was pulled.
func elsewhere(tags []string) []string {
	var out []string
	for _, t := range tags {
		if domainOf(t) != "docker.io" {
			out = append(out, t)
		}
	}
	return out
}

func podmanImages(ctx context.Context, w world.World) []ImageSource {
	path := find(w, "podman")
	if path == "" {
		return nil
	}
	res, err := w.Run.Run(ctx, world.Command{Argv: []string{path, "images", "--format", "{{.Repository}}"}})
	if err != nil || res.Code != 0 {
		return nil
	}
	names := strings.Fields(string(res.Stdout))
	return sources(names, ImageSource{Engine: "podman"})
}

// sources lists the registries of image names, each once, as s is labelled.
func sources(names []string, s ImageSource) []ImageSource {
	var domains []string
	for _, n := range names {
		// Podman and buildah name what they build themselves localhost/….
		if d := domainOf(n); d != "" && d != "localhost" {
			domains = append(domains, d)
		}
	}
	var out []ImageSource
	for _, d := range sorted(domains) {
		s.Registry = d
		out = append(out, s)
	}
	return out
}

func domainOf(name string) string {
	if len(name) > 1024 {
		return ""
	}
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil { // "<none>:<none>" among others
		return ""
	}
	return reference.Domain(n)
}
