package words

import (
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/ui/safe"
)

// Keyring says how a keyring stands: nil is that it is ready.
func (w *Words) Keyring(e *keyring.Error) Problem {
	state, details := keyring.Ready, ""
	if e != nil {
		state, details = e.State, safe.Text(e.Error(), maxDetails)
	}
	key := "keyring.state." + string(state)
	if !w.Has(key + ".what") {
		key = "keyring.state." + string(keyring.Failed)
	}
	return Problem{
		What: w.T(key+".what", nil), Why: w.optional(key+".why", nil), Hint: w.optional(key+".hint", nil),
		Details: details,
	}
}
