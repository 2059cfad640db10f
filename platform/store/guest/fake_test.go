package guest

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"mooring.dev/mooring/platform/world"
)

// linux is a Linux inside: files, and the few commands that are run there. Like the
// real ones the commands take the options they have and no others.
type linux struct {
	files map[string]string // a directory's ends in a slash
	fails string            // a command that fails
	deaf  bool              // refreshing the store does nothing
}

func newLinux(names ...string) *linux {
	l := &linux{files: map[string]string{}}
	for _, n := range names {
		l.files[n] = ""
	}
	return l
}

func debian() *linux {
	l := newLinux("/usr/local/share/ca-certificates/", "/usr/sbin/update-ca-certificates", "/etc/ssl/certs/ca-certificates.crt")
	l.files["/usr/local/share/ca-certificates/other.crt"] = "# of others\n"
	return l
}

func fedora() *linux {
	return newLinux("/etc/pki/ca-trust/source/anchors/", "/usr/bin/update-ca-trust", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
}

func (l *linux) isDir(p string) bool {
	if _, ok := l.files[p+"/"]; ok {
		return true
	}
	for name := range l.files {
		if strings.HasPrefix(name, p+"/") {
			return true
		}
	}
	return false
}

func failed(code int, format string, args ...any) world.Result {
	return world.Result{Code: code, Stderr: fmt.Appendf(nil, format+"\n", args...)}
}

// run runs one command.
func (l *linux) run(argv []string, stdin []byte) world.Result {
	name := path.Base(argv[0])
	if name == l.fails {
		return failed(1, "%s: no space left on device", name)
	}
	if strings.Contains(argv[0], "/") {
		if _, ok := l.files[argv[0]]; !ok {
			return failed(127, "%s: not found", argv[0])
		}
	}
	do, ok := map[string]func([]string, []byte) world.Result{
		"ls": l.ls, "cat": l.cat, "tee": l.tee, "mv": l.mv, "rm": l.rm, "mkdir": l.mkdir, "rmdir": l.rmdir, "find": l.find,
		"update-ca-certificates": l.refresh("/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt", "", "--fresh"),
		"update-ca-trust":        l.refresh("/etc/pki/ca-trust/source/anchors", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "extract"),
	}[name]
	if !ok {
		return failed(127, "%s: command not found", name)
	}
	return do(argv[1:], stdin)
}

func (l *linux) ls(args []string, _ []byte) world.Result {
	if len(args) == 0 || args[0] != "-1dLp" {
		return failed(3, "ls: not the form that is read")
	}
	var res world.Result
	for _, p := range args[1:] {
		_, file := l.files[p]
		switch {
		case l.isDir(p):
			res.Stdout = append(res.Stdout, p+"/\n"...)
		case file:
			res.Stdout = append(res.Stdout, p+"\n"...)
		default:
			res.Code = 2
			res.Stderr = append(res.Stderr, "ls: cannot access '"+p+"': No such file or directory\n"...)
		}
	}
	return res
}

func (l *linux) cat(args []string, _ []byte) world.Result {
	s, ok := l.files[args[0]]
	if len(args) != 1 || !ok {
		return failed(1, "cat: %q: No such file or directory", args)
	}
	return world.Result{Stdout: []byte(s)}
}

func (l *linux) tee(args []string, stdin []byte) world.Result {
	if len(args) != 1 || !l.isDir(path.Dir(args[0])) {
		return failed(1, "tee: %q: No such file or directory", args)
	}
	l.files[args[0]] = string(stdin)
	return world.Result{Stdout: stdin}
}

func (l *linux) mv(args []string, _ []byte) world.Result {
	if len(args) != 3 || args[0] != "-f" {
		return failed(1, "mv: missing operand")
	}
	s, ok := l.files[args[1]]
	if !ok {
		return failed(1, "mv: cannot stat %q", args[1])
	}
	delete(l.files, args[1])
	l.files[args[2]] = s
	return world.Result{}
}

func (l *linux) rm(args []string, _ []byte) world.Result {
	if len(args) < 2 || args[0] != "-f" {
		return failed(1, "rm: missing operand")
	}
	for _, p := range args[1:] {
		delete(l.files, p)
	}
	return world.Result{}
}

func (l *linux) mkdir(args []string, _ []byte) world.Result {
	if len(args) != 2 || args[0] != "-p" {
		return failed(1, "mkdir: missing operand")
	}
	l.files[args[1]+"/"] = ""
	return world.Result{}
}

func (l *linux) rmdir(args []string, _ []byte) world.Result {
	if len(args) != 2 || args[0] != "--ignore-fail-on-non-empty" {
		return failed(1, "rmdir: missing operand")
	}
	for name := range l.files {
		if strings.HasPrefix(name, args[1]+"/") && name != args[1]+"/" {
			return world.Result{}
		}
	}
	delete(l.files, args[1]+"/")
	return world.Result{}
}

func (l *linux) find(args []string, _ []byte) world.Result {
	want := []string{certsDir, "-mindepth", "2", "-maxdepth", "2", "-type", "f", "-size", "-64k", "-name", "*.crt", "-print", "-exec", "cat", "{}", ";", "-exec", "echo", ";"}
	if !slices.Equal(args, want) {
		return failed(2, "find: %q is not what is read", args)
	}
	var res world.Result
	for name, content := range l.files {
		rest, ok := strings.CutPrefix(name, certsDir+"/")
		if ok && strings.Count(rest, "/") == 1 && strings.HasSuffix(name, ".crt") && len(content) <= 63<<10 {
			res.Stdout = append(res.Stdout, name+"\n"+content+"\n"...)
		}
	}
	if !l.isDir(certsDir) {
		res = failed(1, "find: '%s': No such file or directory", certsDir)
	}
	return res
}

// refresh makes a bundle of the anchors. Only the arguments that a family's command
// has are taken.
func (l *linux) refresh(dir, bundle string, known ...string) func([]string, []byte) world.Result {
	return func(args []string, _ []byte) world.Result {
		if !slices.Contains(known, strings.Join(args, " ")) {
			return failed(1, "unknown argument %q", args)
		}
		if l.deaf {
			return world.Result{}
		}
		var all strings.Builder
		for name, content := range l.files {
			if path.Dir(name) == dir && strings.HasSuffix(name, ".crt") {
				all.WriteString(content)
			}
		}
		l.files[bundle] = all.String()
		return world.Result{}
	}
}

// windows is a Windows with wsl.exe, or a Mac with podman: what of it is run, with
// the options of the real programs and no others.
type windows struct {
	distributions map[string]*linux // running ones
	stopped       []string
	machines      map[string]*linux
	utf8          bool
	ran           []world.Command
	change        func(argv []string) []string // what a mistake makes of a command line
	started       []string                     // guests that had to be started
}

func (h *windows) Look(name string) (string, error) {
	if name == "wsl.exe" && h.distributions != nil || name == "podman" && h.machines != nil {
		return name, nil
	}
	return "", exec.ErrNotFound
}

func (h *windows) Run(_ context.Context, c world.Command) (world.Result, error) {
	h.ran = append(h.ran, c)
	argv := c.Argv
	if h.change != nil {
		argv = h.change(slices.Clone(argv))
	}
	if c.Stdin == nil {
		return failed(1, "standard input is the session's"), nil
	}
	switch argv[0] {
	case "wsl.exe":
		return h.wsl(argv[1:], c.Stdin), nil
	case "podman":
		return h.podman(argv[1:], c.Stdin), nil
	}
	return world.Result{}, exec.ErrNotFound
}

// wsl follows microsoft/WSL src/windows/common/WslClient.cpp.
func (h *windows) wsl(args []string, stdin []byte) world.Result {
	if args[0] == "--list" || args[0] == "-l" {
		return h.list(args[1:])
	}
	name, user, shell := "", "alice", true
	for len(args) > 0 && shell && strings.HasPrefix(args[0], "-") {
		switch {
		case (args[0] == "-d" || args[0] == "--distribution") && len(args) > 1:
			name, args = args[1], args[2:]
		case (args[0] == "-u" || args[0] == "--user") && len(args) > 1:
			user, args = args[1], args[2:]
		case args[0] == "--exec" || args[0] == "-e":
			shell, args = false, args[1:]
		default:
			return h.says(4294967295, "Invalid command line argument: "+args[0])
		}
	}
	l := h.distributions[name]
	switch {
	case l == nil && slices.Contains(h.stopped, name):
		h.started = append(h.started, name)
		return world.Result{}
	case l == nil:
		return h.says(4294967295, "There is no distribution with the supplied name.")
	case shell:
		return failed(126, "a shell reads this")
	case user != "root":
		return failed(1, "Permission denied")
	}
	return l.run(args, stdin)
}

func (h *windows) list(args []string) world.Result {
	if !slices.Equal(args, []string{"--running", "--quiet"}) {
		return h.says(0, "Windows Subsystem for Linux Distributions:\nUbuntu (Default)\ndocker-desktop\n")
	}
	names := []string{}
	for n := range h.distributions {
		names = append(names, n)
	}
	slices.Sort(names)
	return h.says(0, strings.Join(names, "\n")+"\n")
}

// says writes as wsl.exe does.
func (h *windows) says(code int, text string) world.Result {
	text = strings.ReplaceAll(text, "\n", "\r\n")
	if h.utf8 {
		return world.Result{Code: code, Stdout: []byte(text)}
	}
	return world.Result{Code: code, Stdout: utf16le(text)}
}

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// podman follows podman-machine-list(1) and podman-machine-ssh(1): options end at the
// machine's name, and what follows is joined by spaces for a shell inside.
func (h *windows) podman(args []string, stdin []byte) world.Result {
	if slices.Equal(args, []string{"machine", "list", "--format", "json"}) {
		type listed struct {
			Name    string
			Running bool
			VMType  string
		}
		var all []listed
		for n := range h.machines {
			all = append(all, listed{n, true, "applehv"})
		}
		for _, n := range h.stopped {
			all = append(all, listed{n, false, "applehv"})
		}
		b, err := json.Marshal(all)
		if err != nil {
			panic(err)
		}
		return world.Result{Stdout: b}
	}
	if len(args) < 5 || args[0] != "machine" || args[1] != "ssh" {
		return failed(125, "Error: unrecognized command %q", args)
	}
	user := "core"
	if args = args[2:]; args[0] == "--username" {
		user, args = args[1], args[2:]
	}
	l := h.machines[args[0]]
	switch {
	case strings.HasPrefix(args[0], "-"):
		return failed(125, "Error: unknown flag: %s", args[0])
	case l == nil:
		return failed(125, "Error: vm %q not running", args[0])
	}
	words, ok := shellWords(strings.Join(args[1:], " "))
	if !ok {
		return failed(2, "sh: syntax error, or more than one command")
	}
	if user != "root" && words[0] != "find" && words[0] != "cat" {
		return failed(1, "Permission denied")
	}
	return l.run(words, stdin)
}

// shellWords splits a line as a shell does, and is false for everything that a shell
// does something with besides.
func shellWords(line string) (words []string, ok bool) {
	for len(line) > 0 {
		line = strings.TrimLeft(line, " ")
		var word strings.Builder
		for len(line) > 0 && line[0] != ' ' {
			switch c := line[0]; {
			case c == '\'':
				inner, rest, closed := strings.Cut(line[1:], "'")
				if !closed {
					return nil, false
				}
				word.WriteString(inner)
				line = rest
				continue
			case c == '\\' && len(line) > 1:
				word.WriteByte(line[1])
				line = line[2:]
				continue
			case strings.IndexByte("*?[]$`\"|&;<>()!#~\n\t", c) >= 0:
				return nil, false
			default:
				word.WriteByte(c)
				line = line[1:]
			}
		}
		words = append(words, word.String())
	}
	return words, len(words) > 0
}
