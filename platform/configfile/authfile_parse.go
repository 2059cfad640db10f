package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"github.com/tailscale/hujson"
)

func cutBOM(content []byte) (mark, text []byte) {
	if text, ok := bytes.CutPrefix(content, utf8BOM); ok {
		return utf8BOM, text
	}
	return nil, content
}

// authFile is a parsed file.
type authFile struct {
	text []byte
	root *hujson.Value // nil: the file is empty
}

// parseAuthFile parses what docker takes: JSON without comments (hujson knows
// more, and has no bound of depth), of the types that docker expects, in which no
// name stands twice. A file of white space has no settings.
func parseAuthFile(text []byte) (authFile, error) {
	doc := authFile{text: text}
	if len(bytes.TrimSpace(text)) == 0 {
		return doc, nil
	}
	if err := checkTypes(text); err != nil {
		return doc, err
	}
	v, err := hujson.Parse(text)
	if err != nil {
		return doc, &EditError{Reason: BadSyntax, Line: 1}
	}
	doc.root = &v
	return doc, doc.checkNames(&v, nil)
}

// checkTypes lets encoding/json read the file, as docker and podman do
// (docker/cli cli/config/configfile ConfigFile, types.AuthConfig).
func checkTypes(text []byte) error {
	type entry struct{ Auth, Username, Password, Email, ServerAddress, IdentityToken, RegistryToken string }
	var f struct {
		Auths       map[string]entry
		HTTPHeaders map[string]string `json:"HttpHeaders"`
		CredsStore  string
		CredHelpers map[string]string
	}
	err := json.Unmarshal(text, &f)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		e := &EditError{Reason: BadSyntax, Line: lineAt(text, syntax.Offset)}
		if at := int(syntax.Offset) - 1; at >= 0 && at+1 < len(text) && text[at] == '/' && strings.ContainsRune("/*", rune(text[at+1])) {
			e.Reason = HasComment
		}
		return e
	case errors.As(err, &kind):
		return &EditError{Reason: WrongType, Line: lineAt(text, kind.Offset), Name: kind.Field}
	}
	return &EditError{Reason: BadSyntax, Line: 1}
}

// checkNames refuses an object in which a name stands twice: readers disagree
// about which one counts.
func (d authFile) checkNames(v *hujson.Value, key []string) error {
	switch x := v.Value.(type) {
	case *hujson.Object:
		seen := make(map[string]bool, len(x.Members))
		for i := range x.Members {
			m := &x.Members[i]
			name := nameOf(m)
			same := canonical(name, key)
			if seen[same] {
				return &EditError{Reason: HasDuplicate, Line: lineAt(d.text, int64(m.Name.StartOffset)), Name: name}
			}
			seen[same] = true
			if err := d.checkNames(&m.Value, deeper(key, same)); err != nil {
				return err
			}
		}
	case *hujson.Array:
		for i := range x.Elements {
			if err := d.checkNames(&x.Elements[i], deeper(key, "")); err != nil {
				return err
			}
		}
	}
	return nil
}

// deeper is key with a name behind it, as far as [canonical] looks.
func deeper(key []string, name string) []string {
	if len(key) > 2 {
		return key
	}
	return append(key[:len(key):len(key)], name)
}

func nameOf(m *hujson.ObjectMember) string {
	l, _ := m.Name.Value.(hujson.Literal)
	return l.String()
}

// canonical is name in the object at key, such that equal ones mean the same to
// encoding/json: it reads names of fields without regard to case, and names that
// people chose (registries) exactly.
func canonical(name string, key []string) string {
	field := len(key) == 0 || len(key) == 2 && key[0] == canonical("auths", nil)
	if !field {
		return name
	}
	return strings.Map(func(r rune) rune {
		for { // the least of those that are equal
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name)
}

// member finds name in the object v at key; nil when there is none, or v is no
// object.
func member(v *hujson.Value, name string, key []string) (obj *hujson.Object, index int) {
	obj, ok := v.Value.(*hujson.Object)
	if !ok {
		return nil, -1
	}
	for i := range obj.Members {
		if canonical(nameOf(&obj.Members[i]), key) == canonical(name, key) {
			return obj, i
		}
	}
	return obj, -1
}

// find returns the value at key, nil when there is none. Null is none: docker
// reads it like that.
func (d authFile) find(key []string) *hujson.Value {
	at := d.root
	for i, name := range key {
		if at == nil {
			return nil
		}
		obj, n := member(at, name, canonicalKey(key[:i]))
		if n < 0 {
			return nil
		}
		at = &obj.Members[n].Value
	}
	if at == nil || at.Value.Kind() == 'n' {
		return nil
	}
	return at
}

func canonicalKey(key []string) []string {
	var out []string
	for i, name := range key {
		out = append(out, canonical(name, out[:i]))
	}
	return out
}

// harmless reports whether the value at key is known to be no secret: the names
// of credential helpers. All others may be: what is not known is not journalled.
func harmless(key []string) bool {
	key = canonicalKey(key)
	return len(key) == 2 && key[0] == canonical("credHelpers", nil) || len(key) == 1 && key[0] == canonical("credsStore", nil)
}
