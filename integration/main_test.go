//go:build integration

// Package integration lets real registries, engines and command lines judge what
// Mooring says of them.
package integration

import (
	"os"
	"testing"

	"mooring.dev/mooring/integration/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }
