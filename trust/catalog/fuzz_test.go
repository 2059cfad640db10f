package catalog

import (
	"encoding/json"
	"strings"
	"testing"
)

// A link is a piece of the header, and no more is read of it than a header has.
func FuzzLink(f *testing.F) {
	for _, s := range []string{
		`</v2/_catalog?last=a&n=1>; rel="next"`, `<a>; rel=prev, <b>; rel=next`, `<`, `<>`, `<a`, `a>; rel="next"`, `<a>;;;=`, `<a>; rel="next", <`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if link := nextLink([]string{header}); link != "" && (!strings.Contains(header, "<"+link) && !strings.Contains(header, link) || strings.Contains(link, ">")) {
			t.Errorf("%q in %q", link, header)
		}
	})
}

// Sizes are never negative but for -1, and platforms are short and plain.
func FuzzManifest(f *testing.F) {
	f.Add(`{"schemaVersion":2,"config":{"digest":"a","size":1},"layers":[{"size":9223372036854775807}]}`)
	f.Add(`{"manifests":[{"digest":"sha256:x","platform":{"os":"linux","architecture":"arm64","variant":"v8"}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		var m manifest
		if json.Unmarshal([]byte(body), &m) != nil {
			return
		}
		for _, p := range m.platforms() {
			if len(p) > 64 || strings.ContainsAny(p, "\x1b\n ") {
				t.Errorf("platform %q", p)
			}
		}
		m.Manifests = nil
		if n := new(sizer).total(t.Context(), m); n < -1 {
			t.Errorf("size %d", n)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"app", "a/b", "a__b", "../x", "a\n", strings.Repeat("a/", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil && (strings.Contains(name, "..") || strings.ContainsAny(name, "\x00\n?#%: ") || path(name, "x") != "/v2/"+name+"/x") {
			t.Errorf("%q is taken", name)
		}
	})
}
