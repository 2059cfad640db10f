package words

import (
	"testing"

	"mooring.dev/mooring/trust"
)

func TestRightsPromptNamesItsReach(t *testing.T) {
	for _, lang := range Languages() {
		w := Strict(lang, func(_, key string) { t.Errorf("%s: no %q", lang, key) })
		if narrow, wide := w.RightsPrompt(trust.ReachRegistry), w.RightsPrompt(trust.ReachComputer); narrow == wide || narrow == "" || wide == "" {
			t.Errorf("%s: %q and %q", lang, narrow, wide)
		}
	}
}
