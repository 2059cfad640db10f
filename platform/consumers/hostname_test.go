package consumers

import (
	"strings"
	"testing"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// The directory of each registry, as every tool on each system spells it: the table
// of what the sources of moby, containerd, nerdctl and containers/image do.
func TestHostDirectories(t *testing.T) {
	// One row for each registry: as written, by every tool elsewhere, and with the colons
	// left out, as by every tool on Windows; "" where Windows has no such directory.
	rows := map[string][2]string{
		"reg.example":         {"reg.example", "reg.example"},
		"reg.example:443":     {"reg.example:443", "reg.example443"},
		"reg.example:5000":    {"reg.example:5000", "reg.example5000"},
		"REG.Example:5000":    {"REG.Example:5000", "REG.Example5000"},
		"registry":            {"registry", "registry"},
		"localhost:5000":      {"localhost:5000", "localhost5000"},
		"10.0.0.1:5000":       {"10.0.0.1:5000", "10.0.0.15000"},
		"[::1]:5000":          {"[::1]:5000", "[1]5000"},
		"[2001:db8::1]:443":   {"[2001:db8::1]:443", "[2001db81]443"},
		"xn--80ak6aa92e.com":  {"xn--80ak6aa92e.com", "xn--80ak6aa92e.com"},
		"aux.example":         {"aux.example", ""}, // a device, in every directory of Windows
		"con.example:5000":    {"con.example:5000", ""},
		"com1.corp.example":   {"com1.corp.example", ""},
		"LPT9.example":        {"LPT9.example", ""},
		"com10.example":       {"com10.example", "com10.example"},
		"console.example":     {"console.example", "console.example"},
		"reg.aux.example:443": {"reg.aux.example:443", "reg.aux.example443"},
		"nul:5000":            {"nul:5000", "nul5000"}, // no device any more
	}
	for name, want := range rows {
		reg, _, err := trust.ParseRegistry(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, os := range []string{"linux", "darwin"} {
			for tool, got := range placesOf(t, os, reg) {
				spelled := want[0]
				if os == "windows" {
					spelled = want[1]
				}
				if spelled != "" {
					spelled = tool.root + tool.sep + spelled
				}
				if got != spelled {
					t.Errorf("%s on %s: %s has the directory %q, want %q", name, os, tool.name, got, spelled)
				}
			}
		}
	}
}

type tool struct{ name, root, sep string }

// placesOf is where each tool of a system would read the CA of a registry, "" for
// nowhere.
func placesOf(t *testing.T, os string, reg trust.Registry) map[tool]string {
	t.Helper()
	w := world.Under(t.TempDir(), os)
	yes, no := true, false
	one := func(d engine.Docker) Reader { d.Current = true; return docker{dockersOf(d)} }
	docks, nerd, sep := "/etc/docker/certs.d", containerdCerts, "/"
	host := "unix:///run/docker.sock"
	if os == "windows" {
		docks, nerd, sep = `C:\ProgramData\docker\certs.d`, `C:\ProgramData\containerd\certs.d`, `\`
		host = "npipe:////./pipe/docker_engine"
	}
	readers := map[tool]Reader{
		{"classic", docks, sep}:      one(engine.Docker{Host: host, ContainerdStore: &no, Answered: true, Version: "29.5.1"}),
		{"containerd", docks, sep}:   one(engine.Docker{Host: host, ContainerdStore: &yes, Answered: true, Version: "29.5.1"}),
		{"build", docks, sep}:        dockerBuild{dockersOf(engine.Docker{Host: host, Current: true, Version: "29.5.1"})},
		{instanceNerdctl, nerd, sep}: &containerd{},
	}
	if os != "linux" {
		desktop := w.Join(w.User.Home, ".docker", "certs.d")
		readers[tool{"desktop", desktop, sep}] = one(engine.Docker{Host: host, Desktop: true})
	} else {
		readers[tool{"podman", "/etc/containers/certs.d", sep}] = podman{}
	}
	out := map[tool]string{}
	for tl, r := range readers {
		place, _ := r.Place(w, r.Consumers(t.Context(), w)[0], reg)
		out[tl] = place.Dir
	}
	return out
}

// Podman on Windows and macOS reads the files of its machine, so nothing is written
// beside it; a directory with a colon could not be made on Windows at all.
func TestPodmanElsewhereHasNoDirectory(t *testing.T) {
	for _, os := range []string{"windows", "darwin"} {
		w := world.Under(t.TempDir(), os)
		for _, c := range (podman{}).Consumers(t.Context(), w) {
			if p, ok := (podman{}).Place(w, c, registry(t, "reg.example:5000")); ok {
				t.Errorf("%s: %+v", os, p)
			}
		}
	}
}

// The containerd loader takes the directory with underlines where there is one, and
// what it may not read is never put elsewhere.
func TestUnderlinesWin(t *testing.T) {
	w := tree{"/ProgramData/docker/certs.d/reg.example_5000_/": "", "/ProgramData/docker/certs.d/reg.example5000/": ""}.under(t)
	w = world.Under(w.Root, "windows")
	yes, no := true, false
	for loader, want := range map[*bool]string{&yes: "reg.example_5000_", &no: "reg.example5000"} {
		k := docker{dockersOf(engine.Docker{Host: "npipe:////./pipe/docker_engine", Current: true, Answered: true, Version: "29.5.1", ContainerdStore: loader})}
		place, ok := k.Place(w, k.Consumers(t.Context(), w)[0], registry(t, "reg.example:5000"))
		if !ok || place.Dir != `C:\ProgramData\docker\certs.d\`+want {
			t.Errorf("containerd's store %v: %+v", *loader, place)
		}
	}
}

func TestWindowsNames(t *testing.T) {
	for _, name := range []string{
		"", "CON", "con", "Prn.txt", "aux.example", "nul", "NUL.tar.gz", "COM1", "com0", "com¹", "lpt3.x", "CONIN$", "conout$",
		"con .example", "reg.", "reg ", "a:b", `a\b`, "a/b", "a?", "a*", "a|b", `a"b`, "<a>", "a\x1f", "a\x00",
	} {
		if windowsName(name) {
			t.Errorf("%q", name)
		}
	}
	for _, name := range []string{"reg.example5000", "[1]5000", "_default", "reg.example_5000_", "com", "com11", "lpt", "console", "auxiliary.example", "x.con", "com%", "레지스트리.example"} {
		if !windowsName(name) {
			t.Errorf("%q", name)
		}
	}
}

func FuzzWindowsName(f *testing.F) {
	for _, s := range []string{"reg.example:5000", "[::1]:5000", "con", "aux.example", "a.", "com¹"} {
		f.Add(s)
	}
	w := world.Under("/nowhere", "windows")
	f.Fuzz(func(t *testing.T, host string) {
		place, ok := newPlace(w, `C:\r`, host)
		if !ok {
			return
		}
		name := strings.TrimPrefix(place.Dir, `C:\r\`)
		if strings.ContainsAny(name, `:\/`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || name == "" {
			t.Fatalf("%q becomes %q", host, place.Dir)
		}
	})
}
