//go:build integration

// Package privilege shows the real way to root: an ordinary user, a real polkit
// on a bus of its own, real sudo, the installed helper and Debian's own trust
// store.
package privilege

import (
	"os"
	"testing"

	"mooring.dev/mooring/integration/desk"
)

func TestMain(m *testing.M) {
	os.Exit(desk.Main(m, desk.Options{
		Set: "lab", Programs: []string{"sudo", "update-ca-certificates", "openssl"}, Person: person,
	}))
}
