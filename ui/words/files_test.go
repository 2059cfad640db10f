package words

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mooring.dev/mooring/assets"
)

// raw is a translation file as written: a sentence or its plural forms.
type raw map[string]any

func readAll(t *testing.T, lang string) raw {
	t.Helper()
	names, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := raw{}
	for _, name := range names {
		if !slices.Contains(Languages(), languageOf(name)) {
			t.Errorf("%s: %q is no language of ours", name, languageOf(name))
		}
		if languageOf(name) != lang {
			continue
		}
		b, err := fs.ReadFile(assets.Translations, name)
		if err != nil {
			t.Fatal(err)
		}
		var part raw
		if err := json.Unmarshal(b, &part); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		maps.Copy(all, part)
	}
	return all
}

var placeholder = regexp.MustCompile(`\{\{-?\s*\.?(\w+)\s*-?\}\}`)

// placeholders returns the sorted distinct placeholders of a sentence or of all
// its plural forms together.
func placeholders(v any) []string {
	set := map[string]bool{}
	for _, form := range forms(v) {
		for _, m := range placeholder.FindAllStringSubmatch(form, -1) {
			set[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// A key that stands twice in one file hides its first words: JSON lets the last win.
func TestEveryKeyStandsOnce(t *testing.T) {
	key := regexp.MustCompile(`(?m)^  "([^"]+)":`)
	names, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(assets.Translations, name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range key.FindAllSubmatch(b, -1) {
			if seen[string(m[1])] {
				t.Errorf("%s: %q stands twice", name, m[1])
			}
			seen[string(m[1])] = true
		}
		if len(seen) == 0 {
			t.Errorf("%s: no keys found", name)
		}
	}
}

func forms(v any) map[string]string {
	if s, ok := v.(string); ok {
		return map[string]string{"": s}
	}
	out := map[string]string{}
	if m, ok := v.(map[string]any); ok {
		for k, f := range m {
			out[k], _ = f.(string)
		}
	}
	return out
}

// Which plural forms a language needs (CLDR, for whole numbers).
var pluralForms = map[string][]string{
	"en": {"one", "other"}, "ko": {"other"}, "ru": {"few", "many", "one", "other"},
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	english := readAll(t, English)
	for _, lang := range Languages() {
		if _, err := load(assets.Translations, lang); err != nil {
			t.Fatal(err)
		}
		own := readAll(t, lang)
		for key := range english {
			if own[key] == nil {
				t.Errorf("%s lacks %q", lang, key)
			}
		}
		for key, v := range own {
			if english[key] == nil {
				t.Errorf("%s has %q, which English lacks", lang, key)
				continue
			}
			if got, want := placeholders(v), placeholders(english[key]); !slices.Equal(got, want) {
				t.Errorf("%s %q has placeholders %v, English %v", lang, key, got, want)
			}
			checkForms(t, lang, key, v, english[key])
		}
	}
}

func checkForms(t *testing.T, lang, key string, v, english any) {
	_, plural := english.(map[string]any)
	f := forms(v)
	if plural && !slices.Equal(slices.Sorted(maps.Keys(f)), pluralForms[lang]) {
		t.Errorf("%s %q has the plural forms %v, wants %v", lang, key, slices.Sorted(maps.Keys(f)), pluralForms[lang])
	}
	for _, s := range f {
		if strings.TrimSpace(s) == "" {
			t.Errorf("%s %q is empty", lang, key)
		}
		if strings.Count(s, "{{") != len(placeholder.FindAllString(s, -1)) {
			t.Errorf("%s %q: only plain placeholders {{.name}} are allowed: %q", lang, key, s)
		}
	}
}

// A title serves as the reason of a verdict too, where no values are at hand.
func TestFindingTitlesHaveNoPlaceholders(t *testing.T) {
	for key, v := range readAll(t, English) {
		if strings.HasPrefix(key, "finding.") && strings.HasSuffix(key, ".title") && len(placeholders(v)) > 0 {
			t.Errorf("%q has placeholders", key)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"a key in two files": {
			"translations/a.en.json": {Data: []byte(`{"k.a":"x"}`)},
			"translations/b.en.json": {Data: []byte(`{"k.a":"y"}`)},
		},
		"broken JSON": {"translations/en.json": {Data: []byte(`{`)}},
	} {
		if _, err := load(files, English); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLoadIsCheap(t *testing.T) {
	start := time.Now()
	if _, err := load(assets.Translations, "ru"); err != nil {
		t.Fatal(err)
	}
	// Ten times what it takes on a slow machine: this guards the order of magnitude,
	// the benchmark measures.
	if d := time.Since(start); d > 150*time.Millisecond {
		t.Errorf("loading a language took %v", d)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := load(assets.Translations, English); err != nil {
			b.Fatal(err)
		}
	}
}
