//go:build integration

// Package mtls lets real registries demand client certificates and real engines
// show them: every mistake that can be made with them is foretold first, and what
// Mooring installs is pulled with.
package mtls

import (
	"os"
	"testing"

	"mooring.dev/mooring/integration/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }
