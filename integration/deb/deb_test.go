//go:build integration

package deb

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/desk"
)

const (
	certsD  = "/etc/docker/certs.d/" + reg
	journal = "/var/lib/mooring"
)

// TestMakeInstall: what `make uninstall` removes is what `make install` placed.
func TestMakeInstall(t *testing.T) {
	placed := built(t, "after-install")
	for _, want := range []string{
		"/usr/bin/mooring", "/usr/bin/mooring-cli", "/usr/bin/docker-credential-mooring",
		"/usr/libexec/mooring/mooring-helper-registry", "/usr/libexec/mooring/mooring-helper-computer",
		"/usr/share/polkit-1/actions/dev.mooring.policy", "/usr/share/applications/dev.mooring.Mooring.desktop",
		"/usr/share/icons/hicolor/scalable/apps/dev.mooring.Mooring.svg", "/usr/share/icons/hicolor/512x512/apps/dev.mooring.Mooring.png",
		"/usr/share/man/man1/mooring.1", "/usr/share/bash-completion/completions/mooring",
	} {
		if !slices.Contains(placed, want) {
			t.Errorf("make install does not place %s", want)
		}
	}
	if left := built(t, "after-uninstall"); len(left) > 0 {
		t.Errorf("make uninstall leaves %v", left)
	}
}

// TestPackage is a package's life: it comes, an ordinary user trusts and undoes by
// it, and it goes without a trace but the receipts, which go when it is purged.
func TestPackage(t *testing.T) {
	must(t, os.RemoveAll(journal)) // the desk's copy of what this machine may have
	user := desk.Login(t, "allowed")
	before := state(t)

	root(t, "dpkg", "-i", desk.Built("mooring.deb"))
	t.Run("contents", contents)
	t.Run("man", manual)
	t.Run("desktop", func(t *testing.T) { desktopEntry(t, user) })
	t.Run("completion", func(t *testing.T) { completion(t, user) })
	t.Run("trust", func(t *testing.T) { trustAndUndo(t, user) })
	config := registerHelper(t, user)

	said := root(t, "dpkg", "-r", "mooring")
	if !strings.Contains(said, journal) {
		t.Errorf("the removal does not say where the receipts are: %s", said)
	}
	if b, err := os.ReadFile(config); err != nil || strings.Contains(string(b), "mooring") {
		t.Errorf("docker looks for a helper that is gone: %s, %v", b, err)
	}
	if _, err := os.Stat(journal); err != nil {
		t.Errorf("a removal drops the receipts: %v", err)
	}
	root(t, "dpkg", "-P", "mooring")
	must(t, os.RemoveAll(filepath.Join(user.Home, ".docker"))) // the user's own
	must(t, os.RemoveAll(filepath.Join(user.Home, ".local")))
	if d := changes(before, state(t)); len(d) > 0 {
		t.Errorf("the package leaves or takes something:\n%s", strings.Join(d, "\n"))
	}
}

// contents: everything belongs to root, and nobody else can write it; what is in the
// package is what make install places, in Debian's way.
func contents(t *testing.T) {
	var files []string
	for _, path := range strings.Fields(root(t, "dpkg", "-L", "mooring")) {
		i, err := os.Lstat(path)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		st := i.Sys().(*syscall.Stat_t)
		if st.Uid != 0 || st.Gid != 0 || i.Mode()&os.ModeSymlink == 0 && i.Mode().Perm()&0o022 != 0 || i.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
			t.Errorf("%s: %v, owner %d:%d", path, i.Mode(), st.Uid, st.Gid)
		}
		if !i.IsDir() {
			files = append(files, path)
		}
	}
	debian := strings.NewReplacer("/zsh/site-functions/", "/zsh/vendor-completions/", "/LICENSE\n", "/copyright\n",
		"LICENSES.others\n", "LICENSES.others.gz\n", ".1\n", ".1.gz\n")
	want := strings.Fields(debian.Replace(strings.Join(built(t, "after-install"), "\n") + "\n"))
	want = slices.DeleteFunc(want, isDirectory)
	want = append(want, "/usr/share/doc/mooring/changelog.gz", "/usr/share/doc/mooring/changelog.Debian.gz", "/usr/share/lintian/overrides/mooring")
	slices.Sort(want)
	slices.Sort(files)
	if d := cmp.Diff(want, files); d != "" {
		t.Error(d)
	}
	policy, err := os.ReadFile("/usr/share/polkit-1/actions/dev.mooring.policy")
	must(t, err)
	for _, action := range []string{"registry", "computer"} {
		if !strings.Contains(string(policy), ">/usr/libexec/mooring/mooring-helper-"+action+"<") {
			t.Errorf("polkit does not know the helper for %s", action)
		}
	}
}

