// Package assets embeds what Mooring shows and installs: translations, icons,
// fonts and the files that packages put on a desktop. It holds no logic.
package assets

import "embed"

// Translations holds translations/<part>.<language>.json. The parts of one
// language are merged; no key may occur in two of them. Every value is a whole
// sentence, or an object of plural forms ("one", "few", "many", "other").
//
//go:embed translations/*.json
var Translations embed.FS
