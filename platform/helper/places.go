package helper

// places are the directories of the system that the helper goes by. They come from
// the system or are fixed: never from the environment of whoever starts it.
type places struct {
	// journal is where root's half of every receipt lies, with its before-images.
	journal string
	// own is the journal of a person's own half that is done with an administrator's
	// rights.
	own string
	// programData is where Windows keeps what all users share.
	programData string
}

// unixPlaces are those of a Unix. On macOS /var is a link; what it leads to is not.
func unixPlaces(system string) places {
	if system == "darwin" {
		return places{journal: "/private/var/db/mooring/journal", own: "/private/var/db/mooring/own"}
	}
	return places{journal: "/var/lib/mooring/journal"}
}
