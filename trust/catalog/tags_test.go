package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
)

// images is a registry with one repository, "app".
type images struct {
	tags      []string
	manifests map[string]string // by tag and digest

	mu         sync.Mutex
	gets       map[string]int
	now, most_ atomic.Int64
}

func newImages(t *testing.T, byTag map[string]string) *images {
	m := &images{manifests: map[string]string{}, gets: map[string]int{}}
	for tag, body := range byTag {
		m.manifests[tag] = body
		m.manifests[digest.FromString(body).String()] = body
		if !strings.HasPrefix(tag, "-") {
			m.tags = append(m.tags, tag)
		}
	}
	slices.Sort(m.tags)
	return m
}

func (m *images) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if now := m.now.Add(1); now > m.most_.Load() {
		m.most_.Store(now)
	}
	defer m.now.Add(-1)
	switch reference, found := strings.CutPrefix(r.URL.Path, "/v2/app/manifests/"); {
	case found:
		m.mu.Lock()
		m.gets[r.Method+" "+reference]++
		m.mu.Unlock()
		body, ok := m.manifests[reference]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Docker-Content-Digest", digest.FromString(body).String())
		fmt.Fprint(w, body)
	case r.URL.Path == "/v2/app/tags/list":
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "app", "tags": m.tags})
	case r.URL.Path == "/v2/":
		fmt.Fprint(w, "{}")
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}`)
	}
}

func image(layers ...int) string {
	var parts []string
	for i, n := range layers {
		parts = append(parts, fmt.Sprintf(`{"digest":"sha256:%064d","size":%d}`, i, n))
	}
	return fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":"sha256:%064d","size":100},"layers":[%s]}`, 7, strings.Join(parts, ","))
}

func entry(body, os, arch, variant string) string {
	return fmt.Sprintf(`{"digest":%q,"size":%d,"platform":{"os":%q,"architecture":%q,"variant":%q}}`, digest.FromString(body), len(body), os, arch, variant)
}

func index(entries ...string) string {
	return `{"schemaVersion":2,"manifests":[` + strings.Join(entries, ",") + `]}`
}

func tagsOf(t *testing.T, s *signin.Session) (final map[string]catalog.Tag, calls int) {
	t.Helper()
	final = map[string]catalog.Tag{}
	ended := false
	err := catalog.Tags(t.Context(), s, "app", func(z catalog.Sized) error {
		if ended {
			t.Error("there is something after the last")
		}
		calls, ended = calls+1, z.Last
		for _, tag := range z.Tags {
			final[tag.Name] = tag
		}
		return nil
	})
	if err != nil || !ended {
		t.Fatalf("ended %v: %v", ended, err)
	}
	return final, calls
}

func TestSizes(t *testing.T) {
	one, arm, proof := image(1000, 24), image(2000), image(3)
	both := index(entry(one, "linux", "amd64", ""), entry(arm, "linux", "arm64", "v8"), entry(proof, "unknown", "unknown", ""))
	m := newImages(t, map[string]string{
		"one": one, "-arm": arm, "-proof": proof, "both": both,
		"schema1":  `{"schemaVersion":1,"fsLayers":[{"blobSum":"sha256:a"}]}`,
		"negative": image(-5), "huge": image(1<<62, 1<<62), "nonsense": "<html>", "empty": `{}`,
		"gap":     index(entry("not there", "linux", "amd64", "")),
		"itself":  index(entry(both, "linux", "amd64", "")),
		"strange": index(`{"digest":"../../../secret","platform":{"os":"\u001b[2J","architecture":"x"}}`),
	})
	s, _ := session(t, m, trust.Credential{})
	got, _ := tagsOf(t, s)
	want := map[string]catalog.Tag{
		"one": {Size: 1124}, "both": {Size: 1124 + 2100 + 103, Platforms: []string{"linux/amd64", "linux/arm64/v8"}},
		"schema1": {Size: -1}, "negative": {Size: -1}, "huge": {Size: -1}, "nonsense": {Size: -1}, "empty": {Size: -1},
		"gap": {Size: -1, Platforms: []string{"linux/amd64"}}, "itself": {Size: -1, Platforms: []string{"linux/amd64"}}, "strange": {Size: -1},
	}
	for name, tag := range want {
		tag.Name = name
		if name != "nonsense" {
			tag.Digest = digest.FromString(m.manifests[name]).String()
		}
		want[name] = tag
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Tags come by name at once, and then in parts, a few requests at a time; one
// manifest below many tags is asked for once.
func TestManyTags(t *testing.T) {
	amd := image(10)
	byTag := map[string]string{"-amd": amd}
	for i := range 50 {
		byTag[fmt.Sprintf("v%02d", i)] = index(entry(amd, "linux", "amd64", ""), fmt.Sprintf(`{"digest":%q,"size":%d}`, digest.FromString(amd), i))
	}
	m := newImages(t, byTag)
	s, _ := session(t, m, trust.Credential{})
	got, calls := tagsOf(t, s)
	if len(got) != 50 || calls != 1+4 {
		t.Errorf("%d tags in %d calls", len(got), calls)
	}
	if n := m.gets["GET "+digest.FromString(amd).String()]; n < 1 || n > 4 {
		t.Errorf("the shared manifest was asked for %d times", n)
	}
	if most := m.most_.Load(); most > 4 {
		t.Errorf("%d requests at once", most)
	}
}

// Reading a manifest of Docker Hub's counts as a pull, so none is read.
func TestDockerHubIsAskedForDigests(t *testing.T) {
	m := newImages(t, map[string]string{"one": image(1)})
	l := signintest.NewLab(t)
	l.Serve("registry-1.docker.io:443", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		m.ServeHTTP(w, r)
	}))
	l.Serve("auth.docker.io:443", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"token":"t"}`) }))
	got, _ := tagsOf(t, l.Access("docker.io").Session(trust.Credential{}))
	if tag := got["one"]; tag.Digest != digest.FromString(image(1)).String() || tag.Size != -1 || m.gets["GET one"] != 0 || m.gets["HEAD one"] != 1 {
		t.Errorf("%+v after %v", got, m.gets)
	}
}

func TestNoTags(t *testing.T) {
	s, _ := session(t, newImages(t, nil), trust.Credential{})
	if got, calls := tagsOf(t, s); len(got) != 0 || calls != 1 {
		t.Errorf("%v in %d calls", got, calls)
	}
	var refused *signin.Refusal
	err := catalog.Tags(t.Context(), s, "other", func(catalog.Sized) error { return nil })
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound || !strings.Contains(refused.Text, "not known") {
		t.Error(err)
	}
	for _, name := range []string{"", "..", "a/../b", "A", "a b", "a?b", "/a", "a/", "reg.example:5000/a", strings.Repeat("a", 256), "a\n"} {
		var bad catalog.NameError
		if err := catalog.Tags(t.Context(), s, name, func(catalog.Sized) error { return nil }); !errors.As(err, &bad) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
