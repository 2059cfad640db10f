package configfile

import (
	"bytes"
	"encoding/json"
	"sort"
)

// DockerConfig is what Mooring needs of docker's config.json.
type DockerConfig struct {
	Auths          []Auth // sorted by key
	CredHelpers    map[string]string
	CredsStore     string
	CurrentContext string
}

// ContainersAuth is what Mooring needs of containers' auth.json. That format has
// no credsStore: podman does not see one.
type ContainersAuth struct {
	Auths       []Auth // sorted by key
	CredHelpers map[string]string
}

// Auth is one entry of "auths". Its secret is not kept.
type Auth struct {
	// Key is as written: host[:port], a legacy URL, or host/namespace/repository.
	Key string
	// Plaintext: the entry holds a password or token that whoever reads the file
	// can use. Docker leaves an empty entry as a marker for its helpers.
	Plaintext bool
}

// ReadDockerConfig reads a docker config.json. The caller should clear data
// afterwards: it may hold passwords.
func ReadDockerConfig(data []byte) (DockerConfig, error) {
	var f struct {
		Auths          map[string]authEntry `json:"auths"`
		CredHelpers    map[string]string    `json:"credHelpers"`
		CredsStore     string               `json:"credsStore"`
		CurrentContext string               `json:"currentContext"`
	}
	if err := decodeJSON(data, &f); err != nil {
		return DockerConfig{}, err
	}
	return DockerConfig{
		Auths: authsOf(f.Auths), CredHelpers: f.CredHelpers,
		CredsStore: f.CredsStore, CurrentContext: f.CurrentContext,
	}, nil
}

// ReadContainersAuth reads a containers-auth.json(5). The caller should clear
// data afterwards: it may hold passwords.
func ReadContainersAuth(data []byte) (ContainersAuth, error) {
	var f struct {
		Auths       map[string]authEntry `json:"auths"`
		CredHelpers map[string]string    `json:"credHelpers"`
	}
	if err := decodeJSON(data, &f); err != nil {
		return ContainersAuth{}, err
	}
	return ContainersAuth{Auths: authsOf(f.Auths), CredHelpers: f.CredHelpers}, nil
}

// ReadLegacyDockercfg reads a ~/.dockercfg: the entries of "auths" without the
// object around them, which podman still reads last.
func ReadLegacyDockercfg(data []byte) (ContainersAuth, error) {
	var f map[string]authEntry
	if err := decodeJSON(data, &f); err != nil {
		return ContainersAuth{}, err
	}
	return ContainersAuth{Auths: authsOf(f)}, nil
}

func authsOf(entries map[string]authEntry) []Auth {
	var out []Auth
	for key, e := range entries {
		out = append(out, Auth{Key: key, Plaintext: e.plaintext()})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}

type authEntry struct {
	Auth          present `json:"auth"`
	Password      present `json:"password"`
	IdentityToken present `json:"identitytoken"`
	RegistryToken present `json:"registrytoken"`
}

func (e authEntry) plaintext() bool {
	return bool(e.Auth || e.Password || e.IdentityToken || e.RegistryToken)
}

// present is a JSON value of which only its being there is kept, so that no
// secret outlives the buffer it was read in.
type present bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *present) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*p = present(!bytes.Equal(b, []byte(`""`)) && !bytes.Equal(b, []byte("null")))
	return nil
}

var _ json.Unmarshaler = (*present)(nil)
