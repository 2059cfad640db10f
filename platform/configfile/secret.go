package configfile

import (
	"encoding/base64"
	"strings"

	"mooring.dev/mooring/trust"
)

// ReadSecrets returns the credentials that lie in plain text in a docker
// config.json or a containers-auth.json(5), by their keys. Entries that hold none
// are left out: docker's empty markers for its helpers, those that cannot be
// decoded, and tokens for one registry's content, with which nobody signs in. The
// caller should clear data afterwards.
func ReadSecrets(data []byte) (map[string]trust.Credential, error) {
	var f struct {
		Auths map[string]secretEntry `json:"auths"`
	}
	err := decodeJSON(data, &f)
	return secretsOf(f.Auths), err
}

// ReadLegacySecrets is [ReadSecrets] for a ~/.dockercfg.
func ReadLegacySecrets(data []byte) (map[string]trust.Credential, error) {
	var f map[string]secretEntry
	err := decodeJSON(data, &f)
	return secretsOf(f), err
}

// secretEntry is an entry as docker reads it (docker/cli cli/config/types
// AuthConfig). podman heeds auth and identitytoken only.
type secretEntry struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
}

func secretsOf(entries map[string]secretEntry) map[string]trust.Credential {
	out := map[string]trust.Credential{}
	for key, e := range entries {
		if c, ok := e.credential(); ok {
			out[key] = c
		}
	}
	return out
}

func (e secretEntry) credential() (c trust.Credential, ok bool) {
	user, password := e.Username, e.Password
	if e.Auth != "" {
		if user, password, ok = decodeAuth(e.Auth); !ok {
			return trust.Credential{}, false
		}
	}
	if e.IdentityToken != "" {
		return trust.Credential{User: user, Secret: trust.NewSecret(e.IdentityToken), Token: true}, true
	}
	return trust.Credential{User: user, Secret: trust.NewSecret(password)}, password != ""
}

// decodeAuth reads the Base64 of user:password. docker ends both with zeros
// (configfile decodeAuth), and takes no empty user.
func decodeAuth(text string) (user, password string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(b), ":")
	return user, strings.Trim(password, "\x00"), ok && user != ""
}
