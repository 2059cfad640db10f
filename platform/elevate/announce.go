package elevate

import (
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Description is what the helper is called in its file and so in the prompt of UAC,
// which knows no words of ours beside it: one file for each reach.
func Description(r trust.Reach) string {
	if r == trust.ReachComputer {
		return "Mooring: trust for the whole computer"
	}
	return "Mooring: trust a registry"
}

// Announce says what the system will ask of the person before root's half of p can be
// done, so that they know it from the preview. On Linux the prompt itself says what it
// is about, in the person's language.
func Announce(w world.World, p trust.Plan, o Options) []trust.Consequence {
	switch {
	case !p.Privileged() || !w.Live():
		return nil
	case w.OS == "windows" && !elevated():
		return []trust.Consequence{{Code: trust.UACAsks, Name: Description(p.Reach)}}
	case w.OS == "darwin" && w.User.UID != 0 && !o.Terminal:
		return []trust.Consequence{{Code: trust.MacAsksHelper}}
	}
	return nil
}
