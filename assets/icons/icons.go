// Package icons embeds the drawings that Mooring shows. Each is an SVG in which
// currentColor stands for the icon's colour and onColor for what lies on it;
// package ui/theme fills both in.
package icons

import "embed"

// Files holds <name>.svg.
//
//go:embed *.svg
var Files embed.FS
