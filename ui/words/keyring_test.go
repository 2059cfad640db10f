package words

import (
	"errors"
	"fmt"
	"testing"

	"mooring.dev/mooring/platform/keyring"
)

var keyringStates = []keyring.State{
	keyring.Ready, keyring.NoBus, keyring.NoService, keyring.Locked, keyring.Dismissed, keyring.NotFound,
	keyring.TooBig, keyring.TimedOut, keyring.Unsupported, keyring.Failed,
}

// Each state has words of its own, and whoever cannot use the keyring learns what
// to do instead.
func TestEveryKeyringStateIsExplained(t *testing.T) {
	for _, lang := range Languages() {
		w := Strict(lang, func(lang, key string) { t.Errorf("%s lacks %s", lang, key) })
		seen := map[string]keyring.State{}
		for _, state := range keyringStates {
			p := w.Error(fmt.Errorf("sign in: %w", &keyring.Error{State: state, Err: errors.New("own words")}))
			if other, twice := seen[p.What]; twice || p.What == "" {
				t.Errorf("%s: %s says the same as %s: %q", lang, state, other, p.What)
			}
			seen[p.What] = state
			if p.Hint == "" && state != keyring.Ready {
				t.Errorf("%s: %s: nothing to do", lang, state)
			}
			if p.Details == "" || p.Details != w.Keyring(&keyring.Error{State: state, Err: errors.New("own words")}).Details {
				t.Errorf("%s: %s: details %q", lang, state, p.Details)
			}
		}
		if p := w.Keyring(nil); seen[p.What] != keyring.Ready || p.Details != "" {
			t.Errorf("%s: nil is %q", lang, p.What)
		}
		if p := w.Keyring(&keyring.Error{State: "of-tomorrow"}); seen[p.What] != keyring.Failed {
			t.Errorf("%s: unknown is %q", lang, p.What)
		}
	}
}
