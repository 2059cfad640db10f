package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// styles are files as people and tools leave them.
var styles = []string{
	"", "\n", "{}", "{}\n", "null", secretFile,
	"{\r\n  \"auths\": {\r\n    \"r\": {}\r\n  }\r\n}\r\n",
	"\xef\xbb\xbf{\n    \"credsStore\" : \"pass\"\n}",
	`{"auths":{"https://index.docker.io/v1/":{"auth":"eDp5","email":"a@b"},"r":{"identitytoken":"t"}},"credHelpers":{"gcr.io":"gcloud"}}`,
	"{\n\t\"auths\" : { },\n\n\t\"detachKeys\": \"ctrl-e,e\", \"n\": 12345678901234567890\n\n}\n",
	`{"\u0061uths":{"\u043a\u043e":{"auth":"\u0065Dp5"}},"emoji":"\ud83d\ude00","bad":"\ud800"}`,
	`{"CREDSHELPERS":{"a":"b"},"CREDHELPERS":{"a":"b"}}`,
	"{\n\"proxies\":\n{\"default\":{\"httpProxy\":\"http://u:p@h\"}},\n\"HttpHeaders\":{\"X\":\"y\"},\"credHelpers\":{}}",
}

// FuzzEdit: an edit that is made changes exactly what it names, in the eyes of
// encoding/json; taking it back gives the same bytes.
func FuzzEdit(f *testing.F) {
	for _, text := range styles {
		f.Add([]byte(text), "credHelpers", "r", "", "mooring", false)
		f.Add([]byte(text), "auths", "r", "auth", "", true)
		f.Add([]byte(text), "credsStore", "", "", "pass", false)
		f.Add([]byte(text), "credHelpers", "gcr.io", "", "", true)
	}
	f.Fuzz(func(t *testing.T, text []byte, k1, k2, k3, value string, removing bool) {
		if len(text) > 1<<12 {
			return
		}
		e := trust.Edit{Key: []string{k1}, Value: &value}
		for _, k := range []string{k2, k3} {
			if k != "" {
				e.Key = append(e.Key, k)
			}
		}
		if removing {
			e.Value, e.Prune = nil, len(value)%3
		}
		edited, reverse, done, err := AuthFile{}.Edit(text, []trust.Edit{e})
		var why *EditError
		if err != nil {
			if !errors.As(err, &why) || why.Line < 1 {
				t.Fatalf("%v", err)
			}
			return
		}
		before, after := parsed(t, text), parsed(t, edited)
		checkDifference(t, before, after, e)

		was, _ := lookUp(before, e.Key)
		secret, isText := was.(string)
		secrets := func([]string) (trust.Secret, error) { return trust.NewSecret(secret), nil }
		back, err := AuthFile{}.Reverse(edited, reverse, secrets)
		if err != nil {
			t.Fatal(err)
		}
		if done[0].Secret {
			// The hole is filled with the value as JSON writes it, if it is a text.
			if isText && !reflect.DeepEqual(parsed(t, back), before) {
				t.Errorf("%q is taken back as %q", text, back)
			}
		} else if !bytes.Equal(back, text) {
			t.Errorf("%q is taken back as %q", text, back)
		}
		checkMask(t, text, edited, reverse, !done[0].Secret || secret != "")
		if _, _, err := (AuthFile{}).TakeBack(edited, done, secrets); err != nil && !errors.As(err, &why) {
			t.Errorf("take back: %v", err)
		}
	})
}

