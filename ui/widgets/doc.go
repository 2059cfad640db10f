//go:build !nogui

// Package widgets draws the parts of Mooring's window: states, certificate
// cards and the rope between them, rows of relying parties, banners, lists and
// steps. A widget takes plain values and callbacks and knows only Fyne and
// ui/theme: nothing of trust, of this machine or of languages.
package widgets
