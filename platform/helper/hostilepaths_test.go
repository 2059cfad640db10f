//go:build linux

package helper

import (
	"maps"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// system is one target as the hostile plans see it.
type system struct {
	name, sep   string
	programData string
	certs, dir  string // with a separator at the end; dir is that of reg.example:5000
	secret      string // a file that everything depends on
	store       trust.StoreID
}

var (
	linux = system{
		name: "linux", sep: "/", certs: "/etc/docker/certs.d/", dir: "/etc/docker/certs.d/reg.example:5000/", secret: "/etc/shadow",
		store: "java:/usr/lib/jvm/default/lib/security/cacerts",
	}
	windows = system{
		name: "windows", sep: `\`, programData: `C:\ProgramData`, certs: `C:\ProgramData\docker\certs.d\`,
		dir: `C:\ProgramData\docker\certs.d\reg.example5000\`, secret: `C:\Windows\System32\drivers\etc\hosts`,
		store: `windows:LocalMachine\Root`,
	}
	darwin = system{
		name: "darwin", sep: "/", certs: "/etc/docker/certs.d/", dir: "/etc/docker/certs.d/reg.example:5000/", secret: "/etc/sudoers",
		store: "keychain:admin",
	}
	systems = []system{linux, windows, darwin}
)

// hostilePaths are the places where nothing may be written for reg.example:5000.
func hostilePaths(s system) map[string]hostile {
	own := func(change func(name string) string) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) { p.Changes[0].Path = change("mooring-" + l.short() + ".crt") }
	}
	out := map[string]hostile{
		"another registry's directory": {at(s.certs + "other.example" + s.sep + "ca.crt"), change.ErrOutsideAllowList},
		"every registry's directory":   {at(s.certs + "_default" + s.sep + "ca.crt"), change.ErrOutsideAllowList},
		"above":                        {at(s.certs + "ca.crt"), change.ErrOutsideAllowList},
		"the directory itself":         {at(strings.TrimSuffix(s.dir, s.sep)), change.ErrOutsideAllowList},
		"what all depends on":          {at(s.secret), change.ErrOutsideAllowList},
		"deeper":                       {at(s.dir + "sub" + s.sep + "ca.crt"), change.ErrOutsideAllowList},
		"hosts.toml":                   {at(s.dir + "hosts.toml"), change.ErrOutsideAllowList},
		"client key":                   {at(s.dir + "client.key"), change.ErrOutsideAllowList},
		"another's name":               {at(s.dir + "mooring-0123456789abcdef.crt"), change.ErrOutsideAllowList},
		"upper-case name":              {own(func(n string) string { return s.dir + strings.ToUpper(n) }), change.ErrOutsideAllowList},
		"dots":                         {at(s.dir + strings.Join([]string{"..", "..", "..", "shadow"}, s.sep)), change.ErrBadPlan},
		"dots that stay":               {at(s.dir + strings.Join([]string{"..", "x", "ca.crt"}, s.sep)), change.ErrBadPlan},
		"a dot":                        {at(s.dir + "." + s.sep + "ca.crt"), change.ErrBadPlan},
		"twice the separator":          {at(s.dir + s.sep + "ca.crt"), change.ErrBadPlan},
		"the separator at the end":     {at(s.dir + "ca.crt" + s.sep), change.ErrBadPlan},
		"relative":                     {at(strings.TrimLeft(s.dir, "/C:\\") + "ca.crt"), change.ErrBadPlan},
		"zero byte":                    {at(s.dir + "ca.crt\x00.txt"), change.ErrBadPlan},
		"empty path":                   {at(""), change.ErrBadPlan},
		"a person's directory":         {at(s.home() + "ca.crt"), change.ErrOutsideAllowList},
	}
	switch s.name {
	case "windows":
		maps.Copy(out, windowsPaths(s))
	case "linux":
		out["cron"] = hostile{at("/etc/cron.d/mooring-0123456789abcdef.crt"), change.ErrOutsideAllowList}
		out["the OS store under the narrow action"] = hostile{
			own(func(n string) string { return "/usr/local/share/ca-certificates/" + n }), change.ErrTooBroad,
		}
	case "darwin":
		for name, path := range map[string]string{
			"what starts as root":         "/Library/LaunchDaemons/",
			"Linux's store":               "/usr/local/share/ca-certificates/",
			"the keychain's directory":    "/Library/Keychains/",
			"containerd's, of Linux":      "/etc/containerd/certs.d/reg.example:5000/",
			"under what /etc leads to":    "/private/etc/docker/certs.d/reg.example:5000/",
			"colons as the Finder's":      "/etc/docker/certs.d/reg.example/5000/",
			"letters that are folded":     "/etc/Docker/certs.d/reg.example:5000/",
			"the file system's other way": "/.vol/16777220/2/etc/docker/certs.d/reg.example:5000/",
		} {
			out[name] = hostile{own(func(n string) string { return path + n }), change.ErrOutsideAllowList}
		}
	}
	return out
}

func (s system) home() string {
	if s.name == "windows" {
		return `C:\Users\alice\.docker\certs.d\reg.example5000\`
	}
	return "/home/alice/.docker/certs.d/reg.example:5000/"
}

// windowsPaths are the ways in which Windows takes one name for another.
func windowsPaths(s system) map[string]hostile {
	out := map[string]hostile{}
	for name, path := range map[string]string{
		"a colon as Docker writes it":   `C:\ProgramData\docker\certs.d\reg.example:5000\ca.crt`,
		"a stream of the file":          s.dir + `ca.crt:evil`,
		"the file's own stream":         s.dir + `ca.crt::$DATA`,
		"a stream of the directory":     strings.TrimSuffix(s.dir, `\`) + `:evil\ca.crt`,
		"the directory's own stream":    strings.TrimSuffix(s.dir, `\`) + `::$INDEX_ALLOCATION\ca.crt`,
		"a dot at the end":              s.dir + `ca.crt.`,
		"a space at the end":            s.dir + `ca.crt `,
		"a dot behind the directory":    strings.TrimSuffix(s.dir, `\`) + `.\ca.crt`,
		"a space behind the directory":  strings.TrimSuffix(s.dir, `\`) + ` \ca.crt`,
		"a slash":                       `C:\ProgramData\docker\certs.d\reg.example5000/ca.crt`,
		"slashes":                       `C:/ProgramData/docker/certs.d/reg.example5000/ca.crt`,
		"a short name":                  `C:\PROGRA~3\docker\certs.d\reg.example5000\ca.crt`,
		"a short name of the registry":  `C:\ProgramData\docker\certs.d\REGEXA~1\ca.crt`,
		"the long namespace":            `\\?\` + s.dir + `ca.crt`,
		"the namespace of devices":      `\\.\` + s.dir + `ca.crt`,
		"the kernel's namespace":        `\??\` + s.dir + `ca.crt`,
		"a share":                       `\\server\share\docker\certs.d\reg.example5000\ca.crt`,
		"this computer's share":         `\\127.0.0.1\C$\ProgramData\docker\certs.d\reg.example5000\ca.crt`,
		"a volume by its number":        `\\?\Volume{00000000-0000-0000-0000-000000000000}\ProgramData\docker\certs.d\reg.example5000\ca.crt`,
		"a drive's current directory":   `C:ProgramData\docker\certs.d\reg.example5000\ca.crt`,
		"the current drive":             `\ProgramData\docker\certs.d\reg.example5000\ca.crt`,
		"a drive in a small letter":     `c:\ProgramData\docker\certs.d\reg.example5000\ca.crt`,
		"a device":                      s.dir + `con`,
		"a device with an extension":    s.dir + `NUL.crt`,
		"a device with a small number":  s.dir + `com¹.crt`,
		"a device with spaces":          s.dir + `aux .crt`,
		"the console":                   s.dir + `CONIN$`,
		"a device as directory":         `C:\ProgramData\docker\certs.d\lpt1\ca.crt`,
		"a wildcard":                    s.dir + `*.crt`,
		"a variable's percent and pipe": s.dir + `%TEMP%|x`,
		"quotes":                        s.dir + `"ca.crt"`,
		"letters that turn direction":   s.dir + "ca\u202etrc.crt",
		"a path of 32 KB":               s.dir + strings.Repeat(`a\`, 16<<10) + `ca.crt`,
	} {
		out[name] = hostile{at(path), change.ErrBadPlan}
	}
	for name, path := range map[string]string{
		"another drive":               `D:\ProgramData\docker\certs.d\reg.example5000\ca.crt`,
		"letters that are folded":     `C:\PROGRAMDATA\docker\certs.d\reg.example5000\ca.crt`,
		"what starts with Windows":    `C:\ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp\ca.crt`,
		"the helper's own journal":    `C:\ProgramData\Mooring\journal\ca.crt`,
		"the helper's own directory":  `C:\Program Files\Mooring\ca.crt`,
		"Docker Desktop's, of alice":  `C:\Users\alice\.docker\certs.d\reg.example5000\ca.crt`,
		"the daemon's configuration":  `C:\ProgramData\docker\config\daemon.json`,
		"a registry without its port": `C:\ProgramData\docker\certs.d\reg.example\ca.crt`,
	} {
		out[name] = hostile{at(path), change.ErrOutsideAllowList}
	}
	for _, device := range []string{"con", "nul.example", "com1", "lpt9.example", "AUX"} {
		out["registry "+device] = hostile{func(_ *lab, p *trust.Plan) {
			p.Registries = []string{device}
			p.Changes[0].Path = s.certs + device + s.sep + "ca.crt"
		}, change.ErrBadPlan}
	}
	return out
}
