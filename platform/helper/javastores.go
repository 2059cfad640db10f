package helper

import (
	"maps"
	"strings"

	"mooring.dev/mooring/platform/javahome"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// withJava is s with the keystores of the computer's Java runtimes, where packages and
// administrators put those: root finds them itself, from no environment. Package
// store/java opens only what nobody but root can change. On Windows, where who may
// write in a directory is no matter of one owner, there are none.
func (s site) withJava(w world.World) site {
	if w.OS == "windows" {
		return s
	}
	stores := maps.Clone(s.stores)
	if stores == nil {
		stores = map[trust.StoreID]settings{}
	}
	w.Env, w.User.Home = nil, "/nonexistent"
	for _, h := range javahome.Find(w) {
		if !h.Derived && !strings.HasPrefix(h.Cacerts, "/home/") {
			stores[trust.NewStoreID(trust.StoreJava, h.Cacerts)] = noSettings
		}
	}
	s.stores = stores
	return s
}
