package words_test

import (
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
	"mooring.dev/mooring/ui/words/wordstest"
)

func TestEveryConsequenceHasWords(t *testing.T) {
	for _, lang := range words.Languages() {
		w := wordstest.New(t, lang)
		for _, code := range trust.Consequences() {
			if w.Consequence(trust.Consequence{Code: code, Path: "/x", Registry: "reg.example", Name: "pass"}) == "" {
				t.Errorf("%s: no words for %s", lang, code)
			}
		}
	}
}

func TestEditInWords(t *testing.T) {
	mooring, pass := "mooring", "pass"
	key := []string{"credHelpers", "reg.example:5000"}
	for _, c := range []struct {
		edit trust.Edit
		undo bool
		want string
	}{
		{trust.Edit{Key: key, Value: &mooring}, false, "credHelpers › reg.example:5000 = mooring"},
		{trust.Edit{Key: key, Value: &mooring, Was: &pass}, false, "credHelpers › reg.example:5000 = mooring (was pass)"},
		{trust.Edit{Key: key, Was: &pass}, false, "credHelpers › reg.example:5000 = pass goes"},
		{trust.Edit{Key: []string{"auths", "r\n", "auth"}, Secret: true}, false, "auths › r\\n › auth goes (a secret; not shown)"},
		{trust.Edit{Key: []string{"auths", "r", "auth"}, Secret: true}, true, "auths › r › auth comes back (a secret, in plain text)"},
	} {
		if got := wordstest.New(t, "en").Edit(c.edit, c.undo); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
