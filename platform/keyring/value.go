package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"mooring.dev/mooring/trust"
)

// version is that of the value's form.
const version = 1

// maxValue bounds what is read back from a keyring, which other programs write to.
const maxValue = 64 << 10

// value is what lies in the keyring under a registry: one line of JSON, so that
// user, secret and kind cannot come apart. It names the registry itself, since
// Windows does not tell capitals from small letters.
type value struct {
	Version  int    `json:"v"`
	Registry string `json:"registry"`
	User     string `json:"user"`
	Secret   string `json:"secret"`
	Token    bool   `json:"token,omitempty"`
}

// The reasons for which a credential or a value is no use. None quotes a value.
var (
	errNotText = errors.New("the user name or the secret is not valid UTF-8")
	errEmpty   = errors.New("there is no secret to keep")
	errForeign = errors.New("what lies there was not written by this version of Mooring")
	errOther   = errors.New("what lies there is for a registry that is spelled otherwise")
)

// encode writes the value of c under key.
func encode(key string, c trust.Credential) (string, error) {
	secret := c.Secret.Reveal()
	switch {
	case secret == "":
		return "", errEmpty
	case !utf8.ValidString(c.User) || !utf8.ValidString(secret):
		return "", errNotText // JSON would silently put another one in its place
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // six bytes for each "&" would count where space is short
	if err := e.Encode(value{version, key, c.User, secret, c.Token}); err != nil {
		return "", errNotText
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}

// decode reads what [encode] wrote under key. Anything else is refused, so that
// another program's item is never sent to a registry as a password.
func decode(key, text string) (trust.Credential, error) {
	if len(text) > maxValue {
		return trust.Credential{}, errForeign
	}
	var v value
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil || v.Version != version || v.Secret == "" {
		return trust.Credential{}, errForeign // encoding/json's words may quote a part
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return trust.Credential{}, errForeign
	}
	if v.Registry != key {
		return trust.Credential{}, errOther
	}
	return trust.Credential{User: v.User, Secret: trust.NewSecret(v.Secret), Token: v.Token}, nil
}
