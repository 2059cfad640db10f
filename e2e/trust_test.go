//go:build e2e

package e2e

import (
	"testing"

	"mooring.dev/mooring/ui/theme"
)

func TestTrustAndUndo(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	startRegistry(t, s)
	w := s.mooring()
	w.look().save(t, "1-empty")
	w.key("ctrl+f")
	w.typed(reg)
	w.look().save(t, "2-typed")
	w.key("Return")
	w.until("red", func(p picture) bool { return len(p.areas(theme.ColorRefusedBack, 300, 40)) > 0 }).save(t, "3-refused")
	w.key("ctrl+t")
	w.until("the plan", func(p picture) bool { return len(p.areas(theme.ColorAccent, 60, 25)) > 0 }).save(t, "4-dialog")
}
