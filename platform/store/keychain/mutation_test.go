package keychain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// mutant changes one call of `security` on its way to the Mac: the n-th of the
// calls that begin with a command.
type mutant struct {
	*keychaintest.Mac
	command string
	args    func([]string) []string
}

func (m mutant) Run(ctx context.Context, c world.Command) (world.Result, error) {
	if c.Argv[1] == m.command {
		c.Argv = append([]string{c.Argv[0]}, m.args(slices.Clone(c.Argv[1:]))...)
	}
	return m.Mac.Run(ctx, c)
}

// mutation is one thing that could be wrong with a call.
type mutation struct {
	name string
	args func([]string) []string
}

// mutations are those of a call with these arguments: each of them dropped, said
// twice, altered, and exchanged with the next; and operands too many.
func mutations(args []string) []mutation {
	var out []mutation
	add := func(name string, f func([]string) []string) { out = append(out, mutation{name, f}) }
	at := func(i int, name string, with ...string) {
		add(fmt.Sprintf("%d: %s", i, name), func(a []string) []string {
			if i >= len(a) {
				return a
			}
			return slices.Concat(a[:i], with, a[i+1:])
		})
	}
	for i, a := range args {
		at(i, "without "+word(a))
		at(i, "twice "+word(a), a, a)
		at(i, "nothing for "+word(a), "")
		at(i, "an operand before "+word(a), "operand", a)
		at(i, "an option before "+word(a), "-d", a)
		at(i, "more than "+word(a), a+"x")
		if i > 0 && i+1 < len(args) {
			add(fmt.Sprintf("%d: exchanged %s and %s", i, word(a), word(args[i+1])), func(a []string) []string {
				a[i], a[i+1] = a[i+1], a[i]
				return a
			})
		}
		for _, other := range others(a) {
			at(i, other+" for "+word(a), other)
		}
	}
	add("an operand after", func(a []string) []string { return append(a, "operand") })
	return out
}

// word is an argument as it is called in a test: files have other names each time.
func word(a string) string {
	if strings.HasPrefix(a, "/") && !strings.HasPrefix(a, "/Users") && !strings.HasPrefix(a, "/Library") {
		return "{file}"
	}
	return a
}

// others are values that could stand by mistake where a stands.
func others(a string) []string {
	families := [][]string{
		{"add-trusted-cert", "remove-trusted-cert", "add-certificates", "delete-certificate", "find-certificate", "trust-settings-export", "trust-settings-import", "dump-trust-settings", "verify-cert"},
		{"trustRoot", "trustAsRoot", "deny", "unspecified", "trustroot", "TrustRoot", "1"},
		{"ssl", "SSL", "sslServer", "basic", "smime", "tls"},
		{"reg.example", "other.example", "reg.example:443", "https://reg.example"},
		{"-d", "-s", "-D"},
		{"-r", "-R", "--result"},
		{"-p", "-P", "-c", "-e"},
		{"-k", "-K", "-i", "-o"},
		{"-Z", "-z", "-c", "-t"},
		{"-a", "-A"},
		{"/Users/alice/Library/Keychains/login.keychain-db", "/Library/Keychains/System.keychain", "/System/Library/Keychains/SystemRootCertificates.keychain", "/Library/Keychains/Missing.keychain", "login.keychain"},
	}
	for _, f := range families {
		if slices.Contains(f, a) {
			return slices.DeleteFunc(slices.Clone(f), func(s string) bool { return s == a })
		}
	}
	return nil
}

// harmless reports whether a mutation means the same to `security`.
func harmless(args []string, name string) bool {
	switches := []string{"-a", "-Z", "-p"} // of find-certificate
	what, arg, _ := strings.Cut(name, " ")
	if args[0] == "find-certificate" && (what == "twice" || what == "exchanged") {
		return slices.Contains(switches, strings.Fields(arg)[0])
	}
	switch {
	case slices.Contains(args, "-d"): // a switch
		return strings.HasPrefix(name, "an option before") || name == "twice -d"
	case args[0] == "delete-certificate":
		// It takes digits by twos, and keychains as often as one likes.
		return what == "more" && isDigest(strings.ToLower(args[2])) && strings.HasSuffix(name, args[2]) || name == "twice "+args[3]
	}
	return false
}

// A wrong flag cannot pass: each call that Mooring makes, with anything about it
// changed, must fail on the Mac, be noticed when the result is read back, or show in
// what the Mac holds afterwards.
func TestMutationsFail(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	dir := t.TempDir()
	count := 0
	for domain, anchor := range map[string]*trusttest.Cert{User: root, Admin: root.Intermediate("Corp Issuing CA")} {
		l := newLab(t, domain)
		want := l.info.Want(anchor.Cert, registries(t, "reg.example"))
		l.set(t, anchor, want)
		l.set(t, anchor, trust.Membership{})
		done := map[string]bool{}
		for _, c := range l.Calls() {
			args := c.Argv[1:]
			if c.Code != 0 || done[args[0]] {
				continue
			}
			done[args[0]] = true
			for _, m := range mutations(args) {
				_, name, found := strings.Cut(m.name, ": ")
				if !found {
					name = m.name
				}
				if harmless(args, name) {
					continue
				}
				count++
				if survives(t, dir, domain, anchor, want, args[0], m) {
					t.Errorf("%s: %s: %s passes", domain, args[0], m.name)
				}
			}
		}
		if len(done) < 5 {
			t.Fatalf("only %v was called", done)
		}
	}
	t.Logf("%d wrong calls", count)
}

// survives goes through adding and removing with a mutation, and reports whether
// nothing was noticed.
func survives(t *testing.T, dir, domain string, anchor *trusttest.Cert, want trust.Membership, command string, m mutation) bool {
	t.Helper()
	mac := keychaintest.New(home)
	mac.Root = true
	mine, others := mac.Login(), keychaintest.SystemKeychain
	if domain == Admin {
		mine, others = others, mine
	}
	mac.Hold(others, anchor.Cert) // which is not ours to touch
	mac.SearchList = []string{others, mine}
	good := mac.World(dir)
	bad := good
	bad.Run = mutant{mac, command, m.args}
	broken, err := Kind{}.Open(bad, domain)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Kind{}.Open(good, domain)
	if err != nil {
		t.Fatal(err)
	}
	for _, goal := range []trust.Membership{want, {}} {
		if err := broken.Set(t.Context(), anchor.Cert, goal); err != nil {
			return false
		}
		if got, err := whole.Get(t.Context(), anchor.Cert); err != nil || got != goal || len(mac.Held(others)) != 1 {
			return false
		}
	}
	return true
}