func isDirectory(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.IsDir()
}

// manual: the pages are found, are set without a complaint, and tell every verb.
func manual(t *testing.T) {
	for page, want := range map[string]string{
		"mooring": "mooring trust REG…", "mooring-cli": "mooring undo [RECEIPT]", "docker-credential-mooring": "keyring",
	} {
		text := root(t, "man", "--warnings", "-P", "cat", page)
		if plain := strings.Join(strings.Fields(text), " "); !strings.Contains(plain, want) || strings.Contains(text, "warning:") {
			t.Errorf("%s: %s", page, text)
		}
	}
}

// desktopEntry: the desktop's own tools find Mooring for links and for certificates.
func desktopEntry(t *testing.T, u desk.User) {
	const entry = "dev.mooring.Mooring.desktop"
	if said := root(t, "desktop-file-validate", "/usr/share/applications/"+entry); said != "" {
		t.Error(said)
	}
	for _, kind := range []string{"x-scheme-handler/mooring", "application/x-x509-ca-cert", "application/pkix-cert", "application/x-pem-file"} {
		if got := strings.TrimSpace(as(t, u, "xdg-mime", "query", "default", kind)); got != entry {
			t.Errorf("%s is opened by %q", kind, got)
		}
	}
}

// completion: bash finds the script by itself, and it offers verbs.
func completion(t *testing.T, u desk.User) {
	script := `. /usr/share/bash-completion/bash_completion && _completion_loader mooring; complete -p mooring &&
		COMP_WORDS=(mooring unt) COMP_CWORD=1 COMP_LINE="mooring unt" COMP_POINT=11 && __start_mooring && echo "${COMPREPLY[0]}"`
	if got := as(t, u, "bash", "-c", script); !strings.Contains(got, "-F __start_mooring mooring\n") || !strings.Contains(got, "untrust") {
		t.Errorf("bash completes %q", got)
	}
}

// trustAndUndo is what the package is for: pkexec starts the installed helper.
func trustAndUndo(t *testing.T, u desk.User) {
	ca := startRegistry(t)
	file := filepath.Join(u.Home, "corp.pem")
	must(t, os.WriteFile(file, ca.PEM(), 0o644))
	defer os.Remove(file)
	for _, program := range []string{"mooring", "mooring-cli"} {
		as(t, u, program, "trust", reg, "--ca", file, "--for", "docker", "--yes")
		i, err := os.Stat(certsD + "/ca.crt")
		must(t, err)
		if st := i.Sys().(*syscall.Stat_t); st.Uid != 0 || i.Mode() != 0o644 {
			t.Errorf("%s: %v, owner %d", certsD, i.Mode(), st.Uid)
		}
		if out := as(t, u, program, "check", reg, "--party", "docker", "--json"); !strings.Contains(out, `"verdict":"trusted"`) {
			t.Errorf("after it was trusted: %s", out)
		}
		as(t, u, program, "undo", "--yes")
		if _, err := os.Stat("/etc/docker/certs.d"); !os.IsNotExist(err) {
			t.Errorf("after the undo: %v", err)
		}
	}
}

// registerHelper writes what `mooring login --for docker` does, and returns the file.
func registerHelper(t *testing.T, u desk.User) string {
	t.Helper()
	config := filepath.Join(u.Home, ".docker", "config.json")
	must(t, os.Mkdir(filepath.Dir(config), 0o700))
	must(t, os.WriteFile(config, []byte(`{"credHelpers":{"`+reg+`":"mooring"}}`), 0o600))
	for _, path := range []string{filepath.Dir(config), config} {
		must(t, os.Chown(path, int(u.Cred.Uid), int(u.Cred.Gid)))
	}
	if out := as(t, u, "docker-credential-mooring", "version"); !strings.Contains(out, "docker-credential-mooring") {
		t.Errorf("the helper says %q", out)
	}
	return config
}
