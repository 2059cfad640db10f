package configfile

import (
	"strings"
	"testing"
)

func FuzzDaemonJSON(f *testing.F) {
	f.Add([]byte(`{"insecure-registries":["a:1"],"registry-mirrors":["https://m"],"proxies":{"http-proxy":"x"}}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Add([]byte(strings.Repeat("[", 20000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadDaemonJSON(data)
		if err != nil && d.InsecureSet {
			t.Error("settings came back with an error")
		}
		if len(d.Insecure) > 0 && !d.InsecureSet {
			t.Error("a list without its being set")
		}
	})
}

// FuzzCredentials feeds the three readers of files with passwords: what comes
// back holds keys only, sorted, and errors quote nothing.
func FuzzCredentials(f *testing.F) {
	f.Add([]byte(`{"auths":{"reg:5000":{"auth":"s3cret"}},"credHelpers":{"h":"x"},"currentContext":"c"}`))
	f.Add([]byte(`{"auths":{"a":{"auth":5,"password":null,"identitytoken":{"x":[]}}}}`))
	f.Add([]byte(`{"reg":{"auth":"s3cret"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err1 := ReadDockerConfig(data)
		c, err2 := ReadContainersAuth(data)
		_, err3 := ReadLegacyDockercfg(data)
		if err1 == nil && err2 == nil && len(d.Auths) != len(c.Auths) {
			t.Errorf("%d and %d entries", len(d.Auths), len(c.Auths))
		}
		for _, err := range []error{err1, err2, err3} {
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("quotes a secret: %v", err)
			}
		}
		for i := 1; i < len(d.Auths); i++ {
			if d.Auths[i-1].Key >= d.Auths[i].Key {
				t.Error("not sorted")
			}
		}
	})
}

func FuzzRegistriesConf(f *testing.F) {
	f.Add([]byte("unqualified-search-registries=['a']\n[[registry]]\nprefix='*.b'\n[[registry.mirror]]\nlocation='c'\n"))
	f.Add([]byte("[registries.insecure]\nregistries=['a']\n[registries.block]\nregistries=['a']\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadRegistriesConf(data)
		if err != nil {
			return
		}
		for i, r := range c.Registries {
			if r.Prefix == "" || (i > 0 && c.Registries[i-1].Prefix >= r.Prefix) {
				t.Errorf("prefixes not sorted and unique at %q", r.Prefix)
			}
		}
		if merged := c.Merge(c); len(merged.Registries) != len(c.Registries) {
			t.Error("merging with itself changes it")
		}
	})
}

func FuzzDockerContext(f *testing.F) {
	f.Add([]byte(`{"Name":"a","Endpoints":{"docker":{"Host":"unix:///x"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := ReadDockerContext(data); err != nil && c != (DockerContext{}) {
			t.Error("a context came back with an error")
		}
	})
}
