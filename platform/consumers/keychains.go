package consumers

import (
	"context"

	"mooring.dev/mooring/platform/store/keychain"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// readKeychains reads what the running Mac trusts.
func readKeychains(w world.World) *SystemStore {
	anchors, looked, err := keychain.Roots(context.Background(), w)
	if err != nil {
		return &SystemStore{Looked: looked, Unknown: "the keychains cannot be read: " + err.Error()}
	}
	set := trust.NewAnchorSet(anchors)
	return &SystemStore{Anchors: set, OpenSSL: set, Looked: looked}
}
