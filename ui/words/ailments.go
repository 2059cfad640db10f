package words

import (
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/ui/safe"
)

// Ailment says what is wrong on this machine, and what else is to be said: why it
// matters, or what to do where no command of Mooring's mends it.
func (w *Words) Ailment(a platform.Ailment) (what, hint string) {
	args := map[string]any{
		"path": safe.Line(a.Path), "registry": safe.Line(a.Registry.String()), "name": safe.Line(a.Name),
		"other": safe.Line(a.Other), "until": w.Date(a.Until),
	}
	key := "ailment." + string(a.Code)
	if len(a.Files) > 0 {
		what = w.N(key, len(a.Files), args)
	} else {
		what = w.T(key, args)
	}
	if own := key + ".hint.planned"; a.Plan && w.Has(own) {
		return what, w.T(own, args)
	}
	if own := key + ".hint." + insecureBy(a); w.Has(own) {
		return what, w.T(own, args)
	}
	return what, w.optional(key+".hint", args)
}

// insecureBy is what kind of setting keeps a registry from being verified: it says
// what has to be taken out of where.
func insecureBy(a platform.Ailment) string {
	name := a.Path[strings.LastIndexAny(a.Path, `/\`)+1:]
	switch {
	case a.Other == "--insecure-registry":
		return "flag"
	case name == "daemon.json":
		return "daemon"
	case name == "hosts.toml":
		return "hosts"
	case strings.HasSuffix(name, ".conf"):
		return "registries"
	}
	return "other"
}

// AilmentTitle names what is wrong in a few words.
func (w *Words) AilmentTitle(c platform.AilmentCode) string {
	return w.T("ailment."+string(c)+".title", nil)
}
