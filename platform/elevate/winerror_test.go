package elevate

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"mooring.dev/mooring/platform/change"
)

// TestWindowsRefusals: saying no to UAC is an ordinary outcome, and so is a computer
// on which nobody may say yes.
func TestWindowsRefusals(t *testing.T) {
	for number, want := range map[syscall.Errno]change.Code{
		1223: change.ErrRefusedByPerson, 5: change.ErrNoRights, 1260: change.ErrNoRights, 1314: change.ErrNoRights,
		1459: change.ErrNoAgent, 2: change.ErrHelperMissing, 3: change.ErrHelperMissing, 8: change.ErrNoElevation, 740: change.ErrNoElevation,
	} {
		err := refusedByWindows(`C:\Program Files\Mooring\mooring-helper-registry.exe`, fmt.Errorf("runas: %w", number))
		if !errors.Is(err, want) || (change.As(err).Path != "") != (want == change.ErrHelperMissing) {
			t.Errorf("%d: %v", number, err)
		}
	}
}
