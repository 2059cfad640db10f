package javahome

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
)

// tree makes files and links ("name -> target") below a new root.
func tree(t *testing.T, files map[string]string, links map[string]string) string {
	t.Helper()
	root := t.TempDir()
	at := func(name string) string {
		name = filepath.Join(root, world.InTree(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, content := range files {
		if err := os.WriteFile(at(name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFind(t *testing.T) {
	root := tree(t, map[string]string{
		"/usr/lib/jvm/java-17/release":                                "IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\n",
		"/usr/lib/jvm/openjdk-8/jre/lib/security/cacerts":             "8",
		"/usr/lib/jvm/none/lib/security/policy":                       "",
		"/etc/ssl/certs/java/cacerts":                                 "derived",
		"/opt/temurin-25/lib/security/cacerts":                        "25",
		"/opt/temurin-25/lib/security/jssecacerts":                    "wins",
		"/home/a/.sdkman/candidates/java/21-tem/lib/security/cacerts": "21",
		"/srv/jdk/lib/security/cacerts":                               "env",
	}, map[string]string{
		"/usr/lib/jvm/java-17/lib/security/cacerts":  "/etc/ssl/certs/java/cacerts",
		"/usr/lib/jvm/default":                       "java-17",
		"/usr/lib/jvm/java-25/lib/security/cacerts":  "../../../../../../etc/ssl/certs/java/cacerts",
		"/home/a/.sdkman/candidates/java/current":    "21-tem",
		"/usr/lib/jvm/dangling/lib/security/cacerts": "/nowhere",
	})
	w := world.Under(root, "linux")
	w.User.Home = "/home/a"
	w.Env = func(name string) string { return map[string]string{"JAVA_HOME": "/srv/jdk/"}[name] }
	want := []Home{
		{Dir: "/srv/jdk", Cacerts: "/srv/jdk/lib/security/cacerts"},
		{Dir: "/usr/lib/jvm/default", Cacerts: "/etc/ssl/certs/java/cacerts", Derived: true, Version: "17.0.15"},
		{Dir: "/usr/lib/jvm/openjdk-8", Cacerts: "/usr/lib/jvm/openjdk-8/jre/lib/security/cacerts"},
		{Dir: "/opt/temurin-25", Cacerts: "/opt/temurin-25/lib/security/jssecacerts"},
		{Dir: "/home/a/.sdkman/candidates/java/21-tem", Cacerts: "/home/a/.sdkman/candidates/java/21-tem/lib/security/cacerts"},
	}
	if d := cmp.Diff(want, Find(w)); d != "" {
		t.Errorf("found (-want +got):\n%s", d)
	}
}

func TestOtherSystems(t *testing.T) {
	for system, file := range map[string]string{
		"darwin":  "/Library/Java/JavaVirtualMachines/temurin-21.jdk/Contents/Home/lib/security/cacerts",
		"windows": `C:\Program Files\Eclipse Adoptium\jdk-21\lib\security\cacerts`,
	} {
		w := world.Under(tree(t, map[string]string{file: "x"}, nil), system)
		var got []string
		for _, h := range Find(w) {
			got = append(got, h.Cacerts)
		}
		if !slices.Equal(got, []string{file}) {
			t.Errorf("%s: %q", system, got)
		}
	}
}
