package nssdb

import (
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Place is a database that is there.
type Place struct {
	Dir string
	// Firefox: it is a profile of Firefox, which has rules of its own. Others are
	// shared by Chromium and its kin.
	Firefox  bool
	Location trust.Location
}

// System is the database of the whole computer that Fedora's NSS has
// (nss-sysinit merges it into the shared one).
const System = "/etc/pki/nssdb"

// maxPlaces bounds how many databases are looked for: each is read at each check.
const maxPlaces = 32

// Find lists the databases that w has for its user.
func Find(w world.World) []Place {
	var out []Place
	add := func(dir string, firefox bool, l trust.Location) {
		known := slices.ContainsFunc(out, func(p Place) bool { return p.Dir == dir })
		if !known && len(out) < maxPlaces && world.Exists(w.FS, w.Join(dir, File)) {
			out = append(out, Place{dir, firefox, l})
		}
	}
	for _, root := range firefoxRoots(w) {
		for _, dir := range profiles(w, root) {
			add(dir, true, trust.LocationUser)
		}
	}
	if w.OS != "linux" {
		return out // there Chromium uses the store of the system
	}
	for _, home := range homes(w) {
		// Chromium takes the new place only where the old one does not exist
		// (chromium docs/linux/cert_management.md, since M146).
		dir := w.Join(home.dir, ".pki", "nssdb")
		if !world.IsDir(w.FS, dir) {
			dir = w.Join(home.data, "pki", "nssdb")
		}
		add(dir, false, trust.LocationUser)
	}
	add(System, false, trust.LocationComputer)
	return out
}

// home is where programs find the person's files: in a sandbox, a directory of its
// own.
type home struct{ dir, data, config string }

// homes are the person's home, and those of programs that came as snaps or flatpaks.
func homes(w world.World) []home {
	h := w.User.Home
	out := []home{{h, either(w.Getenv("XDG_DATA_HOME"), w.Join(h, ".local", "share")), either(w.Getenv("XDG_CONFIG_HOME"), w.Join(h, ".config"))}}
	for _, name := range list(w, w.Join(h, "snap")) {
		for _, version := range []string{"current", "common"} {
			dir := w.Join(h, "snap", name, version)
			out = append(out, home{dir, w.Join(dir, ".local", "share"), w.Join(dir, ".config")})
		}
	}
	for _, name := range list(w, w.Join(h, ".var", "app")) {
		dir := w.Join(h, ".var", "app", name)
		out = append(out, home{dir, w.Join(dir, "data"), w.Join(dir, "config")})
	}
	return out
}

func either(path, other string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return other
}

// maxPrograms bounds how many sandboxes are looked into.
const maxPrograms = 300

func list(w world.World, dir string) []string {
	entries, _ := w.FS.ReadDir(dir)
	var out []string
	for _, e := range entries[:min(len(entries), maxPrograms)] {
		out = append(out, e.Name())
	}
	return out
}

// firefoxRoots are where a profiles.ini may lie. From 147 on, Firefox keeps to
// XDG_CONFIG_HOME where it finds no older directory.
func firefoxRoots(w world.World) []string {
	switch w.OS {
	case "windows":
		data := w.Getenv("APPDATA")
		if data == "" {
			data = w.Join(w.User.Home, "AppData", "Roaming")
		}
		return []string{w.Join(data, "Mozilla", "Firefox")}
	case "darwin":
		return []string{w.Join(w.User.Home, "Library", "Application Support", "Firefox")}
	}
	var out []string
	for _, h := range homes(w) {
		out = append(out, w.Join(h.dir, ".mozilla", "firefox"), w.Join(h.config, "mozilla", "firefox"))
	}
	return out
}

// profiles are the directories that profiles.ini names.
func profiles(w world.World, root string) []string {
	data, err := w.FS.ReadFile(w.Join(root, "profiles.ini"))
	if err != nil {
		return nil
	}
	var out []string
	profile := map[string]string{}
	end := func() {
		path := profile["Path"]
		switch {
		case path == "" || strings.ContainsRune(path, 0) || slices.Contains(strings.FieldsFunc(path, isSeparator), ".."):
		case profile["IsRelative"] != "0":
			if w.OS == "windows" {
				path = strings.ReplaceAll(path, "/", `\`)
			}
			out = append(out, w.Join(root, path))
		default:
			out = append(out, path)
		}
		clear(profile)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			end()
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok {
			profile[key] = value
		}
	}
	end()
	return out
}

func isSeparator(r rune) bool { return r == '/' || r == '\\' }
