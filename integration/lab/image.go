//go:build integration

package lab

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
)

// Seed pushes an image with a layer of its own and returns its repository and
// tag. An engine asks no server for a layer that it holds already, so a test that
// is about layers needs a fresh one.
func (l *Lab) Seed(t *testing.T) string {
	t.Helper()
	l.Backend(t)
	l.image++
	name := fmt.Sprintf("app%d", l.image)
	dir := filepath.Join(l.Dir, "layouts", name)
	l.layout(t, dir, name)
	l.Must(t, "skopeo", "copy", "--quiet", "--format", "v2s2", "--dest-tls-verify=false",
		"oci:"+dir+":1", "docker://"+l.backend+"/"+name+":1")
	return name + ":1"
}

// layout writes an OCI image layout with one layer, which holds one file.
func (l *Lab) layout(t *testing.T, dir, content string) {
	t.Helper()
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	must(t, w.WriteHeader(&tar.Header{Name: "name", Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write([]byte(content))
	must(t, err)
	must(t, w.Close())
	z := gzip.NewWriter(&packed)
	_, err = z.Write(plain.Bytes())
	must(t, err)
	must(t, z.Close())

	config := marshal(t, map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(plain.Bytes())}},
	})
	blob := func(mediaType string, b []byte) map[string]any {
		l.put(t, filepath.Join(dir, "blobs/sha256", digest(b)[len("sha256:"):]), string(b))
		return map[string]any{"mediaType": mediaType, "digest": digest(b), "size": len(b)}
	}
	manifest := blob("application/vnd.oci.image.manifest.v1+json", marshal(t, map[string]any{
		"schemaVersion": 2,
		"config":        blob("application/vnd.oci.image.config.v1+json", config),
		"layers":        []any{blob("application/vnd.oci.image.layer.v1.tar+gzip", packed.Bytes())},
	}))
	manifest["annotations"] = map[string]string{"org.opencontainers.image.ref.name": "1"}
	l.put(t, filepath.Join(dir, "index.json"), string(marshal(t, map[string]any{"schemaVersion": 2, "manifests": []any{manifest}})))
	l.put(t, filepath.Join(dir, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`)
}

func digest(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
