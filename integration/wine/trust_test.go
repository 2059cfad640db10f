//go:build integration

package wine

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// serve is a registry with a certificate of ca's for the names, at port, or one that
// is free for 0; it returns that.
func serve(t *testing.T, ca *trusttest.Cert, port int, names ...string) int {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprint(":", port))
	if err != nil {
		t.Fatal(err)
	}
	registry := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
			_, _ = io.WriteString(w, "{}")
		}),
		TLSConfig: ca.Leaf(trusttest.Names(names...)).Config(),
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	go func() { _ = registry.Serve(tls.NewListener(l, registry.TLSConfig)) }()
	t.Cleanup(func() { _ = registry.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// given puts a certificate where Windows has it as C:\NAME.
func given(t *testing.T, name string, ca *trusttest.Cert) (path string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(drive(), name), ca.PEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	return `C:\` + name
}

// mooring runs the command line, which has to succeed.
func mooring(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runs(mooringProgram, args...)
	if err != nil {
		t.Fatalf("mooring %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// runs runs one of the programs that were built, in a process of its own.
func runs(program string, args ...string) (string, error) {
	out, err := output(command("wine", append([]string{filepath.Join(os.Getenv(built), program)}, args...)...))
	return strings.TrimSpace(strings.ReplaceAll(string(ofWine.ReplaceAll(out, nil)), "\r\n", "\n")), err
}

// another asks another program which registries it trusts, and what both stores hold.
// It is a new process for each registry: wine's verifier remembers for the life of one,
// and with two CAs of one name answers wrongly then.
func another(t *testing.T, addresses ...string) (trusted map[string]bool, stores []string) {
	t.Helper()
	lines := func(args ...string) []string {
		out, err := runs(clientProgram, args...)
		if err != nil {
			t.Fatal(out, err)
		}
		return strings.Split(out, "\n")
	}
	trusted = map[string]bool{}
	for _, address := range addresses {
		switch said := lines(address)[0]; {
		case said == address+" trusted":
			trusted[address] = true
		case !strings.Contains(said, "unknown authority"):
			t.Fatalf("the client says %s", said)
		}
	}
	stores = lines()
	slices.Sort(stores)
	return trusted, stores
}

// A registry trusted for this person, and one for the whole computer: another program
// connects to each from then on, when Windows is started anew as well, and no more
// once that is undone. Whatever else the stores hold stays in them, a CA of the same
// name and serial number with it.
func TestTrustForWindows(t *testing.T) {
	type registry struct{ location, label, address, file, id, receipt string }
	var regs []registry
	var twins []string // addresses
	for location, label := range map[string]string{"user": "CurrentUser", "computer": "LocalMachine"} {
		ca := trusttest.NewCA(t, location+" CA", trusttest.Serial(1))
		twin := trusttest.NewCA(t, location+" CA", trusttest.Serial(1))
		other := fmt.Sprint("localhost:", serve(t, twin, 0, "localhost"))
		twins = append(twins, other)
		mooring(t, "trust", other, "--ca", given(t, "twin-"+location+".crt", twin), "--yes", "--for", "system", "--location", location)
		regs = append(regs, registry{
			location: location, label: label, file: given(t, location+".crt", ca), id: trust.FingerprintOf(ca.Cert).String(),
			address: fmt.Sprint("localhost:", serve(t, ca, 0, "localhost")),
		})
	}
	var own []string
	for _, r := range regs {
		own = append(own, r.address)
	}
	all := append(slices.Clone(own), twins...)
	first, before := another(t, all...)
	with := slices.Clone(before)
	for i, r := range regs {
		if first[r.address] {
			t.Fatalf("%s is trusted from the start", r.address)
		}
		out := mooring(t, "trust", r.address, "--ca", r.file, "--yes", "--for", "system", "--location", r.location, "--json")
		var receipt trust.Receipt
		if err := json.NewDecoder(strings.NewReader(out[strings.Index(out, "{"):])).Decode(&receipt); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		regs[i].receipt = receipt.ID
		with = append(with, r.label+" "+r.id)
	}
	slices.Sort(with)
	check := func(when string, want bool, held []string) {
		t.Helper()
		trusted, stores := another(t, all...)
		for _, address := range own {
			if trusted[address] != want {
				t.Errorf("%s: that %s is trusted is %v", when, address, trusted[address])
			}
		}
		for _, address := range twins {
			if trusted[address] != first[address] {
				t.Errorf("%s: that the one of the same name is trusted is %v, and was %v", when, trusted[address], first[address])
			}
		}
		if !slices.Equal(stores, held) {
			t.Errorf("%s the stores hold\n%s\nwant\n%s", when, strings.Join(stores, "\n"), strings.Join(held, "\n"))
		}
	}
	check("at once", true, with)
	restart(t)
	check("after a restart", true, with)
	for _, r := range regs {
		mooring(t, "undo", r.receipt, "--yes")
	}
	check("undone", false, before)
	restart(t)
	check("undone, after a restart", false, before)
}

// The directories that the engines of Windows read are spelled without a colon, the
// files are in them to the byte, and Mooring's own judge finds them there; undo leaves
// nothing. It is root's half that makes them, with an administrator's rights at hand
// too: that one looks after who else may write there.
func TestDirectoriesOfWindows(t *testing.T) {
	ca := trusttest.NewCA(t, "Corp CA")
	file := given(t, "corp.crt", ca)
	serve(t, ca, 443, "reg.example")
	serve(t, ca, 5000, "reg.example", "up.example")
	at := filepath.Join(drive(), "ProgramData/docker/certs.d")
	journal := filepath.Join(drive(), "ProgramData/Mooring/journal")
	noted := len(names(t, journal))
	dirs := map[string]string{
		"reg.example": "reg.example", "reg.example:443": "reg.example443", "reg.example:5000": "reg.example5000", "UP.example:5000": "UP.example5000",
	}
	registries, want := slices.Sorted(maps.Keys(dirs)), slices.Sorted(maps.Values(dirs))
	mooring(t, slices.Concat([]string{"trust"}, registries, []string{"--ca", file, "--yes", "--for", "docker,docker-build"})...)
	if got := names(t, at); !slices.Equal(got, want) {
		t.Errorf("the directories are %q, want %q", got, want)
	}
	if len(names(t, journal)) <= noted {
		t.Error("the journal of root's half knows nothing of it")
	}
	for _, dir := range want {
		if data, err := os.ReadFile(filepath.Join(at, dir, "ca.crt")); err != nil || string(data) != string(ca.PEM()) {
			t.Errorf("%s: %q (%v)", dir, data, err)
		}
	}
	mooring(t, append([]string{"check", "--party", "docker,docker-build"}, registries...)...) // else its status is 1
	mooring(t, "undo", "--yes")
	if got := names(t, at); len(got) != 0 {
		t.Errorf("%q stays", got)
	}
}

// names are the entries of a directory that need not exist.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// What only looks says something on Windows, too, and changes nothing.
func TestLookingAround(t *testing.T) {
	port := serve(t, trusttest.NewCA(t, "Corp CA"), 0, "localhost")
	_, before := another(t)
	for _, c := range []struct {
		args   []string
		status int
		say    string
	}{
		{[]string{"--version"}, 0, "mooring"},
		{[]string{"list", "--json"}, 0, "registries"},
		{[]string{"history"}, 0, ""},
		{[]string{"doctor"}, 0, ""},
		{[]string{"check", fmt.Sprint("localhost:", port), "--party", "system"}, 1, "windows"},
		{[]string{"trust", "localhost:1", "--ca", `C:\none.crt`, "--yes"}, 1, "none.crt"},
	} {
		out, err := runs(mooringProgram, c.args...)
		status := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if status != c.status || !strings.Contains(out, c.say) || strings.Contains(out, "panic") || strings.Contains(out, "goroutine") {
			t.Errorf("mooring %s: status %d\n%s", strings.Join(c.args, " "), status, out)
		}
	}
	if _, after := another(t); !slices.Equal(after, before) {
		t.Errorf("the stores hold\n%s\nwant\n%s", after, before)
	}
}

// The rules for the stores hold with Windows' own calls, and what the change engine
// does without Linux' leaves a tree as before or as after at each step.
func TestUnitTests(t *testing.T) {
	t.Setenv("MOORING_REAL_STORES", `CurrentUser\Root;LocalMachine\Root`)
	windowsTests(t, winstoreTests, "TestRealStores", "TestAddAndRemove", "TestRefusals")
	windowsTests(t, changeTests, "TestEverywhere")
}
