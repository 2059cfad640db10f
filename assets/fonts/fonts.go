// Package fonts embeds the window's typeface: Inter 3.19, Latin, Greek and
// Cyrillic (OFL.txt), in the two weights that the design uses. Other scripts come
// from the fonts of the system.
package fonts

import _ "embed"

// Regular and SemiBold are TrueType files.
var (
	//go:embed Inter-Regular.ttf
	Regular []byte
	//go:embed Inter-SemiBold.ttf
	SemiBold []byte
)
