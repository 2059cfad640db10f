// Package javahome finds the Java runtimes of a machine and the file in which each
// keeps the certificates it trusts.
package javahome

import (
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
)

// Home is one runtime.
type Home struct {
	Dir string // as its JAVA_HOME would be written
	// Cacerts is the file it reads, as it really lies on disk: links are followed.
	Cacerts string
	// Derived: the file is made from the store of the operating system, by a hook of
	// the command that rebuilds that. An edit of it would be lost with the next run.
	Derived bool
	// Version is what the runtime says of itself, "" if it does not.
	Version string
}

// derived are the files that distributions make from their trust store: Debian's
// hook /etc/ca-certificates/update.d/jks-keystore and Arch's ca-certificates-utils,
// Fedora's update-ca-trust, Alpine's java-cacerts, and openSUSE's
// /usr/lib/ca-certificates/update.d/80java.run.
var derived = []string{
	"/etc/ssl/certs/java/cacerts",
	"/etc/pki/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts",
	"/etc/ca-certificates/extracted/java-cacerts.jks", "/etc/ssl/java/cacerts.jks",
	"/var/lib/ca-certificates/java-cacerts",
}

// maxHomes bounds how many runtimes are taken: the keystore of each is read.
const maxHomes = 40

// Find lists the runtimes that w has, each file once: several names of one runtime
// are links to it.
func Find(w world.World) []Home {
	var out []Home
	for _, dir := range candidates(w) {
		if len(out) == maxHomes {
			break
		}
		file, ok := cacerts(w, dir)
		if !ok || slices.ContainsFunc(out, func(h Home) bool { return h.Cacerts == file }) {
			continue
		}
		out = append(out, Home{Dir: dir, Cacerts: file, Derived: IsDerived(file), Version: version(w, dir)})
	}
	return out
}

// IsDerived reports whether a file is made from the store of the operating system.
func IsDerived(file string) bool { return slices.Contains(derived, file) }

// candidates are directories that may be a runtime. The one in use comes first.
func candidates(w world.World) []string {
	out := []string{strings.TrimRight(w.Getenv("JAVA_HOME"), `/\`)}
	for _, parent := range parents(w) {
		pattern, rest, _ := strings.Cut(parent, "*")
		entries, _ := w.FS.ReadDir(strings.TrimRight(pattern, `/\`))
		for _, e := range entries[:min(len(entries), 200)] {
			out = append(out, w.Join(strings.TrimRight(pattern, `/\`), e.Name())+rest)
		}
	}
	return slices.DeleteFunc(out, func(dir string) bool { return dir == "" })
}

// parents are where packages, installers and version managers put runtimes; the
// star stands for one name.
func parents(w world.World) []string {
	home := func(elem ...string) string { return w.Join(append([]string{w.User.Home}, elem...)...) }
	switch w.OS {
	case "windows":
		var out []string
		for _, vendor := range []string{"Java", "Eclipse Adoptium", "Microsoft", "Zulu", "Amazon Corretto", "BellSoft", "OpenJDK", "RedHat"} {
			out = append(out, `C:\Program Files\`+vendor+`\*`)
		}
		return append(out, home(".jdks")+`\*`)
	case "darwin":
		return []string{
			"/Library/Java/JavaVirtualMachines/*/Contents/Home", home("Library", "Java", "JavaVirtualMachines") + "/*/Contents/Home",
			"/opt/homebrew/opt/*/libexec/openjdk.jdk/Contents/Home", "/usr/local/opt/*/libexec/openjdk.jdk/Contents/Home",
			home(".sdkman", "candidates", "java") + "/*",
		}
	}
	return []string{
		"/usr/lib/jvm/*", "/usr/lib64/jvm/*", "/usr/java/*", "/opt/*", "/opt/java/*",
		home(".sdkman", "candidates", "java") + "/*", home(".jdks") + "/*", home(".gradle", "jdks") + "/*",
		home(".asdf", "installs", "java") + "/*", home(".local", "share", "mise", "installs", "java") + "/*",
	}
}

// cacerts finds the file of a runtime: of a JDK 8 it lies below jre. Java takes
// jssecacerts where that exists (JSSE Reference Guide, "Creating an X509TrustManager").
func cacerts(w world.World, dir string) (string, bool) {
	for _, security := range [][]string{{"jre", "lib", "security"}, {"lib", "security"}} {
		for _, name := range []string{"jssecacerts", "cacerts"} {
			file := w.Join(append(append([]string{dir}, security...), name)...)
			if i, err := w.FS.Stat(file); err != nil || !i.Mode.IsRegular() {
				continue
			}
			if w.OS == "windows" {
				return file, true
			}
			real, err := world.Resolve(w.FS, path.Clean(file))
			return real, err == nil
		}
	}
	return "", false
}

// version reads the runtime's release file (JEP 223).
func version(w world.World, dir string) string {
	data, err := w.FS.ReadFile(w.Join(dir, "release"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), `JAVA_VERSION="`); ok {
			v = strings.TrimSuffix(v, `"`)
			return v[:min(len(v), 40)]
		}
	}
	return ""
}
