//go:build integration

package deb

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/desk"
)

// root runs a command of the administrator.
func root(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + desk.SearchPath, "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// as runs a command of an ordinary user, of which standard output is returned.
func as(t *testing.T, u desk.User, argv ...string) string {
	t.Helper()
	cmd := u.Command(argv...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", argv, err, out, &stderr)
	}
	return string(out)
}

// documented are the places where dpkg and those whom it wakes keep their own
// records, which grow with every package that comes and goes. /var/tmp is anybody's.
var documented = regexp.MustCompile(`^(/var/tmp|/var/lib/dpkg|/var/log|/var/cache/man|/var/cache/debconf|/var/lib/systemd|/usr/share/applications/mimeinfo\.cache|/usr/share/icons/hicolor/icon-theme\.cache)(/|$)`)

// state is what was written on this desk, each file with kind, mode, owner and
// content, and all directories. What somebody else does on the machine below is not
// in it, but for directories of theirs in /var.
func state(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	keep := func(path, is string) {
		if !documented.MatchString(path) {
			out[path] += is
		}
	}
	for at, dir := range map[string]string{
		"/etc": desk.Written("/etc"), "/usr": desk.Written("/usr"), "/var": desk.Written("/var"), "/home": "/home", "/root": "/root",
	} {
		for line := range strings.Lines(root(t, "find", dir, "-not", "-type", "d", "-printf", at+"/%P\t%M %U:%G %l\n")) {
			path, is, _ := strings.Cut(strings.TrimSpace(line), "\t")
			keep(path, is)
		}
		for line := range strings.Lines(root(t, "find", dir, "-type", "f", "-exec", "sha256sum", "{}", "+")) {
			sum, path, _ := strings.Cut(strings.TrimSpace(line), "  ")
			keep(at+strings.TrimPrefix(path, dir), " "+sum)
		}
	}
	for line := range strings.Lines(root(t, "find", "/etc", "/usr", "/var", "-xdev", "-type", "d", "-printf", "%p\t%M %U:%G\n")) {
		path, is, _ := strings.Cut(strings.TrimSpace(line), "\t")
		keep(path, is)
	}
	return out
}

// changes lists what differs between two states.
func changes(before, after map[string]string) []string {
	var out []string
	for path, is := range after {
		switch was, there := before[path]; {
		case !there:
			out = append(out, "+ "+path)
		case was != is:
			out = append(out, "! "+path+": "+was+", now "+is)
		}
	}
	for path := range before {
		if _, there := after[path]; !there {
			out = append(out, "- "+path)
		}
	}
	slices.Sort(out)
	return out
}
