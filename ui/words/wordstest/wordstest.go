// Package wordstest gives tests words that fail them on a missing key.
package wordstest

import (
	"testing"

	"mooring.dev/mooring/ui/words"
)

// New returns the words of lang; a key or a placeholder's value that is missing
// fails t and is shown as ⟦key⟧.
func New(t testing.TB, lang string) *words.Words {
	t.Helper()
	return words.Strict(lang, func(lang, key string) {
		t.Errorf("no words in %q for %q, or a value for a placeholder of it is missing", lang, key)
	})
}
