package vm

import (
	"errors"

	"mooring.dev/mooring/platform/keyring"
)

// KeyringState is the state that an error of the keyring tells, "" for another
// error or none.
func KeyringState(err error) keyring.State {
	var k *keyring.Error
	if errors.As(err, &k) {
		return k.State
	}
	return ""
}
