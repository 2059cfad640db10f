// Package anchors knows the OS trust stores of the Linux families: where an
// administrator puts an anchor, which command rebuilds the derived store, and
// which bundle that store is.
//
// The families are those of the distributions' own documents. A family is chosen
// by its directory and its command together: a directory alone is often a stale
// guest from another family. docs/truststore.md says why the table of
// smallstep/truststore is not used instead.
package anchors

import (
	"path"
	"regexp"
	"slices"
	"sync"
	"unicode/utf8"

	"mooring.dev/mooring/platform/world"
)

// Family is a group of Linux distributions with one way to add a trust anchor.
type Family struct {
	Name string // "debian", "fedora", "arch", "suse", "alpine", "gentoo", "void", "nixos"
	Dir  string // where the administrator's anchors lie
	Ext  string // the extension its command takes, with the dot
	// Command is a key of the fixed command table, "" if Mooring can only print
	// what to do; Shown and ShownUndo are the command lines as a person reads them.
	Command, Shown, ShownUndo string
	// Bundles are the PEM files that the command derives; the first that exists counts.
	Bundles []string
	// Snippet is what a person has to add by hand where Command is "".
	Snippet string

	marker string // a file that only this family has, if Dir and Command are shared
}

// The keys of the fixed command table.
const (
	updateCACertificates = "update-ca-certificates"
	updateCASUSE         = "update-ca-certificates-suse"
	updateCATrust        = "update-ca-trust"
)

// families in the order of detection. Families with a marker come before the
// one that shares their directory and command.
var families = []Family{
	{
		Name: "nixos", marker: "/etc/NIXOS", Ext: ".crt", Bundles: []string{debianBundle},
		Snippet: "security.pki.certificateFiles = [ ./ca.crt ];",
	},
	debianLike("alpine", "/etc/alpine-release"),
	debianLike("gentoo", "/etc/gentoo-release"),
	debianLike("void", "/usr/bin/xbps-install"),
	{
		Name: "fedora", Dir: "/etc/pki/ca-trust/source/anchors", Ext: ".crt", Command: updateCATrust,
		Bundles: []string{"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"},
	},
	{
		Name: "arch", Dir: "/etc/ca-certificates/trust-source/anchors", Ext: ".crt", Command: updateCATrust,
		Bundles: []string{"/etc/ca-certificates/extracted/tls-ca-bundle.pem", debianBundle},
	},
	{
		Name: "suse", Dir: "/etc/pki/trust/anchors", Ext: ".crt", Command: updateCASUSE,
		Bundles: []string{"/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/ca-bundle.pem"},
	},
	debianLike("debian", ""),
}

const debianBundle = "/etc/ssl/certs/ca-certificates.crt"

func debianLike(name, marker string) Family {
	return Family{
		Name: name, Dir: "/usr/local/share/ca-certificates", Ext: ".crt",
		Command: updateCACertificates, Bundles: []string{debianBundle}, marker: marker,
	}
}

// Detect finds the family of w: this machine, or the tree under its root. It is
// false where no family's directory and command are both there.
func Detect(w world.World) (Family, bool) {
	if w.OS != "linux" {
		return Family{}, false
	}
	i := slices.IndexFunc(families, func(f Family) bool { return f.isOn(w) })
	if i < 0 {
		return Family{}, false
	}
	f := families[i]
	if c, ok := commands[f.Command]; ok {
		f.Shown, f.ShownUndo = c.shown(c.add), c.shown(c.remove)
	}
	return f, true
}

func (f Family) isOn(w world.World) bool {
	if f.marker != "" && !world.Exists(w.FS, f.marker) {
		return false
	}
	if f.Command == "" {
		return true
	}
	_, found := commands[f.Command].find(w.FS)
	return found && world.IsDir(w.FS, f.Dir)
}

// File is the path of the anchor file for a certificate whose fingerprint begins
// with these 16 digits.
func (f Family) File(short string) string { return path.Join(f.Dir, "mooring-"+short+f.Ext) }

// Dirs lists where administrators of any family put anchors, each once.
func Dirs() []string {
	var out []string
	for _, f := range families {
		if f.Dir != "" && !slices.Contains(out, f.Dir) {
			out = append(out, f.Dir)
		}
	}
	return out
}

// removable is a plain name of a CA file. What others call theirs may hold spaces
// and umlauts; root removes no hidden file, none that a command would take for an
// option, and no stream behind a colon.
var removable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[^-.:\x00-\x1f/\\\x7f][^:\x00-\x1f/\\\x7f]{0,199}\.(crt|pem|cer)$`)
})

// Removable reports whether root removes a CA file of this name, whoever put it
// there.
func Removable(name string) bool { return utf8.ValidString(name) && removable().MatchString(name) }

// InDirs reports whether a file lies where administrators of any family put
// anchors, or in a directory there: Debian's script descends.
func InDirs(name string) bool {
	dir := path.Dir(name)
	return slices.Contains(Dirs(), dir) || slices.Contains(Dirs(), path.Dir(dir))
}
