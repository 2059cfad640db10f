// Package words puts what Mooring found into sentences, in the person's
// language. Every sentence comes whole from a translation file (package assets);
// code never joins halves. JSON, codes and field values stay English and do not
// pass through here, except for the English sentences of the JSON contract.
//
// Keys are flat and dotted: "finding.<code>.title", ".detail" and ".fix",
// "state.<state>", "party.<party>", "cli.…", "window.…". Placeholders are Go
// template fields: "{{.subject}}". Values given for them are made safe to show,
// so a translated sentence never carries a stranger's control characters.
package words

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"mooring.dev/mooring/ui/safe"
)

// English is the language every other falls back to.
const English = "en"

// Languages are those with translation files, English first.
func Languages() []string { return []string{English, "ko", "ru"} }

// Words speaks one language. It may be used by many goroutines.
type Words struct {
	lang string
	// missing is told of keys that a language lacks and of placeholders that got
	// no value; nil in production, where English or the key itself is shown.
	missing func(lang, key string)
}

// New returns the words of a language ("ko", "ko_KR.UTF-8"; case is ignored).
// "" stands for the language of the environment: LC_ALL, LC_MESSAGES, LANG, the
// first that is set. Languages without translations get English. Nothing is
// loaded before the first sentence is asked for.
func New(lang string) *Words {
	if lang == "" {
		lang = FromEnvironment(os.Getenv)
	}
	return &Words{lang: match(lang)}
}

// Strict returns New(lang) which reports each missing key or value to missing
// and shows it as ⟦key⟧. For tests.
func Strict(lang string, missing func(lang, key string)) *Words {
	return &Words{lang: match(lang), missing: missing}
}

// FromEnvironment is the language of an environment, as [New] understands it.
func FromEnvironment(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return v
		}
	}
	return English
}

func match(locale string) string {
	base, _, _ := strings.Cut(strings.ToLower(locale), "_")
	base, _, _ = strings.Cut(base, "-")
	base, _, _ = strings.Cut(base, ".")
	if slices.Contains(Languages(), base) {
		return base
	}
	return English
}

// Known reports whether lang is a language that has translations, for checking
// what a person asked for by name.
func Known(lang string) bool {
	return match(lang) != English || strings.HasPrefix(strings.ToLower(lang), English)
}

// Lang is the language spoken: "en", "ko" or "ru".
func (w *Words) Lang() string { return w.lang }

// T returns the sentence under key with args in its placeholders.
func (w *Words) T(key string, args map[string]any) string {
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: shown(args)})
}

// N returns the sentence under key in the plural form for n, which it also finds
// as {{.count}}.
func (w *Words) N(key string, n int, args map[string]any) string {
	data := shown(args)
	data["count"] = n
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: n})
}

// Has reports whether a sentence exists under key in the language or in English.
func (w *Words) Has(key string) bool {
	return catalogueOf(w.lang).has(key) || catalogueOf(English).has(key)
}

// noValue is what text/template writes for a field that the data lacks.
const noValue = "<no value>"

func (w *Words) say(c *i18n.LocalizeConfig) string {
	s, err := catalogueOf(w.lang).localizer.Localize(c)
	if err == nil && !strings.Contains(s, noValue) {
		return s
	}
	if w.missing != nil {
		w.missing(w.lang, c.MessageID)
		return "⟦" + c.MessageID + "⟧"
	}
	if err != nil {
		s, err = catalogueOf(English).localizer.Localize(c)
	}
	if err != nil {
		return c.MessageID
	}
	return strings.ReplaceAll(s, noValue, "…")
}

// shown returns args with every text made safe. Numbers stay numbers.
func shown(args map[string]any) map[string]any {
	out := make(map[string]any, len(args)+1)
	for k, v := range args {
		switch v := v.(type) {
		case int:
			out[k] = v
		case string:
			out[k] = safe.Line(v)
		default:
			out[k] = safe.Line(fmt.Sprint(v))
		}
	}
	return out
}
