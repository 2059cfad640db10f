//go:build !windows

package elevate

import (
	"context"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

func elevated() bool { return false }

func programFiles() string { return `C:\Program Files` }

// runAs: only Windows has UAC.
func runAs(context.Context, trust.Reach, string, []string) (*launched, error) {
	return nil, change.Refuse(change.ErrNoElevation, "", "")
}
