package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

const lab = "reg.lab:5000"

var (
	useMooring = trust.SetValue("mooring", "credHelpers", lab)
	useStore   = trust.SetValue("secretservice", "credsStore")
)

// noSecrets is for edits that took out none.
func noSecrets([]string) (trust.Secret, error) {
	return trust.Secret{}, errors.New("asked for a secret")
}

// TestEditIsWrittenAsItsSiblings: what is added looks like what is there, and all
// else is as it was.
func TestEditIsWrittenAsItsSiblings(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"missing": {"", "{\n\t\"credHelpers\": {\n\t\t\"reg.lab:5000\": \"mooring\"\n\t}\n}\n"},
		"blank":   {"\n", "{\n\t\"credHelpers\": {\n\t\t\"reg.lab:5000\": \"mooring\"\n\t}\n}\n"},
		"empty":   {"{}\n", "{\n\t\"credHelpers\": {\n\t\t\"reg.lab:5000\": \"mooring\"\n\t}\n}\n"},
		"null":    {"null", "{\n\t\"credHelpers\": {\n\t\t\"reg.lab:5000\": \"mooring\"\n\t}\n}"},
		"docker's own": {
			"{\n\t\"auths\": {\n\t\t\"a\": {}\n\t}\n}",
			"{\n\t\"auths\": {\n\t\t\"a\": {}\n\t},\n\t\"credHelpers\": {\n\t\t\"reg.lab:5000\": \"mooring\"\n\t}\n}",
		},
		"two spaces": {
			"{\n  \"credHelpers\": {\n    \"gcr.io\": \"gcloud\"\n  },\n  \"psFormat\": \"x\"\n}\n",
			"{\n  \"credHelpers\": {\n    \"gcr.io\": \"gcloud\",\n    \"reg.lab:5000\": \"mooring\"\n  },\n  \"psFormat\": \"x\"\n}\n",
		},
		"empty object among others": {
			"{\n  \"credHelpers\": {},\n  \"psFormat\": \"x\"\n}\n",
			"{\n  \"credHelpers\": {\n    \"reg.lab:5000\": \"mooring\"\n  },\n  \"psFormat\": \"x\"\n}\n",
		},
		"null object": {
			"{\n  \"credHelpers\": null\n}",
			"{\n  \"credHelpers\": {\n    \"reg.lab:5000\": \"mooring\"\n  }\n}",
		},
		"one line":       {`{"auths":{}}`, `{"auths":{},"credHelpers":{"reg.lab:5000":"mooring"}}`},
		"one line, wide": {`{"auths": {}}`, `{"auths": {}, "credHelpers": {"reg.lab:5000": "mooring"}}`},
		"CRLF": {
			"{\r\n    \"credsStore\": \"wincred\"\r\n}\r\n",
			"{\r\n    \"credsStore\": \"wincred\",\r\n    \"credHelpers\": {\r\n        \"reg.lab:5000\": \"mooring\"\r\n    }\r\n}\r\n",
		},
		"a byte order mark": {
			"\xef\xbb\xbf{\"auths\":{}}",
			"\xef\xbb\xbf{\"auths\":{},\"credHelpers\":{\"reg.lab:5000\":\"mooring\"}}",
		},
		"another's helper is replaced": {
			`{"credHelpers": {"reg.lab:5000": "pass", "b": "c"}}`, `{"credHelpers": {"reg.lab:5000": "mooring", "b": "c"}}`,
		},
		"in other letters, as docker reads it": {
			`{"CredHelpers": {"b": "c"}}`, `{"CredHelpers": {"b": "c", "reg.lab:5000": "mooring"}}`,
		},
		"numbers, escapes and order": {
			`{ "z": 12345678901234567890, "a\u002fb": "\u00e9\/", "m": [1.0e+2, -0, {"x" : null}] }`,
			`{ "z": 12345678901234567890, "a\u002fb": "\u00e9\/", "m": [1.0e+2, -0, {"x" : null}], "credHelpers": {"reg.lab:5000": "mooring"} }`,
		},
		"a name written with an escape": {
			`{"credHelpers": {"\u0072eg.lab:5000": "x"}}`, `{"credHelpers": {"\u0072eg.lab:5000": "mooring"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, reverse, done, err := AuthFile{}.Edit([]byte(c.before), []trust.Edit{useMooring})
			if diff := cmp.Diff(c.after, string(got)); err != nil || diff != "" {
				t.Fatalf("%v\n%s", err, diff)
			}
			back, err := AuthFile{}.Reverse(got, reverse, noSecrets)
			if err != nil || string(back) != c.before {
				t.Errorf("taken back: %q, %v", back, err)
			}
			// Taken back by its meaning, as after docker rewrote the file.
			back, ours, err := AuthFile{}.TakeBack(got, done, noSecrets)
			if err != nil || !ours || bytes.Contains(back, []byte("mooring")) {
				t.Errorf("taken back: %q, %v", back, err)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		edit   trust.Edit
		after  string
	}{
		"the only one":      {`{"a": { "b": "c" }}`, trust.RemoveValue("a", "b"), `{"a": {}}`},
		"with its object":   {`{"a": { "b": "c" }, "z": 1}`, trust.Edit{Key: []string{"a", "b"}, Prune: 1}, `{"z": 1}`},
		"not the root":      {`{"a": {"b": "c"}}`, trust.Edit{Key: []string{"a", "b"}, Prune: 9}, `{}`},
		"others keep it":    {`{"a": {"b": "c", "d": 1}}`, trust.Edit{Key: []string{"a", "b"}, Prune: 1}, `{"a": {"d": 1}}`},
		"the last":          {"{\n\t\"a\": 1,\n\t\"b\": \"c\"\n}\n", trust.RemoveValue("b"), "{\n\t\"a\": 1\n}\n"},
		"one in between":    {"{\n\t\"a\": 1,\n\t\"b\": \"c\",\n\t\"c\": 3\n}\n", trust.RemoveValue("b"), "{\n\t\"a\": 1,\n\t\"c\": 3\n}\n"},
		"the first":         {"{\n\t\"a\": \"c\",\n\t\"b\": 2\n}\n", trust.RemoveValue("a"), "{\n\t\"b\": 2\n}\n"},
		"what is not there": {`{"a": 1}`, trust.RemoveValue("b", "c"), `{"a": 1}`},
		"of nothing":        {``, trust.RemoveValue("b", "c"), ``},
	} {
		t.Run(name, func(t *testing.T) {
			got, reverse, _, err := AuthFile{}.Edit([]byte(c.before), []trust.Edit{c.edit})
			if diff := cmp.Diff(c.after, string(got)); err != nil || diff != "" {
				t.Fatalf("%v\n%s", err, diff)
			}
			back, err := AuthFile{}.Reverse(got, reverse, func([]string) (trust.Secret, error) { return trust.NewSecret("c"), nil })
			if err != nil || string(back) != c.before {
				t.Errorf("taken back: %q, %v", back, err)
			}
		})
	}
}

const secretFile = "{\n\t\"auths\": {\n\t\t\"other.lab\": {\n\t\t\t\"auth\": \"b3RoZXI6cHc=\"\n\t\t},\n\t\t\"reg.lab:5000\": {\n\t\t\t\"auth\": \"dXNlcjpodW50ZXIy\"\n\t\t}\n\t},\n\t\"HttpHeaders\": {\n\t\t\"X-Token\": \"tok3n\"\n\t}\n}"

// TestNoSecretInTheReverse: what the journal will hold has none of the file's
// secrets, and gives the exact bytes back with the one that was taken out.
func TestNoSecretInTheReverse(t *testing.T) {
	edits := []trust.Edit{trust.RemoveValue("auths", lab, "auth"), useMooring, useStore}
	got, reverse, done, err := AuthFile{}.Edit([]byte(secretFile), edits)
	if err != nil {
		t.Fatal(err)
	}
	if want := "\"reg.lab:5000\": {}\n"; !strings.Contains(string(got), want) {
		t.Errorf("%s", got)
	}
	var pieces []splice
	if err := json.Unmarshal(reverse, &pieces); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(done)
	for _, p := range pieces {
		text = append(text, p.Put...)
	}
	for _, secret := range []string{"dXNlcjpodW50ZXIy", "b3RoZXI6cHc=", "tok3n"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
	if !done[0].Secret || done[0].Was != nil || done[1].Secret {
		t.Errorf("%+v", done)
	}
	secrets := func(key []string) (trust.Secret, error) {
		if !cmp.Equal(key, []string{"auths", lab, "auth"}) {
			t.Errorf("asked for %q", key)
		}
		return trust.NewSecret("dXNlcjpodW50ZXIy"), nil
	}
	back, err := AuthFile{}.Reverse(got, reverse, secrets)
	if err != nil || string(back) != secretFile {
		t.Errorf("%v\n%s", err, back)
	}
	// docker logged in elsewhere and wrote the file anew.
	rewritten := `{"credsStore":"secretservice","credHelpers":{"reg.lab:5000":"mooring","third.lab":"pass"},"auths":{"reg.lab:5000":{},"third.lab":{}}}`
	back, ours, err := AuthFile{}.TakeBack([]byte(rewritten), done, secrets)
	want := `{"credsStore":"secretservice","credHelpers":{"third.lab":"pass"},"auths":{"reg.lab:5000":{"auth":"dXNlcjpodW50ZXIy"},"third.lab":{}}}`
	if diff := cmp.Diff(want, string(back)); err != nil || !ours || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	// Without a login that lies in the store, that goes, too.
	rewritten = `{"credsStore":"secretservice","credHelpers":{"reg.lab:5000":"mooring"},"auths":{"reg.lab:5000":{}}}`
	back, ours, err = AuthFile{}.TakeBack([]byte(rewritten), done, secrets)
	want = `{"auths":{"reg.lab:5000":{"auth":"dXNlcjpodW50ZXIy"}}}`
	if diff := cmp.Diff(want, string(back)); err != nil || !ours || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	refused := errors.New("locked")
	if _, err := (AuthFile{}).Reverse(got, reverse, func([]string) (trust.Secret, error) { return trust.Secret{}, refused }); !errors.Is(err, refused) {
		t.Errorf("without the keyring: %v", err)
	}
}

func TestTakeBackLeavesWhatOthersSet(t *testing.T) {
	_, _, done, err := AuthFile{}.Edit([]byte(secretFile), []trust.Edit{trust.RemoveValue("auths", lab, "auth"), useMooring})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"another helper":       `{"credHelpers":{"reg.lab:5000":"pass"}}`,
		"no helper":            `{}`,
		"a password came back": `{"credHelpers":{"reg.lab:5000":"mooring"},"auths":{"reg.lab:5000":{"auth":"eDp5"}}}`,
		"gone":                 ``,
	} {
		if back, ours, err := (AuthFile{}).TakeBack([]byte(text), done, noSecrets); ours || back != nil || err != nil {
			t.Errorf("%s: %q, %v", name, back, err)
		}
	}
}

func TestEditRefuses(t *testing.T) {
	for text, want := range map[string]EditError{
		"{\n// mine\n}":                   {HasComment, 2, ""},
		"{\"a\": /* x */ 1}":              {HasComment, 1, ""},
		"{\"a\": 1,}":                     {BadSyntax, 1, ""},
		"{\n\"a\": 1":                     {BadSyntax, 2, ""},
		"{} {}":                           {BadSyntax, 1, ""},
		"{\"a\": 1,\n\"a\": 2}":           {HasDuplicate, 2, "a"},
		"{\"auths\": {},\n\"Auths\": {}}": {HasDuplicate, 2, "Auths"},
		"{\"auths\":{\"r\":{\"auth\":\"\",\n\"AUTH\":\"\"}}}": {HasDuplicate, 2, "AUTH"},
		"{\"x\":[{\"y\":1,\n\"\\u0079\":2}]}":                 {HasDuplicate, 2, "y"},
		"{\n\"credHelpers\": []}":                             {WrongType, 2, "CredHelpers"},
		"{\"auths\": {\"r\": \"x\"}}":                         {WrongType, 1, "Auths"},
		"{\"credsStore\": 1}":                                 {WrongType, 1, "CredsStore"},
		"[]":                                                  {WrongType, 1, ""},
		strings.Repeat("[", 1<<20):                            {BadSyntax, 1, ""},
	} {
		_, _, _, err := AuthFile{}.Edit([]byte(text), []trust.Edit{useMooring})
		var got *EditError
		if !errors.As(err, &got) || got.Reason != want.Reason || got.Line != want.Line || !strings.EqualFold(got.Name, want.Name) {
			t.Errorf("%.60q: %v", text, err)
		}
	}
	for _, e := range []trust.Edit{{}, trust.SetValue("\xff", "a"), trust.SetValue("a", "\xff"), trust.SetValue("a", "credHelpers")} {
		if _, _, _, err := (AuthFile{}).Edit([]byte(`{"credHelpers":{"a":"b"}}`), []trust.Edit{e}); err == nil {
			t.Errorf("%+v was made", e)
		}
	}
	if err := (AuthFile{}).Check([]byte("\xef\xbb\xbf{}")); err == nil {
		t.Error("a byte order mark: docker and podman do not read past it")
	}
}
