// Package all is the table of the kinds of trust store.
package all

import (
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/guest"
	"mooring.dev/mooring/platform/store/java"
	"mooring.dev/mooring/platform/store/keychain"
	"mooring.dev/mooring/platform/store/nss"
	"mooring.dev/mooring/platform/store/winstore"
	"mooring.dev/mooring/platform/world"
)

// Table is every kind of store as w has it. To add a kind, add a line.
func Table(w world.World) store.Table {
	return store.Table{World: w, Kinds: []store.Kind{
		winstore.New(),
		keychain.Kind{},
		nss.Kind{},
		java.Kind{},
		guest.WSL{},
		guest.PodmanMachine{},
	}}
}
