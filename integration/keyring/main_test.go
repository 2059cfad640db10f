//go:build integration

// Package keyring proves against real keyrings, and real docker, podman and skopeo,
// that a sign-in is kept where it belongs, handed out to whom it belongs, and lies
// nowhere else.
package keyring

import (
	"os"
	"testing"

	"mooring.dev/mooring/integration/lab"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asking {
		os.Exit(askKeyring(os.Args[2:]))
	}
	os.Exit(lab.Main(m))
}
