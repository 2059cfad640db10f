package diagnose_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// wordsOf reads the findings' words of a language.
func wordsOf(t *testing.T, lang string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "assets", "translations", "findings."+lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]string
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	return out
}

var languages = []string{"en", "ko", "ru"}

// produced collects what the tests of this package made findings of.
var produced = struct {
	sync.Mutex
	keys  map[string]bool
	words map[string]string // the English ones, read once
}{keys: map[string]bool{}}

// wellFormed checks what faces rely on: each placeholder of a finding's words has
// a value, texts are bounded, dates are RFC 3339, indices and codes are valid.
func wellFormed(t *testing.T, f trust.Finding) {
	t.Helper()
	key := "finding." + string(f.Code)
	produced.Lock()
	if produced.words == nil {
		produced.words = wordsOf(t, "en")
	}
	english := produced.words
	produced.keys[key+".detail"] = true
	if f.Variant != "" {
		produced.keys[key+"."+f.Variant+".detail"] = true
	}
	produced.Unlock()
	// A server may leave the question unanswered in ways that have words without it.
	if f.Variant != "" && f.Variant != "unanswered" && english[key+"."+f.Variant+".detail"] == "" {
		t.Errorf("%s has no words for its variant %s", key, f.Variant)
	}
	for _, part := range []string{".detail", ".fix"} {
		text := english[key+"."+f.Variant+part]
		if f.Variant == "" || text == "" {
			text = english[key+part]
		}
		if text == "" {
			t.Errorf("%s has no words", key+part)
		}
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if m[1] == "path" && f.Path != "" {
				continue
			}
			if f.Args[m[1]] == "" {
				t.Errorf("%s%s: no value for %s in %v", key, part, m[0], f.Args)
			}
		}
	}
	for _, name := range []string{"notBefore", "notAfter", "now", "since", "serverTime", "localTime", "revokedAt", "asOf", "validUntil"} {
		if v, ok := f.Args[name]; ok {
			if _, err := time.Parse(time.RFC3339, v); err != nil {
				t.Errorf("%s: %s is %q", f.Code, name, v)
			}
		}
	}
	for name, v := range f.Args {
		if len(v) > 2048 {
			t.Errorf("%s: %s has %d bytes", f.Code, name, len(v))
		}
	}
	if f.Severity != trust.SeverityError && f.Severity != trust.SeverityWarning || len(f.Code) == 0 {
		t.Errorf("%+v", f)
	}
}

func TestEveryCodeHasWords(t *testing.T) {
	english := wordsOf(t, "en")
	for _, lang := range languages {
		words := wordsOf(t, lang)
		for _, code := range trust.Codes() {
			for _, part := range []string{".title", ".detail", ".fix"} {
				if words["finding."+string(code)+part] == "" {
					t.Errorf("%s: no words for finding.%s%s", lang, code, part)
				}
			}
		}
		for key, text := range words {
			got, want := placeholders(text), placeholders(english[key])
			if len(got) != len(want) {
				t.Errorf("%s %s: placeholders %v, English %v", lang, key, got, want)
			}
			for name := range got {
				if !want[name] {
					t.Errorf("%s %s: placeholder %s, which English lacks", lang, key, name)
				}
			}
		}
	}
}

func placeholders(s string) map[string]bool {
	out := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		out[m[1]] = true
	}
	return out
}
