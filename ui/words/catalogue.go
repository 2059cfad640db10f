package words

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"mooring.dev/mooring/assets"
)

// catalogue is the merged translation files of one language.
type catalogue struct {
	localizer *i18n.Localizer
	keys      map[string]bool
}

func (c *catalogue) has(key string) bool { return c.keys[key] }

// catalogues loads each language when it is first spoken: the command line must
// answer within milliseconds and needs one language only.
var catalogues = map[string]func() *catalogue{
	English: sync.OnceValue(func() *catalogue { return mustLoad(English) }),
	"ko":    sync.OnceValue(func() *catalogue { return mustLoad("ko") }),
	"ru":    sync.OnceValue(func() *catalogue { return mustLoad("ru") }),
}

func catalogueOf(lang string) *catalogue { return catalogues[lang]() }

func mustLoad(lang string) *catalogue {
	c, err := load(assets.Translations, lang)
	if err != nil {
		panic(err) // the files are embedded, and a test loads each of them
	}
	return c
}

// load merges translations/*.<lang>.json of files.
func load(files fs.FS, lang string) (*catalogue, error) {
	tag := language.Make(lang)
	bundle := i18n.NewBundle(tag)
	c := &catalogue{keys: map[string]bool{}}
	names, err := fs.Glob(files, "translations/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if languageOf(name) != lang {
			continue
		}
		if err := c.add(files, name, bundle, tag); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	c.localizer = i18n.NewLocalizer(bundle, lang)
	return c, nil
}

// languageOf returns "ko" for "translations/findings.ko.json" and for
// "translations/ko.json".
func languageOf(name string) string {
	base := strings.TrimSuffix(path.Base(name), ".json")
	return base[strings.LastIndexByte(base, '.')+1:]
}

func (c *catalogue) add(files fs.FS, name string, bundle *i18n.Bundle, tag language.Tag) error {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	messages, err := bundle.ParseMessageBytes(tag, b, json.Unmarshal)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if c.keys[m.ID] {
			return fmt.Errorf("key %q is in another file of the language too", m.ID)
		}
		c.keys[m.ID] = true
	}
	return nil
}