// checkMask: whatever the secrets are, the mask is the same and the reverse fits.
// filled: the hole in it, if any, is that of a text.
func checkMask(t *testing.T, text, edited, reverse []byte, filled bool) {
	t.Helper()
	var masks [2][]byte
	for i, content := range [][]byte{text, renewed(t, text)} {
		var err error
		if masks[i], err = (AuthFile{}).Mask(content); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(masks[0], masks[1]) {
		t.Errorf("%q and %q are masked differently: %q, %q", text, renewed(t, text), masks[0], masks[1])
	}
	secrets := func([]string) (trust.Secret, error) { return trust.NewSecret("as renewed"), nil }
	back, err := AuthFile{}.Reverse(renewed(t, edited), reverse, secrets)
	if err != nil {
		t.Fatal(err)
	}
	if filled && !bytes.Equal(back, renewed(t, text)) {
		t.Errorf("%q is taken back as %q", renewed(t, text), back)
	}
}

// renewed is a file with another secret in the place of each.
func renewed(t *testing.T, content []byte) []byte {
	t.Helper()
	mark, text := cutBOM(content)
	doc, err := parseAuthFile(text)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	done := 0
	for _, v := range doc.secrets() {
		other := `"as renewed"`
		if v.Value.Kind() == '0' {
			other = "1234567"
		}
		out = append(append(out, text[done:v.StartOffset]...), other...)
		done = v.EndOffset
	}
	return append(append(bytes.Clone(mark), out...), text[done:]...)
}

// FuzzReverse: whatever lies in a journal, reversing neither panics nor writes what
// is not in it or in the file.
func FuzzReverse(f *testing.F) {
	_, reverse, _, err := AuthFile{}.Edit([]byte(secretFile), []trust.Edit{trust.RemoveValue("auths", lab, "auth"), useMooring})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(secretFile), reverse)
	f.Add([]byte("{}"), []byte(`[{"at":9223372036854775807,"cut":1,"put":""},{"at":-1},{"at":0,"hole":9,"key":["a"]}]`))
	f.Fuzz(func(t *testing.T, text, reverse []byte) {
		back, err := AuthFile{}.Reverse(text, reverse, func([]string) (trust.Secret, error) { return trust.NewSecret("s3cret"), nil })
		if err == nil && len(back) > len(text)+2*len(reverse)*len("s3cret") {
			t.Errorf("%d bytes of %d and %d", len(back), len(text), len(reverse))
		}
	})
}

func parsed(t *testing.T, text []byte) any {
	t.Helper()
	_, text = cutBOM(text)
	if len(bytes.TrimSpace(text)) == 0 {
		return map[string]any{}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if v == nil {
		v = map[string]any{}
	}
	return v
}

// lookUp follows key as the editor does, and returns the spelled names.
func lookUp(v any, key []string) (any, []string) {
	var spelled []string
	for i, name := range key {
		m, _ := v.(map[string]any)
		v = nil
		for k, x := range m {
			if canonical(k, canonicalKey(key[:i])) == canonical(name, canonicalKey(key[:i])) {
				name, v = k, x
			}
		}
		spelled = append(spelled, name)
	}
	return v, spelled
}

// checkDifference edits the parsed value in the plainest way and compares.
func checkDifference(t *testing.T, before, after any, e trust.Edit) {
	t.Helper()
	_, key := lookUp(before, e.Key)
	want := plainEdit(before, key, e)
	if !reflect.DeepEqual(want, after) {
		t.Errorf("%+v:\n%s", e, cmp.Diff(want, after))
	}
}

func plainEdit(v any, key []string, e trust.Edit) any {
	m, ok := v.(map[string]any)
	if !ok && (v != nil || e.Value == nil) {
		return v
	}
	out := map[string]any{}
	for k, x := range m {
		out[k] = x
	}
	name := key[0]
	switch {
	case len(key) == 1 && e.Value != nil:
		out[name] = *e.Value
	case len(key) == 1:
		delete(out, name)
	default:
		child, there := out[name]
		if !there && e.Value == nil {
			return out
		}
		edited := plainEdit(child, key[1:], e)
		left, _ := edited.(map[string]any)
		had, _ := child.(map[string]any)
		depth := len(key) - 1 // objects between here and the value
		if e.Value == nil && len(left) == 0 && len(had) == 1 && e.Prune >= depth {
			delete(out, name)
			return out
		}
		out[name] = edited
	}
	return out
}
