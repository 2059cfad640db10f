package tray

import (
	"image/color"
	"testing"
)

// Every colour with every alpha arrives by the low bytes, and nearly by the high ones.
func TestSamples(t *testing.T) {
	for a := range 256 {
		for c := range 256 {
			s := color.NRGBA64{R: sample(uint8(c), uint8(a)), A: uint16(a) * 0x101}
			got, _, _, alpha := s.RGBA()
			if a == 0 {
				if got != 0 {
					t.Fatalf("%d without alpha: %#x", c, got)
				}
				continue
			}
			right := uint32(c) * 0x101 * alpha / 0xffff
			if uint8(got) != uint8(c) || uint8(alpha) != uint8(a) || max(got, right)-min(got, right) >= 0x100 {
				t.Fatalf("%d with alpha %d: %#x, not near %#x", c, a, got, right)
			}
		}
	}
}
