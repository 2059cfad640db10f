//go:build integration

// Package accounts lets real registries, with passwords and with a token server,
// judge what Mooring says of signing in and of rights.
package accounts

import (
	"os"
	"testing"

	"mooring.dev/mooring/integration/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }
