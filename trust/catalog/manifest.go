package catalog

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"

	"mooring.dev/mooring/trust/signin"
)

// The media types that are asked for: those of the OCI and of Docker, schema 1
// last, which has no sizes in it.
var accepted = []string{
	"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws",
}

// maxManifests bounds those of one index whose sizes are added up.
const maxManifests = 64

// descriptor is what a manifest says of its parts.
type descriptor struct {
	Digest   string `json:"digest"`
	Size     int64  `json:"size"`
	Platform *struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
		Variant      string `json:"variant"`
	} `json:"platform"`
}

// manifest is one, or an index of several.
type manifest struct {
	digest string

	SchemaVersion int          `json:"schemaVersion"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
	Manifests     []descriptor `json:"manifests"`
}

// sizer learns the sizes of a repository's tags.
type sizer struct {
	session           *signin.Session
	repository, scope string
	brief             bool // digests alone

	mu    sync.Mutex
	known map[string]int64 // sizes by digest: tags share manifests
}

// manifest reads one by tag or digest.
func (z *sizer) manifest(ctx context.Context, method, reference string) (manifest, bool) {
	an, err := z.session.Do(ctx, signin.Request{
		Method: method, Target: path(z.repository, "manifests/"+reference), Scope: z.scope, Accept: accepted,
	})
	if err != nil || an.Status != http.StatusOK {
		return manifest{}, false
	}
	m := manifest{digest: an.Header.Get("Docker-Content-Digest")}
	if method == http.MethodHead {
		return m, validDigest(m.digest)
	}
	// What was read can be named by itself; the header would be the server's word.
	if m.digest = digest.FromBytes(an.Body).String(); json.Unmarshal(an.Body, &m) != nil {
		return manifest{}, false
	}
	return m, true
}

func validDigest(s string) bool { return digest.Digest(s).Validate() == nil }

// total is the size of m's layers and configuration, or of all its manifests; -1
// where it does not say, as schema 1 does not.
func (z *sizer) total(ctx context.Context, m manifest) int64 {
	switch {
	case len(m.Manifests) > maxManifests:
		return -1
	case len(m.Manifests) > 0:
		var sum int64
		for _, d := range m.Manifests {
			sum = add(sum, z.part(ctx, d.Digest))
		}
		return sum
	case m.SchemaVersion != 2 || m.Config.Digest == "":
		return -1
	}
	sum := add(0, m.Config.Size)
	for _, l := range m.Layers {
		sum = add(sum, l.Size)
	}
	return sum
}

// part is the size of one manifest of an index.
func (z *sizer) part(ctx context.Context, name string) int64 {
	if !validDigest(name) {
		return -1
	}
	z.mu.Lock()
	size, known := z.known[name]
	z.mu.Unlock()
	if known {
		return size
	}
	m, ok := z.manifest(ctx, http.MethodGet, name)
	if !ok || len(m.Manifests) > 0 { // an index in an index, perhaps in itself
		return -1
	}
	size = z.total(ctx, m)
	z.mu.Lock()
	defer z.mu.Unlock()
	z.known[name] = size
	return size
}

// add is a sum that stays unknown once a part is: a size below zero, or one that
// no disk could hold.
func add(sum, size int64) int64 {
	if sum < 0 || size < 0 || sum > math.MaxInt64-size {
		return -1
	}
	return sum + size
}

var platformForm = regexp.MustCompile(`^[a-z0-9]{1,20}/[a-z0-9_.]{1,20}(/[a-z0-9.]{1,20})?$`)

// platforms are those that m has an image for. Attestations are kept beside images
// under the platform unknown/unknown (BuildKit docs/attestations).
func (m manifest) platforms() []string {
	var out []string
	for _, d := range m.Manifests {
		if d.Platform == nil || d.Platform.OS == "unknown" {
			continue
		}
		name := d.Platform.OS + "/" + d.Platform.Architecture
		if d.Platform.Variant != "" {
			name += "/" + d.Platform.Variant
		}
		if platformForm.MatchString(name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
