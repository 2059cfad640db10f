//go:build integration || e2e

package desk

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"mooring.dev/mooring/integration/namespace"
)

// User is a user of the desk.
type User struct {
	Name, Home string
	Cred       *syscall.Credential
}

// Login returns the user: "allowed", who may do the narrow action without a
// password; "barred", who may do nothing; or "admin", an administrator, who has a
// password.
func Login(t testing.TB, name string) User {
	t.Helper()
	u, err := user.Lookup(name)
	must(t, err)
	groups, err := u.GroupIds()
	must(t, err)
	cred := &syscall.Credential{Uid: number(t, u.Uid), Gid: number(t, u.Gid)}
	for _, g := range groups {
		cred.Groups = append(cred.Groups, number(t, g))
	}
	return User{name, u.HomeDir, cred}
}

func number(t testing.TB, s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	must(t, err)
	return uint32(n)
}

// Command is a command of this user in a fresh session without a terminal.
func (u User) Command(argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Dir = u.Home
	cmd.Env = []string{"PATH=" + SearchPath, "HOME=" + u.Home, "USER=" + u.Name, "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.Cred, Setsid: true}
	return cmd
}

// Snapshot lists kind, mode, owner and content of everything below paths.
func Snapshot(t testing.TB, paths ...string) string {
	t.Helper()
	cmd := exec.Command("find", append(paths, "-printf", "%p %M %U:%G %l ", "-type", "f", "-exec", "sha256sum", "{}", ";", "-o", "-printf", "\n")...)
	out, err := cmd.Output()
	if err != nil && !strings.Contains(fmt.Sprint(err), "exit status 1") { // a path that is not there yet
		t.Fatal(err)
	}
	return string(out)
}

// Written is where what was written below /etc, /usr or /var lies on a bare desk; see
// [namespace.Written].
func Written(at string) string { return namespace.Written(os.Getenv(insideVar), at) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
