package words

import (
	"fmt"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/change"
)

// A refusal is a sentence with its path and a way on, and no code is shown beside it.
func TestRefusedUndo(t *testing.T) {
	for _, lang := range []string{"en", "ko", "ru"} {
		w := New(lang)
		for _, code := range []change.Code{change.ErrChangedSince, change.ErrSuperseded} {
			err := change.Refuse(code, "/etc/x/ca.crt", "")
			p := w.Error(err)
			if !strings.Contains(p.What, "/etc/x/ca.crt") || p.Hint == "" || p.More() != "" {
				t.Errorf("%s: %s: %+v", lang, code, p)
			}
			if p := w.Error(fmt.Errorf("more: %w", err)); p.More() == "" {
				t.Errorf("%s: %s: what is around it is lost", lang, code)
			}
		}
	}
}
