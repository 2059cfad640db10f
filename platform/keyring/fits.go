package keyring

import (
	"errors"
	"fmt"
	"strings"
)

// The sizes that go-keyring refuses, or the systems themselves (keyring_windows.go
// Set, keyring_darwin.go Set). They are checked before: on macOS the library would
// leave a process behind that waits for its input for ever.
const (
	maxWindows = 2560 // bytes of the value: CRED_MAX_CREDENTIAL_BLOB_SIZE
	maxDarwin  = 4096 // bytes of the line for `security -i`, the value in Base64
)

// fits refuses a value that target's keyring cannot hold under key.
func fits(target, key, value string) error {
	size, bound := len(value), maxValue
	switch target {
	case "windows":
		bound = maxWindows
	case "darwin":
		size, bound = len(darwinLine(key, value)), maxDarwin
	}
	if size > bound {
		return &Error{TooBig, fmt.Errorf("%d bytes, where the keyring takes %d", size, bound)}
	}
	if strings.ContainsRune(key, 0) || key == "" {
		return &Error{Failed, errors.New("no name for a keyring's item")}
	}
	return nil
}

// darwinLine is as long as what go-keyring writes to `security -i` for value.
func darwinLine(key, value string) string {
	const frame = "add-generic-password -U -s " + Service + " -a '' -w go-keyring-base64:\n"
	base64 := (len(value) + 2) / 3 * 4
	return frame + key + strings.Repeat("A", base64)
}
