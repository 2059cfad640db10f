package words

import (
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Edit says what an edit does to a value of a file: "credHelpers › reg.example =
// mooring". With undo it is an edit that is taken back: what was removed comes
// again.
func (w *Words) Edit(e trust.Edit, undo bool) string {
	args := map[string]any{"key": keyPath(e.Key), "value": text(e.Value), "was": text(e.Was)}
	key := "edit.remove"
	switch {
	case e.Secret && undo:
		key = "edit.secret-back"
	case e.Secret:
		key = "edit.secret-removed"
	case e.Value != nil && e.Was != nil:
		key = "edit.replace"
	case e.Value != nil:
		key = "edit.set"
	}
	return w.T(key, args)
}

func keyPath(key []string) string { return safe.Line(strings.Join(key, " › ")) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return safe.Line(*s)
}

// KeepSecret says that a sign-in goes into the keyring, or with undo out of it.
func (w *Words) KeepSecret(registry string, undo bool) string {
	key := "edit.keep-secret"
	if undo {
		key = "edit.forget-secret"
	}
	return w.T(key, map[string]any{"registry": safe.Line(registry)})
}
