package words

import (
	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/ui/safe"
)

// Ailment says what is wrong on this machine, and what to do where no command of
// Mooring's mends it.
func (w *Words) Ailment(a platform.Ailment) (what, hint string) {
	args := map[string]any{
		"path": safe.Line(a.Path), "registry": safe.Line(a.Registry.String()), "name": safe.Line(a.Name),
	}
	key := "ailment." + string(a.Code)
	return w.T(key, args), w.optional(key+".hint", args)
}
